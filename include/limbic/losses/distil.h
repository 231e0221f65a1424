#pragma once

#include <vector>

#include "limbic/inference/dials.h"
#include "limbic/losses/loss.h"
#include "limbic/losses/mask_law.h"
#include "limbic/losses/shares.h"

namespace limbic::losses {

/// YAML: a loss with `type: distil`.
struct DistilConfig {
  std::vector<MaskLawConfig> masks;
  inference::Dials dials{.reencode = 1};
  int64_t samples = 1;
  bool per_dimension = true;

  static void fields(auto& self, auto&& field) {
    field("masks", self.masks,
          "laws by which cells are observed and asked about; none: cardinality alone");
    field("dials", self.dials, "how much thinking goes into an answer that is taught");
    field("samples", self.samples, config::within<int64_t>(1, 4096), "answers drawn for each row");
    field("per_dimension", self.per_dimension,
          "divide the nats of a vector by its dimensions, so that no variable drowns the others");
  }
  void check(config::Reader& reader, const config::Node& node) const {
    refuse_to_draw_nothing(masks, "masks", reader, node);
    refuse_to_ask_nothing(masks, reader, node);
    if (dials.candidates_are_alike())
      reader.problem(node.find("dials")->find("candidates")->mark,
                     "candidates are all alike without orders");
  }
};

/// Amortised search: what the cortex answers in one pass learns from what it answers when it thinks
/// longer, by the dials.
///
///   mean over asked cells of -log p(cell of a sample | observed), samples ~ inference::sample
///
/// The asked cells' own values in the data are never read. A sample that ran away, beyond 30
/// deviations, teaches nothing.
///
/// Units   nats a cell, or a dimension.
/// Cost    a sample by the dials of rows * samples, without gradient, then one pass with.
/// Source  Hinton et al. 2015 (distillation), arXiv:1503.02531.
class Distil : public Loss {
 public:
  Distil(const DistilConfig& config, const worlds::Schema& schema);

  [[nodiscard]] bool reads_signals() const override { return false; }
  [[nodiscard]] Lesson prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                               const Stream& stream) const override;
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                        const brain::Signals& signals, const Lesson& lesson) const override;

 private:
  void check_needs(const brain::Brain& brain) const override {
    brain.cortex().require_predictions();
  }

  DistilConfig config_;
  worlds::Schema schema_;
  MaskLaw masks_;
  at::Tensor weight_V_;
};

}  // namespace limbic::losses
