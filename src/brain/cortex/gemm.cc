#include "limbic/brain/cortex/gemm.h"

#include "limbic/brain/cortex/bfloat16.h"

// Exported by libtorch_cpu (on x86-64: MKL's).
extern "C" {
void sgemm_(const char* form_a, const char* form_b, const int* m, const int* n, const int* k,
            const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
            const float* beta, float* c, const int* ldc);
void dgemm_(const char* form_a, const char* form_b, const int* m, const int* n, const int* k,
            const double* alpha, const double* a, const int* lda, const double* b, const int* ldb,
            const double* beta, double* c, const int* ldc);
void gemm_bf16bf16f32_(const char* form_a, const char* form_b, const int* m, const int* n,
                       const int* k, const float* alpha, const uint16_t* a, const int* lda,
                       const uint16_t* b, const int* ldb, const float* beta, float* c,
                       const int* ldc);
}

namespace limbic::brain::kernels {
namespace {

// BLAS counts by columns: to it each buffer is its own transpose, so c' = op(b)' op(a)'.
template <class Blas, class Operand, class T>
void run(const Blas& blas, Product product, const GemmShape& shape, T alpha, const Operand* a,
         const Operand* b, T beta, T* c) {
  const int m = static_cast<int>(shape.m), n = static_cast<int>(shape.n);
  const int k = static_cast<int>(shape.k);
  const bool turns_a = product == Product::kWeight, turns_b = product == Product::kForward;
  blas(turns_b ? "T" : "N", turns_a ? "T" : "N", &n, &m, &k, &alpha, b, turns_b ? &k : &n, a,
       turns_a ? &m : &k, &beta, c, &n);
}

}  // namespace

void gemm(Product product, const GemmShape& shape, float alpha, const float* a, const float* b,
          float beta, float* c) {
  run(sgemm_, product, shape, alpha, a, b, beta, c);
}

void gemm(Product product, const GemmShape& shape, double alpha, const double* a, const double* b,
          double beta, double* c) {
  run(dgemm_, product, shape, alpha, a, b, beta, c);
}

void gemm_bfloat16(Product product, const GemmShape& shape, float alpha, const float* a,
                   const float* b, float beta, float* c, uint16_t* scratch) {
  uint16_t* const rounded_b = scratch + shape.m * shape.k;
  round_to_bfloat16(shape.m * shape.k, a, scratch);
  round_to_bfloat16(shape.n * shape.k, b, rounded_b);
  run(gemm_bf16bf16f32_, product, shape, alpha, scratch, rounded_b, beta, c);
}

}  // namespace limbic::brain::kernels
