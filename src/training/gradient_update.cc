// The second part of a step: what was collected of its chunks becomes one update of each trained
// circuit.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "limbic/core/error.h"
#include "limbic/core/profile.h"
#include "limbic/training/gradient_step.h"

namespace limbic::training {
namespace {

at::Tensor factor_within(double limit, const at::Tensor& norm) {
  return (limit / (norm + 1e-6)).clamp_max(1);
}

}  // namespace

GradientStep::UpdateInput GradientStep::update_input(const StepInput& step_input) const {
  const int64_t num_trained = std::ssize(trained_);
  UpdateInput input{at::zeros(collected_.loss_CL.sizes()), at::zeros({num_trained}),
                    at::zeros({num_trained})};
  auto applied_CL = input.applied_CL.accessor<float, 2>();
  for (int64_t chunk = 0; chunk < applied_CL.size(0); ++chunk) {
    for (int64_t i = 0; i < applied_CL.size(1); ++i)
      applied_CL[chunk][i] = applies((*losses_)[i], step_input.hands[chunk].regime) ? 1.0F : 0.0F;
  }
  for (size_t t = 0; t < trained_.size(); ++t) {
    input.rate_T.mutable_data_ptr<float>()[t] =
        static_cast<float>(step_input.rate * trained_[t].rate_factor);
    input.taught_T.mutable_data_ptr<float>()[t] =
        is_taught(trained_[t].circuit, step_input) ? 1.0F : 0.0F;
  }
  return input;
}

// Whether a loss that trains it applies to a chunk of the step.
bool GradientStep::is_taught(int64_t circuit, const StepInput& step_input) const {
  const auto has_a_chunk = [&](int64_t loss) { return step_input.applied[loss] > 0; };
  return std::ranges::any_of(groups_, [&](const Group& group) {
    const auto target = std::ranges::find(group.targets, circuit, &Target::circuit);
    return target != group.targets.end() && std::ranges::any_of(group.losses, has_a_chunk);
  });
}

void GradientStep::update(const UpdateInput& input, WorkerPool& pool) {
  const at::NoGradGuard no_grad;
  const profile::Span span("update");
  const auto loss_L =
      (collected_.loss_CL * input.applied_CL).sum(0) / input.applied_CL.sum(0).clamp_min(1);
  auto finite = loss_L.isfinite().all();
  Norms norms{{}, at::zeros({}, loss_L.options())};
  for (const TrainedCircuit& trained : trained_) {
    norms.each.push_back(replicas_.circuits()[trained.circuit].reduce(pool));
    norms.all = norms.all + norms.each.back().square();
    finite = finite.logical_and(norms.each.back().isfinite());
  }
  norms.all = norms.all.sqrt();
  const auto diverged = finite.logical_and(norms.all.isfinite()).logical_not().to(at::kFloat);
  skipped_.copy_(at::maximum(skipped_, diverged));
  learn_by_own_rules();
  step_circuits(input, norms, pool);
  end_amygdala_step();
  std::vector<at::Tensor> numbers{loss_L, skipped_.unsqueeze(0)};
  for (const at::Tensor& own : norms.each) numbers.push_back(own.unsqueeze(0));
  numbers_.copy_(at::cat(numbers));
  if (!collected_.gates.gate_N.defined()) return;
  collected_.gates.gate_N.zero_();
  collected_.gates.count_N.zero_();
}

// Both limits are of norms as they are, so the smaller factor keeps both.
void GradientStep::step_circuits(const UpdateInput& input, const Norms& norms, WorkerPool& pool) {
  const auto& optimizer = parts_.optimizer;
  at::Tensor shared;
  if (optimizer.max_global_grad_norm > 0)
    shared = factor_within(optimizer.max_global_grad_norm, norms.all);
  for (int64_t t = 0; t < std::ssize(trained_); ++t) {
    at::Tensor factor = shared;
    if (optimizer.max_grad_norm > 0) {
      const auto own = factor_within(optimizer.max_grad_norm, norms.each[t]);
      factor = shared.defined() ? at::minimum(shared, own) : own;
    }
    replicas_.circuits()[trained_[t].circuit].step(
        {input.rate_T[t], factor, collected_.gates.gate_N, collected_.gates.count_N, skipped_,
         1 - input.taught_T[t]},
        pool);
  }
  for (int64_t c = 0; c < std::ssize(replicas_.circuits()); ++c) {
    if (!is_trained(c)) replicas_.circuits()[c].rest(skipped_, pool);
  }
}

void GradientStep::learn_by_own_rules() {
  const auto learners = rules(0);
  if (learners.empty() || skipped_.item<float>() > 0) return;
  for (size_t i = 0; i < learners.size(); ++i) {
    std::vector<brain::OwnRule::Statistics> statistics;
    for (const auto& chunk : collected_.statistics) statistics.push_back(chunk[i]);
    learners[i]->learn(statistics);
  }
}

// Of each assessor that a loss which trains it opened a gate for. One that learns by its own rule
// has ended its step already.
void GradientStep::end_amygdala_step() {
  if (!collected_.gates.count_N.defined() || amygdala_by_own_rule_) return;
  const auto taught_N = collected_.gates.count_N.gt(0).to(at::kFloat);
  replicas_.brain(0).amygdala().end_step(taught_N * (1 - skipped_));
}

std::string GradientStep::why_skipped(const StepNumbers& numbers) const {
  for (size_t i = 0; i < losses_->size(); ++i) {
    if (std::isfinite(numbers.loss_L[i])) continue;
    const StageLoss& loss = (*losses_)[i];
    std::string circuits;
    for (const auto& [circuit, factor] : loss.targets)
      circuits += (circuits.empty() ? "" : ", ") + circuit;
    return concat("loss '", loss.name, "' of circuit ", circuits, " is ", numbers.loss_L[i]);
  }
  for (size_t i = 0; i < numbers.norms.size(); ++i) {
    if (!std::isfinite(numbers.norms[i]))
      return concat("the gradient of circuit ", trained()[i], " is not finite");
  }
  return "the gradient of all circuits together is not finite";
}

}  // namespace limbic::training
