#include <algorithm>
#include <cmath>

#include "limbic/brain/amygdala/inhibition.h"

namespace limbic::brain {

Inhibition::Inhibition(const InhibitionConfig& config, const Arrays& arrays)
    : config_(config), at_(arrays) {}

std::vector<double> Inhibition::gates(const Moment& moment) const {
  std::vector<double> gates(num_gates(at_.num_contexts), 0.0);
  const bool by_context = config_.by_context && at_.num_contexts > 0;
  gates[0] = by_context ? std::sqrt(config_.general) : 1.0;
  if (!by_context) return gates;
  int64_t num_present = 0;
  for (const auto& [i, value] : moment.seen) num_present += i >= at_.num_cue_features;
  const double open =
      std::sqrt((1 - config_.general) / static_cast<double>(std::max<int64_t>(num_present, 1)));
  for (const auto& [i, value] : moment.seen) {
    if (i < at_.num_cue_features) continue;
    const int64_t context = i - at_.num_cue_features;
    const double recent = config_.by_recency ? *at_.recent : 0.0;
    gates[1 + 2 * context] = open * (1 - recent);
    gates[2 + 2 * context] = open * recent;
  }
  return gates;
}

double Inhibition::of(const Sparse& x, const std::vector<double>& gates) const {
  double sum = 0;
  for (size_t g = 0; g < gates.size(); ++g) {
    if (gates[g] == 0) continue;
    const int64_t offset = static_cast<int64_t>(g) * at_.num_cue_features;
    for (const auto& [i, xi] : x) {
      if (i >= at_.num_cue_features) continue;
      sum += gates[g] * (at_.fast_GC[offset + i] + at_.slow_GC[offset + i]) * xi;
    }
  }
  return sum;
}

double Inhibition::most(const Sparse& x, const std::vector<double>& gates, double rate) const {
  double squares = 0, open = 0;
  for (const auto& [i, xi] : x) squares += i < at_.num_cue_features ? xi * xi : 0.0;
  for (const double gate : gates) open += gate * gate;
  return std::max(1.0, 1 / (rate * open * squares));
}

void Inhibition::learn(const Example& example) {
  const auto& [x, gates, error, weight, relative_noise] = example;
  const double rate = config_.rate / relative_noise * (error > 0 ? config_.loss : 1.0);
  const double step = std::min(weight, most(x, gates, rate)) * error;
  for (size_t g = 0; g < gates.size(); ++g) {
    if (gates[g] == 0) continue;
    const int64_t offset = static_cast<int64_t>(g) * at_.num_cue_features;
    for (const auto& [i, xi] : x) {
      if (i >= at_.num_cue_features) continue;
      double& fast = at_.fast_GC[offset + i];
      double& slow = at_.slow_GC[offset + i];
      fast -= rate * step * gates[g] * xi;
      if (fast >= 0) continue;
      slow = std::max(slow + fast, 0.0);
      fast = 0;
    }
  }
}

void Inhibition::end_trial(bool something_happened) {
  const int64_t size = num_gates(at_.num_contexts) * at_.num_cue_features;
  for (int64_t i = 0; i < size; ++i) {
    const double moved = config_.consolidate * at_.fast_GC[i];
    at_.slow_GC[i] += moved;
    at_.fast_GC[i] = (at_.fast_GC[i] - moved) * config_.fade;
  }
  *at_.recent = something_happened ? 1.0 : *at_.recent * config_.recency;
}

void Inhibition::rest(double num_trials) {
  const double left = std::pow(config_.fade, num_trials);
  const int64_t size = num_gates(at_.num_contexts) * at_.num_cue_features;
  for (int64_t i = 0; i < size; ++i) at_.fast_GC[i] *= left;
  *at_.recent *= std::pow(config_.recency, num_trials);
}

}  // namespace limbic::brain
