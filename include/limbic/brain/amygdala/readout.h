#pragma once

#include <vector>

#include "limbic/brain/amygdala/amygdala.h"
#include "limbic/brain/steering/program.h"
#include "limbic/config/fields.h"
#include "limbic/core/stream.h"

namespace limbic::brain {

/// YAML: `amygdala` with `type: linear`.
struct LinearConfig {
  bool zero_init = true;

  static void fields(auto& self, auto&& field) {
    field("zero_init", self.zero_init,
          "start every weight at 0, so that an untaught assessor has no opinion");
  }
};

/// YAML: `amygdala` with `type: mlp`.
struct MlpConfig {
  int64_t hidden = 32;

  static void fields(auto& self, auto&& field) {
    field("hidden", self.hidden, config::within<int64_t>(1, 4096), "hidden units of each assessor");
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
  Readout(const LinearConfig& config, int64_t thought_size, const Program& program,
          const Stream& stream);
  Readout(const MlpConfig& config, int64_t thought_size, const Program& program,
          const Stream& stream);

  Scorecard predict(const at::Tensor& thought_BTD) override;
  [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }

 private:
  struct Assessor {
    bool binary;
    at::Tensor hidden_weight, hidden_bias;  // undefined in a linear one
    at::Tensor weight, bias;                // [1 or 2, D or hidden]
  };
  Assessor& add(const SteeringVariable& variable);

  std::vector<std::string> names_;
  std::vector<Assessor> assessors_;
};

}  // namespace limbic::brain
