#include "limbic/worlds/conditioning.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "limbic/config/overrides.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/data_file.h"

namespace limbic::worlds {
namespace {

std::string regime_of(const TrialSchedule::Group& group, const TrialSchedule::Phase& phase) {
  return group.name.empty() ? phase.name : group.name + "/" + phase.name;
}

ScheduleConfig schedule_of(const ConditioningConfig& config) {
  if (config.schedule) return *config.schedule;
  require_data_file(config.file);
  return read_schedule(config.file);
}

}  // namespace

void ConditioningConfig::check(config::Reader& reader, const config::Node& node) const {
  if (file.empty() == schedule.has_value()) return;
  reader.problem(node.mark, concat("give the conditioning world a 'file' or a 'schedule'",
                                   schedule ? ", not both" : ""));
}

ScheduleConfig read_schedule(const std::string& path, const std::vector<std::string>& assignments) {
  config::Problems problems;
  config::Node root = config::read_yaml_file(path, problems);
  for (const std::string& assignment : assignments)
    config::apply_override(root, assignment, problems);
  auto config = config::parse<ScheduleConfig>(root, problems);
  problems.raise();
  return config;
}

Conditioning::Conditioning(const ConditioningConfig& config)
    : Conditioning(config, schedule_of(config)) {}

Conditioning::Conditioning(const ConditioningConfig& config, const ScheduleConfig& schedule)
    : config_(config),
      fingerprint_(config.file.empty() ? "" : config::hash_of(config::dump(schedule))),
      schedule_(schedule),
      schema_(schedule_.schema()) {
  std::set<std::string> names;
  for (const auto& group : schedule_.groups()) {
    for (const auto& phase : group.phases) {
      const std::string regime = regime_of(group, phase);
      if (!names.insert(regime).second)
        throw input_error("two phases of this schedule make one regime ", quoted(regime),
                          "; rename a group or a phase");
      if (phase.num_trials() > 0) regimes_.push_back(regime);
    }
  }
  if (regimes_.empty()) {
    const config::Mark& place = schedule.groups.empty() ? schedule.phases.front().phase.mark
                                                        : schedule.groups.entries.front().mark;
    config::refuse(place, "no phase of this schedule has a trial");
  }
}

std::string Conditioning::summary() const {
  if (config_.file.empty()) return {};
  return concat(config_.file, ": ", schedule_.types().size(), " types of trial, ", regimes_.size(),
                " phases that have some");
}

// Each epoch is the phase once more, in an order of its own.
Episodes Conditioning::draw(const Draw& draw, const Stream& stream) const {
  const Stream source =
      stream.child("trials").child(draw.regime).at(static_cast<int64_t>(draw.split));
  const TrialSchedule::Phase* phase = nullptr;
  for (const auto& group : schedule_.groups()) {
    for (const auto& each : group.phases)
      if (regime_of(group, each) == draw.regime) phase = &each;
  }
  TORCH_CHECK(phase != nullptr, "conditioning has no regime '", draw.regime, "'");
  const int64_t length = phase->num_trials();
  TORCH_CHECK(length > 0, "phase '", draw.regime, "' has no trials");
  std::vector<Meeting> meetings;
  int64_t epoch = -1;
  std::vector<int64_t> sequence;
  const int64_t end = draw.first_row + draw.num_rows;
  for (int64_t row = draw.first_row; row < end; ++row) {
    if (row / length != epoch) {
      epoch = row / length;
      sequence = phase->sequence(source.child("order").at(epoch));
    }
    meetings.push_back({sequence[row % length], phase->context, source.child("chance").at(row)});
  }
  const Stream own = Stream(static_cast<uint64_t>(config_.subject)).child("subject");
  return meet(meetings, std::vector<Subject>(meetings.size(), Subject{config_.subject, own}));
}

Episodes Conditioning::meet(const std::vector<Meeting>& meetings,
                            const std::vector<Subject>& subjects) const {
  TORCH_CHECK(meetings.size() == subjects.size(), meetings.size(), " trials of ", subjects.size(),
              " subjects");
  Episodes episodes = empty_episodes(schema_, std::ssize(meetings));
  for (size_t row = 0; row < meetings.size(); ++row)
    fill(episodes, static_cast<int64_t>(row), meetings[row], subjects[row]);
  return episodes;
}

void Conditioning::fill(Episodes& episodes, int64_t row, const Meeting& meeting,
                        const Subject& subject) const {
  const TrialSchedule::TrialType& type = schedule_.types()[meeting.type];
  const int64_t num_ticks = schema_.num_ticks(), num_cells = schema_.num_cells();
  bool* present = episodes.present_BTV.mutable_data_ptr<bool>() + row * num_ticks * num_cells;
  std::fill(present, present + (type.ticks + 1) * num_cells, true);
  fill_cues(episodes, row, type, subject);
  const auto column = [&](int64_t variable) {
    return episodes.value[variable].mutable_data_ptr<float>() + row * num_ticks;
  };
  const int64_t first_us = schema_.require(schedule_.us().front());
  float* context = column(schema_.require(schedule_.contexts().front()) + meeting.context);
  std::fill(context, context + type.ticks + 1, 1.0F);
  float* outcome = column(schema_.require("outcome"));
  for (size_t i = 0; i < type.events.size(); ++i) {
    const TrialSchedule::Event& event = type.events[i];
    const bool fits =
        event.when == When::kAlways || (event.when == When::kResponse) == meeting.responded;
    if (!fits || meeting.stream.uniform(static_cast<int64_t>(i)) >= event.probability) continue;
    float* us = column(first_us + event.us);
    for (int64_t t = event.ticks.first; t <= event.ticks.last; ++t) {
      us[t] += static_cast<float>(event.magnitude);
      outcome[t] += static_cast<float>(event.magnitude);
    }
  }
  int64_t onset = type.ticks;
  for (const TrialSchedule::Shown& shown : type.cues) onset = std::min(onset, shown.window.first);
  float* cued = column(schema_.require("cued"));
  std::fill(cued + onset, cued + type.ticks, 1.0F);
}

void Conditioning::fill_cues(Episodes& episodes, int64_t row, const TrialSchedule::TrialType& type,
                             const Subject& subject) const {
  const int64_t num_ticks = schema_.num_ticks();
  for (const TrialSchedule::Shown& shown : type.cues) {
    const TrialSchedule::Cue& cue = schedule_.cues()[place_of(shown.cue, subject.number)];
    const int64_t cells = schema_[cue.variable].num_cells;
    float* value = episodes.value[cue.variable].mutable_data_ptr<float>() + row * num_ticks * cells;
    for (int64_t cell = 0; cell < cells; ++cell) {
      const double distance = static_cast<double>(cell - cue.unit);
      double strength = salience(schema_.offset(cue.variable) + cell, subject);
      if (cue.width > 0)
        strength *= std::exp(-0.5 * distance * distance / (cue.width * cue.width));
      else if (distance != 0)
        continue;
      for (int64_t t = shown.window.first; t <= shown.window.last; ++t)
        value[t * cells + cell] += static_cast<float>(strength);
    }
  }
}

// Cues of a set go round, one place for each subject.
int64_t Conditioning::place_of(int64_t cue, int64_t subject_number) const {
  for (const auto& set : schedule_.counterbalance()) {
    const auto found = std::ranges::find(set, cue);
    if (found == set.end()) continue;
    return set[(found - set.begin() + subject_number) % std::ssize(set)];
  }
  return cue;
}

double Conditioning::salience(int64_t cell, const Subject& subject) const {
  if (config_.salience_deviation == 0) return 1;
  return std::max(0.0,
                  1 + config_.salience_deviation * subject.stream.child("salience").normal(cell));
}

}  // namespace limbic::worlds
