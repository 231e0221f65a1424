#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "limbic/config/fields.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"

namespace limbic::losses {

enum class MaskKind { kCardinality, kObserve, kBernoulli, kBudget };

constexpr auto enum_names(MaskKind) {
  return std::array{
      std::pair{"cardinality", MaskKind::kCardinality}, std::pair{"observe", MaskKind::kObserve},
      std::pair{"bernoulli", MaskKind::kBernoulli}, std::pair{"budget", MaskKind::kBudget}};
}

/// YAML: one item of a loss's `masks`.
struct MaskLawConfig {
  MaskKind law = MaskKind::kCardinality;
  double share = 1.0;
  std::vector<config::Located> observe = {};
  std::vector<config::Located> ask = {};
  double alpha = 1.0;
  double beta = 1.0;
  double most = 1.0;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field(
        "law", self.law,
        "cardinality: as many cells as drawn, uniformly from none to all; observe: all that "
        "`observe` names; bernoulli: each cell at a rate drawn from Beta(alpha, beta); budget: up "
        "to `most` of each named modality");
    field("share", self.share, within(0.0, 1e6), "how often, relative to the other laws");
    field("observe", self.observe,
          "globs of variables, modalities or cells (`state@3`, `action@now`) that may be observed, "
          "and by law observe are; empty: all");
    field("ask", self.ask,
          "globs of variables, modalities or cells that are asked about; empty: all that is not "
          "observed");
    field("alpha", self.alpha, within(0.01, 1e3), "of bernoulli's Beta law");
    field("beta", self.beta, within(0.01, 1e3), "of bernoulli's Beta law");
    field("most", self.most, within(0.0, 1.0),
          "of budget: the largest part of a modality's cells that is observed");
  }
  void check(config::Reader& reader, const config::Node& node) const;
  /// Whether its words alone tell that it observes all that it might ask about.
  [[nodiscard]] bool asks_nothing() const;
};

/// Notes those of a loss's `masks` of which that is told.
void refuse_to_ask_nothing(const std::vector<MaskLawConfig>& masks, config::Reader& reader,
                           const config::Node& loss);

/// How much a nat about each cell counts: 1, or one over its dimensions. [V] float32.
at::Tensor cell_weights(const worlds::Schema& schema, bool per_dimension);

/// Draws roles: who is observed, who is asked.
///
/// One law, its moment where it speaks of one (worlds::select_cells), uniformly, and for
/// cardinality and budget one number of cells are drawn a chunk, so that all rows of a chunk have
/// as many tokens; which cells they are is drawn row by row. A law is not drawn where nothing of
/// what its `observe` names at that moment is present in the chunk; what names nothing then, such
/// as the past of the first tick, observes nothing.
/// Threads pure.
class MaskLaw {
 public:
  /// REQUIRES: a law with a share, or none at all.
  /// Errors  ConfigError at the place of a glob that matches nothing the cortex sees.
  MaskLaw(const std::vector<MaskLawConfig>& laws, const worlds::Schema& schema);

  /// Roles whose asked cells are all hidden.
  [[nodiscard]] worlds::Roles draw(const worlds::Episodes& episodes, const Stream& stream) const;

 private:
  struct Law {
    MaskLawConfig config;
    at::Tensor observe_TV, ask_TV;      // bool: what the globs name at the law's moment
    std::vector<at::Tensor> groups_TV;  // budget: one mask a modality
  };
  [[nodiscard]] const Law& choose(const at::Tensor& visible_BTV, const Stream& stream) const;

  worlds::Schema schema_;
  std::vector<Law> laws_;  // those with a share
};

}  // namespace limbic::losses
