#pragma once

#include <string>
#include <vector>

#include "limbic/config/reader.h"
#include "limbic/curriculum/circuit_factors.h"
#include "limbic/curriculum/inherit.h"
#include "limbic/curriculum/schedule.h"
#include "limbic/curriculum/stage_plan.h"

namespace limbic::curriculum {

/// One loss of a stage. `LossRecipe` is the config::Recipe of whatever losses exist; this layer
/// does not know them.
template <class LossRecipe>
struct LossConfig {
  CircuitFactors trains;
  Schedule weight{1.0};
  std::vector<config::Located> regimes;
  LossRecipe loss;

  static void fields(auto& self, auto&& field) {
    field("trains", self.trains, config::required,
          "circuits that get its gradient, each with a factor on it; frozen ones get none");
    field("weight", self.weight, config::at_least(0.0),
          "factor on the loss, in steps of the stage");
    field("regimes", self.regimes, "episodes that it applies to; empty: all of the stage's");
    field.rest(self.loss, "the loss itself");
  }
};

/// A row group of the curriculum. YAML: an item of `curriculum`.
template <class LossRecipe>
struct StageConfig {
  StagePlan plan;
  config::Map<LossConfig<LossRecipe>> losses;

  static void fields(auto& self, auto&& field) {
    StagePlan::fields(self.plan, field);
    field("losses", self.losses, "what is descended, by name");
  }
  void check(config::Reader& reader, const config::Node& node) const { plan.check(reader, node); }
};

/// All stages, each written out in full. YAML: `curriculum`, a list in which stages may inherit.
template <class LossRecipe>
struct CurriculumConfig {
  std::vector<StageConfig<LossRecipe>> stages;

  [[nodiscard]] std::vector<StagePlan> plan() const {
    std::vector<StagePlan> result;
    for (const auto& stage : stages) result.push_back(stage.plan);
    return result;
  }
};

}  // namespace limbic::curriculum

template <class LossRecipe>
struct limbic::config::Codec<limbic::curriculum::CurriculumConfig<LossRecipe>> {
  using Config = curriculum::CurriculumConfig<LossRecipe>;

  static void read(const Node& node, Reader& reader, Config& value, const Facts& facts) {
    if (!expect_sequence(node, reader, facts)) return;
    if (node.items.empty()) reader.problem(node.mark, "a curriculum needs at least one stage");
    reader.read(curriculum::with_inheritance(node, reader), value.stages, facts);
  }
  static Node dump(const Config& value) {
    Node stages = config::dump(value.stages);
    for (Node& stage : stages.items) {
      std::erase_if(stage.entries, [](const Entry& entry) {
        return entry.key == "inherit" || entry.key == "drop";
      });
    }
    return stages;
  }
  static void describe(Describer& describer, Description& description, const Config& preset) {
    Codec<decltype(preset.stages)>::describe(describer, description, preset.stages);
  }
};
