#pragma once

#include <vector>

#include "limbic/losses/loss.h"
#include "limbic/losses/mask_law.h"
#include "limbic/losses/order_law.h"
#include "limbic/losses/shares.h"

namespace limbic::losses {

/// YAML: a loss with `type: any_subset`.
struct AnySubsetConfig {
  std::vector<MaskLawConfig> masks;
  std::vector<OrderLawConfig> orders = {};
  double joint = 0.5;
  double echo = 0.3;
  bool per_dimension = true;
  double never = 0.0;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("masks", self.masks,
          "laws by which cells are observed and asked about; none: cardinality alone");
    field("joint", self.joint, within(0.0, 1.0),
          "share of chunks scored by the joint log p, cell after cell in an order by `orders`; the "
          "rest by marginals");
    field("orders", self.orders,
          "laws of these orders; none: random. Draws and scores go in random orders, so that these "
          "should keep a share");
    field("echo", self.echo, within(0.0, 10.0),
          "weight of an observed cell, asked about as well, against a hidden one");
    field("per_dimension", self.per_dimension,
          "divide the nats of a vector by its dimensions, so that no variable drowns the others");
    field("never", self.never, within(0.0, 0.95),
          "share of all masks, by lot, of which nothing is ever learned, to see by oracle_gap's "
          "`masks: never` what comes of them; needs joint: 0");
  }
  void check(config::Reader& reader, const config::Node& node) const {
    if (never > 0 && joint > 0)
      reader.problem(node.mark,
                     "never: a joint answer sees many masks on its way, so this needs joint: 0");
    if (!orders.empty() && joint == 0)
      reader.problem(node.find("orders")->mark, "orders are those of joint answers: joint is 0");
    refuse_to_draw_nothing(orders, "orders", reader, node);
    refuse_to_draw_nothing(masks, "masks", reader, node);
    if (echo == 0) refuse_to_ask_nothing(masks, reader, node);
  }
};

/// Predict any subset of cells from any other.
///
///   sum of w * -log p(cell | what it may see) / sum of w,  over all asked cells of a chunk
///
/// A hidden cell may see the observed ones, and where the answer is joint those asked before it:
/// w = 1. An observed cell is an echo: w = echo.
///
/// Units   nats a cell, or a dimension.
/// Source  Uria et al. 2014 (deep orderless autoregression), arXiv:1310.1757; Gloeckler et al.
///         2024, arXiv:2404.09636.
class AnySubset : public Loss {
 public:
  AnySubset(const AnySubsetConfig& config, const worlds::Schema& schema);

  [[nodiscard]] bool reads_signals() const override { return false; }
  [[nodiscard]] Lesson prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                               const Stream& stream) const override;
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                        const brain::Signals& signals, const Lesson& lesson) const override;

 private:
  void check_needs(const brain::Brain& brain) const override {
    brain.cortex().require_predictions();
  }

  AnySubsetConfig config_;
  MaskLaw masks_;
  OrderLaw orders_;
  at::Tensor weight_V_;  // 1, or 1 / dimensions
};

}  // namespace limbic::losses
