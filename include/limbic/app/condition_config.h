#pragma once

#include <memory>
#include <string>
#include <vector>

#include "limbic/app/run_config.h"
#include "limbic/inference/response.h"
#include "limbic/training/subjects.h"

namespace limbic::app {

/// The YAML of `limbic condition`: a brain, its subjects, and how they behave.
struct ConditionConfig {
  int64_t seed = 0;
  CortexRecipe cortex;
  brain::SteeringConfig steering;
  AmygdalaRecipe amygdala;
  training::SubjectsConfig subjects;
  inference::ResponseConfig response;

  static void fields(auto& self, auto&& field) {
    field("seed", self.seed, config::at_least<int64_t>(0),
          "names the experiment's random numbers, all of them");
    field("cortex", self.cortex, config::required,
          "knows which cues go together: gaussian learns it trial by trial; others stay as they "
          "were born");
    field("steering", self.steering, config::required, "innate: what is felt, and when it is told");
    field("amygdala", self.amygdala, config::required,
          "learns what is about to be felt, by a rule of its own: kalman or delta");
    field("subjects", self.subjects, "how many, and how they differ");
    field("response", self.response, "how predictions become behaviour");
  }
};

ConditionConfig read_condition_config(const std::string& path,
                                      const std::vector<std::string>& assignments);

/// A schedule's world as subjects of this config meet it.
std::shared_ptr<const worlds::Conditioning> make_world(const ConditionConfig& config,
                                                       const worlds::ScheduleConfig& schedule);
/// Newborn subjects.
///
/// Errors  ConfigError or limbic::Error (input) if brain and schedule do not fit.
training::Subjects make_subjects(const ConditionConfig& config,
                                 std::shared_ptr<const worlds::Conditioning> world);

}  // namespace limbic::app
