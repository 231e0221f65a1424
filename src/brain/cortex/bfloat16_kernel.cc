#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <bit>

#include "limbic/brain/cortex/bfloat16.h"

namespace limbic::brain::kernels {
namespace {

uint16_t rounded(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  return static_cast<uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

#if defined(__x86_64__)
// Returns how many it did, a multiple of 32.
__attribute__((target("avx512f,avx512bf16"))) int64_t round_lanes(int64_t n, const float* x,
                                                                  uint16_t* to) {
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    const auto both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + i + 16), _mm512_loadu_ps(x + i));
    _mm512_storeu_si512(to + i, std::bit_cast<__m512i>(both));
  }
  return i;
}
#endif

}  // namespace

bool multiplies_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

void round_to_bfloat16(int64_t n, const float* x, uint16_t* to) {
  int64_t i = 0;
#if defined(__x86_64__)
  if (multiplies_bfloat16()) i = round_lanes(n, x, to);
#endif
  for (; i < n; ++i) to[i] = rounded(x[i]);
}

}  // namespace limbic::brain::kernels
