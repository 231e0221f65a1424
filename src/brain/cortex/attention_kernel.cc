#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "limbic/brain/cortex/attention_kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

// Swaps the off-diagonal quarters of every block of 2 kStage rows and columns.
template <int64_t kStage, class T>
LIMBIC_INLINE void swap_quarters(Lanes<T> (&rows)[kLanes]) {
  typename Vector<T>::Index upper{}, lower{};
  for (int64_t e = 0; e < kLanes; ++e) {
    upper[e] = (e & kStage) ? kLanes + e - kStage : e;
    lower[e] = (e & kStage) ? kLanes + e : e + kStage;
  }
  for (int64_t i = 0; i < kLanes; ++i) {
    if (i & kStage) continue;
    const Lanes<T> a = rows[i], b = rows[i + kStage];
    rows[i] = __builtin_shuffle(a, b, upper);
    rows[i + kStage] = __builtin_shuffle(a, b, lower);
  }
}

// Keys or values of one head of one row, transposed to [size, stride] so that loops over keys are
// contiguous; 0 where there are no keys.
template <class T>
LIMBIC_INLINE void transpose(const T* from, int64_t from_stride, int64_t m, int64_t size, T* to,
                             int64_t stride) {
  int64_t d = 0;
  for (; d + kLanes <= size; d += kLanes) {
    for (int64_t j = 0; j < m; j += kLanes) {
      Lanes<T> rows[kLanes] = {};
      const int64_t there = std::min(kLanes, m - j);
      for (int64_t r = 0; r < there; ++r) rows[r] = lanes(from + (j + r) * from_stride + d);
      swap_quarters<1, T>(rows);
      swap_quarters<2, T>(rows);
      swap_quarters<4, T>(rows);
      for (int64_t r = 0; r < kLanes; ++r) lanes(to + (d + r) * stride + j) = rows[r];
    }
  }
  for (; d < size; ++d) {
    for (int64_t j = 0; j < m; ++j) to[d * stride + j] = from[j * from_stride + d];
  }
}

// out[r, j] = sum_d left[r, d] * right[d, j] for r < kRows and j < count, a multiple of kLanes.
// Several rows at once, since each sum waits for its last term.
template <int64_t kRows, class T>
LIMBIC_INLINE void rows_times_matrix(const T* left, int64_t left_stride, const T* right,
                                     int64_t stride, int64_t size, int64_t count, T* out) {
  for (int64_t j = 0; j < count; j += kLanes) {
    Lanes<T> sum[kRows] = {};
    for (int64_t d = 0; d < size; ++d) {
      const Lanes<T> at = lanes(right + d * stride + j);
      for (int64_t r = 0; r < kRows; ++r) sum[r] += left[r * left_stride + d] * at;
    }
    for (int64_t r = 0; r < kRows; ++r) lanes(out + r * stride + j) = sum[r];
  }
}

// The same for n rows, each up to the end of what it sees (and further, where its neighbours do).
template <class T>
LIMBIC_INLINE void rows_times_matrix(int64_t n, const int64_t* prefix, const T* left,
                                     int64_t left_stride, const T* right, int64_t stride,
                                     int64_t size, T* out) {
  constexpr int64_t kRows = 4;
  int64_t i = 0;
  for (; i + kRows <= n; i += kRows) {
    const int64_t seen = *std::max_element(prefix + i, prefix + i + kRows);
    rows_times_matrix<kRows>(left + i * left_stride, left_stride, right, stride, size,
                             round_up(seen), out + i * stride);
  }
  for (; i < n; ++i) {
    rows_times_matrix<1>(left + i * left_stride, left_stride, right, stride, size,
                         round_up(prefix[i]), out + i * stride);
  }
}

// -1e30 from `seen` on and where a key is hidden. Numbers are not written one by one: a load of
// lanes would wait for them.
template <class T>
LIMBIC_INLINE Lanes<T> visible_scores(const T* scores, int64_t j, int64_t seen,
                                      const uint8_t* hidden) {
  using Index = typename Vector<T>::Index;
  Index number, shown;
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    number[lane] = lane;
    shown[lane] = hidden && j + lane < seen && hidden[j + lane] ? 0 : -1;
  }
  const auto left = static_cast<std::remove_cvref_t<decltype(number[0])>>(seen - j);
  return (number < left) & shown ? lanes(scores + j) : Lanes<T>{} - T(1e30F);
}

template <class T>
LIMBIC_INLINE void softmax(T* scores, int64_t seen, int64_t end, T scale, const uint8_t* hidden) {
  Lanes<T> tops = visible_scores(scores, 0, seen, hidden);
  lanes(scores) = tops;
  for (int64_t j = kLanes; j < end; j += kLanes) {
    const Lanes<T> score = visible_scores(scores, j, seen, hidden);
    lanes(scores + j) = score;
    tops = score > tops ? score : tops;
  }
  T top = tops[0];
  for (int64_t lane = 1; lane < kLanes; ++lane) top = std::max(top, T(tops[lane]));
  const Lanes<T> none{};
  for (int64_t j = 0; j < end; j += kLanes) {
    const Lanes<T> score = lanes(scores + j);
    Lanes<T> e = scale * (score - top);
    take_exp(e);
    lanes(scores + j) = score < none - T(1e29F) ? none : e;
  }
  T total = 0;
  for (int64_t j = 0; j < end; ++j) total += scores[j];
  const T inverse = T(1) / total;
  for (int64_t j = 0; j < end; j += kLanes) lanes(scores + j) *= inverse;
}

// d_score of one query, from the gradient of what it read: in `d_score` up to the end of what it
// sees, 0 beyond.
template <class T>
LIMBIC_INLINE void softmax_backward(const T* w, int64_t end, int64_t stride, T scale, T* d_score) {
  T mean = 0;
#pragma omp simd reduction(+ : mean)
  for (int64_t j = 0; j < end; ++j) mean += w[j] * d_score[j];
  for (int64_t j = 0; j < end; j += kLanes)
    lanes(d_score + j) = lanes(w + j) * (lanes(d_score + j) - mean) * scale;
  for (int64_t j = end; j < stride; ++j) d_score[j] = 0;
}

// out_r <- sum_j factor(r, j) * x_j over rows of x, for r < kRows; in registers where a row's size
// is known. Several at once, since each sum waits for its last term.
template <int64_t kSize, int64_t kRows, class T, class Factor>
LIMBIC_INLINE void weighted_sums(int64_t count, int64_t size, const Factor& factor, const T* x,
                                 int64_t x_stride, T* out, int64_t out_stride) {
  if constexpr (kSize > 0) {
    constexpr int64_t kParts = kSize / kLanes;
    Lanes<T> sum[kRows][kParts] = {};
    for (int64_t j = 0; j < count; ++j) {
      for (int64_t r = 0; r < kRows; ++r) {
        const T by = factor(r, j);
        for (int64_t b = 0; b < kParts; ++b) sum[r][b] += by * lanes(x + j * x_stride + b * kLanes);
      }
    }
    for (int64_t r = 0; r < kRows; ++r) {
      for (int64_t b = 0; b < kParts; ++b) lanes(out + r * out_stride + b * kLanes) = sum[r][b];
    }
  } else {
    static_assert(kRows == 1);
    std::memset(out, 0, size * sizeof(T));
    for (int64_t j = 0; j < count; ++j) {
      const T by = factor(0, j);
      for (int64_t d = 0; d < size; ++d) out[d] += by * x[j * x_stride + d];
    }
  }
}

// The same for n rows, of which row i has terms up to count(i).
template <int64_t kSize, class T, class Count, class Factor>
LIMBIC_INLINE void weighted_sums(int64_t n, const Count& count, int64_t size, const Factor& factor,
                                 const T* x, int64_t x_stride, T* out, int64_t out_stride) {
  constexpr int64_t kRows = kSize ? 64 / kSize : 1;
  int64_t i = 0;
  for (; i + kRows <= n; i += kRows) {
    int64_t most = count(i);
    for (int64_t r = 1; r < kRows; ++r) most = std::max(most, count(i + r));
    weighted_sums<kSize, kRows>(
        most, size, [&](int64_t r, int64_t j) { return factor(i + r, j); }, x, x_stride,
        out + i * out_stride, out_stride);
  }
  for (; i < n; ++i) {
    weighted_sums<kSize, 1>(
        count(i), size, [&](int64_t, int64_t j) { return factor(i, j); }, x, x_stride,
        out + i * out_stride, out_stride);
  }
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
  if (shape.n == 0) return;
  const auto seen_by = [&](int64_t i) { return shape.prefix[i]; };
  const int64_t reach = *std::max_element(shape.prefix, shape.prefix + shape.n);
  for (int64_t row = 0; row < shape.rows; ++row) {
    const uint8_t* const hidden = shape.padded ? shape.padded + row * shape.m : nullptr;
    for (int64_t head = 0; head < shape.heads; ++head) {
      const T* const k = kv + row * shape.m * 2 * width + head * size;
      const T* const v = k + width;
      T* const all_w = weights + (row * shape.heads + head) * shape.n * stride;
      const int64_t begin = row * shape.n * width + head * size;
      transpose(k, 2 * width, reach, size, keys_transposed.data(), stride);
      rows_times_matrix(shape.n, shape.prefix, q + begin, width, keys_transposed.data(), stride,
                        size, all_w);
      for (int64_t i = 0; i < shape.n; ++i) {
        const int64_t seen = shape.prefix[i];
        softmax(all_w + i * stride, seen, round_up(seen), scale, hidden);
      }
      const auto read = [&](int64_t i, int64_t j) {
        return j < shape.prefix[i] ? all_w[i * stride + j] : T(0);
      };
      weighted_sums<kSize>(shape.n, seen_by, size, read, v, 2 * width, out + begin, width);
    }
  }
}

template <int64_t kSize, class T>
LIMBIC_INLINE void backward(const AttentionShape& shape, const T* q, const T* kv, const T* weights,
                            const T* d_out, T* d_q, T* d_kv) {
  const int64_t size = kSize ? kSize : shape.size;
  const int64_t width = shape.heads * size, n = shape.n;
  const int64_t stride = weight_stride(shape.m);
  const T scale = T(1) / std::sqrt(static_cast<T>(size));
  const auto seen_by = [&](int64_t i) { return shape.prefix[i]; };
  const auto all_queries = [&](int64_t) { return n; };
  std::vector<T> scratch((size + n) * stride);
  T* const values_transposed = scratch.data();
  T* const d_score = values_transposed + size * stride;  // [n, stride]
  for (int64_t row = 0; row < shape.rows; ++row) {
    for (int64_t head = 0; head < shape.heads; ++head) {
      const int64_t of_queries = row * n * width + head * size;
      const int64_t of_keys = row * shape.m * 2 * width + head * size;
      const T* const k = kv + of_keys;
      const T* const w = weights + (row * shape.heads + head) * n * stride;
      transpose(k + width, 2 * width, shape.m, size, values_transposed, stride);
      rows_times_matrix(n, shape.prefix, d_out + of_queries, width, values_transposed, stride, size,
                        d_score);
      for (int64_t i = 0; i < n; ++i)
        softmax_backward(w + i * stride, round_up(shape.prefix[i]), stride, scale,
                         d_score + i * stride);
      const auto moved = [&](int64_t i, int64_t j) { return d_score[i * stride + j]; };
      weighted_sums<kSize>(n, seen_by, size, moved, k, 2 * width, d_q + of_queries, width);
      T* const d_k = d_kv + of_keys;
      const auto by_key = [&](int64_t j, int64_t i) { return d_score[i * stride + j]; };
      weighted_sums<kSize>(shape.m, all_queries, size, by_key, q + of_queries, width, d_k,
                           2 * width);
      const auto read = [&](int64_t j, int64_t i) {
        return j < shape.prefix[i] ? w[i * stride + j] : T(0);
      };
      weighted_sums<kSize>(shape.m, all_queries, size, read, d_out + of_queries, width, d_k + width,
                           2 * width);
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
