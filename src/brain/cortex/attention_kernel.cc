#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "limbic/brain/cortex/kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

constexpr int64_t kLanes = 8;
template <class T>
struct Vector;
template <>
struct Vector<float> {
  using Lanes = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));
};
template <>
struct Vector<double> {
  using Lanes =
      double __attribute__((vector_size(kLanes * sizeof(double)), aligned(sizeof(double))));
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
LIMBIC_INLINE int64_t round_up(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// Keys or values of one head of one row, transposed to [size, stride] so that loops over keys are
// contiguous.
template <class T>
LIMBIC_INLINE void transpose(const T* from, int64_t from_stride, int64_t m, int64_t size, T* to,
                             int64_t stride) {
  for (int64_t j = 0; j < m; ++j) {
    for (int64_t d = 0; d < size; ++d) to[d * stride + j] = from[j * from_stride + d];
  }
}

// out[j] = sum_d left[d] * right[d, j] for j < n, n a multiple of kLanes.
template <class T>
LIMBIC_INLINE void row_times_matrix(const T* left, const T* right, int64_t stride, int64_t size,
                                    int64_t n, T* out) {
  int64_t j = 0;
  for (; j + 3 * kLanes <= n; j += 3 * kLanes) {
    Lanes<T> a{}, b{}, c{};
    for (int64_t d = 0; d < size; ++d) {
      const T* const at = right + d * stride + j;
      a += left[d] * lanes(at);
      b += left[d] * lanes(at + kLanes);
      c += left[d] * lanes(at + 2 * kLanes);
    }
    lanes(out + j) = a;
    lanes(out + j + kLanes) = b;
    lanes(out + j + 2 * kLanes) = c;
  }
  for (; j < n; j += kLanes) {
    Lanes<T> a{};
    for (int64_t d = 0; d < size; ++d) a += left[d] * lanes(right + d * stride + j);
    lanes(out + j) = a;
  }
}

template <class T>
LIMBIC_INLINE void softmax(T* scores, int64_t seen, int64_t end, T scale, const uint8_t* hidden) {
  for (int64_t j = seen; j < end; ++j) scores[j] = -1e30F;
  if (hidden) {
    for (int64_t j = 0; j < seen; ++j) scores[j] = hidden[j] ? T(-1e30F) : scores[j];
  }
  T top = scores[0];
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < end; ++j) top = std::max(top, scores[j]);
  T total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t j = 0; j < end; ++j) {
    const T e = scores[j] < -1e29F ? T(0) : fast_exp(scale * (scores[j] - top));
    scores[j] = e;
    total += e;
  }
  const T inverse = T(1) / total;
  for (int64_t j = 0; j < end; ++j) scores[j] *= inverse;
}

// kSize: width of a head when known at compile time, else 0.
template <int64_t kSize, class T>
LIMBIC_INLINE void forward(const AttentionShape& shape, const T* q, const T* kv, T* weights,
                           T* out) {
  const int64_t size = kSize ? kSize : shape.size;
  const int64_t width = shape.heads * size;
  const int64_t stride = weight_stride(shape.m);
  const T scale = T(1) / std::sqrt(static_cast<T>(size));
  std::vector<T> keys_transposed(size * stride);
  const int64_t reach = *std::max_element(shape.prefix, shape.prefix + shape.n);
  for (int64_t row = 0; row < shape.rows; ++row) {
    const uint8_t* const hidden = shape.padded ? shape.padded + row * shape.m : nullptr;
    for (int64_t head = 0; head < shape.heads; ++head) {
      const T* const k = kv + row * shape.m * 2 * width + head * size;
      const T* const v = k + width;
      transpose(k, 2 * width, reach, size, keys_transposed.data(), stride);
      for (int64_t i = 0; i < shape.n; ++i) {
        const int64_t at = (row * shape.n + i) * width + head * size;
        const int64_t seen = shape.prefix[i];
        const int64_t end = round_up(seen);
        T* const w = weights + ((row * shape.heads + head) * shape.n + i) * stride;
        row_times_matrix(q + at, keys_transposed.data(), stride, size, end, w);
        softmax(w, seen, end, scale, hidden);
        T* const o = out + at;
        if constexpr (kSize > 0) {
          Lanes<T> sum[kSize / kLanes] = {};
          for (int64_t j = 0; j < seen; ++j) {
            for (int64_t b = 0; b < kSize / kLanes; ++b)
              sum[b] += w[j] * lanes(v + j * 2 * width + b * kLanes);
          }
          for (int64_t b = 0; b < kSize / kLanes; ++b) lanes(o + b * kLanes) = sum[b];
        } else {
          std::memset(o, 0, size * sizeof(T));
          for (int64_t j = 0; j < seen; ++j) {
            for (int64_t d = 0; d < size; ++d) o[d] += w[j] * v[j * 2 * width + d];
          }
        }
      }
    }
  }
}

template <int64_t kSize, class T>
LIMBIC_INLINE void backward(const AttentionShape& shape, const T* q, const T* kv, const T* weights,
                            const T* d_out, T* d_q, T* d_kv) {
  const int64_t size = kSize ? kSize : shape.size;
  const int64_t width = shape.heads * size;
  const int64_t stride = weight_stride(shape.m);
  const T scale = T(1) / std::sqrt(static_cast<T>(size));
  std::vector<T> scratch(size * stride + stride + 2 * shape.m * size);
  T* const values_transposed = scratch.data();
  T* const d_score = values_transposed + size * stride;
  T* const d_k = d_score + stride;
  T* const d_v = d_k + shape.m * size;
  for (int64_t row = 0; row < shape.rows; ++row) {
    for (int64_t head = 0; head < shape.heads; ++head) {
      const int64_t base = row * shape.m * 2 * width + head * size;
      const T* const k = kv + base;
      transpose(k + width, 2 * width, shape.m, size, values_transposed, stride);
      std::memset(d_k, 0, 2 * shape.m * size * sizeof(T));
      for (int64_t i = 0; i < shape.n; ++i) {
        const int64_t at = (row * shape.n + i) * width + head * size;
        const T* const w = weights + ((row * shape.heads + head) * shape.n + i) * stride;
        const int64_t seen = shape.prefix[i];
        const int64_t end = round_up(seen);
        row_times_matrix(d_out + at, values_transposed, stride, size, end, d_score);
        T mean = 0;
#pragma omp simd reduction(+ : mean)
        for (int64_t j = 0; j < end; ++j) mean += w[j] * d_score[j];
        for (int64_t j = 0; j < end; ++j) d_score[j] = w[j] * (d_score[j] - mean) * scale;
        T* const dq = d_q + at;
        for (int64_t d = 0; d < size; ++d) dq[d] = 0;
        for (int64_t j = 0; j < seen; ++j) {
          const T ds = d_score[j];
          const T wj = w[j];
          for (int64_t d = 0; d < size; ++d) {
            dq[d] += ds * k[j * 2 * width + d];
            d_k[j * size + d] += ds * q[at + d];
            d_v[j * size + d] += wj * d_out[at + d];
          }
        }
      }
      for (int64_t j = 0; j < shape.m; ++j) {
        std::memcpy(d_kv + base + j * 2 * width, d_k + j * size, size * sizeof(T));
        std::memcpy(d_kv + base + j * 2 * width + width, d_v + j * size, size * sizeof(T));
      }
    }
  }
}

template <class T>
LIMBIC_INLINE void forward_of_size(const AttentionShape& shape, const T* q, const T* kv, T* weights,
                                   T* out) {
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

template <class T>
LIMBIC_INLINE void backward_of_size(const AttentionShape& shape, const T* q, const T* kv,
                                    const T* weights, const T* d_out, T* d_q, T* d_kv) {
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

}  // namespace

int64_t weight_stride(int64_t m) { return round_up(m); }

LIMBIC_KERNEL
void attention_forward(const AttentionShape& shape, const float* q, const float* kv, float* weights,
                       float* out) {
  forward_of_size(shape, q, kv, weights, out);
}

LIMBIC_KERNEL
void attention_forward(const AttentionShape& shape, const double* q, const double* kv,
                       double* weights, double* out) {
  forward_of_size(shape, q, kv, weights, out);
}

LIMBIC_KERNEL
void attention_backward(const AttentionShape& shape, const float* q, const float* kv,
                        const float* weights, const float* d_out, float* d_q, float* d_kv) {
  backward_of_size(shape, q, kv, weights, d_out, d_q, d_kv);
}

LIMBIC_KERNEL
void attention_backward(const AttentionShape& shape, const double* q, const double* kv,
                        const double* weights, const double* d_out, double* d_q, double* d_kv) {
  backward_of_size(shape, q, kv, weights, d_out, d_q, d_kv);
}

}  // namespace limbic::brain::kernels
