#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "limbic/config/structs.h"
#include "limbic/losses/loss.h"
#include "limbic/worlds/schema.h"
#include "limbic/worlds/tick.h"

namespace limbic::losses {

/// YAML: `type: cosine`. A view is what one glob of variables or modalities lets the thought
/// observe.
struct ViewsConfig {
  std::vector<config::Located> between;
  worlds::Tick tick;

  static void fields(auto& self, auto&& field) {
    field("between", self.between, config::required, "two views: [picture, caption]");
    field("tick", self.tick, "whose thought is compared");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

/// YAML: `type: contrastive`.
struct ContrastiveConfig {
  ViewsConfig views;
  double temperature = 0.1;

  static void fields(auto& self, auto&& field) {
    ViewsConfig::fields(self.views, field);
    field("temperature", self.temperature, config::within(1e-3, 1e3),
          "what similarities are divided by");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

/// YAML: `type: consistency`.
struct ConsistencyConfig {
  std::vector<config::Located> between;
  worlds::Tick tick;

  static void fields(auto& self, auto&& field) {
    field("between", self.between,
          "two views, of which the second teaches; default: a random part of all cells, and all");
    field("tick", self.tick, "whose thought is compared");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

/// YAML: `type: kl`.
struct KlConfig {
  config::Located of;
  std::vector<config::Located> between;

  static void fields(auto& self, auto&& field) {
    field("of", self.of, config::required, "the category variable that both views are asked about");
    field("between", self.between, config::required, "two views, of which the second teaches");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

/// Two masks of what is observed; rows in which either view shows nothing weigh 0.
///
/// Shapes  observed [B, T, V] bool on the CPU.
struct TwoViews {
  at::Tensor first_BTV, second_BTV;
};

/// Two thoughts about the same rows, compared; a chunk's rows are each other's alternatives. Where
/// only the first one learns, the second is thought without a graph, so with all units.
///
/// Errors  ConfigError at a view or tick that the world does not have.
/// Cost    two thoughts of the cortex.
class ViewLoss : public Loss {
 public:
  using Views = std::function<TwoViews(const worlds::Episodes&, const Stream&)>;
  using Rule = std::function<at::Tensor(const at::Tensor& first_BD, const at::Tensor& second_BD,
                                        const at::Tensor& weight_B)>;

  [[nodiscard]] bool reads_signals() const override { return false; }
  [[nodiscard]] Lesson prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                               const Stream& stream) const override;
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                        const brain::Signals& signals, const Lesson& lesson) const override;

 protected:
  enum class Learns { kBoth, kFirst };

  ViewLoss(Views views, int64_t tick, Rule rule, Learns learns = Learns::kBoth);

 private:
  Views views_;
  int64_t tick_;
  Rule rule_;
  Learns learns_;
};

/// By the angle between them (functions.h).
class Cosine : public ViewLoss {
 public:
  Cosine(const ViewsConfig& config, const worlds::Schema& schema);
};

/// By info_nce (functions.h).
class Contrastive : public ViewLoss {
 public:
  Contrastive(const ContrastiveConfig& config, const worlds::Schema& schema);
};

/// By the squared difference; the first one learns.
class Consistency : public ViewLoss {
 public:
  Consistency(const ConsistencyConfig& config, const worlds::Schema& schema);
};

/// KL from what the second view believes about a category to what the first one does.
///
///   loss = mean over rows and cells of KL(second || first); the second learns nothing, and
///   believes with all units
///
/// Cost    two passes for marginals.
class KlLoss : public Loss {
 public:
  KlLoss(const KlConfig& config, const worlds::Schema& schema);

  [[nodiscard]] bool reads_signals() const override { return false; }
  [[nodiscard]] Lesson prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                               const Stream& stream) const override;
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                        const brain::Signals& signals, const Lesson& lesson) const override;

 private:
  void check_needs(const brain::Brain& brain) const override {
    brain.cortex().require_predictions();
  }

  worlds::Schema schema_;
  int64_t variable_;
  ViewLoss::Views views_;
};

}  // namespace limbic::losses
