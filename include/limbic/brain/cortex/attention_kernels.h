#pragma once

#include <cstdint>

/// Attention of rows' queries to a prefix of their keys, in float32 and float64: plain row-major
/// buffers, one thread, no torch headers.
namespace limbic::brain::kernels {

/// Multi-head attention of n queries a row to the first `prefix[i]` of m keys of the same row.
///
/// Shapes  q, out, d_out, d_q: [rows, n, heads * size]; kv, d_kv: [rows, m, 2, heads * size] (keys,
///         then values); weights: [rows, heads, n, weight_stride(m)], written by forward; padded:
///         [rows, m] bytes, 1 hides a key, or null; prefix: [n], each in [1, m].
struct AttentionShape {
  int64_t rows, n, m, heads, size;
  const int64_t* prefix;
  const uint8_t* padded;
};
int64_t weight_stride(int64_t m);
void attention_forward(const AttentionShape& shape, const float* q, const float* kv, float* weights,
                       float* out);
void attention_forward(const AttentionShape& shape, const double* q, const double* kv,
                       double* weights, double* out);
void attention_backward(const AttentionShape& shape, const float* q, const float* kv,
                        const float* weights, const float* d_out, float* d_q, float* d_kv);
void attention_backward(const AttentionShape& shape, const double* q, const double* kv,
                        const double* weights, const double* d_out, double* d_q, double* d_kv);

}  // namespace limbic::brain::kernels
