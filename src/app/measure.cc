#include "limbic/app/measure.h"

#include <algorithm>
#include <string_view>

#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::app {

using training::Subjects;
using worlds::TrialSchedule;

namespace {

/// -1 where there is none.
int64_t index_of(const auto& named, const config::Located& name, const char* what,
                 config::Problems& problems) {
  std::vector<std::string_view> names;
  for (const auto& each : named) names.emplace_back(each.name);
  const auto found = std::ranges::find(names, name.text);
  if (found != names.end()) return found - names.begin();
  problems.add(name.mark, concat("no ", what, " is called ", quoted(name.text),
                                 did_you_mean(name.text, names)));
  return -1;
}

// Every subject meets every type that a measure names: others were refused.
const Subjects::Lived& first(const std::vector<Subjects::Lived>& trials, size_t subject,
                             int64_t type) {
  return *std::ranges::find_if(
      trials, [&](const Subjects::Lived& trial) { return trial.type_S[subject] == type; });
}

}  // namespace

Measure::Measure(const MeasureConfig& config, const Protocol& protocol,
                 const TrialSchedule& schedule, const brain::Program& program,
                 config::Problems& problems)
    : what_(config.what), by_cell_(config.cells), response_(protocol.brain.response) {
  const int64_t before_us = std::max<int64_t>(protocol.config.schedule.us_tick - 1, 0);
  ticks_ = config.ticks.value_or(worlds::Window{before_us, before_us});
  resolve(config, schedule, problems);
  refuse_what_cannot_be_read(config, problems);
  const auto& variables = program.variables();
  if (config.of) {
    assessor_ = index_of(variables, *config.of, "steering variable", problems);
  } else if (!response_.of.empty()) {
    assessor_ = std::ranges::find(variables, response_.of, &brain::SteeringVariable::name) -
                variables.begin();
  }
}

std::vector<double> Measure::of(const std::vector<Diary>& diaries, size_t subject) const {
  const auto& lived = diaries[group_].phases[phase_];
  std::vector<double> curve;
  if (by_cell_) {
    const auto cells =
        first(lived, subject, types_[0])
            .record.prediction_BTNC[static_cast<int64_t>(subject)][ticks_.first][assessor_];
    for (int64_t c = 0; c < cells.size(0); ++c) curve.push_back(cells[c].item<double>());
  } else if (is_over_ticks()) {
    const Subjects::Lived& trial = first(lived, subject, types_[0]);
    for (int64_t tick = ticks_.first; tick <= ticks_.last; ++tick)
      curve.push_back(value(trial, subject, tick));
  } else if (types_.size() == 1) {
    for (const Subjects::Lived& trial : lived) {
      if (trial.type_S[subject] == types_[0]) curve.push_back(value(trial, subject, ticks_.first));
    }
  } else {
    for (const int64_t type : types_)
      curve.push_back(value(first(lived, subject, type), subject, ticks_.first));
  }
  return curve;
}

std::optional<size_t> Measure::length(const TrialSchedule& schedule) const {
  if (by_cell_) return std::nullopt;
  if (is_over_ticks()) return static_cast<size_t>(ticks_.last - ticks_.first + 1);
  if (types_.size() > 1) return types_.size();
  size_t met = 0;
  for (const auto& share : schedule.groups()[group_].phases[phase_].trials)
    if (share.type == types_[0]) met += share.count;
  return met;
}

Axis Measure::axis() const {
  constexpr size_t kMany = 4;
  if (by_cell_) return Axis::kCells;
  if (is_over_ticks()) return Axis::kTicks;
  return types_.size() >= kMany ? Axis::kTypes : Axis::kTrials;
}

double Measure::prediction(const Subjects::Lived& trial, size_t subject, int64_t tick,
                           int64_t assessor) {
  const auto s = static_cast<int64_t>(subject);
  return trial.record.prediction_BTNC[s][tick][assessor].mean().item<double>();
}

void Measure::resolve(const MeasureConfig& config, const TrialSchedule& schedule,
                      config::Problems& problems) {
  for (const config::Located& trial : config.trials)
    types_.push_back(index_of(schedule.types(), trial, "trial", problems));
  if (config.group) group_ = index_of(schedule.groups(), *config.group, "group", problems);
  if (group_ < 0) return;
  const auto& phases = schedule.groups()[group_].phases;
  phase_ = index_of(phases, config.phase, "phase", problems);
  if (phase_ < 0) return;
  for (size_t i = 0; i < types_.size(); ++i) {
    const int64_t type = types_[i];
    const config::Located& trial = config.trials[i];
    const auto is_met = [&](const auto& share) { return share.type == type && share.count > 0; };
    if (type < 0) continue;
    if (std::ranges::none_of(phases[phase_].trials, is_met)) {
      problems.add(trial.mark, concat("phase ", quoted(config.phase.text), " has no trial ",
                                      quoted(trial.text)));
    } else if (ticks_.last >= schedule.types()[type].ticks) {
      problems.add(trial.mark, concat("trial ", quoted(trial.text), " has no tick ", ticks_.last));
    } else if (what_ == Quantity::kResponded && !schedule.types()[type].waits()) {
      problems.add(trial.mark, concat("trial ", quoted(trial.text), " waits for no response"));
    }
  }
}

void Measure::refuse_what_cannot_be_read(const MeasureConfig& config,
                                         config::Problems& problems) const {
  if (types_.empty()) problems.add(config.phase.mark, "a measure needs 'trials'");
  if (by_cell_ && what_ != Quantity::kPrediction)
    problems.add(config.phase.mark, "of cells, predictions alone are read");
  if ((by_cell_ || is_over_ticks()) && types_.size() > 1)
    problems.add(config.trials[1].mark, "of cells, or of several ticks, one trial alone is read");
  if (by_cell_ && is_over_ticks())
    problems.add(config.phase.mark, "of cells, one tick alone is read");
}

double Measure::value(const Subjects::Lived& trial, size_t subject, int64_t tick) const {
  const auto s = static_cast<int64_t>(subject);
  const auto mean = [&](const at::Tensor& x_BTNC) {
    return x_BTNC[s][tick][assessor_].mean().item<double>();
  };
  switch (what_) {
    case Quantity::kError:
      return mean(trial.record.error_BTNC);
    case Quantity::kUncertainty:
      return mean(trial.uncertainty_BTN);
    case Quantity::kResponse:
      return inference::respond(response_, mean(trial.record.prediction_BTNC));
    case Quantity::kResponded:
      return trial.responded_S[subject] ? 1 : 0;
    default:
      return mean(trial.record.prediction_BTNC);
  }
}

}  // namespace limbic::app
