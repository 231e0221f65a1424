#include "limbic/brain/amygdala/onset_code.h"

#include <algorithm>
#include <cmath>

#include "limbic/core/error.h"

namespace limbic::brain {

using About = ThoughtMap::About;

OnsetCode::OnsetCode(const OnsetCodeConfig& config, const ThoughtMap& thought, int64_t num_ticks)
    : config_(config), length_(config.onsets ? num_ticks : 1), width_(thought.size()) {
  const auto sight_of = [&](const ThoughtMap::Feature& belief) {
    const auto same = std::ranges::find_if(thought.features, [&](const auto& feature) {
      return feature.about == About::kSight && feature.variable == belief.variable &&
             feature.cell == belief.cell && feature.dimension == belief.dimension;
    });
    return same - thought.features.begin();
  };
  for (int64_t i = 0; i < thought.size(); ++i) {
    const auto& feature = thought.features[i];
    if (feature.about != About::kBelief) continue;
    const int64_t sight = sight_of(feature);
    if (sight == thought.size()) continue;
    if (feature.modality == config.contexts) contexts_.push_back(sight);
    if (feature.modality == config.cues) cues_.push_back({feature.variable, i, sight});
  }
  if (cues_.empty()) {
    throw input_error(
        "amygdala.code wants a cortex whose thoughts name what it sees of modality '", config.cues,
        "', tick by tick: gaussian with 'ticks: alone'; 'code: null' reads any thought as it is");
  }
  for (size_t i = 0; i < cues_.size() && config.pairs > 0; ++i) {
    for (size_t j = i + 1; j < cues_.size(); ++j) {
      if (cues_[i].variable != cues_[j].variable) pairs_.emplace_back(i, j);
    }
  }
}

// A cue that comes again begins anew.
void OnsetCode::follow(Line& state, double salience, int64_t tick) const {
  if (salience <= 0) return;
  if (state.last != tick - 1 || state.onset < 0) state.onset = tick;
  state.last = tick;
  state.salience = salience;
}

double OnsetCode::strength(const Line& state, int64_t tick) const {
  if (state.onset < 0) return 0;
  return state.salience * std::pow(config_.trace, static_cast<double>(tick - state.last));
}

int64_t OnsetCode::cell(int64_t line, const Line& state, int64_t tick) const {
  return line * length_ + std::min(tick - state.onset, length_ - 1);
}

void OnsetCode::habituate(const double* thought_TD, int64_t num_ticks, double* familiar_C) const {
  for (int64_t i = 0; i < num_cues(); ++i) {
    bool is_met = false;
    for (int64_t tick = 0; tick < num_ticks; ++tick)
      is_met = is_met || thought_TD[tick * width_ + cues_[i].sight] > 0;
    double& familiar = familiar_C[i];
    familiar +=
        is_met ? config_.orienting->rate * (1 - familiar) : -config_.orienting->recovery * familiar;
  }
}

std::vector<Moment> OnsetCode::encode(const double* thought_TD, int64_t num_ticks,
                                      const double* familiar_C) const {
  std::vector<Line> seen(num_lines()), inferred(cues_.size());
  std::vector<Moment> moments(num_ticks);
  const auto num_cues = this->num_cues();
  const auto novelty = [&](int64_t cue) {
    return familiar_C != nullptr ? 1 + config_.orienting->gain * (1 - familiar_C[cue]) : 1.0;
  };
  for (int64_t tick = 0; tick < num_ticks; ++tick) {
    const double* thought = thought_TD + tick * width_;
    const auto sight = [&](int64_t cue) { return novelty(cue) * thought[cues_[cue].sight]; };
    bool any = false;
    for (int64_t i = 0; i < num_cues; ++i) {
      follow(seen[i], sight(i), tick);
      any = any || seen[i].last == tick;
    }
    for (size_t p = 0; p < pairs_.size(); ++p) {
      const double product = std::max(sight(pairs_[p].first), 0.0) * sight(pairs_[p].second);
      follow(seen[num_cues + p], config_.pairs * product, tick);
    }
    for (int64_t i = 0; i < num_cues && any && config_.inferred > 0; ++i) {
      const double belief = config_.inferred * std::clamp(thought[cues_[i].belief], 0.0, 1.0);
      if (seen[i].onset < 0 && belief >= strength(inferred[i], tick))
        follow(inferred[i], belief, tick);
    }
    Moment& moment = moments[tick];
    for (int64_t line = 0; line < num_lines(); ++line) {
      const bool is_seen = seen[line].onset >= 0;
      const bool is_cue = line < num_cues;
      const Line& state = is_seen || !is_cue ? seen[line] : inferred[line];
      const double value = strength(state, tick);
      if (value <= 0) continue;
      moment.read.emplace_back(cell(line, state, tick), value);
      if (is_seen) moment.seen.push_back(moment.read.back());
    }
    for (int64_t c = 0; c < num_contexts(); ++c) {
      const double there = thought[contexts_[c]];
      if (there == 0) continue;
      moment.seen.emplace_back(num_cue_features() + c, config_.context * there);
      moment.read.push_back(moment.seen.back());
    }
  }
  return moments;
}

}  // namespace limbic::brain
