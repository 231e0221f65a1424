#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "limbic/brain/signals.h"
#include "limbic/brain/steering/steering_config.h"
#include "limbic/brain/steering_variable.h"
#include "limbic/worlds/episodes.h"

namespace limbic::brain {

/// The steering subsystem: senses, reflexes and drives, compiled from YAML to tensor operations
/// over [B, T].
///
///   realised(t) = override ? truth : defer * assess
///   realised(t) = truth + discount * ((1 - lambda) * assess + lambda * realised(t + lead))
///
/// The second is that of a value variable; where t + lead is past the end, lambda counts as 0.
/// An ABSENT value reads as NaN: a comparison with it is false, and a NaN that reaches a truth,
/// gate or drive counts as 0. An override that is not said stands where all that the truth reads is
/// there (presence.h); that of a value variable always does.
///
/// State   none: no parameter, nothing learned.
/// Errors  ConfigError with all mistakes at once, each with its place and a suggestion: syntax,
///         types, unknown names, a sense that reads the cortex or the amygdala, a cycle (named).
/// Threads any number may run at once.
class Program {
 public:
  Program(const SteeringConfig& config, const worlds::Schema& schema);

  [[nodiscard]] const std::vector<SteeringVariable>& variables() const;
  /// Of variables, and so of assessors.
  [[nodiscard]] const std::vector<std::string>& names() const;
  [[nodiscard]] const std::vector<std::string>& drives() const;
  /// Of an episode.
  [[nodiscard]] int64_t num_ticks() const;
  /// Size of the innate part as YAML, defaults written out.
  [[nodiscard]] int64_t genome_bytes() const;
  /// The compiled operations, one a line, and what each output is.
  [[nodiscard]] std::string listing() const;

  [[nodiscard]] Steer run(const worlds::Episodes& episodes, const Scorecard& scorecard) const;

  class Probe;
  [[nodiscard]] Probe compile_probe(const config::Located& expression) const;
  /// What the index of a category is to who reads it.
  enum class Reading { kNumber, kClass };
  /// Same, for what is learned from or reported: NaN also where a claim in it answers of what is
  /// ABSENT and nothing that is there settles it (presence.h).
  /// Errors  ConfigError also at a category of more than two names that is read as a number.
  [[nodiscard]] Probe compile_figure(const config::Located& expression,
                                     Reading reading = Reading::kNumber) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

/// An expression of the same language that others may ask about; it may also name what the cortex
/// sees, labels and truth.<variable>.
///
/// State   none; it may outlive its program.
class Program::Probe {
 public:
  /// [B, T] float: claims 0 or 1, categories their index, NaN where ABSENT. Where it names no
  /// assessor, the scorecard may be empty.
  [[nodiscard]] at::Tensor operator()(const worlds::Episodes& episodes,
                                      const Scorecard& scorecard) const;
  /// Whether its values are claims.
  [[nodiscard]] bool is_claim() const;
  /// The world's variable that it is, whole or a cell; nullptr where it is none alone.
  [[nodiscard]] const worlds::Variable* variable() const;
  /// The world's variable that it needs at a tick, though not all of it is there [T, V]; -1: none
  /// (see lack.h).
  [[nodiscard]] int64_t lack(const at::Tensor& there_TV, int64_t tick) const;

 private:
  friend class Program;
  struct Body;
  explicit Probe(std::shared_ptr<const Body> body) : body_(std::move(body)) {}

  std::shared_ptr<const Body> body_;
};

}  // namespace limbic::brain
