#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limbic/brain/amygdala/amygdala.h"
#include "limbic/brain/amygdala/chain.h"
#include "limbic/brain/amygdala/learner.h"
#include "limbic/brain/own_rule.h"
#include "limbic/brain/steering/program.h"

namespace limbic::brain {

/// Assessors that learn by a rule of their own, trial by trial and tick by tick, each with one or
/// several cells that predict the same: what read-outs of this kind share.
///
/// Shapes  S subjects, N assessors, C cells of each, X features: of the code, or of the thought and
///         a constant 1.
/// Units   mean: of the cells, within [0, 1] for a binary variable; variance: of the cells, or the
///         only cell's own.
/// State   on the CPU, where it learns, whatever device the rest is on.
/// Cost    of predict and learn: rows, ticks and cells, each by features that are not 0; of a
///         Learner's own rule see there.
/// Errors  failed, of what learns: an error that is not finite, since a rate is too high or a truth
///         is not finite.
class OnlineReadout : public Amygdala, public OwnRule {
 public:
  /// Everything that is the same for all subjects.
  struct Setting {
    const ThoughtMap& thought;
    const Program& program;
    const std::optional<OnsetCodeConfig>& code;
    int64_t num_cells = 1;
  };

  Scorecard predict(const at::Tensor& thought_BTD) override;

  [[nodiscard]] bool reads_signals() const override { return true; }
  [[nodiscard]] Statistics observe(const worlds::Episodes& episodes,
                                   const Signals& signals) const override;
  /// One step, its end included.
  void learn(const std::vector<Statistics>& chunks) override;
  void end_step(const at::Tensor& taught_SN) override;
  void divide(const std::vector<Stream>& subjects) override;
  /// Time goes by, as much as so many trials take, in which nothing happens: fast inhibition
  /// fades, and cues are forgotten by who orients to them. Process noise and chains stand still.
  void rest(double num_trials);
  void to(at::Device /*device*/, bool /*non_blocking*/) override {}

  /// What a lesson met, [B, T, N, C] float64 each.
  struct Record {
    at::Tensor prediction_BTNC, variance_BTNC, error_BTNC;
    at::Tensor taught_SN;  // 1 for each assessor that a row of the subject had a lesson for

    /// Deviation of the prediction: of several cells their spread, of one what it says itself.
    [[nodiscard]] at::Tensor uncertainty_BTN() const;
  };
  /// A step of one lesson, and what it met.
  Record live(const Statistics& lesson);
  /// What learning from this would meet, if nothing were learned.
  [[nodiscard]] Record recall(const Statistics& lesson) const;

 protected:
  explicit OnlineReadout(const Setting& setting);

  [[nodiscard]] int64_t num_cells() const { return num_cells_; }
  [[nodiscard]] int64_t num_assessors() const { return std::ssize(variables_); }
  [[nodiscard]] const std::string& name_of(int64_t n) const { return variables_[n].name; }
  [[nodiscard]] int64_t num_features() const;
  [[nodiscard]] int64_t num_cue_features() const;
  [[nodiscard]] int64_t num_contexts() const { return code_ ? code_->num_contexts() : 0; }

  /// Puts slower weights behind this one, if so configured: called once, when it is a newborn's.
  void link(const std::optional<ChainConfig>& config, const at::Tensor& weight_SN);
  /// Makes the state of a newborn, but for a chain's.
  virtual void start(const std::vector<Stream>& subjects) = 0;
  [[nodiscard]] virtual std::unique_ptr<Learner> learner(int64_t subject, int64_t assessor,
                                                         int64_t cell) const = 0;

 private:
  [[nodiscard]] std::vector<Moment> moments(const at::Tensor& thought_TD, int64_t subject) const;
  [[nodiscard]] double* familiar_of(int64_t subject) const;  // null where nothing orients
  [[nodiscard]] Record meet(const Statistics& lesson, bool learns) const;

  std::vector<SteeringVariable> variables_;
  int64_t thought_size_;
  std::optional<OnsetCode> code_;
  int64_t num_cells_;
  int64_t num_subjects_ = 1;
  at::Tensor familiar_SC_;  // a buffer; undefined where nothing orients
  std::optional<Chain> chain_;
};

}  // namespace limbic::brain
