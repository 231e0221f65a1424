#pragma once

#include <string>
#include <string_view>

#include "limbic/config/registry.h"
#include "limbic/curriculum/curriculum_config.h"

namespace limbic::curriculum {

/// A loss kind with nothing behind it: this layer only reads and carries recipes.
struct ToyLossConfig {
  double margin = 1.0;
  static void fields(auto& self, auto&& field) { field("margin", self.margin, "any number"); }
};
using ToyLoss = config::Recipe<double>;
using ToyCurriculum = CurriculumConfig<ToyLoss>;

inline config::Context toy_context() {
  config::Registry<double> losses;
  const auto make = [](const ToyLossConfig& config) { return config.margin; };
  losses.add<ToyLossConfig>("hinge", "a toy", make);
  losses.add<ToyLossConfig>("ramp", "another toy", make);
  config::Context context;
  context.add(losses);
  return context;
}

inline ToyCurriculum read_curriculum(std::string_view yaml) {
  return config::parse<ToyCurriculum>(yaml, "a.yaml", toy_context());
}

}  // namespace limbic::curriculum
