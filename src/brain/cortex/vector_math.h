#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#if defined(LIMBIC_ONE_INSTRUCTION_SET)  // the one that the file is compiled for
#define LIMBIC_KERNEL
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define LIMBIC_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LIMBIC_KERNEL
#endif
#define LIMBIC_INLINE inline __attribute__((always_inline))

namespace limbic::brain::kernels {

/// exp(r) for |r| <= log(2) / 2, of numbers or of vectors of them.  Source  Cephes expf.
template <class T>
LIMBIC_INLINE T exp_polynomial(T r) {
  T p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  return p * r * r + r + 1.0F;
}

/// exp to about 2 units in the last place, written so that a loop over it vectorises.
LIMBIC_INLINE float fast_exp(float x) {
  x = std::min(std::max(x, -87.0F), 88.0F);
  const auto whole = static_cast<int32_t>(x * 1.44269504F + (x < 0 ? -0.5F : 0.5F));
  const auto n = static_cast<float>(whole);
  return exp_polynomial((x - n * 0.693359375F) + n * 2.12194440e-4F) *
         std::bit_cast<float>((whole + 127) << 23);
}

// Several numbers at once, as the compiler's own vectors.
constexpr int64_t kLanes = 8;
/// n numbers in whole vectors.
LIMBIC_INLINE int64_t round_up(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }
template <class T>
struct Vector;
template <>
struct Vector<float> {
  using Lanes = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));
  using Index = int32_t __attribute__((vector_size(kLanes * sizeof(int32_t))));
};
template <>
struct Vector<double> {
  using Lanes =
      double __attribute__((vector_size(kLanes * sizeof(double)), aligned(sizeof(double))));
  using Index = int64_t __attribute__((vector_size(kLanes * sizeof(int64_t))));
};
template <class T>
using Lanes = typename Vector<T>::Lanes;

template <class T>
LIMBIC_INLINE Lanes<T>& lanes(T* at) {
  return *reinterpret_cast<Lanes<T>*>(at);
}
template <class T>
LIMBIC_INLINE const Lanes<T>& lanes(const T* at) {
  return *reinterpret_cast<const Lanes<T>*>(at);
}

// x <- exp(x), each lane as by the scalar fast_exp.
LIMBIC_INLINE void take_exp(Lanes<float>& x) {
  using Whole = Vector<float>::Index;
  const Lanes<float> zero{};
  x = x < zero - 87.0F ? zero - 87.0F : x;  // so that what is no number stays none
  x = x > zero + 88.0F ? zero + 88.0F : x;
  const Lanes<float> half = x < zero ? zero - 0.5F : zero + 0.5F;
  const Whole whole = __builtin_convertvector(x * 1.44269504F + half, Whole);
  const Lanes<float> n = __builtin_convertvector(whole, Lanes<float>);
  x = exp_polynomial<Lanes<float>>((x - n * 0.693359375F) + n * 2.12194440e-4F) *
      reinterpret_cast<Lanes<float>>((whole + 127) << 23);
}
LIMBIC_INLINE void take_exp(Lanes<double>& x) {
  for (int64_t lane = 0; lane < kLanes; ++lane) x[lane] = std::exp(x[lane]);
}

}  // namespace limbic::brain::kernels
