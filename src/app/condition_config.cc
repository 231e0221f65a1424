#include "limbic/app/condition_config.h"

#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/app/parts.h"
#include "limbic/config/problems.h"

namespace limbic::app {

ConditionConfig read_condition_config(const std::string& path,
                                      const std::vector<std::string>& assignments) {
  config::Problems problems;
  const config::Node root = read_config_tree(path, assignments, problems);
  auto config = config::parse<ConditionConfig>(root, problems, parts());
  raise_as(problems, path, FileKind::kBrain);
  return config;
}

std::shared_ptr<const worlds::Conditioning> make_world(const ConditionConfig& config,
                                                       const worlds::ScheduleConfig& schedule) {
  return std::make_shared<const worlds::Conditioning>(worlds::ConditioningConfig{
      .file = {}, .schedule = schedule, .salience_deviation = config.subjects.salience_deviation});
}

training::Subjects make_subjects(const ConditionConfig& config,
                                 std::shared_ptr<const worlds::Conditioning> world) {
  training::require_time_to_act(config.response, world->schedule());
  const Stream stream(static_cast<uint64_t>(config.seed));
  const auto brain = make_brain({config.cortex, config.steering, config.amygdala, world->schema()},
                                stream.child("brain"));
  std::vector<worlds::Conditioning::Subject> subjects;
  for (int64_t i = 0; i < config.subjects.count; ++i) {
    const int64_t number = config.subjects.first + i;
    subjects.push_back({number, stream.child("subject").at(number)});
  }
  return {brain, std::move(world), std::move(subjects)};
}

}  // namespace limbic::app
