#include "limbic/brain/amygdala/learner.h"

#include <algorithm>

namespace limbic::brain {
namespace {

class Trial {
 public:
  Trial(const std::vector<Moment>& moments, const std::vector<Statement>& statements,
        const SteeringVariable& variable, const Learner& learner)
      : moments_(moments), statements_(statements), variable_(variable), learner_(learner) {}

  /// What the prediction `lead` ticks before `tick` learns.
  [[nodiscard]] double target(size_t tick) const {
    const Statement& said = statements_[tick];
    if (variable_.discount > 0) return said.truth + variable_.discount * later(tick);
    if (said.override) return said.truth;
    const double stands = learner_.read(moments_[tick]);
    return variable_.defer * (variable_.binary ? std::clamp(stands, 0.0, 1.0) : stands);
  }

 private:
  [[nodiscard]] double later(size_t tick) const {
    const double own = learner_.read(moments_[tick]);
    const size_t next = tick + variable_.lead;
    if (variable_.lambda == 0 || next >= statements_.size()) return own;
    return (1 - variable_.lambda) * own + variable_.lambda * target(next);
  }

  const std::vector<Moment>& moments_;
  const std::vector<Statement>& statements_;
  const SteeringVariable& variable_;
  const Learner& learner_;
};

}  // namespace

Life live_through(const std::vector<Moment>& moments, const std::vector<Statement>& statements,
                  const SteeringVariable& variable, const Learner& reader, Learner* pupil) {
  const Trial trial(moments, statements, variable, reader);
  bool something_happened = false;
  Life life{std::vector<Note>(moments.size())};
  auto& notes = life.notes;
  for (size_t tick = 0; tick < moments.size(); ++tick) {
    const Moment& moment = moments[tick];
    notes[tick].prediction = reader.read(moment);
    notes[tick].variance = reader.variance(moment);
    const size_t told_at = tick + variable.lead;
    if (told_at >= statements.size()) continue;
    const Statement& said = statements[told_at];
    if (said.gate <= 0 || (!said.override && !variable.learns_from_itself())) continue;
    const double error = trial.target(told_at) - notes[tick].prediction;
    notes[told_at].error = error;
    if (pupil != nullptr) pupil->learn(moment, error, said.gate);
    life.has_learned = true;
    something_happened = something_happened || (said.override && said.truth != 0);
  }
  if (pupil != nullptr && life.has_learned) pupil->end_trial(something_happened);
  return life;
}

}  // namespace limbic::brain
