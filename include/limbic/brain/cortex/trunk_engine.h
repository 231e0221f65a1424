#pragma once

#include <cstdint>
#include <vector>

#include "limbic/brain/cortex/block_kernels.h"
#include "limbic/brain/cortex/gemm.h"
#include "limbic/brain/gradient_place.h"

namespace limbic::brain {

/// The tokens of a trunk and who reads whom: every row's keys, then every row's queries.
struct TrunkShape {
  int64_t rows, keys, queries;  // the latter two of a row
  int64_t width, hidden, heads, blocks;
  const int64_t* key_prefix;     // [keys]
  const int64_t* query_prefix;   // [queries]
  const uint8_t* key_padding;    // [rows, keys] or null
  kernels::Precision precision;  // of products; of float64 full

  [[nodiscard]] int64_t key_tokens() const { return rows * keys; }
  [[nodiscard]] int64_t query_tokens() const { return rows * queries; }
  [[nodiscard]] int64_t tokens() const { return key_tokens() + query_tokens(); }
  /// The first token whose state block i changes: nobody reads the keys' own states after the last.
  [[nodiscard]] int64_t first(int64_t block) const {
    return block + 1 == blocks ? key_tokens() : 0;
  }
};

/// A block's parameters in the order in which BlockImpl registers them; after the last block's
/// come the final norm's weight and bias.
enum BlockParameter : int64_t {
  kNorm1Weight,
  kNorm1Bias,
  kQuery,
  kQueryBias,
  kKeys,
  kKeysBias,
  kOut,
  kOutBias,
  kNorm2Weight,
  kNorm2Bias,
  kIn,
  kInBias,
  kBack,
  kBackBias,
  kNumBlockParameters
};

/// All blocks of a transformer and its final norm, forward and backward, by LibTorch's matrix
/// products and hand-written loops between them, within one workspace.
///
/// Shapes  tokens x, d_x [tokens, width]; out, d_out [queries' tokens, width]; float32 or float64.
/// State   none: what backward needs is in the workspace that forward filled.
/// Cost    workspace_size() numbers; no allocation but attention's row buffers.
template <class T>
class TrunkEngine {
 public:
  /// `keeps`: for a backward; otherwise blocks share one part of the workspace.
  TrunkEngine(const TrunkShape& shape, const std::vector<const T*>& parameters, bool keeps,
              T* workspace);
  static int64_t workspace_size(const TrunkShape& shape, bool keeps);

  void forward(const T* x, T* out);
  void backward(const T* x, const T* d_out, T* d_x, const std::vector<GradientPlace<T>>& places);

 private:
  struct Space {  // of a block
    T *normed1, *statistics1, *q, *kv, *key_weights, *query_weights, *attended;
    T *read, *normed2, *statistics2, *hidden, *y;
  };
  class Cutter;

  [[nodiscard]] const T* parameter(int64_t block, int64_t which) const {
    return parameters_[block * kNumBlockParameters + which];
  }
  void cut(Cutter& cutter, bool keeps);
  void multiply(kernels::Product product, const kernels::GemmShape& shape, T alpha, const T* a,
                const T* b, T beta, T* c) const;
  [[nodiscard]] kernels::Norm<T> norm_after(int64_t block) const;
  const T* block_forward(int64_t block, const T* x, T* next_normed, T* next_statistics);
  void block_backward(int64_t block, const T* x, T* d_y);
  void attention_backward(int64_t block, const T* d_attended, T* d_q, T* d_kv);
  void add_weight_gradient(int64_t index, int64_t rows, int64_t outputs, int64_t inputs,
                           const T* d_y, const T* x);
  void add_vector_gradients();

  TrunkShape shape_;
  int64_t workspace_size_;
  std::vector<const T*> parameters_;
  std::vector<Space> spaces_;
  T* final_statistics_ = nullptr;
  T* narrow_ = nullptr;                 // [tokens, width]
  T* wide_ = nullptr;                   // [tokens, max(hidden, 4 width)]
  T* rounded_ = nullptr;                // operands of one product in bfloat16
  T* more_kv_ = nullptr;                // [keys' tokens, 2 width]
  T* vectors_ = nullptr;                // gradients of biases and norms, parameter after parameter
  std::vector<int64_t> vector_offset_;  // of each parameter in vectors_; -1: a matrix
  std::vector<int64_t> vector_size_;
  std::vector<GradientPlace<T>> places_;  // during a backward
};

}  // namespace limbic::brain
