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

/// What is to be decided, for which outcome.
struct PlanConfig {
  /// The cells whose values are chosen: [T, V] bool.
  at::Tensor decide_TV;
  /// What is to be large: a place (worlds/place.h) that the cortex sees, or else an expression of
  /// the steering language.
  config::Located outcome;
  /// At which an expression is judged.
  int64_t tick = 0;
  /// Decisions drawn from the cortex; one cell with categories is tried out in full instead.
  int64_t candidates = 16;
  /// Imagined outcomes of a decision over which an expression is averaged.
  int64_t rollouts = 16;
  /// Units of the outcome that make a choice e times likelier; 0: the best.
  double temperature = 0.0;
};

inline constexpr int64_t kImaginedAtOnce = 1 << 14;

/// Candidates of each row, what is expected of them, and which one is chosen.
///
/// Shapes  B rows, N candidates of each; float64 and int64 on the CPU.
struct Plan {
  worlds::Episodes candidates;  // B * N rows, row by row, decisions filled in
  at::Tensor value_BN;          // expected outcome
  at::Tensor is_repeated_BN;    // bool: an earlier candidate of the row is equal
  at::Tensor probability_BN;    // of choosing
  at::Tensor chosen_B;          // index in N
  worlds::Episodes decided;     // B rows
};

/// The cells that globs (worlds/site.h) name, of the first tick where none is said: [T, V] bool.
///
/// Errors  input: a glob that fits nothing the cortex sees. `option` begins the message.
at::Tensor decided_cells(const worlds::Schema& schema, const std::vector<std::string>& globs,
                         const std::string& option);

/// Decides by expected outcome under the cortex:
///
///   value(a) = E[outcome | observed, decision = a];  p(a) ~ exp(value(a) / temperature)
///
/// over the candidates: all categories of one cell, or else draws, so that p(a) is
/// p(a | observed) exp(value(a) / temperature) there. Equal draws share one value, the mean of
/// theirs, and the first of them has the chances of all.
/// It does not go by p(a | observed, a good outcome), which takes luck for a reason to gamble.
/// A variable's expectation is in closed form from its marginal (mean over its cells; a category
/// counts as its name where that is a number, else as its index); an expression's is a mean over
/// the rollouts that give it a value, in which every cell of the cortex that is not observed is
/// imagined, up to its tick.
/// Cost    rows, and rollouts of a row's candidates, go together while that imagines no more than
///         kImaginedAtOnce rows.
/// Errors  limbic::Error (input): what the cortex does not see, a decision that is observed or is
///         the outcome itself, an outcome that is a vector, that reads what nobody imagines, or
///         that is ABSENT in all rollouts of a decision; no such tick.
Plan plan(brain::Brain& brain, const worlds::Schema& schema, const worlds::Episodes& episodes,
          const at::Tensor& observed_BTV, const PlanConfig& config, const Stream& stream);

}  // namespace limbic::inference
