#include "limbic/brain/cortex/trunk_engine.h"

#include <algorithm>
#include <type_traits>

#include "limbic/brain/cortex/attention_kernels.h"
#include "limbic/brain/cortex/direct_kernels.h"

namespace limbic::brain {

using kernels::GemmShape;
using kernels::Precision;
using kernels::Product;

namespace {

// Size of a vector parameter of a block; 0: a matrix.
int64_t size_of_vector(const TrunkShape& shape, int64_t which) {
  switch (which) {
    case kQuery:
    case kKeys:
    case kOut:
    case kIn:
    case kBack:
      return 0;
    case kKeysBias:
      return 2 * shape.width;
    case kInBias:
      return shape.hidden;
    default:
      return shape.width;
  }
}

kernels::AttentionShape attention_of(const TrunkShape& shape, bool of_keys) {
  return {shape.rows,
          of_keys ? shape.keys : shape.queries,
          shape.keys,
          shape.heads,
          shape.width / shape.heads,
          of_keys ? shape.key_prefix : shape.query_prefix,
          shape.key_padding};
}

}  // namespace

/// Deals out a buffer in parts that begin at multiples of 64 bytes; of null it only counts.
template <class T>
class TrunkEngine<T>::Cutter {
 public:
  explicit Cutter(T* base) : base_(base) {}
  T* take(int64_t count) {
    constexpr int64_t kLine = 64 / sizeof(T);
    T* const part = base_ ? base_ + taken_ : nullptr;
    taken_ += (count + kLine - 1) / kLine * kLine;
    return part;
  }
  [[nodiscard]] int64_t taken() const { return taken_; }

 private:
  T* base_;
  int64_t taken_ = 0;
};

template <class T>
TrunkEngine<T>::TrunkEngine(const TrunkShape& shape, const std::vector<const T*>& parameters,
                            bool keeps, T* workspace)
    : shape_(shape), parameters_(parameters) {
  Cutter cutter(workspace);
  cut(cutter, keeps);
  workspace_size_ = cutter.taken();
}

template <class T>
int64_t TrunkEngine<T>::workspace_size(const TrunkShape& shape, bool keeps) {
  return TrunkEngine(shape, {}, keeps, nullptr).workspace_size_;
}

template <class T>
void TrunkEngine<T>::cut(Cutter& cutter, bool keeps) {
  const int64_t width = shape_.width, all = shape_.tokens();
  const int64_t stride = kernels::weight_stride(shape_.keys) * shape_.heads;
  for (int64_t i = 0; i < shape_.blocks; ++i) {
    if (!keeps && i > 0) {
      spaces_.push_back(spaces_[0]);
      continue;
    }
    const int64_t count = keeps ? all - shape_.first(i) : all;
    Space s{};
    s.normed1 = cutter.take(all * width);
    s.statistics1 = cutter.take(2 * all);
    s.q = cutter.take(count * width);
    s.kv = cutter.take(shape_.key_tokens() * 2 * width);
    s.key_weights = cutter.take(count == all ? shape_.key_tokens() * stride : 0);
    s.query_weights = cutter.take(shape_.query_tokens() * stride);
    s.attended = cutter.take(count * width);
    s.read = cutter.take(count * width);
    s.normed2 = cutter.take(count * width);
    s.statistics2 = cutter.take(2 * count);
    s.hidden = cutter.take(count * shape_.hidden);
    s.y = cutter.take(count * width);
    spaces_.push_back(s);
  }
  if (shape_.precision == Precision::kBfloat16) {
    const int64_t wide = std::max(shape_.hidden, 2 * width);
    rounded_ = cutter.take((all * (wide + width) + wide * width) / 2 + 1);
  }
  final_statistics_ = cutter.take(2 * shape_.query_tokens());
  narrow_ = cutter.take(all * width);
  if (!keeps) return;
  wide_ = cutter.take(all * std::max(shape_.hidden, 4 * width));
  more_kv_ = cutter.take(shape_.key_tokens() * 2 * width);
  int64_t end = 0;
  for (int64_t p = 0; p < shape_.blocks * kNumBlockParameters + 2; ++p) {
    const bool is_final = p >= shape_.blocks * kNumBlockParameters;
    const int64_t size = is_final ? width : size_of_vector(shape_, p % kNumBlockParameters);
    vector_offset_.push_back(size > 0 ? end : -1);
    vector_size_.push_back(size);
    end += size;
  }
  vectors_ = cutter.take(end);
}

template <class T>
void TrunkEngine<T>::multiply(Product product, const GemmShape& shape, T alpha, const T* a,
                              const T* b, T beta, T* c) const {
  if constexpr (std::is_same_v<T, float>) {
    if (shape_.precision == Precision::kBfloat16) {
      kernels::gemm_bfloat16(product, shape, alpha, a, b, beta, c,
                             reinterpret_cast<uint16_t*>(rounded_));
      return;
    }
  }
  kernels::gemm(product, shape, alpha, a, b, beta, c);
}

// The next block's first norm, or the final one.
template <class T>
kernels::Norm<T> TrunkEngine<T>::norm_after(int64_t block) const {
  return {parameter(block + 1, kNorm1Weight), parameter(block + 1, kNorm1Bias)};
}

template <class T>
void TrunkEngine<T>::forward(const T* x, T* out) {
  kernels::add_norm({shape_.tokens(), shape_.width, x, nullptr, nullptr, norm_after(-1)}, nullptr,
                    spaces_[0].normed1, spaces_[0].statistics1);
  for (int64_t i = 0; i < shape_.blocks; ++i) {
    const bool is_last = i + 1 == shape_.blocks;
    x = block_forward(i, x, is_last ? out : spaces_[i + 1].normed1,
                      is_last ? final_statistics_ : spaces_[i + 1].statistics1);
  }
}

template <class T>
const T* TrunkEngine<T>::block_forward(int64_t block, const T* x, T* next_normed,
                                       T* next_statistics) {
  const Space& s = spaces_[block];
  const int64_t width = shape_.width, hidden = shape_.hidden, keys = shape_.key_tokens();
  const int64_t first = shape_.first(block), count = shape_.tokens() - first;
  const auto linear = [&](const T* in, const T* weight, const GemmShape& size, T* to) {
    multiply(Product::kForward, size, T(1), in, weight, T(0), to);
  };
  linear(s.normed1 + first * width, parameter(block, kQuery), {count, width, width}, s.q);
  kernels::add_bias(count, width, parameter(block, kQueryBias), s.q);
  linear(s.normed1, parameter(block, kKeys), {keys, 2 * width, width}, s.kv);
  kernels::add_bias(keys, 2 * width, parameter(block, kKeysBias), s.kv);
  const int64_t of_queries = (keys - first) * width;
  if (first == 0)
    kernels::attention_forward(attention_of(shape_, true), s.q, s.kv, s.key_weights, s.attended);
  kernels::attention_forward(attention_of(shape_, false), s.q + of_queries, s.kv, s.query_weights,
                             s.attended + of_queries);
  linear(s.attended, parameter(block, kOut), {count, width, width}, narrow_);
  kernels::add_norm({count,
                     width,
                     x + first * width,
                     narrow_,
                     parameter(block, kOutBias),
                     {parameter(block, kNorm2Weight), parameter(block, kNorm2Bias)}},
                    s.read, s.normed2, s.statistics2);
  linear(s.normed2, parameter(block, kIn), {count, hidden, width}, s.hidden);
  kernels::site_relu({count, hidden, nullptr}, parameter(block, kInBias), s.hidden);
  linear(s.hidden, parameter(block, kBack), {count, width, hidden}, narrow_);
  kernels::add_norm({count, width, s.read, narrow_, parameter(block, kBackBias), norm_after(block)},
                    s.y, next_normed, next_statistics);
  return s.y;
}

template <class T>
void TrunkEngine<T>::backward(const T* x, const T* d_out, T* d_x,
                              const std::vector<GradientPlace<T>>& places) {
  places_ = places;
  const int64_t last = shape_.blocks - 1, final_norm = shape_.blocks * kNumBlockParameters;
  const int64_t before = shape_.first(last) * shape_.width;
  std::fill_n(d_x, shape_.tokens() * shape_.width, T(0));
  std::fill_n(vectors_, vector_offset_.back() + vector_size_.back(), T(0));
  kernels::norm_backward(
      {shape_.query_tokens(), shape_.width, spaces_[last].y, final_statistics_,
       parameters_[final_norm], d_out},
      d_x + before,
      {vectors_ + vector_offset_[final_norm], vectors_ + vector_offset_[final_norm + 1]},
      vectors_ + vector_offset_[final_norm - 1]);
  for (int64_t i = last; i >= 0; --i) block_backward(i, i > 0 ? spaces_[i - 1].y : x, d_x);
  add_vector_gradients();
}

// d_y [tokens, width] becomes the gradient of the block's input; of the last block only the
// queries' part counts.
template <class T>
void TrunkEngine<T>::block_backward(int64_t block, const T* x, T* d_y) {
  const Space& s = spaces_[block];
  const int64_t width = shape_.width, hidden = shape_.hidden, keys = shape_.key_tokens();
  const int64_t first = shape_.first(block), count = shape_.tokens() - first;
  const int64_t base = block * kNumBlockParameters;
  const auto vector = [&](int64_t which) { return vectors_ + vector_offset_[base + which]; };
  T* const d = d_y + first * width;

  add_weight_gradient(base + kBack, count, width, hidden, d, s.hidden);
  multiply(Product::kInput, {count, hidden, width}, T(1), d, parameter(block, kBack), T(0), wide_);
  kernels::site_relu_backward({count, hidden, nullptr}, s.hidden, wide_, vector(kInBias));
  add_weight_gradient(base + kIn, count, hidden, width, wide_, s.normed2);
  multiply(Product::kInput, {count, width, hidden}, T(1), wide_, parameter(block, kIn), T(0),
           narrow_);
  kernels::norm_backward(
      {count, width, s.read, s.statistics2, parameter(block, kNorm2Weight), narrow_}, d,
      {vector(kNorm2Weight), vector(kNorm2Bias)}, vector(kOutBias));

  T* const d_attended = wide_;
  T* const d_q = wide_ + count * width;
  T* const d_kv = wide_ + 2 * count * width;
  add_weight_gradient(base + kOut, count, width, width, d, s.attended);
  multiply(Product::kInput, {count, width, width}, T(1), d, parameter(block, kOut), T(0),
           d_attended);
  attention_backward(block, d_attended, d_q, d_kv);
  kernels::add_columns(count, width, d_q, vector(kQueryBias));
  kernels::add_columns(keys, 2 * width, d_kv, vector(kKeysBias));
  add_weight_gradient(base + kQuery, count, width, width, d_q, s.normed1 + first * width);
  add_weight_gradient(base + kKeys, keys, 2 * width, width, d_kv, s.normed1);
  multiply(Product::kInput, {count, width, width}, T(1), d_q, parameter(block, kQuery), T(0),
           narrow_ + first * width);
  multiply(Product::kInput, {keys, width, 2 * width}, T(1), d_kv, parameter(block, kKeys),
           first == 0 ? T(1) : T(0), narrow_);
  kernels::norm_backward(
      {shape_.tokens(), width, x, s.statistics1, parameter(block, kNorm1Weight), narrow_}, d_y,
      {vector(kNorm1Weight), vector(kNorm1Bias)},
      block > 0 ? vector(kBackBias - kNumBlockParameters) : nullptr);
}

template <class T>
void TrunkEngine<T>::attention_backward(int64_t block, const T* d_attended, T* d_q, T* d_kv) {
  const Space& s = spaces_[block];
  const int64_t width = shape_.width, keys = shape_.key_tokens();
  const int64_t of_queries = (keys - shape_.first(block)) * width;
  kernels::attention_backward(attention_of(shape_, false), s.q + of_queries, s.kv, s.query_weights,
                              d_attended + of_queries, d_q + of_queries, d_kv);
  if (of_queries == 0) return;
  kernels::attention_backward(attention_of(shape_, true), s.q, s.kv, s.key_weights, d_attended, d_q,
                              more_kv_);
  kernels::add_bias(1, keys * 2 * width, more_kv_, d_kv);
}

template <class T>
void TrunkEngine<T>::add_weight_gradient(int64_t index, int64_t rows, int64_t outputs,
                                         int64_t inputs, const T* d_y, const T* x) {
  const auto& [to, factor] = places_[index];
  if (to) multiply(Product::kWeight, {outputs, inputs, rows}, factor, d_y, x, T(1), to);
}

template <class T>
void TrunkEngine<T>::add_vector_gradients() {
  for (size_t p = 0; p < vector_offset_.size(); ++p) {
    if (vector_offset_[p] >= 0) places_[p].add(vector_size_[p], vectors_ + vector_offset_[p]);
  }
}

template class TrunkEngine<float>;
template class TrunkEngine<double>;

}  // namespace limbic::brain
