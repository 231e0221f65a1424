#include "limbic/training/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include "limbic/core/clock.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/json_number.h"
#include "limbic/core/log.h"
#include "limbic/core/profile.h"
#include "limbic/core/signals.h"
#include "limbic/core/version.h"
#include "limbic/evals/episode_source.h"
#include "limbic/evals/evaluator.h"
#include "limbic/training/environment.h"
#include "limbic/training/metrics_log.h"
#include "limbic/training/tensorboard_log.h"
#include "limbic/worlds/recalled_world.h"

namespace limbic::training {

using curriculum::Decision;
using curriculum::Verdict;

namespace {

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Trainer::Trainer(Parts parts, std::optional<int64_t> resume_from, const Agree& agree)
    : parts_(std::move(parts)),
      directory_(parts_.run_directory),
      store_(directory_.paths().checkpoints(), parts_.checkpoints),
      writer_(std::make_unique<CheckpointWriter>(
          [this](const Snapshot& snapshot) {
            directory_.sync_logs();
            store_.save(snapshot);
          },
          [this](const std::string& line) {
            progress_.clear();
            log::warn(line);
          })),
      pool_(count_workers(parts_.training)),
      replicas_(parts_.make_brain, parts_.circuits, pool_.num_workers(), parts_.device),
      step_(parts_, replicas_, pool_),
      curriculum_(parts_.plan),
      reports_(parts_.device),
      progress_(std::cerr, ProgressOptions::for_stderr()) {
  if (!directory_.taken_over_from().empty())
    log::warn("took the run over from " + directory_.taken_over_from() + ", which died");
  replicas_.prepare(parts_.num_gradient_buffers(), parts_.optimizer);
  store_.recover();
  if (!resume_from && store_.list().empty()) {
    start();
    return;
  }
  const Snapshot from = resume_from ? store_.load(*resume_from) : store_.load_newest();
  const ConfigDelta delta = agree ? agree(from) : ConfigDelta{parts_.config_yaml};
  parts_.config_yaml = delta.yaml;
  if (from.step > 0 || from.config_yaml == parts_.config_yaml) {
    restore(from, delta, /*discards_later=*/resume_from.has_value());
  } else {  // nothing was learned by another config
    resume_from ? store_.discard_after(0) : store_.set_aside_after(0);
    start();
  }
}

// A run has a checkpoint before it has its first line of log.
void Trainer::start() {
  const LogPositions logs = directory_.positions();
  if (store_.list().empty() && logs.metrics + logs.decisions > 0) {
    throw damaged(parts_.run_directory,
                  " has logs but no checkpoint; remove it to start anew, or put its checkpoints "
                  "back");
  }
  write_file_durably(directory_.paths().config(), parts_.config_yaml);
  write_file_durably(directory_.paths().environment(),
                     to_json(this_environment(kVersion, parts_.device_name)));
  directory_.rewind({});
  state_.data = parts_.world->fingerprint();
  replicas_.initialise_from(*parts_.world, curriculum_.stage().shares(parts_.world->regimes()),
                            evals::training_stream(parts_.seed));
  enter_stage(true);
  state_.awaits_evals = std::ranges::any_of(parts_.evals, &ScheduledEval::at_start);
  save();
  writer_->wait();
}

void Trainer::restore(const Snapshot& snapshot, const ConfigDelta& delta, bool discards_later) {
  compare_environment();
  state_ = state_of(snapshot);
  require_same_data(state_, *parts_.world, parts_.run_directory);
  state_.best.forget_unless_among(store_.list());
  replicas_.load(snapshot.circuits, snapshot.directory);
  const bool same_config = snapshot.config_yaml == parts_.config_yaml;
  bool enters_stage = false;
  if (same_config || !delta.touches_conditions) {
    curriculum_.restore(state_.curriculum);
  } else {
    const bool is_entered = state_.curriculum.entered_at == state_.step;  // no step of it was taken
    enters_stage = curriculum_.adopt(state_.curriculum, state_.step) || is_entered;
    state_.window = {};
  }
  if (!same_config && !is_running() && !delta.moves_data) return;  // nothing is trained by it
  directory_.require(state_.logs);
  discards_later ? store_.discard_after(snapshot.step) : store_.set_aside_after(snapshot.step);
  directory_.rewind(state_.logs);
  if (is_running()) enter_stage(enters_stage);
  if (same_config)
    saved_at_ = state_.step;
  else
    switch_config(delta);
  write_file_durably(directory_.paths().config(), parts_.config_yaml);
}

// Saves, so that what goes on from here finds a checkpoint of its config.
void Trainer::switch_config(const ConfigDelta& delta) {
  if (delta.touches_best) {
    if (state_.best.step)
      log::info("the best checkpoint so far, of step ", *state_.best.step,
                ", was measured otherwise: it is forgotten, and the search begins anew");
    state_.best = {};
  }
  if (!delta.values.empty())
    directory_.decisions().append(
        to_json_line(curriculum::ConfigSwitch{state_.step, delta.values}));
  save();
  writer_->wait();
}

// Says what may keep this machine from giving the bits of the one that the run began on.
void Trainer::compare_environment() const {
  const std::string file = directory_.paths().environment();
  const auto here = this_environment(kVersion, parts_.device_name);
  try {
    for (const std::string& difference : compare(parse_environment(read_file(file), file), here)) {
      log::warn("this run may not continue bit for bit: " + difference);
    }
  } catch (const Error& error) {
    log::warn(concat(error.what(), "; so this run may not continue bit for bit"));
  }
}

// `fresh`: the stage begins now; otherwise the run goes on within it.
void Trainer::enter_stage(bool fresh) {
  step_.enter(curriculum_.index());
  shown_losses_.clear();
  const size_t num_losses = step_.losses().size();
  if (fresh || state_.window.sum.size() != num_losses) {
    state_.window = {std::vector<double>(num_losses), std::vector<int64_t>(num_losses), 0};
  }
  if (!fresh) return;
  if (curriculum_.stage().on_enter.optimizer != curriculum::OptimizerStart::kReset) return;
  for (const std::string& name : step_.trained())
    replicas_.circuits()[replicas_.find(name)].reset_moments();
}

Outcome Trainer::run(std::optional<int64_t> last_step) {
  const SignalWatch watch;
  window_started_ = steady_seconds();
  while (is_running()) {
    const bool is_there = last_step && state_.step >= *last_step && !state_.awaits_evals;
    if (SignalWatch::stop_signal() != 0 || is_there) {
      save();
      writer_->wait();
      progress_.clear();
      tell_replays();
      return {Ending::kStopped, SignalWatch::stop_signal(), state_.step};
    }
    if (SignalWatch::take_save_request()) save();
    // By a config that made the stage shorter; the evals of this step are done.
    const bool is_over = !state_.awaits_evals && curriculum_.is_over(state_.step);
    if (!state_.awaits_evals && !is_over) do_step();
    finish_step(/*evaluates=*/!is_over);
  }
  writer_->wait();
  if (curriculum_.status() == curriculum::Status::kFailed) {
    throw failed("stage '", curriculum_.stage().name.text, "' ran out of time at step ",
                 state_.step, "; see limbic explain ", parts_.run_directory);
  }
  print_summary();
  tell_replays();
  return {Ending::kFinished, 0, state_.step};
}

// Evals, and what is decided by them. Where a signal comes first, nothing was: the state as it is
// after the step awaits them. `evaluates`: those that are due at this step are not done yet.
void Trainer::finish_step(bool evaluates) {
  const curriculum::State before = curriculum_.state();
  std::map<std::string, double> due, rest;
  Decision decision;
  try {
    if (evaluates) due = evaluate(true);
    if (state_.step > 0) decision = curriculum_.decide(state_.step, due);
    if (decision.verdict != Verdict::kStay) {
      take_reports_under(before);
      rest = evaluate(false);
    }
  } catch (const Interrupted&) {
    curriculum_.restore(before);
    state_.awaits_evals = evaluates;
    return;
  }
  if (state_.awaits_evals || !evaluates) saved_at_ = -1;  // what is saved knows not of them
  state_.awaits_evals = false;
  write_metrics(due);
  if (decision.is_logged()) directory_.decisions().append(to_json_line(decision));
  apply(decision, rest);
}

void Trainer::do_step() {
  const profile::Span span("step");
  const int64_t stage_step = curriculum_.stage_step(state_.step);
  const double rate = parts_.optimizer.learning_rate.at(stage_step) *
                      curriculum_.stage().on_enter.learning_rate.at(stage_step);
  const StepReport report = step_.run(state_.step, stage_step, rate);
  reports_.push(state_.step, report);
  if (!parts_.recorder) take_reports();  // on a device a look would make the step wait
  ++state_.step;
  ++timed_steps_;
  if (reports_.is_full()) take_reports();
  if (state_.step % parts_.training.log_every.count == 0) write_losses();
  show_progress();
}

// Counts the steps that have arrived, and stops at one that was not finite: nothing has moved
// since, so the run goes back to it.
void Trainer::take_reports() {
  for (const StepNumbers& numbers : reports_.take_all()) {
    if (numbers.skipped) stop_diverged(numbers);
    for (size_t i = 0; i < numbers.applied.size(); ++i) {
      state_.window.sum[i] += static_cast<double>(numbers.loss_L[i]);
      state_.window.count[i] += numbers.applied[i];
    }
    for (const auto& [name, count] : numbers.audit) state_.audit[name] += count;
    ++state_.window.steps;
  }
}

// A step belongs to the stage that it was taken in, whatever was decided since.
void Trainer::take_reports_under(const curriculum::State& before) {
  const curriculum::State now = curriculum_.state();
  curriculum_.restore(before);
  take_reports();
  curriculum_.restore(now);
}

void Trainer::stop_diverged(const StepNumbers& numbers) {
  state_.step = numbers.step;
  const std::string what = concat("stage '", curriculum_.stage().name.text, "', step ",
                                  numbers.step, ": ", step_.why_skipped(numbers));
  std::string kept = "are saved in ";
  try {
    save();
    writer_->wait();
    kept += store_.path(state_.step);
  } catch (const Error& error) {
    kept = concat("could not be saved: ", error.what());
  }
  throw failed(what, "; weights as they stood before ", kept);
}

void Trainer::write_losses() {
  std::map<std::string, double> values;
  shown_losses_.clear();
  take_reports();
  for (size_t i = 0; i < step_.losses().size(); ++i) {
    if (state_.window.count[i] == 0) continue;
    const double mean = state_.window.sum[i] / static_cast<double>(state_.window.count[i]);
    values["loss/" + step_.losses()[i].name] = mean;
    shown_losses_.emplace_back(step_.losses()[i].name, mean);
  }
  if (timed_steps_ > 0) {  // none, where a run goes on with the end of a stage
    const double seconds = steady_seconds() - window_started_;
    steps_per_second_ = static_cast<double>(timed_steps_) / seconds;
    directory_.timings().append(
        to_line({state_.step, {{"seconds", seconds}, {"steps_per_second", steps_per_second_}}}));
  }
  write_metrics(values);
  std::ranges::fill(state_.window.sum, 0.0);
  std::ranges::fill(state_.window.count, 0);
  state_.window.steps = 0;
  timed_steps_ = 0;
  window_started_ = steady_seconds();
}

void Trainer::write_metrics(const std::map<std::string, double>& values) {
  if (values.empty()) return;
  const MetricsRow row{state_.step, values};
  directory_.metrics().append(to_line(row));
  append_scalars(directory_.events(), row, wall_seconds());
  if (!parts_.checkpoints.best) return;
  const auto found = values.find(parts_.checkpoints.best->of.text);
  if (found != values.end())
    state_.best.judge(*parts_.checkpoints.best, state_.step, found->second);
}

bool Trainer::is_due(const ScheduledEval& eval) const {
  return state_.step > 0 ? state_.step % eval.every == 0 : eval.at_start;
}

// `due`: those that are due at this step; else those that are not, which a stage's end wants to see
// as well.
std::map<std::string, double> Trainer::evaluate(bool due) {
  std::vector<const ScheduledEval*> evals;
  for (const ScheduledEval& eval : parts_.evals) {
    if (is_due(eval) == due) evals.push_back(&eval);
  }
  if (!evals.empty()) take_reports();
  const double started = steady_seconds();
  const evals::Evaluator evaluator(*parts_.world, parts_.seed, parts_.device);
  std::vector<evals::Results> results(evals.size());
  pool_.run(static_cast<int64_t>(evals.size()), [&](int64_t worker, int64_t i) {
    const profile::Span span("eval " + evals[i]->name);
    results[i] = evaluator.run(*evals[i]->eval, evals[i]->name, replicas_.eval_brain(worker));
  });
  std::map<std::string, double> named;
  for (const evals::Results& found : results) {
    for (const auto& [name, value] : found) named[name] = value;
  }
  window_started_ += steady_seconds() - started;  // steps per second are of steps
  for (const auto& [name, value] : named) last_evals_[name] = value;
  return named;
}

// `rest`: what else was evaluated, where a stage ends.
void Trainer::apply(const Decision& decision, const std::map<std::string, double>& rest) {
  const bool leaves = decision.verdict != Verdict::kStay;
  if (leaves) {
    progress_.clear();
    log::info(text(decision));
    if (state_.window.steps > 0) write_losses();
    write_metrics(rest);
  }
  if (leaves && is_running()) enter_stage(true);
  const bool is_best = state_.best.step == state_.step;
  if (leaves || is_best || parts_.checkpoints.is_due(state_.step)) save();
}

void Trainer::save() {
  if (saved_at_ == state_.step) return;
  take_reports();
  const profile::Span span("save");
  state_.curriculum = curriculum_.state();
  state_.logs = directory_.positions();
  Snapshot snapshot{.step = state_.step,
                    .state_json = to_json(state_),
                    .config_yaml = parts_.config_yaml,
                    .world_json = worlds::to_json(*parts_.world),
                    .best_step = state_.best.step};
  for (const Circuit& circuit : replicas_.circuits())
    snapshot.circuits[circuit.name()] = circuit.save();
  writer_->submit(std::move(snapshot));
  saved_at_ = state_.step;
}

void Trainer::show_progress() {
  if (log::level() > log::Level::kInfo) return;
  const curriculum::StagePlan& stage = curriculum_.stage();
  progress_.update({stage.name.text, state_.step, curriculum_.state().entered_at + stage.sure_end(),
                    steps_per_second_, shown_losses_});
}

void Trainer::print_summary() {
  constexpr size_t kWidth = 32;
  progress_.clear();
  for (const auto& [name, value] : last_evals_) {
    log::info(concat(name, std::string(name.size() < kWidth ? kWidth - name.size() : 1, ' '),
                     number_words(value)));
  }
  for (const auto& [name, count] : state_.audit) log::info(concat(name, ": ", count));
  if (state_.best.step) {
    const std::string& rule = state_.best.rule;  // "lower eval/predict"
    const size_t space = rule.find(' ');
    log::info(concat("best ", rule.substr(space + 1), " (", rule.substr(0, space),
                     " is better): ", *state_.best.value, ", at step ", *state_.best.step));
  }
  log::info(concat("finished after ", state_.step, " steps: ", parts_.run_directory));
}

void Trainer::tell_replays() {
  if (!parts_.recorder) return;
  const Replayer::Counts work = step_.replays();
  log::info(concat("work on the device: ", work.replayed, " replays of ", work.recorded,
                   " graphs, ", work.first, " computed to warm up, ", work.eager,
                   " computed anew"));
  if (work.failed == 0 && work.forgotten > work.replayed / 10)
    log::info(concat(work.forgotten, " kinds of work were forgotten: training.graphs of ",
                     parts_.training.graphs, " is few for this run"));
}

}  // namespace limbic::training
