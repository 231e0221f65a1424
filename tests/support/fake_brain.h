#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/brain/steering/steering_config.h"
#include "limbic/config/structs.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/schema.h"

/// A world of six variables and a brain that can be worked out by hand.
namespace limbic::testing_support {

inline constexpr int64_t kX = 0, kY = 1, kC = 2, kEye = 3, kThreat = 4, kGroup = 5;

inline worlds::Schema small_schema() {
  using worlds::Access;
  using worlds::Kind;
  return worlds::Schema(
      {{.name = "x", .kind = Kind::kScalar, .modality = "sight", .center = 1.0, .scale = 2.0},
       {.name = "y", .kind = Kind::kVector, .size = 2, .num_cells = 2, .modality = "sound"},
       {.name = "c", .kind = Kind::kCategory, .size = 3, .modality = "word"},
       {.name = "eye", .num_ticks = 2, .modality = "eye", .access = Access::kPrimitive},
       {.name = "threat", .kind = Kind::kCategory, .size = 2, .access = Access::kLabel},
       {.name = "group", .kind = Kind::kCategory, .size = 3, .access = Access::kLabel}},
      /*num_ticks=*/2);
}

/// Every cell present: x = r, y = r, c = r mod 3, eye = 0, threat = r mod 2, group = r mod 3.
inline worlds::Episodes counted_rows(int64_t num_rows, int64_t first = 0) {
  const worlds::Schema schema = small_schema();
  worlds::Episodes episodes = worlds::empty_episodes(schema, num_rows);
  for (int64_t i = 0; i < schema.size(); ++i) {
    episodes.present_BTV.narrow(1, 0, schema[i].num_ticks)
        .narrow(2, schema.offset(i), schema[i].num_cells)
        .fill_(true);
  }
  for (int64_t r = 0; r < num_rows; ++r) {
    const int64_t number = first + r;
    episodes.value[kX][r].fill_(number);
    episodes.value[kY][r].fill_(number);
    episodes.value[kC][r].fill_(number % 3);
    episodes.value[kThreat][r].fill_(number % 2);
    episodes.value[kGroup][r].fill_(number % 3);
  }
  return episodes;
}

inline void make_absent(worlds::Episodes& episodes, int64_t row, int64_t variable) {
  const worlds::Schema schema = small_schema();
  episodes.present_BTV[row]
      .narrow(1, schema.offset(variable), schema[variable].num_cells)
      .fill_(false);
  episodes.value[variable][row].zero_();
}

/// thought = gain * (1, x, c), each part 0 where not observed; believes c by logits (0, x, 2 x) and
/// x, y by the mean c; log p is -1 of x, -2 of a cell of y, -3 of c, and half of that in joint
/// order.
class FakeCortex : public brain::Cortex {
 public:
  FakeCortex() : gain_(register_parameter("gain", torch::ones({3}))) {}

  at::Tensor think(const worlds::Episodes& episodes, const at::Tensor& observed_BTV) override {
    const at::Tensor x = seen(episodes, observed_BTV, kX);
    const at::Tensor c = seen(episodes, observed_BTV, kC);
    const at::Tensor thought_BD = torch::stack({torch::ones_like(x), x, c}, -1) * gain_;
    return thought_BD.unsqueeze(1).expand({-1, 2, -1});
  }

  brain::Marginals marginals(const worlds::Episodes& episodes,
                             const worlds::Roles& roles) override {
    const at::Tensor x = seen(episodes, roles.observed_BTV, kX) * gain_[1];
    const at::Tensor c = seen(episodes, roles.observed_BTV, kC);
    brain::Marginals all(6);
    all[kX] = certain(c.view({-1, 1, 1, 1}));
    all[kY] = certain(c.view({-1, 1, 1, 1}).expand({-1, 1, 2, 2}));
    all[kC] = brain::Categorical{torch::stack({0 * x, x, 2 * x}, -1).view({-1, 1, 1, 3})};
    return all;
  }

  at::Tensor log_prob(const worlds::Episodes&, const worlds::Roles& roles,
                      const at::Tensor& rank_BTV) override {
    last_roles = roles;
    const at::Tensor cost_V = torch::tensor({1.F, 2.F, 2.F, 3.F, 0.F, 0.F, 0.F});
    return -cost_V * roles.asked_BTV * (rank_BTV.defined() ? 0.5 : 1.0);
  }

  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles&,
                          const brain::Dials&, const Stream&) override {
    return episodes;
  }
  [[nodiscard]] int64_t thought_size() const override { return 3; }

  worlds::Roles last_roles;

 private:
  static at::Tensor seen(const worlds::Episodes& episodes, const at::Tensor& observed_BTV,
                         int64_t variable) {
    const at::Tensor mask_B = observed_BTV.select(1, 0).select(1, small_schema().offset(variable));
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

/// raw = weight . thought, mean = 2 raw, variance = 4.
class FakeAmygdala : public brain::Amygdala {
 public:
  explicit FakeAmygdala(std::vector<std::string> names) : names_(std::move(names)) {
    for (size_t i = 0; i < names_.size(); ++i) {
      weights_.push_back(register_parameter(names_[i], torch::full({3}, i + 1.0)));
    }
  }

  brain::Scorecard predict(const at::Tensor& thought_BTD) override {
    const at::Tensor raw_BTN = thought_BTD.matmul(torch::stack(weights_, 1));
    return {raw_BTN, 2 * raw_BTN, torch::full_like(raw_BTN, 4)};
  }
  [[nodiscard]] const std::vector<std::string>& names() const override { return names_; }

 private:
  std::vector<std::string> names_;
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
      cortex, std::make_shared<FakeAmygdala>(std::vector<std::string>{"flinch", "calm"}), program);
};

}  // namespace limbic::testing_support
