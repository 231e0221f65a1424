#pragma once

#include <torch/nn/module.h>

#include <optional>
#include <string>
#include <vector>

#include "limbic/brain/cortex/distribution.h"
#include "limbic/brain/cortex/question.h"
#include "limbic/brain/thought.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"

namespace limbic::brain {

/// How to draw: temperature scales noise and flattens choices (0: the likeliest component's mean);
/// hidden cells come in the order of `rank_BTV`, as in log_prob, which then gives the density of
/// what was drawn at temperature 1. Undefined: in an order of the cortex's own.
struct SamplingOptions {
  double temperature = 1.0;
  at::Tensor rank_BTV = {};
};

/// A model of every variable given any subset of the others (cortex and thalamus).
///
/// Shapes  B rows, T ticks, V cells, D features of the thought. Roles live on the CPU, values on
///         the device; of a question for a thought only the observed cells count.
/// Threads one call at a time on one object; workers own an object each, their parameters aliasing
///         one buffer.
class Cortex : public torch::nn::Module {
 public:
  /// log p of each asked cell, 0 elsewhere: [B, T, V]. Hidden cells are conditioned on the observed
  /// ones and on the hidden ones that come before them in `rank_BTV` (int64, CPU, any numbers that
  /// differ within a row), so that a row's sum is the exact joint log p of that order. An undefined
  /// rank gives each cell's own marginal. Echoes are conditioned on the observed cells alone. In
  /// nats of raw units; of a bounded cell whose mixture holds less than 1e-4 within the bounds, too
  /// low by what is missing of that: it counts as 1e-4.
  virtual at::Tensor log_prob(const worlds::Episodes& episodes, const Question& question) = 0;
  /// One distribution per variable, valid where asked.
  virtual Marginals marginals(const worlds::Episodes& episodes, const Question& question) = 0;
  /// `episodes` with each hidden asked cell replaced by a draw, all of a row's cells jointly.
  virtual worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                                  const SamplingOptions& options, const Stream& stream) = 0;
  /// What the cortex believes at each tick, given what it observed up to that tick: [B, T, D].
  virtual at::Tensor think(const worlds::Episodes& episodes, const Question& question) = 0;
  /// Questions of which all that can be worked out about roles is worked out now, on the host, so
  /// that answering is left to the device.
  [[nodiscard]] virtual Question ask(const worlds::Roles& roles, const at::Tensor& rank_BTV) const;
  [[nodiscard]] virtual Question ask_thought(const at::Tensor& observed_BTV) const;
  /// Asked and answered at once.
  at::Tensor log_prob(const worlds::Episodes& episodes, const worlds::Roles& roles,
                      const at::Tensor& rank_BTV);
  Marginals marginals(const worlds::Episodes& episodes, const worlds::Roles& roles);
  at::Tensor think(const worlds::Episodes& episodes, const at::Tensor& observed_BTV);
  /// From here on questions of about the same size are worked out to the same sizes, so that a
  /// device can repeat what it did for one of them. Whoever gives roles instead is answered
  /// exactly.
  virtual void even_out_questions() {}
  [[nodiscard]] virtual int64_t thought_size() const = 0;
  /// What its features are about, where they are about anything.
  [[nodiscard]] virtual ThoughtMap thought_map() const { return opaque_thought(thought_size()); }
  /// Throws limbic::Error (input) if this is a cortex that only thinks.
  virtual void require_predictions() const {}
  /// How many training rows it wants to see before the first step; 0: none.
  [[nodiscard]] virtual int64_t num_initial_rows() const { return 0; }
  /// Makes of them what can be known without learning step by step, in its kept buffers.
  virtual void initialise_from(const worlds::Episodes& /*rows*/, const Stream& /*stream*/) {}
  /// Names of buffers that belong to what it has learned.
  [[nodiscard]] virtual std::vector<std::string> kept_buffers() const { return {}; }
  /// While there is a stream, passes with gradients may drop units by its numbers (dropout.h);
  /// other passes never do.
  virtual void draw_dropout_from(const std::optional<Stream>& /*stream*/) {}
};

}  // namespace limbic::brain
