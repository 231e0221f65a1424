#pragma once

#include <vector>

#include "limbic/brain/amygdala/onset_code.h"
#include "limbic/brain/steering_variable.h"

namespace limbic::brain {

/// One online read-out of one subject: predicts at a tick, and learns from the error of that.
class Learner {
 public:
  virtual ~Learner() = default;
  [[nodiscard]] virtual double read(const Moment& moment) const = 0;
  /// How uncertain that is.
  [[nodiscard]] virtual double variance(const Moment& moment) const = 0;
  /// weight: how much the lesson counts, 1 for a whole one.
  virtual void learn(const Moment& moment, double error, double weight) = 0;
  /// something_happened: the steering subsystem stated something other than 0.
  virtual void end_trial(bool something_happened) = 0;
  virtual void rest(double num_trials) = 0;
};

/// What the steering subsystem says at a tick.
struct Statement {
  double truth = 0;
  bool override = false;
  double gate = 0;
};

/// What a learner said and met at a tick.
struct Note {
  double prediction = 0;  // before it learned anything from this tick
  double variance = 0;
  double error = 0;  // of the prediction `lead` ticks earlier, known now; 0 where none was taught
};

/// What a learner made of a trial.
struct Life {
  std::vector<Note> notes;   // of each tick
  bool has_learned = false;  // or would have
};

/// One trial, tick by tick: the prediction at t learns what is said at t + lead.
///
///   error(t + lead) = (override ? truth : defer * p(t + lead)) - p(t)
///   value variable: truth + discount * ((1 - lambda) p(t + lead) + lambda * (what it learns then))
///
/// Where it defers, p is that of the weights as they are now; p(t + lead) of a binary variable is
/// within [0, 1]. A gate that is shut teaches nothing; a trial whose gates are all shut leaves no
/// trace at all. The pupil is the reader itself, or null: then nothing is learned.
Life live_through(const std::vector<Moment>& moments, const std::vector<Statement>& statements,
                  const SteeringVariable& variable, const Learner& reader, Learner* pupil);

}  // namespace limbic::brain
