#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "limbic/config/structs.h"
#include "limbic/losses/loss.h"
#include "limbic/worlds/schema.h"

namespace limbic::losses {

/// What assessors are compared with; keys that all losses of this family share.
struct AgainstConfig {
  config::Located against;
  std::optional<config::Located> where;
  config::Ticks lead;

  static void fields(auto& self, auto&& field) {
    field("against", self.against, config::required,
          "expression of the target: truth.flinch, a label, a sense");
    field("where", self.where,
          "expression of how much each row and tick counts beside the others; default: alike");
    field("lead", self.lead, config::at_least<int64_t>(0),
          "the prediction at t - lead is compared with the target at t");
  }
};

/// YAML: `type: mse`, `bce` or `gaussian_nll`.
struct SignalConfig {
  config::Located of;
  AgainstConfig target;

  static void fields(auto& self, auto&& field) {
    field("of", self.of, config::required, "the assessor: assess.flinch");
    AgainstConfig::fields(self.target, field);
  }
};

/// YAML: `type: huber`.
struct HuberConfig {
  SignalConfig signal;
  double delta = 1.0;

  static void fields(auto& self, auto&& field) {
    SignalConfig::fields(self.signal, field);
    field("delta", self.delta, config::within(1e-6, 1e6),
          "error up to which it is quadratic [units of the target]");
  }
};

/// YAML: `type: cross_entropy`.
struct CrossEntropyConfig {
  std::vector<config::Located> of;
  AgainstConfig target;

  static void fields(auto& self, auto&& field) {
    field("of", self.of, config::required,
          "the assessors whose raw outputs are the logits, one per class");
    AgainstConfig::fields(self.target, field);
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

/// Assessors taught by an expression of the steering language.
///
///   loss = sum of weight * rule(assessors at t - lead, target at t) / sum of weight
///
/// over rows and ticks. The target learns nothing; where it is not known for what is absent
/// (compile_figure), is none of cross_entropy's classes, or for bce not in [0, 1], the weight is 0,
/// and where `where` is no finite number too.
/// Whatever the weights, a row and tick that teaches opens its gate as far as any other. Assessors
/// that are not named stay untouched.
/// Errors  ConfigError at an unknown assessor, for bce at one of no claim, an expression that does
///         not compile, a variable of the world that can't be such a target, a lead that no episode
///         is long enough for.
class SignalLoss : public Loss {
 public:
  /// From the named assessors ([B, t, n] each), the target and the weights ([B, t]) to the loss.
  using Rule = std::function<at::Tensor(const brain::Scorecard&, const at::Tensor& target_BT,
                                        const at::Tensor& weight_BT)>;
  struct Names {
    std::vector<config::Located> of;
    AgainstConfig target;
  };

  enum class TargetKind { kNumber, kProbability, kClass };  // kClass: index of a named assessor

  SignalLoss(const Names& names, const worlds::Schema& schema, const brain::Program& program,
             Rule rule, TargetKind target_kind = TargetKind::kNumber);

  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                        const brain::Signals& signals, const Lesson& lesson) const override;
  [[nodiscard]] bool teaches_assessors() const override { return true; }
  [[nodiscard]] GateSums gate_sums(const brain::Brain& brain, const worlds::Episodes& episodes,
                                   const brain::Signals& signals,
                                   const Lesson& lesson) const override;
  [[nodiscard]] int64_t taught_ticks(int64_t num_ticks) const override { return num_ticks - lead_; }

 private:
  struct Taught {
    at::Tensor target_BT, weight_BT;
  };
  [[nodiscard]] Taught taught(const worlds::Episodes& episodes,
                              const brain::Signals& signals) const;

  std::vector<int64_t> assessors_;
  brain::Program::Probe target_;
  std::optional<brain::Program::Probe> where_;
  int64_t lead_;
  Rule rule_;
  TargetKind target_kind_;
};

LossPointer make_mse(const SignalConfig&, const worlds::Schema&, const brain::Program&);
LossPointer make_bce(const SignalConfig&, const worlds::Schema&, const brain::Program&);
LossPointer make_gaussian_nll(const SignalConfig&, const worlds::Schema&, const brain::Program&);
LossPointer make_huber(const HuberConfig&, const worlds::Schema&, const brain::Program&);
LossPointer make_cross_entropy(const CrossEntropyConfig&, const worlds::Schema&,
                               const brain::Program&);

}  // namespace limbic::losses
