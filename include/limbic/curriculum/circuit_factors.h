#pragma once

#include <map>
#include <string>
#include <vector>

#include "limbic/config/reader.h"

namespace limbic::curriculum {

/// Circuits by name or glob, each with a factor. In YAML
///   [amygdala, cortex*0.1]   or   {amygdala: 1, cortex: 0.1}
///
/// Units   factor: of the learning rate in a stage's `train`, of the gradient in a loss's `trains`.
struct CircuitFactors {
  struct Item {
    std::string pattern;
    double factor = 1.0;
    config::Mark mark;

    /// Those that it names, in their order.
    [[nodiscard]] std::vector<std::string> matched(const std::vector<std::string>& circuits) const;
  };
  std::vector<Item> items;

  /// The factor of each circuit that an item matches. What matches nothing is left out.
  [[nodiscard]] std::map<std::string, double> resolve(
      const std::vector<std::string>& circuits) const;

  static CircuitFactors from(const config::Node& node, config::Reader& reader);
  [[nodiscard]] config::Node dump() const;
  static config::Shape shape();
};

}  // namespace limbic::curriculum
