#include "limbic/worlds/trial_schedule.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "limbic/core/suggest.h"

namespace limbic::worlds {
namespace {

constexpr const char* kContextAlone = "-";

std::vector<std::string> texts(const std::vector<config::Located>& names, const char* otherwise) {
  std::vector<std::string> all;
  for (const config::Located& name : names) all.push_back(name.text);
  if (all.empty()) all.emplace_back(otherwise);
  return all;
}

int64_t index_of(const std::vector<std::string>& words, const std::string& word) {
  const auto found = std::ranges::find(words, word);
  return found == words.end() ? -1 : found - words.begin();
}

}  // namespace

class TrialSchedule::Builder {
 public:
  Builder(const ScheduleConfig& config, TrialSchedule& made) : config_(config), made_(made) {}

  void build() {
    made_.contexts_ = texts(config_.contexts, "context");
    made_.us_ = texts(config_.us, "us");
    add_cues();
    refuse_double_names();
    for (const auto& set : config_.counterbalance) add_set(set);
    for (const auto& item : config_.trials) add_named_type(item);
    if (!config_.phases.empty()) add_group("", config_.phases);
    for (const auto& item : config_.groups) {
      add_group(item.key, item.value);
      if (item.value.empty()) problems_.add(item.mark, "a group needs at least one phase");
    }
    problems_.raise();
  }

 private:
  void add_cues() {
    for (const config::Located& cue : config_.cues) {
      made_.cues_.push_back({cue.text, std::ssize(made_.cue_variables_)});
      made_.cue_variables_.push_back({.name = cue.text, .modality = "cue"});
    }
    for (const auto& line : config_.lines) {
      for (int64_t unit = 0; unit < line.value.size; ++unit) {
        made_.cues_.push_back({line.key + std::to_string(unit), std::ssize(made_.cue_variables_),
                               unit, line.value.width});
      }
      made_.cue_variables_.push_back(
          {.name = line.key, .num_cells = line.value.size, .modality = "cue"});
    }
  }

  void refuse_double_names() {
    std::set<std::string> known{"outcome", "cued"};
    if (config_.contexts.empty()) known.insert(made_.contexts_[0]);
    if (config_.us.empty()) known.insert(made_.us_[0]);
    const auto add = [&](const std::string& name, const config::Mark& mark) {
      if (!known.insert(name).second)
        problems_.add(mark, quoted(name) + " already stands for something");
    };
    for (const config::Located& name : config_.cues) add(name.text, name.mark);
    for (const auto& line : config_.lines) {
      add(line.key, line.mark);
      for (int64_t unit = 0; unit < line.value.size; ++unit)
        add(line.key + std::to_string(unit), line.mark);
    }
    for (const config::Located& name : config_.contexts) add(name.text, name.mark);
    for (const config::Located& name : config_.us) add(name.text, name.mark);
  }

  /// Index of a cue, or -1 where there is none; then that is noted.
  int64_t cue(const config::Located& name) {
    const int64_t found = made_.find_cue(name.text);
    if (found < 0) {
      problems_.add(name.mark, concat("no cue is called ", quoted(name.text),
                                      did_you_mean(name.text, cue_names())));
    }
    return found;
  }

  std::vector<std::string_view> cue_names() const {
    std::vector<std::string_view> names;
    for (const Cue& each : made_.cues_) names.emplace_back(each.name);
    return names;
  }

  void add_set(const std::vector<config::Located>& set) {
    made_.counterbalance_.emplace_back();
    for (const config::Located& name : set) {
      const int64_t index = cue(name);
      if (index >= 0 && made_.cues_[index].width >= 0)
        problems_.add(name.mark, quoted(name.text) + " is a point on a line and keeps its place");
      if (index >= 0 && !changing_.insert(index).second)
        problems_.add(name.mark, quoted(name.text) + " already changes places with others");
      made_.counterbalance_.back().push_back(index);
    }
  }

  void add_named_type(const config::Map<TrialConfig>::Item& item) {
    TrialType type{.name = item.key, .cues = {}, .events = {}, .ticks = config_.ticks};
    if (item.value.ticks) type.ticks = *item.value.ticks;
    for (const auto& shown : item.value.cues.shown) {
      show({cue(shown.name), shown.window.value_or(config_.cue_ticks)}, shown.name, type);
    }
    for (const auto& [name, event] : item.value.us.events) {
      const int64_t us = name.text.empty() ? 0 : index_of(made_.us_, name.text);
      if (us < 0) {
        problems_.add(name.mark, concat("no US is called ", quoted(name.text),
                                        did_you_mean(name.text, made_.us_)));
        continue;
      }
      const Window ticks = event.ticks.value_or(Window{config_.us_tick, config_.us_tick});
      check_window(ticks, type, name.mark, "US " + quoted(made_.us_[us]));
      type.events.push_back({us, ticks, event.magnitude, event.probability, event.when});
    }
    made_.types_.push_back(std::move(type));
  }

  void show(const Shown& shown, const config::Located& name, TrialType& type) {
    const std::string what = "cue " + quoted(name.text);
    if (shown.cue >= 0 && std::ranges::count(type.cues, shown.cue, &Shown::cue) > 0)
      problems_.add(name.mark, concat(what, " is in trial ", quoted(type.name), " twice"));
    check_window(shown.window, type, name.mark, what);
    type.cues.push_back(shown);
  }

  void check_window(const Window& window, const TrialType& type, const config::Mark& mark,
                    const std::string& what) {
    if (window.last < type.ticks) return;
    problems_.add(mark, concat(what, " ends at tick ", window.last, ", but trial ",
                               quoted(type.name), " has ticks 0 to ", type.ticks - 1));
  }

  /// The cues that a name such as AB+ is made of, the longest first; nothing if it is not.
  [[nodiscard]] std::optional<std::vector<int64_t>> spelled(std::string_view rest) const {
    std::vector<int64_t> found;
    while (!rest.empty()) {
      if (rest.front() == '&' || rest.front() == ' ') {
        rest.remove_prefix(1);
        continue;
      }
      int64_t best = -1;
      size_t length = 0;
      for (size_t i = 0; i < made_.cues_.size(); ++i) {
        const std::string& name = made_.cues_[i].name;
        if (!rest.starts_with(name) || name.size() <= length) continue;
        best = static_cast<int64_t>(i);
        length = name.size();
      }
      if (best < 0) return std::nullopt;
      found.push_back(best);
      rest.remove_prefix(length);
    }
    return found;
  }

  int64_t type_of(const std::string& name, const config::Mark& mark) {
    const auto known = std::ranges::find(made_.types_, name, &TrialType::name);
    if (known != made_.types_.end()) return known - made_.types_.begin();
    const bool has_us = name.ends_with("+");
    std::string_view body = name;
    if (has_us || name.ends_with("-")) body.remove_suffix(1);
    const auto cues = spelled(body);
    if (!cues) {
      std::vector<std::string_view> words = cue_names();
      for (const TrialType& type : made_.types_) words.emplace_back(type.name);
      problems_.add(mark, concat("no trial is called ", quoted(name), ", nor is it cues and + or -",
                                 did_you_mean(body, words)));
      return 0;
    }
    TrialType type{.name = name, .cues = {}, .events = {}, .ticks = config_.ticks};
    for (const int64_t shown : *cues)
      show({shown, config_.cue_ticks}, {made_.cues_[shown].name, mark}, type);
    if (has_us) {
      type.events.push_back({.us = 0, .ticks = {config_.us_tick, config_.us_tick}});
      check_window(type.events[0].ticks, type, mark, "US " + quoted(made_.us_[0]));
    }
    made_.types_.push_back(std::move(type));
    return std::ssize(made_.types_) - 1;
  }

  void add_group(const std::string& name, const std::vector<PhaseConfig>& phases) {
    Group group{.name = name, .phases = {}};
    std::set<std::string> known;
    for (const PhaseConfig& phase : phases) {
      if (!known.insert(phase.phase.text).second)
        problems_.add(phase.phase.mark, "a second phase is called " + quoted(phase.phase.text));
      group.phases.push_back(resolved(phase));
    }
    made_.groups_.push_back(std::move(group));
  }

  Phase resolved(const PhaseConfig& config) {
    Phase phase{.name = config.phase.text,
                .trials = {},
                .order = config.order,
                .learn = config.learn,
                .interval = config.interval,
                .delay = config.delay};
    int64_t listed = 0;
    for (const auto& item : config.trials) {
      phase.trials.push_back({type_of(item.key, item.mark), item.value});
      listed += item.value;
    }
    const double alone = config.alone.value_or(config.learn ? config_.alone : 0.0);
    const auto num_alone = static_cast<int64_t>(std::llround(alone * static_cast<double>(listed)));
    if (num_alone > 0)
      phase.trials.push_back({type_of(kContextAlone, config.phase.mark), num_alone});
    if (!config.context) return phase;
    phase.context = index_of(made_.contexts_, config.context->text);
    if (phase.context < 0) {
      problems_.add(config.context->mark,
                    concat("no context is called ", quoted(config.context->text),
                           did_you_mean(config.context->text, made_.contexts_)));
    }
    return phase;
  }

  const ScheduleConfig& config_;
  TrialSchedule& made_;
  std::set<int64_t> changing_;  // cues of sets
  config::Problems problems_;
};

TrialSchedule::TrialSchedule(const ScheduleConfig& config) { Builder(config, *this).build(); }

bool TrialSchedule::TrialType::waits() const {
  return std::ranges::any_of(events, [](const Event& each) { return each.when != When::kAlways; });
}

int64_t TrialSchedule::num_ticks() const {
  int64_t longest = 1;
  for (const TrialType& type : types_) longest = std::max(longest, type.ticks);
  return longest;
}

int64_t TrialSchedule::find_cue(const std::string& name) const {
  const auto found = std::ranges::find(cues_, name, &Cue::name);
  return found == cues_.end() ? -1 : found - cues_.begin();
}

// One tick more than a trial has: the moment after it.
Schema TrialSchedule::schema() const {
  std::vector<Variable> variables = cue_variables_;
  for (const std::string& name : contexts_)
    variables.push_back({.name = name, .modality = "context"});
  for (const std::string& name : us_)
    variables.push_back({.name = name, .modality = "us", .access = Access::kPrimitive});
  for (const char* name : {"outcome", "cued"})
    variables.push_back({.name = name, .modality = "us", .access = Access::kPrimitive});
  for (Variable& variable : variables) variable.num_ticks = num_ticks() + 1;
  return {variables, num_ticks() + 1};
}

int64_t TrialSchedule::Phase::num_trials() const {
  int64_t sum = 0;
  for (const Share& share : trials) sum += share.count;
  return sum;
}

std::vector<int64_t> TrialSchedule::Phase::sequence(const Stream& stream) const {
  std::vector<int64_t> listed;
  if (order == Order::kAlternating) {
    for (int64_t round = 0; std::ssize(listed) < num_trials(); ++round) {
      for (const Share& share : trials) {
        if (round < share.count) listed.push_back(share.type);
      }
    }
    return listed;
  }
  for (const Share& share : trials) listed.insert(listed.end(), share.count, share.type);
  if (order == Order::kListed) return listed;
  for (int64_t i = std::ssize(listed) - 1; i > 0; --i)
    std::swap(listed[i], listed[stream.below(i + 1, i)]);
  return listed;
}

}  // namespace limbic::worlds
