#pragma once

#include <cstdint>

namespace limbic::brain::kernels {

/// Whether this processor multiplies bfloat16 itself (AMX or AVX-512 BF16), and so faster.
bool multiplies_bfloat16();
/// to <- x rounded to bfloat16, ties to even; no NaN among x.
void round_to_bfloat16(int64_t n, const float* x, uint16_t* to);

}  // namespace limbic::brain::kernels
