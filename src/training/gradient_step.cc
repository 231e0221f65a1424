#include "limbic/training/gradient_step.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <optional>

#include "limbic/brain/amygdala/online_readout.h"
#include "limbic/brain/gradient_sink.h"
#include "limbic/core/trace.h"

namespace limbic::training {

using brain::Signals;

namespace {

/// While it lives, the cortex's passes with gradients drop units.
class DropoutOfChunk {
 public:
  DropoutOfChunk(brain::Cortex& cortex, const Stream& stream) : cortex_(cortex) {
    cortex_.draw_dropout_from(stream);
  }
  ~DropoutOfChunk() { cortex_.draw_dropout_from(std::nullopt); }
  DropoutOfChunk(const DropoutOfChunk&) = delete;
  DropoutOfChunk& operator=(const DropoutOfChunk&) = delete;

 private:
  brain::Cortex& cortex_;
};

}  // namespace

GradientStep::GradientStep(const Parts& parts, Replicas& replicas, WorkerPool& pool)
    : parts_(parts),
      replicas_(replicas),
      pool_(pool),
      stream_(Stream(parts.seed).child("training")) {}

void GradientStep::enter(size_t stage) {
  const auto& plan = parts_.plan[stage];
  losses_ = &parts_.losses[stage];
  const auto shares = plan.shares(parts_.world->regimes());
  shares_.clear();
  for (const std::string& regime : parts_.world->regimes())
    shares_.push_back(shares.contains(regime) ? shares.at(regime) : 0.0);
  trained_.clear();
  const auto factors = plan.train.resolve(replicas_.names());
  for (const auto& [name, factor] : factors) trained_.push_back({replicas_.find(name), factor});
  for (size_t c = 0; c < replicas_.circuits().size(); ++c) {
    const bool learns = factors.contains(replicas_.circuits()[c].name());
    for (int64_t worker = 0; worker < pool_.num_workers(); ++worker) {
      for (at::Tensor leaf : replicas_.leaves(worker, static_cast<int64_t>(c)))
        leaf.set_requires_grad(learns);
    }
  }
  const auto self_taught = replicas_.self_taught();
  const auto teaches_itself = [&](const std::string& circuit) {
    return std::ranges::find(self_taught, circuit) != self_taught.end() &&
           factors.contains(circuit);
  };
  cortex_teaches_itself_ = teaches_itself("cortex");
  amygdala_teaches_itself_ = teaches_itself("amygdala");
  amygdala_is_trained_ = factors.contains("amygdala");
  groups_.clear();
  for (size_t i = 0; i < losses_->size(); ++i) {
    const StageLoss& loss = (*losses_)[i];
    std::vector<Target> targets;
    bool teaches_cortex = false;
    for (const auto& [circuit, factor] : loss.targets) {
      if (!factors.contains(circuit) || factor == 0) continue;
      targets.push_back({replicas_.find(circuit), factor});
      teaches_cortex = teaches_cortex || replicas_.circuits()[replicas_.find(circuit)].has_cortex();
    }
    const auto same = [&](const Group& group) {
      return std::ranges::equal(group.targets, targets, [](const Target& a, const Target& b) {
        return a.circuit == b.circuit && a.factor == b.factor;
      });
    };
    auto group = std::ranges::find_if(groups_, same);
    if (group == groups_.end())
      group = groups_.insert(group, Group{targets, {}, false, teaches_cortex});
    group->losses.push_back(static_cast<int64_t>(i));
    group->reads_signals = group->reads_signals || loss.loss->reads_signals();
  }
}

std::vector<std::string> GradientStep::trained() const {
  std::vector<std::string> names;
  for (const Trained& trained : trained_)
    names.push_back(replicas_.circuits()[trained.circuit].name());
  return names;
}

bool GradientStep::applies(const StageLoss& loss, size_t regime) const {
  return loss.regimes.empty() ||
         std::ranges::find(loss.regimes, parts_.world->regimes()[regime]) != loss.regimes.end();
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
  pool_.run(parts_.training.chunks, [&](int64_t worker, int64_t chunk) {
    chunks[chunk] = run_chunk(worker, chunk, clock);
  });
  return update(chunks, rate);
}

GradientStep::ChunkResult GradientStep::run_chunk(int64_t worker, int64_t chunk,
                                                  const Clock& clock) {
  const trace::Span whole("chunk");
  const Stream stream = stream_.child("chunk").at(clock.step).at(chunk);
  const int64_t rows = parts_.training.rows;
  const int64_t begin = rows * chunk / parts_.training.chunks;
  const int64_t end = rows * (chunk + 1) / parts_.training.chunks;
  const size_t regime = clock.regime[chunk];
  const worlds::Draw draw{.regime = parts_.world->regimes()[regime],
                          .step = clock.step,
                          .chunk = chunk,
                          .first_row = clock.step * rows + begin,
                          .num_rows = end - begin};
  const auto drawn = [&] {
    const trace::Span span("draw");
    return parts_.world->draw(draw, stream_.child("world"));
  }();
  const auto episodes = drawn.to(parts_.device);
  brain::Brain& brain = replicas_.brain(worker);
  const DropoutOfChunk dropout(brain.cortex(), stream.child("dropout"));
  std::vector<const Group*> active;
  for (const Group& group : groups_) {
    const auto used = [&](int64_t i) { return applies((*losses_)[i], regime); };
    if (std::ranges::any_of(group.losses, used)) active.push_back(&group);
  }
  const Signals signals = signals_for(brain, drawn, episodes, active);
  ChunkResult result;
  result.loss.resize(losses_->size());
  result.audit = parts_.world->audit(drawn);
  for (size_t g = 0; g < active.size(); ++g) {
    at::Tensor total;
    for (const int64_t i : active[g]->losses) {
      const StageLoss& loss = (*losses_)[i];
      if (!applies(loss, regime)) continue;
      const trace::Span span(loss.name);
      const auto value = (*loss.loss)(brain, episodes, signals, stream.child(loss.name));
      result.loss[i] = value.detach();
      const double weight =
          loss.weight.at(clock.stage_step) / static_cast<double>(clock.applied[i]);
      total = total.defined() ? total + weight * value : weight * value;
      if (auto activity = loss.loss->activity(brain, episodes, signals)) {
        result.activity.push_back(std::move(*activity));
      }
    }
    const bool read_again = std::any_of(active.begin() + static_cast<int64_t>(g) + 1, active.end(),
                                        [](const Group* group) { return group->reads_signals; });
    descend(worker, chunk, *active[g], total, read_again);
  }
  for (const brain::OwnRule* rule : rules(worker))
    result.statistics.push_back(rule->observe(episodes, signals));
  return result;
}

std::vector<brain::OwnRule*> GradientStep::rules(int64_t worker) const {
  const brain::Brain& brain = replicas_.brain(worker);
  std::vector<brain::OwnRule*> rules;
  if (cortex_teaches_itself_) rules.push_back(dynamic_cast<brain::OwnRule*>(&brain.cortex()));
  if (amygdala_teaches_itself_) rules.push_back(dynamic_cast<brain::OwnRule*>(&brain.amygdala()));
  return rules;
}

// Computed once a chunk, if any loss of it or the amygdala's own rule reads them; with a graph
// below the thought only if that teaches somebody.
Signals GradientStep::signals_for(brain::Brain& brain, const worlds::Episodes& drawn,
                                  const worlds::Episodes& episodes,
                                  const std::vector<const Group*>& groups) const {
  const auto reads = [](const Group* group) { return group->reads_signals; };
  const bool is_read = std::ranges::any_of(groups, reads);
  if (!is_read && !amygdala_teaches_itself_) return {};
  const trace::Span span("signals");
  const bool teaches = std::ranges::any_of(
      groups, [](const Group* group) { return group->reads_signals && group->teaches_cortex; });
  return brain.signals(episodes, worlds::visible(drawn, parts_.world->schema()), teaches);
}

void GradientStep::descend(int64_t worker, int64_t chunk, const Group& group,
                           const at::Tensor& total, bool keep_graph) {
  if (!total.requires_grad()) return;
  const trace::Span span("backward");
  std::vector<at::Tensor> inputs;
  for (const Target& target : group.targets) {
    const auto& leaves = replicas_.leaves(worker, target.circuit);
    inputs.insert(inputs.end(), leaves.begin(), leaves.end());
  }
  brain::GradientSink sink;
  for (const Target& target : group.targets) {
    replicas_.circuits()[target.circuit].offer_gradients(chunk, target.factor, sink);
  }
  const auto gradients = torch::autograd::grad({total}, inputs, {}, keep_graph,
                                               /*create_graph=*/false, /*allow_unused=*/true);
  auto next = gradients.begin();
  for (const Target& target : group.targets) {
    const auto end = next + static_cast<int64_t>(replicas_.leaves(worker, target.circuit).size());
    replicas_.circuits()[target.circuit].add_gradient(chunk, {next, end}, target.factor);
    next = end;
  }
}

StepReport GradientStep::update(const std::vector<ChunkResult>& chunks, double rate) {
  const at::NoGradGuard no_grad;
  const trace::Span span("update");
  StepReport report;
  report_losses(chunks, report);
  auto norm = at::zeros({}, at::TensorOptions(at::kFloat).device(parts_.device));
  auto finite = report.loss_L.isfinite().all();
  for (const Trained& trained : trained_) {
    report.norms.push_back(replicas_.circuits()[trained.circuit].reduce(pool_));
    norm = norm + report.norms.back().square();
    finite = finite.logical_and(report.norms.back().isfinite());
  }
  norm = norm.sqrt();
  report.skipped = finite.logical_and(norm.isfinite()).logical_not().to(at::kFloat);
  learn_by_own_rules(chunks, report.skipped);
  const losses::Activity activity = activity_of(chunks);
  step_circuits(report, norm, rate, activity);
  end_amygdala_step(activity, report.skipped);
  return report;
}

void GradientStep::report_losses(const std::vector<ChunkResult>& chunks, StepReport& report) const {
  const auto options = at::TensorOptions(at::kFloat).device(parts_.device);
  std::vector<at::Tensor> losses;
  for (size_t i = 0; i < losses_->size(); ++i) {
    std::vector<at::Tensor> values;
    for (const ChunkResult& chunk : chunks) {
      if (chunk.loss[i].defined()) values.push_back(chunk.loss[i].to(at::kFloat));
    }
    report.applied.push_back(!values.empty());
    losses.push_back(values.empty() ? at::zeros({}, options) : at::stack(values).mean());
  }
  report.loss_L = losses.empty() ? at::zeros({0}, options) : at::stack(losses);
  for (const ChunkResult& chunk : chunks) {
    for (const auto& [name, count] : chunk.audit) report.audit[name] += count;
  }
}

// Sums over chunks; undefined in a stage in which no loss teaches assessors.
losses::Activity GradientStep::activity_of(const std::vector<ChunkResult>& chunks) const {
  const auto teaches = [](const StageLoss& loss) { return loss.loss->teaches_assessors(); };
  if (std::ranges::none_of(*losses_, teaches)) return {};
  const auto num_assessors = std::ssize(replicas_.brain(0).amygdala().names());
  const auto none_N =
      at::zeros({num_assessors}, at::TensorOptions(at::kFloat).device(parts_.device));
  losses::Activity sum{none_N, none_N.clone()};
  for (const ChunkResult& chunk : chunks) {
    for (const losses::Activity& activity : chunk.activity) {
      sum.gate_N.add_(activity.gate_N);
      sum.count_N.add_(activity.count_N);
    }
  }
  return sum;
}

void GradientStep::step_circuits(const StepReport& report, const at::Tensor& norm, double rate,
                                 const losses::Activity& activity) {
  const auto& optimizer = parts_.optimizer;
  auto shared = at::ones({}, norm.options());
  if (optimizer.clip_global > 0) shared = (optimizer.clip_global / (norm + 1e-6)).clamp_max(1);
  for (size_t t = 0; t < trained_.size(); ++t) {
    Circuit& circuit = replicas_.circuits()[trained_[t].circuit];
    auto factor = shared;
    if (optimizer.clip > 0) {
      factor = factor * (optimizer.clip / (report.norms[t] + 1e-6)).clamp_max(1);
    }
    const bool clips = optimizer.clip > 0 || optimizer.clip_global > 0;
    circuit.step({at::full({}, rate * trained_[t].rate_factor, norm.options()),
                  clips ? factor : at::Tensor(), activity.gate_N, activity.count_N, report.skipped},
                 pool_);
  }
}

void GradientStep::learn_by_own_rules(const std::vector<ChunkResult>& chunks,
                                      const at::Tensor& skipped) {
  const auto learners = rules(0);
  if (learners.empty() || skipped.item<float>() > 0) return;
  for (size_t i = 0; i < learners.size(); ++i) {
    std::vector<brain::OwnRule::Statistics> statistics;
    for (const ChunkResult& chunk : chunks) statistics.push_back(chunk.statistics[i]);
    learners[i]->learn(statistics);
  }
}

// Of an assessor that learns by its own rule, and of one that a loss opened a gate for.
void GradientStep::end_amygdala_step(const losses::Activity& activity, const at::Tensor& skipped) {
  if (!amygdala_is_trained_) return;
  brain::Amygdala& amygdala = replicas_.brain(0).amygdala();
  if (amygdala_teaches_itself_) {
    if (skipped.item<float>() == 0)
      amygdala.end_step(dynamic_cast<brain::OnlineReadout&>(amygdala).record().taught_N);
  } else if (activity.count_N.defined()) {
    amygdala.end_step(activity.count_N.gt(0).to(at::kFloat) * (1 - skipped));
  }
}

}  // namespace limbic::training
