#include "limbic/curriculum/curriculum.h"

#include <algorithm>
#include <string>
#include <utility>

#include "limbic/core/error.h"

namespace limbic::curriculum {
namespace {

size_t num_leaves(const StagePlan& plan) { return leaves(*plan.until).size(); }

size_t num_fall_back_leaves(const StagePlan& plan) {
  return plan.fall_back ? leaves(plan.fall_back->when).size() : 0;
}

void append(std::vector<Measurement>& all, std::vector<Measurement> more, Reason belongs_to) {
  for (Measurement& measurement : more) {
    measurement.belongs_to = belongs_to;
    all.push_back(std::move(measurement));
  }
}

void require(bool is_so, const std::string& what) {
  if (!is_so) throw damaged("curriculum state: ", what);
}

}  // namespace

Curriculum::Curriculum(std::vector<StagePlan> plan) : plan_(std::move(plan)) {
  state_.visits.assign(plan_.size(), 0);
  state_.fall_backs.assign(plan_.size(), 0);
  enter(0, 0);
}

Decision Curriculum::decide(int64_t step, const Metrics& fresh) {
  const StepMetrics metrics{stage_step(step), fresh};
  Decision decision = verdict(step, metrics);
  if (!fresh.empty() || decision.verdict != Verdict::kStay) {
    decision.measurements = measurements(metrics);
  }
  carry_out(decision);
  return decision;
}

void Curriculum::restore(State state) {
  const size_t num_stages = plan_.size();
  const auto index = static_cast<size_t>(state.stage);
  require(index < num_stages, concat("stage ", state.stage, " of ", num_stages));
  require(state.visits.size() == num_stages && state.fall_backs.size() == num_stages,
          concat("counts of ", state.visits.size(), " and ", state.fall_backs.size(),
                 " stages, the config has ", num_stages));
  const StagePlan& plan = plan_[index];
  require(state.until.size() == num_leaves(plan) &&
              state.fall_back.size() == num_fall_back_leaves(plan),
          concat("the conditions of stage '", plan.name.text, "' are not those of the config"));
  state_ = std::move(state);
}

bool Curriculum::adopt(State state, int64_t step) {
  const auto index = static_cast<size_t>(state.stage);
  require(index < plan_.size(), concat("stage ", state.stage, " of ", plan_.size()));
  state.visits.resize(plan_.size());
  state.fall_backs.resize(plan_.size());
  state.until.assign(num_leaves(plan_[index]), {});
  state.fall_back.assign(num_fall_back_leaves(plan_[index]), {});
  const bool enters = state.status == Status::kFinished && index + 1 < plan_.size();
  state_ = std::move(state);
  if (enters || state_.status == Status::kFailed || !is_over(step))
    state_.status = Status::kRunning;
  if (enters) enter(index + 1, step);
  return enters;
}

bool Curriculum::is_over(int64_t step) const {
  const Metrics none;
  const StepMetrics now{stage_step(step), none};
  std::vector<Track> unmoved = state_.until;
  return observe(*stage().until, now, unmoved) || is_time_up(now.stage_step);
}

/// Moves the tracks on, and nothing else.
Decision Curriculum::verdict(int64_t step, const StepMetrics& metrics) {
  const StagePlan& plan = stage();
  Decision decision{.step = step,
                    .stage_step = metrics.stage_step,
                    .stage = plan.name.text,
                    .visit = state_.visits[index()],
                    .fall_backs = state_.fall_backs[index()],
                    .fall_backs_allowed = plan.fall_back ? plan.fall_back->at_most : 0};
  const bool is_done = observe(*plan.until, metrics, state_.until);
  const bool is_worse = plan.fall_back && observe(plan.fall_back->when, metrics, state_.fall_back);
  const Verdict onward = index() + 1 == plan_.size() ? Verdict::kFinish : Verdict::kAdvance;
  if (is_worse && decision.fall_backs < decision.fall_backs_allowed) {
    decision.verdict = Verdict::kFallBack;
    decision.reason = Reason::kFallBack;
  } else if (is_done) {
    decision.verdict = onward;
    decision.reason = Reason::kUntil;
  } else if (is_time_up(metrics.stage_step)) {
    decision.verdict = plan.on_timeout == OnTimeout::kFail ? Verdict::kFail : onward;
    decision.reason = Reason::kTimeout;
  }
  return decision;
}

std::vector<Measurement> Curriculum::measurements(const StepMetrics& metrics) const {
  const StagePlan& plan = stage();
  std::vector<Measurement> all;
  append(all, measure(*plan.until, metrics, state_.until), Reason::kUntil);
  if (plan.fall_back) {
    append(all, measure(plan.fall_back->when, metrics, state_.fall_back), Reason::kFallBack);
  }
  return all;
}

void Curriculum::carry_out(Decision& decision) {
  switch (decision.verdict) {
    case Verdict::kStay:
      return;
    case Verdict::kAdvance:
      enter(index() + 1, decision.step);
      break;
    case Verdict::kFallBack: {
      decision.fall_backs = ++state_.fall_backs[index()];
      const auto target = std::find_if(plan_.begin(), plan_.end(), [&](const StagePlan& plan) {
        return plan.name.text == stage().fall_back->to.text;
      });
      enter(static_cast<size_t>(target - plan_.begin()), decision.step);
      break;
    }
    case Verdict::kFinish:
      state_.status = Status::kFinished;
      return;
    case Verdict::kFail:
      state_.status = Status::kFailed;
      return;
  }
  decision.to = stage().name.text;
}

void Curriculum::enter(size_t stage, int64_t step) {
  state_.stage = static_cast<int64_t>(stage);
  state_.entered_at = step;
  ++state_.visits[stage];
  state_.until.assign(num_leaves(plan_[stage]), {});
  state_.fall_back.assign(num_fall_back_leaves(plan_[stage]), {});
}

bool Curriculum::is_time_up(int64_t stage_step) const {
  const auto timeout = stage().timeout();
  return timeout && stage_step >= *timeout;
}

}  // namespace limbic::curriculum
