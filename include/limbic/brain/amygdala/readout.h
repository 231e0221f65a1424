#pragma once

#include <optional>
#include <vector>

#include "limbic/brain/amygdala/amygdala.h"
#include "limbic/brain/amygdala/chain.h"
#include "limbic/brain/steering/program.h"
#include "limbic/brain/thought.h"
#include "limbic/config/fields.h"
#include "limbic/core/stream.h"

namespace limbic::brain {

/// YAML: `amygdala` with `type: linear`.
struct LinearConfig {
  bool zero_init = true;
  std::optional<ChainConfig> chain = {};

  static void fields(auto& self, auto&& field) {
    field("zero_init", self.zero_init,
          "start every weight at 0, so that an untaught assessor has no opinion");
    field("chain", self.chain, "slower weights behind each weight; none unless given");
  }
};

/// YAML: `amygdala` with `type: mlp`.
struct MlpConfig {
  int64_t hidden = 32;
  std::optional<ChainConfig> chain = {};

  static void fields(auto& self, auto&& field) {
    field("hidden", self.hidden, config::within<int64_t>(1, 4096), "hidden units of each assessor");
    field("chain", self.chain, "slower weights behind each weight; none unless given");
  }
};

/// Assessors that learn by gradient: a linear map of the thought, or an MLP with one hidden layer.
///
///   raw = w . thought + b           mean = sigmoid(raw) for a binary variable, else raw
///   raw = w . relu(U thought + c) + b
///
/// Units   variance: p (1 - p) of a binary variable, else softplus of a second output, and 1e-4
///         more.
class Readout : public Amygdala {
 public:
  Readout(const LinearConfig& config, const ThoughtMap& thought, const Program& program,
          const Stream& stream);
  Readout(const MlpConfig& config, const ThoughtMap& thought, const Program& program,
          const Stream& stream);

  Scorecard predict(const at::Tensor& thought_BTD) override;
  void end_step(const at::Tensor& taught_N) override;

 private:
  struct Assessor {
    bool binary;
    at::Tensor hidden_weight, hidden_bias;  // undefined in a linear one
    at::Tensor weight, bias;                // [1 or 2, D or hidden]
  };
  Assessor& add(const SteeringVariable& variable);
  [[nodiscard]] at::Tensor outputs(const at::Tensor& thought_BTD,
                                   const std::vector<int64_t>& group) const;
  void link(const std::optional<ChainConfig>& config);

  std::vector<Assessor> assessors_;
  at::Tensor order_N_;  // of predictions, binary ones first; made when it is first known where
  struct Link {
    int64_t assessor;
    Chain chain;
  };
  std::vector<Link> links_;
};

}  // namespace limbic::brain
