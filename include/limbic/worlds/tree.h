#pragma once

#include <span>

#include "limbic/worlds/simulator.h"
#include "limbic/worlds/tree_oracle.h"

namespace limbic::worlds {

/// YAML: `world: {type: tree}`: a small tree of causes with curved effects; every conditional is
/// known.
///
///   t1 ~ N(0, 1);  t2 ~ N(t1, 1);  t3 ~ N(t1, 1)
///   x1 ~ N(sin(t2)^2, .2);  x2 ~ N(.1 t2^2, .2);  x3 ~ N(.1 t3^2, .6);  x4 ~ N(cos(t3)^2, .1)
///
/// Shapes  seven variables of one scalar cell each, one tick; modalities t and x.
/// Units   N(mean, standard deviation).
/// Source  Gloeckler et al. 2024, ICML, arXiv:2404.09636 (task Tree).
class Tree final : public Simulator {
 public:
  explicit Tree(const SimulatorConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  TreeOracle oracle_;
};

}  // namespace limbic::worlds
