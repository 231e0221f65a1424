#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/brain/steering/steering_config.h"
#include "limbic/config/structs.h"
#include "small_world.h"

/// A brain of the small world that can be worked out by hand.
namespace limbic::testing_support {

/// thought = gain * (1, x, c), each part 0 where not observed; believes c by logits (0, x, 2 x) and
/// x, y by the mean c; log p is -1 of x, -2 of a cell of y, -3 of c, and half of that in joint
/// order.
class FakeCortex : public brain::Cortex {
 public:
  FakeCortex() : gain_(register_parameter("gain", torch::ones({3}))) {}

  using Cortex::log_prob, Cortex::marginals, Cortex::think;
  at::Tensor think(const worlds::Episodes& episodes, const brain::Question& question) override {
    const at::Tensor x = seen(episodes, question, kX);
    const at::Tensor c = seen(episodes, question, kC);
    const at::Tensor thought_BD = torch::stack({torch::ones_like(x), x, c}, -1) * gain_;
    return thought_BD.unsqueeze(1).expand({-1, 2, -1});
  }

  brain::Marginals marginals(const worlds::Episodes& episodes,
                             const brain::Question& question) override {
    had_graph.push_back(at::GradMode::is_enabled());
    const at::Tensor x = seen(episodes, question, kX) * gain_[1];
    const at::Tensor c = seen(episodes, question, kC);
    brain::Marginals all(6);
    all[kX] = certain(c.view({-1, 1, 1, 1}));
    all[kY] = certain(c.view({-1, 1, 1, 1}).expand({-1, 1, 2, 2}));
    all[kC] = brain::Categorical{torch::stack({0 * x, x, 2 * x}, -1).view({-1, 1, 1, 3})};
    return all;
  }

  at::Tensor log_prob(const worlds::Episodes&, const brain::Question& question) override {
    last_roles = question.roles;
    const at::Tensor cost_V = torch::tensor({1.F, 2.F, 2.F, 3.F, 0.F, 0.F, 0.F});
    return -cost_V * question.roles.asked_BTV * (question.rank_BTV.defined() ? 0.5 : 1.0);
  }

  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles&,
                          const brain::SamplingOptions&, const Stream&) override {
    return episodes;
  }
  [[nodiscard]] int64_t thought_size() const override { return 3; }

  worlds::Roles last_roles;
  std::vector<bool> had_graph;  // each call for marginals

 private:
  static at::Tensor seen(const worlds::Episodes& episodes, const brain::Question& question,
                         int64_t variable) {
    const at::Tensor mask_B =
        question.roles.observed_BTV.select(1, 0).select(1, small_schema().offset(variable));
    return episodes.value[variable].select(1, 0).select(1, 0).to(at::kFloat) * mask_B;
  }
  static brain::GaussianMixture certain(const at::Tensor& mean) {
    const at::Tensor with_component = mean.unsqueeze(-2);
    return {.logits = torch::zeros(with_component.sizes().slice(0, 4)),
            .mean = with_component,
            .scale = torch::ones_like(with_component),
            .factor = torch::zeros({1, 0})};
  }

  at::Tensor gain_;
};

/// The same, whose thought at tick 1 is ten times that at tick 0.
class TickingCortex : public FakeCortex {
 public:
  at::Tensor think(const worlds::Episodes& episodes, const brain::Question& question) override {
    return FakeCortex::think(episodes, question) * torch::tensor({1.F, 10.F}).view({2, 1});
  }
};

/// raw = weight . thought, mean = 2 raw, variance = 4.
class FakeAmygdala : public brain::Amygdala {
 public:
  explicit FakeAmygdala(const std::vector<std::string>& names) {
    for (const std::string& name : names)
      weights_.push_back(register_parameter(name, torch::full({3}, std::ssize(weights_) + 1.0)));
  }

  brain::Scorecard predict(const at::Tensor& thought_BTD) override {
    const at::Tensor raw_BTN = thought_BTD.matmul(torch::stack(weights_, 1));
    return {raw_BTN, 2 * raw_BTN, torch::full_like(raw_BTN, 4)};
  }

 private:
  std::vector<at::Tensor> weights_;
};

/// Two assessors, `flinch` (binary, overridden where the eye is there) and `calm`.
struct FakeBrain {
  std::shared_ptr<const brain::Program> program = std::make_shared<const brain::Program>(
      config::parse<brain::SteeringConfig>("variables:\n"
                                           "  flinch: {override: present(eye), truth: eye > 0.5}\n"
                                           "  calm: {truth: eye}\n",
                                           "steering.yaml"),
      small_schema());
  std::shared_ptr<FakeCortex> cortex = std::make_shared<FakeCortex>();
  std::shared_ptr<brain::Brain> brain = std::make_shared<brain::Brain>(
      cortex, std::make_shared<FakeAmygdala>(program->names()), program);
};

}  // namespace limbic::testing_support
