#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limbic/curriculum/config_switch.h"
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

/// By which config a run goes on from a checkpoint, and what that changes.
struct ConfigDelta {
  std::string yaml;
  std::vector<curriculum::ChangedValue> values = {};  // for decisions.jsonl; may be left out
  bool touches_conditions = true;  // what the present stage's have counted may mean something else
  bool touches_best = true;        // and so may what the best checkpoint was measured by
  bool moves_data = false;         // and nothing else: that is kept where nothing is left to train
};
/// Says so of a checkpoint that was read; throws where the run is not to go on from it.
using Agree = std::function<ConfigDelta(const Snapshot& from)>;

/// Runs a curriculum to its end, or goes on with one: steps, evaluates, decides, logs and saves.
///
/// A run that was stopped anywhere and gone on with writes the same weights, metrics and decisions
/// as one that never was. Where the config has changed since, the run goes on by the new one, which
/// decisions.jsonl says; a run that has nothing left to train by it stays as it was.
/// Errors  limbic::Error: failed on divergence (stage, step, loss and circuit named, the last good
///         state saved), on a stage that times out and on a disk that refuses a checkpoint twice;
///         input if the run directory is in use.
class Trainer {
 public:
  /// Takes the run directory; goes on from `resume_from` (a checkpoint of this very run), or from
  /// the newest good one, or starts. `agree` is asked before anything is changed; without it a run
  /// goes on by whatever config its parts are made of.
  explicit Trainer(Parts parts, std::optional<int64_t> resume_from = std::nullopt,
                   const Agree& agree = {});

  /// `last_step`: stop and save after that many steps in all, if given.
  Outcome run(std::optional<int64_t> last_step = std::nullopt);

  [[nodiscard]] const Replicas& replicas() const { return replicas_; }
  [[nodiscard]] const RunState& state() const { return state_; }
  /// False where nothing is left to train.
  [[nodiscard]] bool is_running() const {
    return curriculum_.status() == curriculum::Status::kRunning;
  }

 private:
  void start();
  void restore(const Snapshot& snapshot, const ConfigDelta& delta, bool discards_later);
  void switch_config(const ConfigDelta& delta);
  void compare_environment() const;
  void enter_stage(bool fresh);
  void do_step();
  void finish_step(bool evaluates);
  void take_reports();
  void take_reports_under(const curriculum::State& before);
  void tell_replays();
  [[noreturn]] void stop_diverged(const StepNumbers& numbers);
  void write_losses();
  [[nodiscard]] bool is_due(const ScheduledEval& eval) const;
  std::map<std::string, double> evaluate(bool due);
  void write_metrics(const std::map<std::string, double>& values);
  void apply(const curriculum::Decision& decision, const std::map<std::string, double>& rest);
  void save();
  void show_progress();
  void print_summary();

  Parts parts_;
  RunDirectory directory_;
  CheckpointStore store_;
  // Its thread uses those two; it is started before the pool takes all that can be had.
  std::unique_ptr<CheckpointWriter> writer_;
  WorkerPool pool_;
  Replicas replicas_;
  GradientStep step_;
  curriculum::Curriculum curriculum_;
  RunState state_;
  ReportQueue reports_;
  Progress progress_;
  int64_t saved_at_ = -1;
  std::vector<std::pair<std::string, double>> shown_losses_;
  std::map<std::string, double> last_evals_;  // for the summary
  double window_started_ = 0;                 // [s]
  int64_t timed_steps_ = 0;                   // since then
  double steps_per_second_ = 0;
};

}  // namespace limbic::training
