#include "limbic/training/trainer.h"

#include <ATen/ATen.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <thread>

#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/environment.h"
#include "limbic/training/metrics_log.h"
#include "limbic/training/signals.h"
#include "limbic/core/version.h"

namespace limbic::training {

using curriculum::Decision;
using curriculum::Verdict;

namespace {

int64_t count_workers(const TrainingConfig& config) {
  const int64_t wanted = config.workers > 0 ? config.workers : std::max(1U, std::thread::hardware_concurrency());
  return std::min(wanted, config.chunks);
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string device_name(at::Device device) { return device.is_cpu() ? "cpu" : device.str(); }

}  // namespace

Trainer::Trainer(Parts parts, std::optional<int64_t> resume_from)
    : parts_(std::move(parts)),
      directory_(parts_.run_directory),
      store_(directory_.paths().checkpoints(), parts_.checkpoints),
      pool_(count_workers(parts_.training)),
      replicas_(parts_.make_brain, parts_.circuits, pool_.num_workers(), parts_.device),
      step_(parts_, replicas_, pool_),
      curriculum_(parts_.plan),
      progress_(std::cerr, ProgressOptions::for_stderr()) {
  if (!directory_.taken_over_from().empty()) log::warn("took the run over from " + directory_.taken_over_from() + ", which died");
  replicas_.prepare(parts_.training.chunks, parts_.optimizer);
  state_.seed = parts_.seed;
  state_.curriculum = curriculum_.state();
  store_.recover();
  const auto environment = this_environment(kVersion, device_name(parts_.device));
  if (resume_from) store_.discard_after(*resume_from);
  if (store_.list().empty()) {
    write_file_durably(directory_.paths().config(), parts_.config_yaml);
    write_file_durably(directory_.paths().environment(), to_json(environment));
    directory_.rewind({});
    enter_stage(true);
  } else {
    const auto warn = [](const std::string& line) { log::warn(line); };
    for (const std::string& difference : compare(parse_environment(read_file(directory_.paths().environment()), directory_.paths().environment()), environment)) {
      log::warn("this run may not continue bit for bit: " + difference);
    }
    restore(store_.load_newest(warn));
  }
  writer_ = std::make_unique<CheckpointWriter>([this](const Snapshot& snapshot) {
    directory_.sync_logs();
    store_.save(snapshot);
  });
}

void Trainer::restore(const Snapshot& snapshot) {
  const std::string place = store_.path(snapshot.step);
  state_ = parse_run_state(snapshot.state_json, place + "/state.json");
  for (Circuit& circuit : replicas_.circuits()) {
    const auto found = snapshot.circuits.find(circuit.name());
    if (found == snapshot.circuits.end()) throw input_error(place, ": has no circuit '", circuit.name(), "'");
    circuit.load(found->second, place + "/" + circuit.name() + ".safetensors");
  }
  curriculum_.restore(state_.curriculum);
  directory_.rewind(state_.logs);
  saved_at_ = state_.step;
  if (curriculum_.status() == curriculum::Status::kRunning) enter_stage(false);
}

// `fresh`: the stage begins now; otherwise the run goes on within it.
void Trainer::enter_stage(bool fresh) {
  step_.enter(curriculum_.index());
  shown_losses_.clear();
  const auto num_losses = static_cast<int64_t>(step_.losses().size());
  if (fresh) state_.window = {std::vector<double>(num_losses, 0.0), 0};
  window_sum_L_ = at::tensor(state_.window.sum, at::kDouble).to(parts_.device);
  if (!fresh) return;
  if (curriculum_.stage().on_enter.optimizer != curriculum::OptimizerStart::kReset) return;
  for (const std::string& name : step_.trained()) replicas_.circuits()[replicas_.find(name)].reset_moments();
}

Outcome Trainer::run(std::optional<int64_t> last_step) {
  const SignalWatch watch;
  window_started_ = now();
  while (curriculum_.status() == curriculum::Status::kRunning) {
    if (SignalWatch::stop_signal() != 0 || (last_step && state_.step >= *last_step)) {
      save();
      writer_->wait();
      return {Ending::kStopped, SignalWatch::stop_signal(), state_.step};
    }
    if (SignalWatch::take_save_request()) save();
    do_step();
    const Decision decision = curriculum_.decide(state_.step, evaluate_due());
    if (decision.is_logged()) directory_.decisions().append(to_json_line(decision));
    apply(decision);
  }
  writer_->wait();
  if (curriculum_.status() == curriculum::Status::kFailed) {
    throw failed("stage '", curriculum_.stage().name.text, "' ran out of time at step ", state_.step, "; see limbic explain ", parts_.run_directory);
  }
  print_summary();
  return {Ending::kFinished, 0, state_.step};
}

void Trainer::do_step() {
  const int64_t stage_step = curriculum_.stage_step(state_.step);
  const double rate = parts_.optimizer.learning_rate.at(stage_step) * curriculum_.stage().on_enter.learning_rate.at(stage_step);
  const StepReport report = step_.run(state_.step, stage_step, rate);
  for (const auto& [name, count] : report.audit) state_.audit[name] += count;
  const bool logs = (state_.step + 1) % parts_.training.log_every.count == 0;
  if (parts_.device.is_cpu() || logs) check_finite(report);  // elsewhere a look makes the step wait; a bad step changes nothing meanwhile
  ++state_.step;
  window_sum_L_.add_(report.loss_L);
  ++state_.window.count;
  if (logs) write_losses();
  show_progress();
}

void Trainer::check_finite(const StepReport& report) {
  if (report.skipped.item<float>() == 0) return;
  save();
  writer_->wait();
  const std::string place = concat("stage '", curriculum_.stage().name.text, "', step ", state_.step, ": ");
  const std::string kept = concat("; weights as they stood before are saved in ", store_.path(state_.step));
  const auto losses = report.loss_L.cpu();
  for (size_t i = 0; i < step_.losses().size(); ++i) {
    const float loss = losses.const_data_ptr<float>()[i];
    if (std::isfinite(loss)) continue;
    std::string circuits;
    for (const auto& [circuit, factor] : step_.losses()[i].targets) circuits += (circuits.empty() ? "" : ", ") + circuit;
    throw failed(place, "loss '", step_.losses()[i].name, "' of circuit ", circuits, " is ", loss, kept);
  }
  for (size_t i = 0; i < report.norms.size(); ++i) {
    if (!report.norms[i].isfinite().item<bool>()) throw failed(place, "the gradient of circuit ", step_.trained()[i], " is not finite", kept);
  }
}

void Trainer::write_losses() {
  std::map<std::string, double> values;
  shown_losses_.clear();
  const auto sums = window_sum_L_.cpu();
  for (size_t i = 0; i < step_.losses().size(); ++i) {
    const double mean = sums.const_data_ptr<double>()[i] / static_cast<double>(state_.window.count);
    values["loss/" + step_.losses()[i].name] = mean;
    shown_losses_.emplace_back(step_.losses()[i].name, mean);
  }
  const double seconds = now() - window_started_;
  steps_per_second_ = static_cast<double>(state_.window.count) / seconds;
  MetricsLog(directory_.timings()).append({state_.step, {{"seconds", seconds}, {"steps_per_second", steps_per_second_}}});
  write_metrics(values);
  window_sum_L_.zero_();
  state_.window.count = 0;
  window_started_ = now();
}

void Trainer::write_metrics(const std::map<std::string, double>& values) {
  if (!values.empty()) MetricsLog(directory_.metrics()).append({state_.step, values});
}

curriculum::Metrics Trainer::evaluate_due() {
  std::vector<const ScheduledEval*> due;
  for (const ScheduledEval& eval : parts_.evals) {
    if (state_.step % eval.every == 0) due.push_back(&eval);
  }
  const auto results = evaluate(due);
  write_metrics(results);
  return {results.begin(), results.end()};
}

// What a stage's end wants to see and was not due anyway.
std::map<std::string, double> Trainer::evaluate_rest() {
  std::vector<const ScheduledEval*> rest;
  for (const ScheduledEval& eval : parts_.evals) {
    if (state_.step % eval.every != 0) rest.push_back(&eval);
  }
  return evaluate(rest);
}

std::map<std::string, double> Trainer::evaluate(const std::vector<const ScheduledEval*>& evals) {
  const double started = now();
  std::vector<evals::Results> results(evals.size());
  pool_.run(static_cast<int64_t>(evals.size()), [&](int64_t worker, int64_t i) {
    const at::NoGradGuard no_grad;
    const Stream stream = Stream(parts_.seed).child("eval").child(evals[i]->name);
    results[i] = evals[i]->eval->run(replicas_.judge(worker), *parts_.world, stream, parts_.device);
  });
  std::map<std::string, double> named;
  for (size_t i = 0; i < evals.size(); ++i) {
    for (const auto& [key, value] : results[i]) named["eval/" + evals[i]->name + (key.empty() ? "" : "." + key)] = value;
  }
  window_started_ += now() - started;  // steps per second are of steps
  return named;
}

void Trainer::apply(const Decision& decision) {
  const bool leaves = decision.verdict != Verdict::kStay;
  if (leaves) {
    progress_.clear();
    log::info(text(decision));
    write_metrics(evaluate_rest());
  }
  if (leaves && curriculum_.status() == curriculum::Status::kRunning) enter_stage(true);
  state_.finished = curriculum_.status() == curriculum::Status::kFinished;
  if (leaves || state_.step % parts_.checkpoints.every.count == 0) save();
}

void Trainer::save() {
  if (saved_at_ == state_.step) return;
  state_.curriculum = curriculum_.state();
  state_.logs = directory_.positions();
  const auto sums = window_sum_L_.cpu();
  state_.window.sum.assign(sums.const_data_ptr<double>(), sums.const_data_ptr<double>() + sums.numel());
  Snapshot snapshot{state_.step, {}, to_json(state_), parts_.config_yaml};
  for (const Circuit& circuit : replicas_.circuits()) snapshot.circuits[circuit.name()] = circuit.save();
  writer_->submit(std::move(snapshot));
  saved_at_ = state_.step;
}

void Trainer::show_progress() {
  if (log::level() > log::Level::kInfo) return;
  const auto surely = curriculum::surely_holds_at(*curriculum_.stage().until);
  ProgressState shown{curriculum_.stage().name.text, state_.step, std::nullopt, steps_per_second_, shown_losses_};
  if (surely) shown.last_step = curriculum_.state().entered_at + *surely;
  progress_.update(shown);
}

void Trainer::print_summary() {
  progress_.clear();
  for (const auto& [name, count] : state_.audit) log::info(concat(name, ": ", count));
  log::info(concat("finished after ", state_.step, " steps: ", parts_.run_directory));
}

}  // namespace limbic::training
