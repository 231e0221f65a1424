#include "limbic/training/gradient_step.h"

#include <torch/csrc/autograd/autograd.h>

#include <ATen/ATen.h>

#include <algorithm>

namespace limbic::training {

using brain::Signals;

GradientStep::GradientStep(const Parts& parts, Replicas& replicas, WorkerPool& pool)
    : parts_(parts), replicas_(replicas), pool_(pool), stream_(Stream(parts.seed).child("training")) {}

void GradientStep::enter(size_t stage) {
  const auto& plan = parts_.plan[stage];
  losses_ = &parts_.losses[stage];
  const auto shares = plan.shares(parts_.world->regimes());
  shares_.clear();
  for (const std::string& regime : parts_.world->regimes()) shares_.push_back(shares.contains(regime) ? shares.at(regime) : 0.0);
  trained_.clear();
  const auto factors = plan.train.resolve(replicas_.names());
  for (const auto& [name, factor] : factors) trained_.push_back({replicas_.find(name), factor});
  for (size_t c = 0; c < replicas_.circuits().size(); ++c) {
    const bool learns = factors.contains(replicas_.circuits()[c].name());
    for (int64_t worker = 0; worker < pool_.num_workers(); ++worker) {
      for (at::Tensor leaf : replicas_.leaves(worker, static_cast<int64_t>(c))) leaf.set_requires_grad(learns);
    }
  }
  const auto self_taught = replicas_.self_taught();
  cortex_teaches_itself_ = std::ranges::find(self_taught, "cortex") != self_taught.end() && factors.contains("cortex");
  groups_.clear();
  for (size_t i = 0; i < losses_->size(); ++i) {
    const StageLoss& loss = (*losses_)[i];
    std::vector<Target> targets;
    bool teaches_cortex = false;
    for (const auto& [circuit, factor] : loss.targets) {
      if (!factors.contains(circuit) || factor == 0) continue;
      targets.push_back({replicas_.find(circuit), factor});
      teaches_cortex = teaches_cortex || circuit != "amygdala";
    }
    const auto same = [&](const Group& group) {
      return std::ranges::equal(group.targets, targets, [](const Target& a, const Target& b) {
        return a.circuit == b.circuit && a.factor == b.factor;
      });
    };
    auto group = std::ranges::find_if(groups_, same);
    if (group == groups_.end()) group = groups_.insert(group, Group{targets, {}, false, teaches_cortex});
    group->losses.push_back(static_cast<int64_t>(i));
    group->reads_signals = group->reads_signals || loss.loss->reads_signals();
  }
}

std::vector<std::string> GradientStep::trained() const {
  std::vector<std::string> names;
  for (const Trained& trained : trained_) names.push_back(replicas_.circuits()[trained.circuit].name());
  return names;
}

bool GradientStep::applies(const StageLoss& loss, size_t regime) const {
  return loss.regimes.empty() || std::ranges::find(loss.regimes, parts_.world->regimes()[regime]) != loss.regimes.end();
}

// Regimes are dealt to chunks in the stage's shares, as evenly as a step allows.
GradientStep::Clock GradientStep::wind(int64_t step, int64_t stage_step) const {
  Clock clock{step, stage_step, {}, std::vector<int64_t>(losses_->size(), 0)};
  const int64_t num_chunks = parts_.training.chunks;
  const double offset = stream_.child("regime").uniform(step);
  for (int64_t chunk = 0; chunk < num_chunks; ++chunk) {
    const double u = (static_cast<double>(chunk) + offset) / static_cast<double>(num_chunks);
    double upto = 0;
    size_t regime = 0;
    for (size_t r = 0; r < shares_.size() && u >= upto; ++r) {
      upto += shares_[r];
      if (shares_[r] > 0) regime = r;
    }
    clock.regime.push_back(regime);
    for (size_t i = 0; i < losses_->size(); ++i) clock.applied[i] += applies((*losses_)[i], regime);
  }
  return clock;
}

StepReport GradientStep::run(int64_t step, int64_t stage_step, double rate) {
  const Clock clock = wind(step, stage_step);
  std::vector<ChunkResult> chunks(parts_.training.chunks);
  pool_.run(parts_.training.chunks, [&](int64_t worker, int64_t chunk) { chunks[chunk] = run_chunk(worker, chunk, clock); });
  if (cortex_teaches_itself_) learn_by_own_rule(chunks);
  return update(chunks, rate);
}

GradientStep::ChunkResult GradientStep::run_chunk(int64_t worker, int64_t chunk, const Clock& clock) {
  for (const Trained& trained : trained_) replicas_.circuits()[trained.circuit].clear(chunk);
  const Stream stream = stream_.child("chunk").at(clock.step).at(chunk);
  const int64_t num_chunks = parts_.training.chunks;
  const int64_t begin = parts_.training.rows * chunk / num_chunks;
  const int64_t end = parts_.training.rows * (chunk + 1) / num_chunks;
  const size_t regime = clock.regime[chunk];
  const worlds::Draw draw{parts_.world->regimes()[regime], worlds::Split::kTrain, clock.step, chunk, num_chunks, end - begin};
  const auto drawn = parts_.world->draw(draw, stream_.child("world"));
  const auto episodes = drawn.to(parts_.device);
  brain::Brain& brain = replicas_.brain(worker);

  ChunkResult result;
  result.loss.resize(losses_->size());
  result.audit = parts_.world->audit(drawn);
  std::vector<const Group*> active;
  for (const Group& group : groups_) {
    const auto used = [&](int64_t i) { return applies((*losses_)[i], regime); };
    if (std::ranges::any_of(group.losses, used)) active.push_back(&group);
  }
  const auto reads = [](const Group* group) { return group->reads_signals; };
  const bool teaches = std::ranges::any_of(active, [](const Group* g) { return g->reads_signals && g->teaches_cortex; });
  Signals signals;
  if (std::ranges::any_of(active, reads)) {
    signals = brain.signals(episodes, worlds::visible(drawn, parts_.world->schema()), teaches);
  }
  for (size_t g = 0; g < active.size(); ++g) {
    at::Tensor total;
    for (const int64_t i : active[g]->losses) {
      const StageLoss& loss = (*losses_)[i];
      if (!applies(loss, regime)) continue;
      const auto value = (*loss.loss)(brain, episodes, signals, stream.child(loss.name));
      result.loss[i] = value.detach();
      const double weight = loss.weight.at(clock.stage_step) / static_cast<double>(clock.applied[i]);
      total = total.defined() ? total + weight * value : weight * value;
      if (const auto activity = loss.loss->activity(brain, signals)) {
        result.gate_N = result.gate_N.defined() ? result.gate_N + activity->gate_N : activity->gate_N;
        result.count_N = result.count_N.defined() ? result.count_N + activity->count_N : activity->count_N;
      }
    }
    const bool read_again = std::any_of(active.begin() + static_cast<int64_t>(g) + 1, active.end(), reads);
    descend(worker, chunk, *active[g], total, read_again);
  }
  if (cortex_teaches_itself_) result.statistics = dynamic_cast<const brain::OwnRule&>(brain.cortex()).observe(episodes);
  return result;
}

void GradientStep::descend(int64_t worker, int64_t chunk, const Group& group, const at::Tensor& total, bool keep_graph) {
  if (!total.requires_grad()) return;
  std::vector<at::Tensor> inputs;
  for (const Target& target : group.targets) {
    const auto& leaves = replicas_.leaves(worker, target.circuit);
    inputs.insert(inputs.end(), leaves.begin(), leaves.end());
  }
  const auto gradients = torch::autograd::grad({total}, inputs, {}, keep_graph, /*create_graph=*/false, /*allow_unused=*/true);
  auto next = gradients.begin();
  for (const Target& target : group.targets) {
    const auto end = next + static_cast<int64_t>(replicas_.leaves(worker, target.circuit).size());
    replicas_.circuits()[target.circuit].add_gradient(chunk, {next, end}, target.factor);
    next = end;
  }
}

StepReport GradientStep::update(const std::vector<ChunkResult>& chunks, double rate) {
  const at::NoGradGuard no_grad;
  const auto options = at::TensorOptions(at::kFloat).device(parts_.device);
  StepReport report;
  std::vector<at::Tensor> losses;
  at::Tensor gate_N, count_N;
  for (size_t i = 0; i < losses_->size(); ++i) {
    std::vector<at::Tensor> values;
    for (const ChunkResult& chunk : chunks) {
      if (chunk.loss[i].defined()) values.push_back(chunk.loss[i].to(at::kFloat));
    }
    losses.push_back(values.empty() ? at::zeros({}, options) : at::stack(values).mean());
  }
  for (const ChunkResult& chunk : chunks) {
    for (const auto& [name, count] : chunk.audit) report.audit[name] += count;
    if (!chunk.gate_N.defined()) continue;
    gate_N = gate_N.defined() ? gate_N + chunk.gate_N : chunk.gate_N;
    count_N = count_N.defined() ? count_N + chunk.count_N : chunk.count_N;
  }
  report.loss_L = losses.empty() ? at::zeros({0}, options) : at::stack(losses);
  auto all_norms = at::zeros({}, options);
  for (const Trained& trained : trained_) {
    report.norms.push_back(replicas_.circuits()[trained.circuit].reduce());
    all_norms = all_norms + report.norms.back().square();
  }
  all_norms = all_norms.sqrt();
  report.skipped = at::logical_and(report.loss_L.isfinite().all(), all_norms.isfinite()).logical_not().to(at::kFloat);
  const auto& optimizer = parts_.optimizer;
  auto shared = at::ones({}, options);
  if (optimizer.clip_global > 0) shared = (optimizer.clip_global / (all_norms + 1e-6)).clamp_max(1);
  for (size_t t = 0; t < trained_.size(); ++t) {
    Circuit& circuit = replicas_.circuits()[trained_[t].circuit];
    auto factor = shared;
    if (optimizer.clip > 0) factor = factor * (optimizer.clip / (report.norms[t] + 1e-6)).clamp_max(1);
    if (optimizer.clip > 0 || optimizer.clip_global > 0) circuit.scale_gradient(factor);
    circuit.step(at::full({}, rate * trained_[t].rate_factor, options), gate_N, count_N, report.skipped);
  }
  return report;
}

void GradientStep::learn_by_own_rule(const std::vector<ChunkResult>& chunks) {
  std::vector<brain::OwnRule::Statistics> statistics;
  for (const ChunkResult& chunk : chunks) statistics.push_back(chunk.statistics);
  dynamic_cast<brain::OwnRule&>(replicas_.brain(0).cortex()).learn(statistics);
}

}  // namespace limbic::training
