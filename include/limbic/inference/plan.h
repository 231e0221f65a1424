#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/config/reader.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"

namespace limbic::inference {

/// YAML: `plan`: what is to be decided, for which outcome.
struct PlanConfig {
  std::vector<config::Located> decide;
  config::Located outcome;
  int64_t candidates = 16;
  int64_t rollouts = 16;
  double temperature = 0.0;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("decide", self.decide, config::required, "variables whose values are chosen");
    field("outcome", self.outcome, config::required,
          "what is to be large: a variable of the cortex, or an expression of the steering "
          "language at tick 0");
    field("candidates", self.candidates, within<int64_t>(1, 1 << 20),
          "decisions drawn from the cortex; one cell with categories is tried out in full instead");
    field("rollouts", self.rollouts, within<int64_t>(1, 1 << 20),
          "imagined outcomes of a decision over which an expression is averaged");
    field("temperature", self.temperature, within(0.0, 1e6),
          "units of the outcome that make a choice e times likelier; 0: the best");
  }
};

inline constexpr int64_t kImaginedAtOnce = 1 << 14;

/// Candidates of each row, what is expected of them, and which one is chosen.
///
/// Shapes  B rows, N candidates of each; float64 and int64 on the CPU.
struct Plan {
  worlds::Episodes candidates;  // B * N rows, row by row, decisions filled in
  at::Tensor value_BN;          // expected outcome
  at::Tensor probability_BN;    // of choosing
  at::Tensor chosen_B;          // index in N
  worlds::Episodes decided;     // B rows
};

/// Decides by expected outcome under the cortex:
///
///   value(a) = E[outcome | observed, decision = a];  p(a) ~ exp(value(a) / temperature)
///
/// and not by p(a | observed, a good outcome), which takes luck for a reason to gamble.
/// A variable's expectation is in closed form from its marginal (mean over its cells; a category
/// counts as its name where that is a number, else as its index); an expression's is a mean over
/// the rollouts that give it a value, in which every cell of the cortex that is not observed is
/// imagined, at tick 0.
/// Cost    rows, and rollouts of a row's candidates, go together while that imagines no more than
///         kImaginedAtOnce rows.
/// Errors  limbic::Error (input): what the cortex does not see, a decision that is observed or is
///         the outcome itself, an outcome that is a vector, or ABSENT in all rollouts of a
///         decision.
Plan plan(brain::Brain& brain, const worlds::Schema& schema, const worlds::Episodes& episodes,
          const at::Tensor& observed_BTV, const PlanConfig& config, const Stream& stream);

}  // namespace limbic::inference
