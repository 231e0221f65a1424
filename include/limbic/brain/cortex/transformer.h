#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "limbic/brain/cortex/block.h"
#include "limbic/brain/cortex/cortex.h"
#include "limbic/brain/cortex/direct_path.h"
#include "limbic/brain/cortex/embedding.h"
#include "limbic/brain/cortex/fused_trunk.h"
#include "limbic/brain/cortex/heads.h"
#include "limbic/brain/cortex/layout.h"

namespace limbic::brain {

/// A transformer over cells whose three kinds of token share all weights: observed ones read each
/// other; realised targets read what is observed and the targets before them; queries read both and
/// are read by nobody.
///
/// So with no target realised one pass gives every marginal, and with all of them in some order the
/// exact joint log p of that order.
/// Shapes  B rows, S sites, D width; thought [B, T, pools * size of a query's state], of which a
///         pool's part stands still past its last site.
/// Source  Vaswani et al. 2017, arXiv:1706.03762; Yang et al. 2019 (two streams), arXiv:1906.08237;
///         Gloeckler et al. 2024 (any conditional from one transformer), arXiv:2404.09636.
/// Departs queries have no keys or values of their own, and one weight set serves all three
///         streams.
class Transformer : public Cortex {
 public:
  Transformer(const TransformerConfig& config, const worlds::Schema& schema, const Stream& stream);

  using Cortex::log_prob, Cortex::marginals, Cortex::think;
  [[nodiscard]] Question ask(const worlds::Roles& roles, const at::Tensor& rank_BTV) const override;
  [[nodiscard]] Question ask_thought(const at::Tensor& observed_BTV) const override;
  at::Tensor log_prob(const worlds::Episodes& episodes, const Question& question) override;
  Marginals marginals(const worlds::Episodes& episodes, const Question& question) override;
  at::Tensor think(const worlds::Episodes& episodes, const Question& question) override;
  void even_out_questions() override { is_even_ = true; }
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                          const SamplingOptions& options, const Stream& stream) override;
  [[nodiscard]] int64_t thought_size() const override;
  void draw_dropout_from(const std::optional<Stream>& stream) override;
  [[nodiscard]] int64_t num_initial_rows() const override { return num_initial_rows_; }
  void initialise_from(const worlds::Episodes& rows, const Stream& stream) override;
  [[nodiscard]] std::vector<std::string> kept_buffers() const override;

 private:
  void make_trunk(const TransformerConfig& config, const Stream& stream);
  /// With what each query sees, where there is a direct path or a base that is asked.
  [[nodiscard]] Layout lay_out(const worlds::Roles& roles, const at::Tensor& rank_BTV, Room room,
                               bool asks_base) const;
  /// Of a thought, tick after tick.
  [[nodiscard]] std::vector<Layout> lay_out_ticks(const at::Tensor& observed_BTV,
                                                  bool is_even) const;
  /// As it was worked out ahead, or exactly now; on the device.
  [[nodiscard]] Layout layout_of(const Question& question) const;
  [[nodiscard]] at::Device device() const { return pool_SP_.device(); }
  at::Tensor key_tokens(const at::Tensor& values_BSD, const Layout& layout);
  at::Tensor query_tokens(const Layout& layout);
  QueryState queries(const worlds::Episodes& episodes, const Layout& layout);
  [[nodiscard]] BasePosterior base_posterior(const worlds::Episodes& episodes,
                                             const Layout& layout) const;
  at::Tensor trunk(const worlds::Episodes& episodes, const Layout& layout);
  /// What the blocks and the final norm make of their tokens, operation by operation.
  at::Tensor run_blocks(at::Tensor tokens, const Layout& layout);
  /// Whether functions by hand do what is fused, in this call.
  [[nodiscard]] bool is_fused() const;
  [[nodiscard]] at::Tensor asked_values(int64_t variable, const worlds::Episodes& episodes,
                                        const Layout::Asked& asked) const;
  at::Tensor pooled_thought(const worlds::Episodes& episodes, const Layout& layout);
  [[nodiscard]] at::Tensor hold_ended_pools(const at::Tensor& thought, const at::Tensor& before,
                                            int64_t tick) const;

  worlds::Schema schema_;
  std::vector<worlds::Site> sites_;
  int64_t state_size_;
  int64_t num_initial_rows_ = 0;
  int64_t last_tick_ = 0;             // of all sites
  bool is_even_ = false;              // questions are
  std::shared_ptr<Dropout> dropout_;  // of blocks and direct path
  Embedding embedding_{
      nullptr};  // of the trunk, with what follows; empty where there are no blocks
  std::vector<Block> blocks_;
  std::vector<at::Tensor> trunk_parameters_;  // of blocks and final norm, as fused_trunk takes them
  bool fused_;
  TrunkOptions trunk_options_;
  Workspaces workspaces_;       // of what is fused
  DirectPath direct_{nullptr};  // empty: the heads read the trunk alone
  BaseDensity base_{nullptr};   // empty: the heads start from nothing
  Heads heads_{nullptr};
  at::Tensor null_;  // [D]: what every query can always read
  at::Tensor role_;  // [4, D]: observed, realised, query, echo
  at::Tensor final_weight_, final_bias_;
  at::Tensor pool_SP_;               // how much each site's query counts in each pool
  std::vector<int64_t> pool_ticks_;  // of each: it has sites before this tick
};

}  // namespace limbic::brain
