#include "limbic/training/gradient_step.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "limbic/brain/gradient_sink.h"
#include "limbic/core/profile.h"
#include "limbic/evals/episode_source.h"
#include "limbic/worlds/roles.h"

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
      stream_(evals::training_stream(parts.seed)),
      skipped_(at::zeros({}, at::TensorOptions(at::kFloat).device(parts.device))) {
  if (!parts_.recorder) return;
  replayer_.emplace(parts_.recorder, parts_.device, parts_.training.graphs);
  for (int64_t worker = 0; worker < pool_.num_workers(); ++worker)
    replicas_.brain(worker).cortex().even_out_questions();
}

void GradientStep::enter(size_t stage) {
  const auto& plan = parts_.plan[stage];
  losses_ = &parts_.losses[stage];
  const auto shares = plan.shares(parts_.world->regimes());
  std::vector<double> shares_in_order;
  for (const std::string& regime : parts_.world->regimes())
    shares_in_order.push_back(shares.contains(regime) ? shares.at(regime) : 0.0);
  deal_.emplace(std::move(shares_in_order), parts_.training, stream_.child("regime"));
  set_trained(plan.train.resolve(replicas_.names()));
  group_losses();
  make_room();
}

void GradientStep::set_trained(const std::map<std::string, double>& factors) {
  trained_.clear();
  for (const auto& [name, factor] : factors) trained_.push_back({replicas_.find(name), factor});
  for (int64_t c = 0; c < std::ssize(replicas_.circuits()); ++c) {
    for (int64_t worker = 0; worker < pool_.num_workers(); ++worker) {
      for (at::Tensor leaf : replicas_.leaves(worker, c)) leaf.set_requires_grad(is_trained(c));
    }
  }
  const brain::Brain& brain = replicas_.brain(0);
  cortex_by_own_rule_ = brain.cortex_rule() != nullptr && is_trained(replicas_.find("cortex"));
  amygdala_by_own_rule_ =
      brain.amygdala_rule() != nullptr && is_trained(replicas_.find("amygdala"));
}

bool GradientStep::is_trained(int64_t circuit) const {
  return std::ranges::find(trained_, circuit, &TrainedCircuit::circuit) != trained_.end();
}

// By what they train, and how much of it each.
void GradientStep::group_losses() {
  groups_.clear();
  taught_ticks_L_.clear();
  teaches_cortex_L_.clear();
  for (int64_t i = 0; i < std::ssize(*losses_); ++i) {
    const losses::Loss& loss = *(*losses_)[i].loss;
    const std::vector<Target> targets = trained_targets((*losses_)[i]);
    auto group = std::ranges::find(groups_, targets, &Group::targets);
    if (group == groups_.end())
      group = groups_.insert(group, Group{targets, assessors_of(targets), {}});
    const bool reads_signals = loss.reads_signals();
    group->losses.push_back(i);
    group->reads_signals = group->reads_signals || reads_signals;
    const bool teaches_cortex = std::ranges::any_of(targets, [&](const Target& target) {
      return replicas_.circuits()[target.circuit].has_cortex();
    });
    teaches_cortex_L_.push_back(teaches_cortex);
    taught_ticks_L_.push_back(reads_signals && teaches_cortex
                                  ? loss.taught_ticks(parts_.world->schema().num_ticks())
                                  : 0);
  }
}

std::vector<GradientStep::Target> GradientStep::trained_targets(const StageLoss& loss) const {
  std::vector<Target> targets;
  for (const auto& [name, factor] : loss.targets) {
    const int64_t circuit = replicas_.find(name);
    if (is_trained(circuit)) targets.push_back({circuit, factor});
  }
  return targets;
}

at::Tensor GradientStep::assessors_of(const std::vector<Target>& targets) const {
  at::Tensor held_N = at::zeros({std::ssize(replicas_.brain(0).program().names())},
                                at::TensorOptions(at::kFloat).device(parts_.device));
  for (const Target& target : targets) {
    for (const int64_t n : replicas_.circuits()[target.circuit].assessors()) held_N[n] = 1;
  }
  return held_N;
}

// For what is collected of chunks and what an update reports in this stage.
void GradientStep::make_room() {
  const auto options = at::TensorOptions(at::kFloat).device(parts_.device);
  const auto num_losses = std::ssize(*losses_);
  collected_ = {at::zeros({parts_.training.chunks, num_losses}, options), {}, {}};
  collected_.statistics.resize(parts_.training.chunks);
  const auto teaches = [](const StageLoss& loss) { return loss.loss->teaches_assessors(); };
  if (std::ranges::any_of(*losses_, teaches)) {
    const auto num_assessors = std::ssize(replicas_.brain(0).program().names());
    collected_.gates = {at::zeros({num_assessors}, options), at::zeros({num_assessors}, options)};
  }
  numbers_ = at::zeros({num_losses + 1 + std::ssize(trained_)}, options);
  if (replayer_) replayer_->forget();
}

Replayer::Counts GradientStep::replays() const {
  return replayer_ ? replayer_->counts() : Replayer::Counts{};
}

std::vector<std::string> GradientStep::trained() const {
  std::vector<std::string> names;
  for (const TrainedCircuit& trained : trained_)
    names.push_back(replicas_.circuits()[trained.circuit].name());
  return names;
}

bool GradientStep::applies(const StageLoss& loss, size_t regime) const {
  return loss.regimes.empty() ||
         std::ranges::find(loss.regimes, parts_.world->regimes()[regime]) != loss.regimes.end();
}

GradientStep::StepInput GradientStep::begin_step(int64_t step, int64_t stage_step, double rate) {
  StepInput step_input{step, stage_step, rate, deal_->deal(step, stage_step),
                       std::vector<int64_t>(losses_->size(), 0)};
  for (const RegimeDeal::Hand& hand : step_input.hands) {
    for (size_t i = 0; i < losses_->size(); ++i)
      step_input.applied[i] += applies((*losses_)[i], hand.regime);
  }
  return step_input;
}

StepReport GradientStep::run(int64_t step, int64_t stage_step, double rate) {
  const StepInput step_input = begin_step(step, stage_step, rate);
  StepReport report{numbers_, {}, {}};
  for (const int64_t chunks : step_input.applied) report.applied.push_back(chunks > 0);
  replayer_ ? run_on_device(step_input, report) : run_on_workers(step_input, report);
  return report;
}

void GradientStep::run_on_workers(const StepInput& step_input, StepReport& report) {
  const int64_t num_chunks = parts_.training.chunks;
  std::vector<ChunkResult> results(num_chunks);
  std::vector<std::map<std::string, int64_t>> audits(num_chunks);
  pool_.run(num_chunks, [&](int64_t worker, int64_t chunk) {
    const profile::Span whole("chunk");
    const ChunkInput input = prepare(worker, chunk, step_input);
    audits[chunk] = input.audit;
    results[chunk] = compute(worker, chunk, input);
  });
  for (int64_t chunk = 0; chunk < num_chunks; ++chunk) {
    collect(results[chunk]);
    for (const auto& [name, count] : audits[chunk]) report.audit[name] += count;
  }
  update(update_input(step_input), pool_);
}

void GradientStep::run_on_device(const StepInput& step_input, StepReport& report) {
  constexpr int64_t kOnlyBuffer = 0;
  std::vector<std::shared_ptr<ChunkInput>> inputs(parts_.training.chunks);
  pool_.run(parts_.training.chunks, [&](int64_t worker, int64_t chunk) {
    const profile::Span span("prepare");
    inputs[chunk] = std::make_shared<ChunkInput>(prepare(worker, chunk, step_input));
  });
  for (const std::shared_ptr<ChunkInput>& input : inputs) {
    const profile::Span span("chunk");
    for (const auto& [name, count] : input->audit) report.audit[name] += count;
    brain::Upload upload;
    if (!replicas_.by_own_rule().empty()) upload.decide_later();
    input->hand_over(upload);
    replayer_->run(upload, [this, input] { collect(compute(0, kOnlyBuffer, *input)); });
  }
  const auto input = std::make_shared<UpdateInput>(update_input(step_input));
  brain::Upload upload;
  upload.add(input->applied_CL);
  upload.add(input->rate_T);
  upload.add(input->taught_T);
  if (!replicas_.by_own_rule().empty()) upload.decide_later();
  replayer_->run(upload, [this, input] { update(*input, alone_); });
}

// On the host: draws episodes, masks and orders, and lays out what the cortex will be asked.
ChunkInput GradientStep::prepare(int64_t worker, int64_t chunk, const StepInput& step_input) const {
  const Stream stream = stream_.child("chunk").at(step_input.step).at(chunk);
  const RegimeDeal::Hand& hand = step_input.hands[chunk];
  const worlds::Draw draw{.regime = parts_.world->regimes()[hand.regime],
                          .first_row = hand.first_row,
                          .num_rows = hand.num_rows};
  ChunkInput input{.chunk = chunk, .dropout = stream.child("dropout")};
  {
    const profile::Span span("draw");
    input.episodes = parts_.world->draw(draw, stream_.child("world"));
  }
  input.audit = parts_.world->audit(input.episodes);
  input.place = at::full({1}, chunk, at::kLong);
  input.weight_L = at::zeros({std::ssize(*losses_)});
  const brain::Brain& brain = replicas_.brain(worker);
  bool reads_signals = amygdala_by_own_rule_;
  int64_t taught_ticks = 0;
  for (int64_t i = 0; i < std::ssize(*losses_); ++i) {
    const StageLoss& loss = (*losses_)[i];
    input.lessons.emplace_back();
    if (!applies(loss, hand.regime)) continue;
    const profile::Span span(loss.name);
    losses::Lesson& lesson = input.lessons[i].emplace(
        loss.loss->prepare(brain, input.episodes, stream.child(loss.name)));
    if (!teaches_cortex_L_[i])
      for (brain::Question& question : lesson.questions) question.taught_ticks = 0;
    input.weight_L.mutable_data_ptr<float>()[i] = static_cast<float>(
        loss.weight.at(step_input.stage_step) / static_cast<double>(step_input.applied[i]));
    reads_signals = reads_signals || loss.loss->reads_signals();
    taught_ticks = std::max(taught_ticks, taught_ticks_L_[i]);
  }
  if (reads_signals) {
    input.thought =
        brain.cortex().ask_thought(worlds::visible(input.episodes, parts_.world->schema()));
    input.thought->taught_ticks = taught_ticks;
  }
  return input;
}

std::vector<const GradientStep::Group*> GradientStep::active_groups(const ChunkInput& input) const {
  std::vector<const Group*> active;
  for (const Group& group : groups_) {
    if (std::ranges::any_of(group.losses, [&](int64_t i) { return input.applies(i); }))
      active.push_back(&group);
  }
  return active;
}

GradientStep::ChunkResult GradientStep::compute(int64_t worker, int64_t buffer,
                                                const ChunkInput& input) {
  brain::Brain& brain = replicas_.brain(worker);
  const DropoutOfChunk dropout(brain.cortex(), input.dropout);
  const std::vector<const Group*> active = active_groups(input);
  const Signals signals = signals_for(brain, input);
  ChunkResult result{input.chunk, input.place, {}, {}, {}};
  std::vector<at::Tensor> values(losses_->size(), collected_.loss_CL.new_zeros({}));
  for (size_t g = 0; g < active.size(); ++g) {
    at::Tensor total;
    for (const int64_t i : active[g]->losses) {
      if (!input.applies(i)) continue;
      const StageLoss& loss = (*losses_)[i];
      const profile::Span span(loss.name);
      const auto value = (*loss.loss)(brain, input.episodes, signals, *input.lessons[i]);
      values[i] = value.detach().to(at::kFloat);
      const auto weighted = input.weight_L[i] * value;
      total = total.defined() ? total + weighted : weighted;
      if (loss.loss->teaches_assessors()) {
        const at::Tensor& held_N = active[g]->held_N;
        const auto [gate_N, count_N] =
            loss.loss->gate_sums(brain, input.episodes, signals, *input.lessons[i]);
        result.gates.push_back({gate_N * held_N, count_N * held_N});
      }
    }
    const bool read_again = std::any_of(active.begin() + static_cast<int64_t>(g) + 1, active.end(),
                                        [](const Group* group) { return group->reads_signals; });
    descend(worker, buffer, *active[g], total, read_again);
  }
  if (!values.empty()) result.loss_L = at::stack(values);
  for (const brain::OwnRule* rule : rules(worker))
    result.statistics.push_back(rule->observe(input.episodes, signals));
  return result;
}

// In the order of chunks.
void GradientStep::collect(const ChunkResult& result) {
  const at::NoGradGuard no_grad;
  if (result.loss_L.defined())
    collected_.loss_CL.index_copy_(0, result.place, result.loss_L.unsqueeze(0));
  for (const losses::GateSums& gates : result.gates) {
    collected_.gates.gate_N.add_(gates.gate_N);
    collected_.gates.count_N.add_(gates.count_N);
  }
  collected_.statistics[result.chunk] = result.statistics;
}

std::vector<brain::OwnRule*> GradientStep::rules(int64_t worker) const {
  const brain::Brain& brain = replicas_.brain(worker);
  std::vector<brain::OwnRule*> rules;
  if (cortex_by_own_rule_) rules.push_back(brain.cortex_rule());
  if (amygdala_by_own_rule_) rules.push_back(brain.amygdala_rule());
  return rules;
}

// Computed once a chunk, if any loss of it or the amygdala's own rule reads them.
Signals GradientStep::signals_for(brain::Brain& brain, const ChunkInput& input) {
  if (!input.thought) return {};
  const profile::Span span("signals");
  return brain.signals(input.episodes, *input.thought);
}

void GradientStep::descend(int64_t worker, int64_t buffer, const Group& group,
                           const at::Tensor& total, bool keep_graph) {
  if (!total.requires_grad()) return;
  const profile::Span span("backward");
  std::vector<at::Tensor> inputs;
  for (const Target& target : group.targets) {
    const auto& leaves = replicas_.leaves(worker, target.circuit);
    inputs.insert(inputs.end(), leaves.begin(), leaves.end());
  }
  brain::GradientSink sink;
  for (const Target& target : group.targets) {
    replicas_.circuits()[target.circuit].offer_gradients(buffer, target.factor, sink);
  }
  const auto gradients = torch::autograd::grad({total}, inputs, {}, keep_graph,
                                               /*create_graph=*/false, /*allow_unused=*/true);
  auto next = gradients.begin();
  for (const Target& target : group.targets) {
    const auto end = next + static_cast<int64_t>(replicas_.leaves(worker, target.circuit).size());
    replicas_.circuits()[target.circuit].add_gradient(buffer, {next, end}, target.factor);
    next = end;
  }
}

}  // namespace limbic::training
