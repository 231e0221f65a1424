#pragma once

#include <array>
#include <cstdint>
#include <utility>

namespace limbic::brain::kernels {

/// One matrix product of a linear map y = x W', on plain row-major buffers.
///
/// Shapes  kForward  [m, n] = [m, k] [n, k]'    y from x and W
///         kInput    [m, n] = [m, k] [k, n]     d_x from d_y and W
///         kWeight   [m, n] = [k, m]' [k, n]    d_W from d_y and x
/// Threads as many as LibTorch's own products on this thread.
enum class Product { kForward, kInput, kWeight };
struct GemmShape {
  int64_t m, n, k;
};

/// What a product's operands are rounded to; sums are in the kind of the operands as given.
enum class Precision { kFull, kBfloat16 };

constexpr auto enum_names(Precision) {
  return std::array{std::pair{"float32", Precision::kFull},
                    std::pair{"bfloat16", Precision::kBfloat16}};
}

/// c <- alpha * product of a and b + beta * c, by the BLAS that LibTorch brings.
void gemm(Product product, const GemmShape& shape, float alpha, const float* a, const float* b,
          float beta, float* c);
void gemm(Product product, const GemmShape& shape, double alpha, const double* a, const double* b,
          double beta, double* c);

/// The same with operands rounded to bfloat16. scratch: (m + n) * k of them.
void gemm_bfloat16(Product product, const GemmShape& shape, float alpha, const float* a,
                   const float* b, float beta, float* c, uint16_t* scratch);

}  // namespace limbic::brain::kernels
