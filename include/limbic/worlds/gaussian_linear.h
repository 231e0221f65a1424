#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/config/reader.h"
#include "limbic/worlds/gaussian_oracle.h"
#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// YAML: `world: {type: gaussian_linear}`.
struct GaussianLinearConfig {
  int64_t dimensions = 10;
  double prior_variance = 0.1;
  double noise_variance = 0.1;
  int64_t budget = 0;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("dimensions", self.dimensions, within<int64_t>(1, 256), "of theta, and of x");
    field("prior_variance", self.prior_variance, within(1e-6, 1e6), "of each theta");
    field("noise_variance", self.noise_variance, within(1e-6, 1e6), "of each x around its theta");
    field("budget", self.budget, within<int64_t>(0, 1 << 30),
          "number of different training rows; 0: always fresh ones");
  }
};

/// A world in which every conditional is known in closed form.
///
///   theta ~ N(0, prior_variance I);  x ~ N(theta, noise_variance I)
///
/// Shapes  theta, x: `dimensions` scalar cells each, one tick.
/// Source  Lueckmann et al. 2021, AISTATS, arXiv:2101.04653 (task T.1).
class GaussianLinear final : public World {
 public:
  explicit GaussianLinear(const GaussianLinearConfig& config);

  [[nodiscard]] const Schema& schema() const override { return schema_; }
  [[nodiscard]] const std::vector<std::string>& regimes() const override { return regimes_; }
  [[nodiscard]] Episodes draw(const Draw& draw, const Stream& stream) const override;
  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  GaussianLinearConfig config_;
  std::vector<std::string> regimes_{"rows"};
  Schema schema_;
  GaussianOracle oracle_;
};

}  // namespace limbic::worlds
