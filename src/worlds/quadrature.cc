#include "limbic/worlds/quadrature.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace limbic::worlds {
namespace {

constexpr int64_t kNodes = 8;
constexpr std::array<double, kNodes> kNode{
    -0.96028985649753623, -0.79666647741362674, -0.52553240991632899, -0.18343464249564980,
    0.18343464249564980,  0.52553240991632899,  0.79666647741362674,  0.96028985649753623};
constexpr std::array<double, kNodes> kWeight{
    0.10122853629037626, 0.22238103445337447, 0.31370664587788729, 0.36268378337836198,
    0.36268378337836198, 0.31370664587788729, 0.22238103445337447, 0.10122853629037626};
constexpr double kMargin = 0.47;  // log 1.6
constexpr double kNothing = -std::numeric_limits<double>::infinity();

/// Integral exp(peak) * mass of a panel whose highest node is exp(peak).
struct Panel {
  double peak = kNothing, mass = 0;
};

Panel panel_between(LogDensity log_density, double begin, double end) {
  if (begin == end) return {};
  const double middle = 0.5 * (begin + end), half = 0.5 * (end - begin);
  std::array<double, kNodes> log_value{};
  for (int64_t i = 0; i < kNodes; ++i) log_value[i] = log_density(middle + half * kNode[i]);
  Panel panel{.peak = *std::max_element(log_value.begin(), log_value.end())};
  if (panel.peak == kNothing) return panel;
  for (int64_t i = 0; i < kNodes; ++i)
    panel.mass += half * kWeight[i] * std::exp(log_value[i] - panel.peak);
  return panel;
}

struct Value {
  double at, log_density;
};

// Three points around the peak of which the outer ones are not far below it; at an end of the line
// the peak is its own neighbour.
struct Summit {
  Value left, middle, right;
};

Summit climb(LogDensity log_density, double low, double high, const Bell& guess) {
  constexpr double kNear = 3;  // nats
  const auto value = [&](double at) {
    const double inside = std::clamp(at, low, high);
    return Value{inside, log_density(inside)};
  };
  double step = std::max(0.1 * (guess.end - guess.begin), 1e-4);
  Summit s{};
  s.middle = value(guess.peak);
  s.left = value(s.middle.at - step);
  s.right = value(s.middle.at + step);
  for (int64_t i = 0; i < 60; ++i) {
    if (s.right.at > s.middle.at && s.right.log_density > s.middle.log_density) {
      step *= 2;
      s = {s.middle, s.right, value(s.right.at + step)};
    } else if (s.left.at < s.middle.at && s.left.log_density > s.middle.log_density) {
      step *= 2;
      s = {value(s.left.at - step), s.left, s.middle};
    } else if (s.middle.log_density - std::min(s.left.log_density, s.right.log_density) > kNear) {
      const double left_step = s.middle.at - s.left.at, right_step = s.right.at - s.middle.at;
      step = 0.4 * std::max(left_step, right_step);
      if (left_step > step) s.left = value(s.middle.at - step);
      if (right_step > step) s.right = value(s.middle.at + step);
    } else {
      break;
    }
  }
  return s;
}

// How far from the peak the density goes towards `limit`.
double reach(LogDensity log_density, const Value& peak, double limit, double width) {
  constexpr double kShallow = 9, kDeep = 16;  // nats
  const double all = std::abs(limit - peak.at), sign = limit < peak.at ? -1 : 1;
  double inner = 0, outer = all, distance = std::min(4.7 * width, all);
  for (int64_t i = 0; i < 40; ++i) {
    const double drop = peak.log_density - log_density(peak.at + sign * distance);
    if (drop < kShallow) {
      if (distance == all) break;
      inner = distance;
      distance = outer < all ? 0.5 * (inner + outer) : std::min(2 * distance, all);
    } else if (drop > kDeep) {
      outer = distance;
      distance = inner > 0 ? 0.5 * (inner + outer) : 0.6 * distance;
    } else {
      break;
    }
  }
  return peak.at + sign * distance;
}

}  // namespace

double integral(c10::function_ref<double(double)> function, double begin, double end) {
  const double middle = 0.5 * (begin + end), half = 0.5 * (end - begin);
  double sum = 0;
  for (int64_t i = 0; i < kNodes; ++i) sum += kWeight[i] * function(middle + half * kNode[i]);
  return half * sum;
}

double log_integral(LogDensity log_density, std::span<const double> cuts) {
  Panel sum;
  for (size_t i = 1; i < cuts.size(); ++i) {
    const Panel panel = panel_between(log_density, cuts[i - 1], cuts[i]);
    if (panel.peak == kNothing) continue;
    const double peak = std::max(sum.peak, panel.peak);
    sum = {.peak = peak,
           .mass = sum.mass * std::exp(sum.peak - peak) + panel.mass * std::exp(panel.peak - peak)};
  }
  return sum.peak + std::log(sum.mass);
}

Panels::Panels(LogDensity log_density, std::span<const double> cuts)
    : cuts_(cuts.begin(), cuts.end()) {
  std::vector<Panel> panels;
  double peak = kNothing;
  for (size_t i = 1; i < cuts.size(); ++i) {
    panels.push_back(panel_between(log_density, cuts[i - 1], cuts[i]));
    peak = std::max(peak, panels.back().peak);
  }
  for (const Panel& panel : panels) {
    log_bound_.push_back(panel.peak + kMargin);
    mass_.push_back(panel.mass * std::exp(panel.peak - peak));
    sum_ += mass_.back();
  }
  TORCH_CHECK(sum_ > 0, "nothing to draw from: what is known has density 0");
}

double Panels::draw(LogDensity log_density, const Stream& stream) const {
  double left = sum_ * stream.uniform(0);
  size_t chosen = 0;
  while (chosen + 1 < mass_.size() && left >= mass_[chosen]) left -= mass_[chosen++];
  const double begin = cuts_[chosen], width = cuts_[chosen + 1] - begin;
  for (int64_t i = 1;; i += 2) {
    const double at = begin + width * stream.uniform(i);
    if (std::log(stream.uniform(i + 1)) < log_density(at) - log_bound_[chosen]) return at;
  }
}

std::vector<double> fine_cuts(std::vector<double> cuts, double low, double high, double width) {
  cuts.insert(cuts.end(), {low, high});
  std::sort(cuts.begin(), cuts.end());
  std::vector<double> fine{low};
  for (const double cut : cuts) {
    const double begin = fine.back(), gap = cut - begin;
    if (gap <= 0 || cut > high) continue;
    const auto parts = static_cast<int64_t>(std::ceil(gap / width));
    for (int64_t i = 1; i < parts; ++i) fine.push_back(begin + gap * i / parts);
    fine.push_back(cut);
  }
  return fine;
}

Bell find_bell(LogDensity log_density, double low, double high, const Bell& guess) {
  const Summit summit = climb(log_density, low, high, guess);
  const Value& peak = summit.middle;
  const double drop =
      peak.log_density - std::min(summit.left.log_density, summit.right.log_density);
  const double step = std::max(peak.at - summit.left.at, summit.right.at - peak.at);
  const double width = step / std::sqrt(std::max(2 * drop, 0.1));
  return {.begin = reach(log_density, peak, low, width),
          .peak = peak.at,
          .end = reach(log_density, peak, high, width)};
}

}  // namespace limbic::worlds
