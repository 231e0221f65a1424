#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "limbic/brain/cortex/base/base_posterior.h"
#include "limbic/brain/cortex/dropout.h"
#include "limbic/brain/cortex/fused_layers.h"
#include "limbic/brain/cortex/layout.h"
#include "limbic/brain/cortex/pairs.h"
#include "limbic/brain/cortex/transformer_config.h"
#include "limbic/brain/cortex/workspaces.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"

namespace limbic::brain {

/// What queries know when they come to the heads.
///
/// Shapes  n queries: state [n, H]; numbers [n, N], 0 where it sees none, or undefined where heads
///         read none; what a base density says, undefined where there is none.
struct QueryState {
  at::Tensor state, numbers;
  BasePosterior base = {};

  [[nodiscard]] QueryState select(const at::Tensor& index) const;
};

/// A way from raw values to the heads past the trunk: a plain network reads, beside a query's
/// state, every number that the query may see and which sites these are of.
///
///   h = drop(relu(A [state, numbers, sees, f(C numbers), pairs] + site))
///   h <- drop(relu(W h + b)), `layers` - 1 times
///   f(r) = [tanh r, asinh(8 r) / 3, asinh(64 r) / 5], where there are contrasts C; see pairs.h
///
/// Narrow, curved structure is lost in a token's embedding; here values arrive unblurred. A
/// contrast begins as the difference of two numbers, drawn by lot, and tells in one step whether
/// they agree to a hundredth, for which relus of single values would have to grow steep first.
///
/// With `direct.film` each site has a bias b of its own, and a gain on every layer's units, which
/// begin at 0 and 1: what is asked about then chooses which products of a layer count, where it
/// would else have to be carried along as one more input.
///
/// Shapes  S sites, N numbers of a row (a scalar's one, standardised; a category's one-hot; a
///         vector's own), H width.
/// Cost    where sites have many numbers, a site's part of A is computed once a row and not for
///         each of its queries, which only add up those that they see.
/// Source  Germain et al. 2015 (masked autoencoders), arXiv:1502.03509, of whose kind this is with
///         the mask as an input instead of in the weights. Perez et al. 2018 (FiLM), AAAI,
///         arXiv:1709.07871. Departs: gains after the nonlinearity, as 1 plus what is learned, so
///         that weight decay leads to none; biases, tables here, decay too.
class DirectPathImpl : public torch::nn::Module {
 public:
  DirectPathImpl(const TransformerConfig& config, const worlds::Schema& schema,
                 const Stream& stream, std::shared_ptr<Dropout> dropout);

  /// The numbers of every row: [B, N].
  at::Tensor numbers(const worlds::Episodes& episodes) const;
  /// `state` is undefined where there is no trunk. States of queries at `site` [n], as many of each
  /// row, that see the sites marked in `sees` [n, S] of rows with these numbers [B, N]; by
  /// functions with hand-written backwards where they get workspaces, which takes a CPU.
  QueryState forward(const at::Tensor& state, const at::Tensor& numbers, const at::Tensor& sees,
                     const at::Tensor& site, Workspaces* fused = nullptr);

 private:
  void add_layers(const TransformerConfig& config, const Stream& stream);
  void index_features();
  [[nodiscard]] at::Tensor by_site(const at::Tensor& numbers, const at::Tensor& weight) const;
  [[nodiscard]] at::Tensor read_by_site(const at::Tensor& state, const at::Tensor& numbers,
                                        const at::Tensor& sees) const;
  [[nodiscard]] at::Tensor inputs(const at::Tensor& state, const at::Tensor& numbers,
                                  const at::Tensor& seen, const at::Tensor& sees) const;
  [[nodiscard]] at::Tensor fused_inputs(const at::Tensor& numbers, const at::Tensor& sees) const;
  at::Tensor run_layers(const at::Tensor& x, bool is_product, const at::Tensor& site,
                        Workspaces* fused);

  worlds::Schema schema_;
  std::shared_ptr<Dropout> dropout_;
  bool shows_numbers_;         // some head reads them
  at::Tensor site_of_number_;  // [N]
  at::Tensor contrast_;        // [R, N], undefined where there are none
  Pairs pairs_{nullptr};       // may be empty
  Layers layers_;
  std::vector<int32_t> first_, second_;  // sites that each of [numbers, sees, pairs] needs
};
TORCH_MODULE(DirectPath);

/// How many numbers a row has.
int64_t count_numbers(const worlds::Schema& schema);

}  // namespace limbic::brain
