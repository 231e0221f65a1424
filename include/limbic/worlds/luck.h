#pragma once

#include <span>

#include "limbic/worlds/luck_oracle.h"
#include "limbic/worlds/simulator.h"

namespace limbic::worlds {

/// YAML: `world: {type: luck}`: a bandit in which a good outcome can be had by luck alone: to ask
/// what was done where 3 came out says `coin`, though `sure` pays more on average.
///
///   arm is sure or coin, half and half;  sure: outcome 1;  coin: outcome -3 or 3, half and half
///
/// Shapes  arm: a category of 2; outcome: a category of 3; one tick.
class Luck final : public Simulator {
 public:
  explicit Luck(const SimulatorConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  LuckOracle oracle_;
};

}  // namespace limbic::worlds
