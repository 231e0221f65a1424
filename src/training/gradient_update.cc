// The second part of a step: what chunks left behind becomes one update of each trained circuit.
#include <ATen/ATen.h>

#include "limbic/brain/amygdala/online_readout.h"
#include "limbic/core/trace.h"
#include "limbic/training/gradient_step.h"

namespace limbic::training {

GradientStep::UpdateInput GradientStep::update_input(const Clock& clock) const {
  UpdateInput input{at::zeros(left_.loss_CL.sizes()), at::zeros({std::ssize(trained_)})};
  auto applied_CL = input.applied_CL.accessor<float, 2>();
  for (int64_t chunk = 0; chunk < applied_CL.size(0); ++chunk) {
    for (int64_t i = 0; i < applied_CL.size(1); ++i)
      applied_CL[chunk][i] = applies((*losses_)[i], clock.regime[chunk]) ? 1.0F : 0.0F;
  }
  for (size_t t = 0; t < trained_.size(); ++t)
    input.rate_T.mutable_data_ptr<float>()[t] =
        static_cast<float>(clock.rate * trained_[t].rate_factor);
  return input;
}

void GradientStep::update(const UpdateInput& input, WorkerPool& pool) {
  const at::NoGradGuard no_grad;
  const trace::Span span("update");
  const auto loss_L =
      (left_.loss_CL * input.applied_CL).sum(0) / input.applied_CL.sum(0).clamp_min(1);
  auto finite = loss_L.isfinite().all();
  Norms norms{{}, at::zeros({}, loss_L.options())};
  for (const Trained& trained : trained_) {
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
  if (!left_.activity.gate_N.defined()) return;
  left_.activity.gate_N.zero_();
  left_.activity.count_N.zero_();
}

void GradientStep::step_circuits(const UpdateInput& input, const Norms& norms, WorkerPool& pool) {
  const auto& optimizer = parts_.optimizer;
  auto shared = at::ones({}, skipped_.options());
  if (optimizer.max_global_grad_norm > 0)
    shared = (optimizer.max_global_grad_norm / (norms.all + 1e-6)).clamp_max(1);
  for (size_t t = 0; t < trained_.size(); ++t) {
    auto factor = shared;
    if (optimizer.max_grad_norm > 0)
      factor = factor * (optimizer.max_grad_norm / (norms.each[t] + 1e-6)).clamp_max(1);
    const bool clips = optimizer.max_grad_norm > 0 || optimizer.max_global_grad_norm > 0;
    replicas_.circuits()[trained_[t].circuit].step(
        {input.rate_T[static_cast<int64_t>(t)], clips ? factor : at::Tensor(),
         left_.activity.gate_N, left_.activity.count_N, skipped_},
        pool);
  }
}

void GradientStep::learn_by_own_rules() {
  const auto learners = rules(0);
  if (learners.empty() || skipped_.item<float>() > 0) return;
  for (size_t i = 0; i < learners.size(); ++i) {
    std::vector<brain::OwnRule::Statistics> statistics;
    for (const auto& chunk : left_.statistics) statistics.push_back(chunk[i]);
    learners[i]->learn(statistics);
  }
}

// Of an assessor that learns by its own rule, and of one that is trained and that a loss opened a
// gate for.
void GradientStep::end_amygdala_step() {
  brain::Amygdala& amygdala = replicas_.brain(0).amygdala();
  if (amygdala_teaches_itself_) {
    if (skipped_.item<float>() == 0)
      amygdala.end_step(dynamic_cast<brain::OnlineReadout&>(amygdala).record().taught_SN);
  } else if (left_.activity.count_N.defined()) {
    const auto taught_N = left_.activity.count_N.gt(0).to(at::kFloat) * trained_N_;
    amygdala.end_step(taught_N * (1 - skipped_));
  }
}

}  // namespace limbic::training
