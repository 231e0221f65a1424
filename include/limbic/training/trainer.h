#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "limbic/curriculum/curriculum.h"
#include "limbic/training/checkpoint_writer.h"
#include "limbic/training/gradient_step.h"
#include "limbic/training/parts.h"
#include "limbic/training/progress.h"
#include "limbic/training/report_queue.h"
#include "limbic/training/run_directory.h"
#include "limbic/training/run_state.h"

namespace limbic::training {

enum class Ending { kFinished, kStopped };

struct Outcome {
  Ending ending = Ending::kFinished;
  int signal = 0;  // that stopped it
  int64_t step = 0;
};

/// Runs a curriculum to its end, or goes on with one: steps, evaluates, decides, logs and saves.
///
/// A run that was stopped anywhere and gone on with writes the same weights, metrics and decisions
/// as one that never was. Where the config has changed since, which its caller must have allowed,
/// the run goes on by the new one; conditions count from anew if curriculum or evals changed.
/// Errors  limbic::Error: failed on divergence (stage, step, loss and circuit named, the last good
///         state saved), on a stage that times out and on a disk that refuses a checkpoint twice;
///         input if the run directory is in use.
class Trainer {
 public:
  /// Takes the run directory; goes on from `resume_from` (a checkpoint of this very run), or from
  /// the newest good one, or starts.
  explicit Trainer(Parts parts, std::optional<int64_t> resume_from = std::nullopt);

  /// `last_step`: stop and save after that many steps in all, if given.
  Outcome run(std::optional<int64_t> last_step = std::nullopt);

  [[nodiscard]] const Replicas& replicas() const { return replicas_; }
  [[nodiscard]] const RunState& state() const { return state_; }

 private:
  void start();
  void restore(const Snapshot& snapshot, bool discards_later);
  void compare_environment() const;
  void enter_stage(bool fresh);
  void do_step();
  void finish_step();
  void take_reports();
  void take_reports_under(const curriculum::State& before);
  void tell_replays();
  [[noreturn]] void stop_diverged(const StepNumbers& numbers);
  void write_losses();
  std::map<std::string, double> evaluate_due();
  std::map<std::string, double> evaluate_rest();
  std::map<std::string, double> evaluate(const std::vector<const ScheduledEval*>& evals);
  void write_metrics(const std::map<std::string, double>& values);
  void apply(const curriculum::Decision& decision, const std::map<std::string, double>& rest);
  void save();
  void show_progress();
  void print_summary();

  Parts parts_;
  RunDirectory directory_;
  CheckpointStore store_;
  WorkerPool pool_;
  Replicas replicas_;
  GradientStep step_;
  curriculum::Curriculum curriculum_;
  RunState state_;
  ReportQueue reports_;
  Progress progress_;
  std::unique_ptr<CheckpointWriter> writer_;  // last: it uses store_ and directory_
  int64_t saved_at_ = -1;
  std::vector<std::pair<std::string, double>> shown_losses_;
  std::map<std::string, double> last_evals_;  // for the summary
  double window_started_ = 0;                 // [s]
  int64_t timed_steps_ = 0;                   // since then
  double steps_per_second_ = 0;
};

}  // namespace limbic::training
