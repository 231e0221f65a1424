#include "limbic/app/plan_costs.h"

#include <sys/resource.h>

#include "limbic/core/clock.h"
#include "limbic/evals/episode_source.h"
#include "limbic/evals/evaluator.h"
#include "limbic/training/gradient_step.h"
#include "limbic/training/safetensors.h"
#include "limbic/training/worker_pool.h"

namespace limbic::app {
namespace {

// As the trainer shows a cortex the rows that it wants to see before the first step, if it does.
std::optional<double> seconds_to_start(const training::Parts& parts, training::Replicas& replicas) {
  if (replicas.brain(0).cortex().num_initial_rows() == 0) return std::nullopt;
  const double started = steady_seconds();
  replicas.initialise_from(*parts.world, parts.plan.front().shares(parts.world->regimes()),
                           evals::training_stream(parts.seed));
  return steady_seconds() - started;
}

double seconds_a_step(training::GradientStep& step, at::Device device) {
  training::ReportQueue reports(device);
  constexpr int64_t kWarmUp = 2, kTimed = 5;
  constexpr double kLongEnough = 0.5;  // [s]
  int64_t done = 0;
  const auto do_step = [&] {
    reports.push(done, step.run(done, done, /*rate=*/0));
    reports.take_all();  // waits for a device
    ++done;
  };
  while (done < kWarmUp) do_step();
  const double started = steady_seconds();
  double seconds = 0;
  while (done < kWarmUp + kTimed || seconds < kLongEnough) {
    do_step();
    seconds = steady_seconds() - started;
  }
  return seconds / static_cast<double>(done - kWarmUp);
}

// As the trainer runs those that are due.
std::map<std::string, double> run_evals(const training::Parts& parts,
                                        const training::Replicas& replicas,
                                        training::WorkerPool& pool) {
  const evals::Evaluator evaluator(*parts.world, parts.seed, parts.device);
  std::vector<double> seconds(parts.evals.size());
  pool.run(std::ssize(parts.evals), [&](int64_t worker, int64_t i) {
    const double started = steady_seconds();
    (void)evaluator.run(*parts.evals[i].eval, parts.evals[i].name, replicas.eval_brain(worker));
    seconds[i] = steady_seconds() - started;
  });
  std::map<std::string, double> by_name;
  for (size_t i = 0; i < seconds.size(); ++i) by_name[parts.evals[i].name] = seconds[i];
  return by_name;
}

// What a checkpoint holds while it is written.
void touch_checkpoint(const training::Replicas& replicas) {
  std::map<std::string, std::vector<training::NamedTensor>> snapshot;
  for (const auto& circuit : replicas.circuits()) snapshot[circuit.name()] = circuit.save();
  for (const auto& [name, tensors] : snapshot)
    [[maybe_unused]] const auto file = training::encode(tensors);
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace

Costs try_out(const training::Parts& parts, training::Replicas& replicas) {
  Costs costs;
  training::WorkerPool pool(training::count_workers(parts.training));
  replicas.prepare(parts.num_gradient_buffers(), parts.optimizer);
  costs.seconds_to_start = seconds_to_start(parts, replicas);
  training::GradientStep step(parts, replicas, pool);
  for (size_t stage = 0; stage < parts.plan.size(); ++stage) {
    step.enter(stage);
    costs.seconds_a_step.push_back(seconds_a_step(step, parts.device));
  }
  costs.seconds_an_eval = run_evals(parts, replicas, pool);
  touch_checkpoint(replicas);
  costs.peak_megabytes = peak_megabytes();
  return costs;
}

}  // namespace limbic::app
