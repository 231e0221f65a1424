#pragma once

#include "limbic/config/fields.h"
#include "limbic/curriculum/schedule.h"

namespace limbic::training {

/// YAML: `optimizer`, AdamW.
struct OptimizerConfig {
  curriculum::Schedule learning_rate{0.002};
  double beta1 = 0.9;
  double beta2 = 0.99;
  double eps = 1e-8;
  double weight_decay = 0.01;
  double max_grad_norm = 1.0;
  double max_global_grad_norm = 0.0;
  double ema_decay = 0.0;

  static void fields(auto& self, auto&& field) {
    using config::within;
    constexpr double kBelowOne = 0.999999;
    field("learning_rate", self.learning_rate, within(0.0, 10.0),
          "step size [1/step], a number or a schedule over the stage's steps");
    field("beta1", self.beta1, within(0.0, kBelowOne), "decay of the first moment");
    field("beta2", self.beta2, within(0.0, kBelowOne), "decay of the second moment");
    field("eps", self.eps, within(1e-16, 1.0), "added to the root of the second moment");
    field("weight_decay", self.weight_decay, within(0.0, 1.0),
          "of matrices and tables; vectors (biases, norms) are spared");
    field("max_grad_norm", self.max_grad_norm, within(0.0, 1e6),
          "largest gradient norm of a circuit; 0: no limit");
    field("max_global_grad_norm", self.max_global_grad_norm, within(0.0, 1e6),
          "largest gradient norm of all trained circuits together; 0: no limit");
    field("ema_decay", self.ema_decay, within(0.0, kBelowOne),
          "decay of the moving average of the weights that evals and infer then use; 0: none");
  }
};

}  // namespace limbic::training
