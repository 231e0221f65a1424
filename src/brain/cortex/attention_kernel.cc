#include <cmath>
#include <cstring>
#include <vector>

#include "limbic/brain/cortex/kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

constexpr int64_t kLanes = 8;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));

LIMBIC_INLINE Lanes& lanes(float* at) { return *reinterpret_cast<Lanes*>(at); }
LIMBIC_INLINE const Lanes& lanes(const float* at) { return *reinterpret_cast<const Lanes*>(at); }
LIMBIC_INLINE int64_t round_up(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// Keys or values of one head of one row, transposed to [size, stride] so that loops over keys are
// contiguous.
LIMBIC_INLINE void transpose(const float* from, int64_t from_stride, int64_t m, int64_t size,
                             float* to, int64_t stride) {
  for (int64_t j = 0; j < m; ++j) {
    for (int64_t d = 0; d < size; ++d) to[d * stride + j] = from[j * from_stride + d];
  }
}

// out[j] = sum_d left[d] * right[d, j] for j < n, n a multiple of kLanes.
LIMBIC_INLINE void row_times_matrix(const float* left, const float* right, int64_t stride,
                                    int64_t size, int64_t n, float* out) {
  int64_t j = 0;
  for (; j + 3 * kLanes <= n; j += 3 * kLanes) {
    Lanes a{}, b{}, c{};
    for (int64_t d = 0; d < size; ++d) {
      const float* const at = right + d * stride + j;
      a += left[d] * lanes(at);
      b += left[d] * lanes(at + kLanes);
      c += left[d] * lanes(at + 2 * kLanes);
    }
    lanes(out + j) = a;
    lanes(out + j + kLanes) = b;
    lanes(out + j + 2 * kLanes) = c;
  }
  for (; j < n; j += kLanes) {
    Lanes a{};
    for (int64_t d = 0; d < size; ++d) a += left[d] * lanes(right + d * stride + j);
    lanes(out + j) = a;
  }
}

LIMBIC_INLINE void softmax(float* scores, int64_t seen, int64_t end, float scale,
                           const uint8_t* hidden) {
  for (int64_t j = seen; j < end; ++j) scores[j] = -1e30F;
  if (hidden) {
    for (int64_t j = 0; j < seen; ++j) scores[j] = hidden[j] ? -1e30F : scores[j];
  }
  float top = scores[0];
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < end; ++j) top = std::max(top, scores[j]);
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t j = 0; j < end; ++j) {
    const float e = scores[j] < -1e29F ? 0.0F : fast_exp(scale * (scores[j] - top));
    scores[j] = e;
    total += e;
  }
  const float inverse = 1.0F / total;
  for (int64_t j = 0; j < end; ++j) scores[j] *= inverse;
}

// kSize: width of a head when known at compile time, else 0.
template <int64_t kSize>
LIMBIC_INLINE void forward(const AttentionShape& shape, const float* q, const float* kv,
                           float* weights, float* out) {
  const int64_t size = kSize ? kSize : shape.size;
  const int64_t width = shape.heads * size;
  const int64_t stride = weight_stride(shape.m);
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  std::vector<float> keys_transposed(size * stride);
  for (int64_t row = 0; row < shape.rows; ++row) {
    const uint8_t* const hidden = shape.padded ? shape.padded + row * shape.m : nullptr;
    for (int64_t head = 0; head < shape.heads; ++head) {
      const float* const k = kv + row * shape.m * 2 * width + head * size;
      const float* const v = k + width;
      transpose(k, 2 * width, shape.m, size, keys_transposed.data(), stride);
      for (int64_t i = 0; i < shape.n; ++i) {
        const int64_t at = (row * shape.n + i) * width + head * size;
        const int64_t seen = shape.prefix[i];
        const int64_t end = round_up(seen);
        float* const w = weights + ((row * shape.heads + head) * shape.n + i) * stride;
        row_times_matrix(q + at, keys_transposed.data(), stride, size, end, w);
        softmax(w, seen, end, scale, hidden);
        float* const o = out + at;
        if constexpr (kSize > 0) {
          Lanes sum[kSize / kLanes] = {};
          for (int64_t j = 0; j < seen; ++j) {
            for (int64_t b = 0; b < kSize / kLanes; ++b)
              sum[b] += w[j] * lanes(v + j * 2 * width + b * kLanes);
          }
          for (int64_t b = 0; b < kSize / kLanes; ++b) lanes(o + b * kLanes) = sum[b];
        } else {
          std::memset(o, 0, size * sizeof(float));
          for (int64_t j = 0; j < seen; ++j) {
            for (int64_t d = 0; d < size; ++d) o[d] += w[j] * v[j * 2 * width + d];
          }
        }
      }
    }
  }
}

template <int64_t kSize>
LIMBIC_INLINE void backward(const AttentionShape& shape, const float* q, const float* kv,
                            const float* weights, const float* d_out, float* d_q, float* d_kv) {
  const int64_t size = kSize ? kSize : shape.size;
  const int64_t width = shape.heads * size;
  const int64_t stride = weight_stride(shape.m);
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  std::vector<float> scratch(size * stride + stride + 2 * shape.m * size);
  float* const values_transposed = scratch.data();
  float* const d_score = values_transposed + size * stride;
  float* const d_k = d_score + stride;
  float* const d_v = d_k + shape.m * size;
  for (int64_t row = 0; row < shape.rows; ++row) {
    for (int64_t head = 0; head < shape.heads; ++head) {
      const int64_t base = row * shape.m * 2 * width + head * size;
      const float* const k = kv + base;
      transpose(k + width, 2 * width, shape.m, size, values_transposed, stride);
      std::memset(d_k, 0, 2 * shape.m * size * sizeof(float));
      for (int64_t i = 0; i < shape.n; ++i) {
        const int64_t at = (row * shape.n + i) * width + head * size;
        const float* const w = weights + ((row * shape.heads + head) * shape.n + i) * stride;
        const int64_t seen = shape.prefix[i];
        const int64_t end = round_up(seen);
        row_times_matrix(d_out + at, values_transposed, stride, size, end, d_score);
        float mean = 0;
#pragma omp simd reduction(+ : mean)
        for (int64_t j = 0; j < end; ++j) mean += w[j] * d_score[j];
        for (int64_t j = 0; j < end; ++j) d_score[j] = w[j] * (d_score[j] - mean) * scale;
        float* const dq = d_q + at;
        for (int64_t d = 0; d < size; ++d) dq[d] = 0;
        for (int64_t j = 0; j < seen; ++j) {
          const float ds = d_score[j];
          const float wj = w[j];
          for (int64_t d = 0; d < size; ++d) {
            dq[d] += ds * k[j * 2 * width + d];
            d_k[j * size + d] += ds * q[at + d];
            d_v[j * size + d] += wj * d_out[at + d];
          }
        }
      }
      for (int64_t j = 0; j < shape.m; ++j) {
        std::memcpy(d_kv + base + j * 2 * width, d_k + j * size, size * sizeof(float));
        std::memcpy(d_kv + base + j * 2 * width + width, d_v + j * size, size * sizeof(float));
      }
    }
  }
}

}  // namespace

int64_t weight_stride(int64_t m) { return round_up(m); }

LIMBIC_KERNEL
void attention_forward(const AttentionShape& shape, const float* q, const float* kv, float* weights,
                       float* out) {
  switch (shape.size) {
    case 8:
      return forward<8>(shape, q, kv, weights, out);
    case 16:
      return forward<16>(shape, q, kv, weights, out);
    case 32:
      return forward<32>(shape, q, kv, weights, out);
    default:
      return forward<0>(shape, q, kv, weights, out);
  }
}

LIMBIC_KERNEL
void attention_backward(const AttentionShape& shape, const float* q, const float* kv,
                        const float* weights, const float* d_out, float* d_q, float* d_kv) {
  switch (shape.size) {
    case 8:
      return backward<8>(shape, q, kv, weights, d_out, d_q, d_kv);
    case 16:
      return backward<16>(shape, q, kv, weights, d_out, d_q, d_kv);
    case 32:
      return backward<32>(shape, q, kv, weights, d_out, d_q, d_kv);
    default:
      return backward<0>(shape, q, kv, weights, d_out, d_q, d_kv);
  }
}

}  // namespace limbic::brain::kernels
