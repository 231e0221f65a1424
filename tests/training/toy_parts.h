#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../support/fake_brain.h"
#include "../support/fake_world.h"
#include "limbic/losses/loss.h"
#include "limbic/training/parts.h"

namespace limbic::training {

/// A slope times the sum of a part's parameters: a gradient that is known, and always the same.
class Slope : public losses::Loss {
 public:
  enum class Of { kCortex, kAmygdala };
  Slope(Of part, double slope) : part_(part), slope_(slope) {}

  [[nodiscard]] bool reads_signals() const override { return false; }
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& /*episodes*/,
                        const brain::Signals& /*signals*/,
                        const losses::Lesson& /*lesson*/) const override {
    at::Tensor sum = at::zeros({});
    const auto parameters =
        part_ == Of::kCortex ? brain.cortex().parameters() : brain.amygdala().parameters();
    for (const at::Tensor& parameter : parameters) sum = sum + parameter.sum();
    return slope_ * sum;
  }

 private:
  Of part_;
  double slope_;
};

inline curriculum::StagePlan toy_stage(const std::string& name, int64_t steps,
                                       const std::vector<std::string>& trains) {
  curriculum::StagePlan plan;
  plan.name.text = name;
  for (const std::string& circuit : trains) plan.train.items.push_back({circuit, 1.0, {}});
  plan.until.emplace();
  plan.until->kind = curriculum::Condition::Kind::kAfter;
  plan.until->window = steps;
  return plan;
}

/// The losses `cortex` and `amygdala`, each of the circuit of that name, of whose gradient this is
/// the norm: the fake brain's parts have 3 and 6 parameters.
inline std::vector<StageLoss> toy_losses(double cortex_norm = 1, double amygdala_norm = 1) {
  const auto cortex = std::make_shared<Slope>(Slope::Of::kCortex, cortex_norm / std::sqrt(3.0));
  const auto amygdala =
      std::make_shared<Slope>(Slope::Of::kAmygdala, amygdala_norm / std::sqrt(6.0));
  return {{"cortex", cortex, {{"cortex", 1.0}}, curriculum::Schedule(1.0), {}},
          {"amygdala", amygdala, {{"amygdala", 1.0}}, curriculum::Schedule(1.0), {}}};
}

/// Of the small world's fake brain: those losses in all of its stages, one chunk a step, no limit
/// on gradients.
inline Parts toy_parts(std::vector<curriculum::StagePlan> plan) {
  Parts parts;
  parts.world = std::make_shared<testing_support::FakeWorld>();
  parts.make_brain = [] { return testing_support::FakeBrain().brain; };
  parts.losses.assign(plan.size(), toy_losses());
  parts.plan = std::move(plan);
  parts.training.batch_size = 2;
  parts.training.chunks = 1;
  parts.optimizer.learning_rate = curriculum::Schedule(0.1);
  parts.optimizer.max_grad_norm = 0;
  parts.config_yaml = "toy: true\n";
  return parts;
}

/// A tensor that a circuit saves, by its name there.
inline at::Tensor saved(const Replicas& replicas, const std::string& circuit,
                        const std::string& name) {
  for (const NamedTensor& tensor : replicas.circuits()[replicas.find(circuit)].save()) {
    if (tensor.name == name) return tensor.value;
  }
  throw std::out_of_range(circuit + " saves no " + name);
}

}  // namespace limbic::training
