#include "limbic/app/protocol.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "limbic/app/measure.h"
#include "limbic/app/parts.h"
#include "limbic/config/overrides.h"
#include "limbic/config/problems.h"

namespace limbic::app {
namespace {

using config::Node;
using training::Subjects;
using worlds::TrialSchedule;

Diary live_through(const ConditionConfig& brain,
                   const std::shared_ptr<const worlds::Conditioning>& world,
                   const TrialSchedule::Group& group) {
  Subjects subjects = make_subjects(brain, world);
  Diary diary{group.name, training::assessor_of(brain.response, subjects.program()), {}};
  for (size_t p = 0; p < group.phases.size(); ++p) {
    subjects.enter(group.phases[p], static_cast<int64_t>(p));
    auto& phase = diary.phases.emplace_back();
    for (int64_t trial = 0; trial < group.phases[p].num_trials(); ++trial) {
      phase.push_back(subjects.live(brain.response));
      phase.back().episodes = {};
    }
  }
  return diary;
}

// Trial k of a type in a phase stands at the mean of where subjects met it.
void add_curves(const Diary& diary, const TrialSchedule& schedule, int64_t us_tick,
                std::vector<LearningCurve>& curves) {
  const auto read_tick = [&](int64_t type) {
    return std::clamp<int64_t>(us_tick - 1, 0, schedule.types()[type].ticks - 1);
  };
  int64_t begun = 0;
  for (const auto& phase : diary.phases) {
    std::map<std::pair<size_t, int64_t>, int64_t> met;  // (subject, type) -> so far
    std::map<std::pair<int64_t, int64_t>, std::pair<double, double>> sums;  // (type, k) -> x, V
    for (size_t trial = 0; trial < phase.size(); ++trial) {
      for (size_t s = 0; s < phase[trial].type_S.size(); ++s) {
        const int64_t type = phase[trial].type_S[s];
        auto& [index, value] = sums[{type, met[{s, type}]++}];
        index += static_cast<double>(begun + static_cast<int64_t>(trial));
        value += Measure::prediction(phase[trial], s, read_tick(type), diary.assessor);
      }
    }
    std::map<int64_t, LearningCurve> by_type;
    for (const auto& [key, sum] : sums) {
      const auto num_subjects = static_cast<double>(phase.front().type_S.size());
      LearningCurve& curve = by_type[key.first];
      curve.index.push_back(sum.first / num_subjects);
      curve.mean.push_back(sum.second / num_subjects);
    }
    for (auto& [type, curve] : by_type) {
      if (schedule.types()[type].cues.empty()) continue;
      curve.group = diary.group;
      curve.trial = schedule.types()[type].name;
      curves.push_back(std::move(curve));
    }
    begun += std::ssize(phase);
  }
}

/// What a measure over ticks or types shows, each subject's values averaged.
LearningCurve shape_of(const std::string& name, const Measure& measure,
                       const std::vector<Diary>& diaries, size_t num_subjects) {
  LearningCurve curve{.group = "", .trial = name, .index = {}, .mean = {}};
  for (size_t s = 0; s < num_subjects; ++s) {
    const auto values = measure.of(diaries, s);
    curve.mean.resize(values.size());
    for (size_t i = 0; i < values.size(); ++i)
      curve.mean[i] += values[i] / static_cast<double>(num_subjects);
  }
  for (size_t i = 0; i < curve.mean.size(); ++i) curve.index.push_back(static_cast<double>(i));
  return curve;
}

/// A protocol as it can be run.
struct Experiment {
  std::shared_ptr<const worlds::Conditioning> world;
  std::vector<std::string> names;
  std::vector<Measure> measures;
  std::optional<evals::Criterion> criterion, contrast;
};

// Notes what is wrong with what `make` makes; its lines have their places.
void note(config::Problems& problems, const std::function<void()>& make) {
  try {
    make();
  } catch (const Error& error) {
    problems.add({}, error.what());
  }
}

// A brain of which no subject can live through the schedule, or act in it.
void check_brain(ConditionConfig brain, const std::shared_ptr<const worlds::Conditioning>& world) {
  brain.subjects.count = 1;
  training::assessor_of(brain.response, make_subjects(brain, world).program());
}

// Curves that meet others of another length, or come to more than one value: whatever is measured,
// so zeros will do.
void check_shapes(const Experiment& experiment, config::Problems& problems) {
  evals::Values zeros;
  for (size_t m = 0; m < experiment.measures.size(); ++m) {
    const auto length = experiment.measures[m].length(experiment.world->schedule());
    if (!length) return;
    zeros[experiment.names[m]].resize(*length);
  }
  note(problems, [&] { (void)experiment.criterion->number(zeros); });
  note(problems, [&] { (void)experiment.contrast->number(zeros); });
}

// Errors  ConfigError of a schedule or steering program that can't be made; else they are noted.
Experiment experiment_of(const Protocol& protocol, config::Problems& problems) {
  const size_t before = problems.size();
  const ProtocolConfig& config = protocol.config;
  Experiment made;
  made.world = make_world(protocol.brain, config.schedule);
  const brain::Program program(protocol.brain.steering, made.world->schema());
  for (const auto& item : config.measures) {
    made.names.push_back(item.key);
    made.measures.emplace_back(item.value, protocol, made.world->schedule(), program, problems);
  }
  note(problems, [&] {
    made.criterion.emplace(config.criterion, made.names);
    made.criterion->require_claim();
  });
  note(problems, [&] { made.contrast.emplace(config.contrast, made.names); });
  if (problems.size() == before) check_shapes(made, problems);
  note(problems, [&] { check_brain(protocol.brain, made.world); });
  return made;
}

// Whether an ablation's change of a schedule is about something that this one need not have.
bool is_of_others(const Node& schedule, std::string_view path) {
  constexpr std::array<std::string_view, 4> kOwn = {"lines", "groups", "phases", "trials"};
  const std::string_view key = path.substr(0, path.find('.'));
  return std::ranges::find(kOwn, key) != kOwn.end() && schedule.find(key) == nullptr;
}

// Changes of the protocol itself, or of an ablation that other protocols share.
enum class Of { kProtocol, kAblation };

void apply(Of of, const Changes& changes, Node& brain, Node& protocol, config::Problems& problems) {
  for (const config::Entry& change : changes) {
    const std::string_view path = change.key;
    if (!path.starts_with(kSchedule)) {
      config::put(brain, path, change.value, change.key_mark, problems);
      continue;
    }
    Node* schedule = protocol.find("schedule");
    const std::string_view below = path.substr(kSchedule.size());
    if (schedule == nullptr || (of == Of::kAblation && is_of_others(*schedule, below))) continue;
    config::put(*schedule, below, change.value, change.key_mark, problems);
  }
}

}  // namespace

int64_t ProtocolResult::num_passed() const { return std::ranges::count(holds_S, true); }

std::string number_of(const std::string& name) {
  const std::string before = name.substr(0, name.find('_'));
  const bool has_letter = !before.empty() && before[0] >= 'A' && before[0] <= 'Z';
  const std::string digits = before.substr(has_letter ? 1 : 0);
  const bool is_number =
      !digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? before : name;
}

Protocol protocol_of(std::string name, Node tree, Node brain, const Changes& changes,
                     config::Problems& problems) {
  if (const Node* const set = tree.find("set"))
    apply(Of::kProtocol, Changes(set->entries), brain, tree, problems);
  apply(Of::kAblation, changes, brain, tree, problems);
  return {std::move(name), config::parse<ConditionConfig>(brain, problems, parts()),
          config::parse<ProtocolConfig>(tree, problems, parts())};
}

Protocol read_protocol(const std::string& path, const Node& brain, const Changes& changes,
                       config::Problems& problems) {
  return protocol_of(std::filesystem::path(path).stem().string(),
                     config::read_yaml_file(path, problems), brain, changes, problems);
}

void check_protocol(const Protocol& protocol, config::Problems& problems) {
  note(problems, [&] { (void)experiment_of(protocol, problems); });
}

ProtocolResult run_protocol(const Protocol& protocol) {
  config::Problems problems;
  const Experiment experiment = experiment_of(protocol, problems);
  problems.raise();
  const auto& [world, names, measures, criterion, contrast] = experiment;
  const ProtocolConfig& config = protocol.config;
  const TrialSchedule& schedule = world->schedule();
  std::vector<Diary> diaries;
  for (const auto& group : schedule.groups())
    diaries.push_back(live_through(protocol.brain, world, group));
  ProtocolResult result;
  result.name = protocol.name;
  result.phenomenon = config.phenomenon;
  result.criterion = config.criterion.text;
  for (size_t s = 0; s < static_cast<size_t>(protocol.brain.subjects.count); ++s) {
    evals::Values values;
    for (size_t m = 0; m < measures.size(); ++m) {
      values[names[m]] = measures[m].of(diaries, s);
      result.measures[names[m]].push_back(values[names[m]]);
    }
    result.holds_S.push_back(criterion->holds(values));
    result.contrast_S.push_back(contrast->number(values));
  }
  for (size_t m = 0; m < measures.size(); ++m) {
    if (measures[m].axis() == Axis::kTrials) continue;
    result.axis = measures[m].axis();
    result.curves.push_back(shape_of(names[m], measures[m], diaries, result.holds_S.size()));
  }
  if (!result.curves.empty()) return result;
  for (const Diary& diary : diaries)
    add_curves(diary, schedule, config.schedule.us_tick, result.curves);
  return result;
}

}  // namespace limbic::app
