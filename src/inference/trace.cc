#include "limbic/inference/trace.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numeric>

namespace limbic::inference {
namespace {

std::vector<double> numbers(const at::Tensor& x) {
  const at::Tensor plain = (x.detach().to(at::kCPU, at::kDouble) + 0.0).contiguous();  // no -0
  return {plain.const_data_ptr<double>(), plain.const_data_ptr<double>() + plain.numel()};
}

}  // namespace

Trace trace(const brain::Signals& signals, int64_t row, int64_t assessor) {
  const auto& [thought_BTD, scorecard, steer] = signals;
  const auto column = [&](const at::Tensor& x_BTN) {
    return numbers(x_BTN[row].select(1, assessor));
  };
  const auto norm = numbers(thought_BTD[row].to(at::kDouble).norm(2, 1)),
             mean = column(scorecard.mean_BTN), variance = column(scorecard.variance_BTN),
             truth = column(steer.truth_BTN), override = column(steer.override_BTN),
             gate = column(steer.gate_BTN), realised = column(steer.realised_BTN);
  Trace trace{.ticks = {}, .rewards = std::vector<double>(steer.reward_BTR.size(2))};
  for (size_t t = 0; t < mean.size(); ++t) {
    std::vector<double> rewards = numbers(steer.reward_BTR[row][static_cast<int64_t>(t)]);
    const double total = std::accumulate(rewards.begin(), rewards.end(), 0.0);
    for (size_t r = 0; r < rewards.size(); ++r) trace.rewards[r] += rewards[r];
    trace.total += total;
    trace.ticks.push_back({norm[t], mean[t], std::sqrt(variance[t]), truth[t], override[t] > 0,
                           gate[t], realised[t], std::move(rewards), total});
  }
  return trace;
}

}  // namespace limbic::inference
