#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "limbic/brain/brain.h"
#include "limbic/inference/sampler.h"

namespace limbic::inference {

/// What the amygdala, or whatever the steering language can say, would rather have: a tilt.
///
///   a claim, as `assess.flinch < .1`     log weight 0 where it holds, -inf elsewhere
///   a number, as `3 * reward.food`       the log weight itself, -inf where ABSENT or +inf
///
/// at one tick. The brain looks at all visible cells of the imagined episodes. A claim that is one
/// comparison (< <= > >=) says how far it is from holding.
class Preference {
 public:
  /// Errors  ConfigError: what the steering program says of the expression, and a variable's name
  ///         in quotes; input: no such tick.
  Preference(brain::Brain& brain, const worlds::Schema& schema, const config::Located& expression,
             int64_t tick);

  /// Errors  input: of some row it needs a variable that is not among what there will be
  ///         [B, T, V] once all is imagined, so that any answer would do as well.
  void require_all_read(const at::Tensor& there_BTV) const;
  /// Errors  input: the same of every row; where it is so of some, nothing will do for those.
  void require_any_read(const at::Tensor& there_BTV) const;
  [[nodiscard]] Judgement judge(const worlds::Episodes& episodes) const;
  [[nodiscard]] Tilt tilt() const;
  /// The expression's value: [B] float64 on the CPU.
  [[nodiscard]] at::Tensor value(const worlds::Episodes& episodes) const;

 private:
  using Probe = brain::Program::Probe;
  [[noreturn]] void refuse(int64_t lack, const std::string& where) const;
  [[nodiscard]] brain::Scorecard predict(const worlds::Episodes& episodes) const;
  [[nodiscard]] at::Tensor read(const Probe& probe, const worlds::Episodes& episodes,
                                const brain::Scorecard& predicted) const;

  brain::Brain& brain_;
  const worlds::Schema& schema_;
  std::string text_;
  int64_t tick_;
  Probe probe_;
  std::optional<Probe> violation_;  // of one comparison
};

/// Of an expression as people write it on a command line; no tilt where it is empty.
/// Errors  as Preference's, and of require_any_read.
Tilt parse_preference(brain::Brain& brain, const worlds::Schema& schema, const std::string& text,
                      int64_t tick, const at::Tensor& there_BTV);

}  // namespace limbic::inference
