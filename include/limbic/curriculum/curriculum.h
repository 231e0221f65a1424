#pragma once

#include <cstdint>
#include <vector>

#include "limbic/curriculum/decision.h"
#include "limbic/curriculum/stage_plan.h"
#include "limbic/curriculum/state.h"
#include "limbic/curriculum/tracking.h"

namespace limbic::curriculum {

/// Which stage a run is in: a pure state machine over steps and metrics.
///
///   after each step   fall_back.when holds and is not used up -> back to an earlier stage
///                     else until holds                        -> the next stage, or the end
///                     else the stage's time is up             -> fail, or the next stage
/// Entering a stage sets its conditions, streaks and steps back to nothing.
///
/// State   State: small, goes to JSON and back exactly.
/// Cost    a step without evaluations is one walk over the stage's conditions, without text.
class Curriculum {
 public:
  /// REQUIRES: at least one stage, each as reading leaves it.
  explicit Curriculum(std::vector<StagePlan> plan);

  [[nodiscard]] const std::vector<StagePlan>& plan() const { return plan_; }
  [[nodiscard]] const StagePlan& stage() const { return plan_[index()]; }
  [[nodiscard]] size_t index() const { return static_cast<size_t>(state_.stage); }
  /// Steps done in this stage: the clock of schedules and of RateStart.
  [[nodiscard]] int64_t stage_step(int64_t step) const { return step - state_.entered_at; }
  [[nodiscard]] Status status() const { return state_.status; }

  /// To be called after every step with the number of steps done, and with those metrics that were
  /// evaluated at this step (none in most steps). Moves to the stage that it decides on.
  /// REQUIRES: status() is kRunning.
  Decision decide(int64_t step, const Metrics& fresh);

  [[nodiscard]] const State& state() const { return state_; }
  /// Throws limbic::Error (damaged) if the state does not fit the plan.
  void restore(State state);
  /// Takes over from a config that had the same stages up to the present one, perhaps with other
  /// conditions: those count from anew. A curriculum that was out of time goes on, and so does one
  /// that was at its end, with a stage that was added, else with its last one unless that is over
  /// by its steps alone. Returns whether it entered a stage that was added.
  bool adopt(State state, int64_t step);
  /// Whether the stage has nothing more to wait for after that many steps, though nothing is
  /// measured: decide() leaves it then. Before a step only where a config that was adopted made the
  /// stage shorter.
  [[nodiscard]] bool is_over(int64_t step) const;

 private:
  Decision verdict(int64_t step, const StepMetrics& metrics);
  [[nodiscard]] std::vector<Measurement> measurements(const StepMetrics& metrics) const;
  void carry_out(Decision& decision);
  void enter(size_t stage, int64_t step);
  [[nodiscard]] bool is_time_up(int64_t stage_step) const;

  std::vector<StagePlan> plan_;
  State state_;
};

}  // namespace limbic::curriculum
