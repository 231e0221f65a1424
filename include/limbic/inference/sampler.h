#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "limbic/brain/cortex/cortex.h"
#include "limbic/core/stream.h"
#include "limbic/inference/dials.h"
#include "limbic/inference/evidence.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"

namespace limbic::inference {

/// What is thought of whole episodes, beside how likely they are.
struct Judgement {
  at::Tensor log_weight_B;      // -inf: out of the request
  at::Tensor violation_B = {};  // how far a row is from what is wanted; undefined: not known
};
using Tilt = std::function<Judgement(const worlds::Episodes&)>;

/// The cell of a mask [B, T, V] that evidence is about: [B], a view.
at::Tensor cell_of(const at::Tensor& mask_BTV, const worlds::Schema& schema,
                   const Evidence& evidence);

/// Candidates that are drawn together, but for those of one row, which always are; rows that are
/// swept together.
inline constexpr int64_t kDrawnAtOnce = 1 << 12;

/// What is to be drawn: the hidden asked cells of each row, as one.
///
/// State   evidence is about hidden cells, the same in each row, and makes them asked.
struct Request {
  worlds::Episodes episodes;  // B rows
  worlds::Roles roles;
  std::vector<Evidence> evidence = {};
  Tilt tilt = {};
};

/// Shapes  B rows; float64 and bool on the CPU.
struct Samples {
  worlds::Episodes episodes;  // B rows
  worlds::Roles roles;        // with the cells that evidence is about among those asked
  at::Tensor log_evidence_B;  // log of the candidates' mean weight: of p(evidence) and mean tilt
  at::Tensor effective_B;     // effective number of candidates, 1 to n; 0 where none met the tilt
  at::Tensor unmet_B;         // bool: the tilt rules out what stands, the least bad that was found
  std::optional<double> accepted = {};  // share of blocks that sweeps took; nothing without, or
                                        // where nothing can move
};

/// Draws from p(asked | observed) p(evidence | asked) exp(tilt), by the dials:
///
///   1. cells with evidence, one by one from their constrained marginal given all so far;
///      then the rest in a random order, `reencode` at a time
///   2. n candidates a row, one of them chosen with probability ~ w,
///      log w = log masses + tilt [+ log p averaged over orders - log q of the order drawn,
///      where orders > 1]
///   3. sweeps: a block is drawn again given all other cells, in a random order, and taken with
///      probability min(1, p(new) exp(tilt new) q(old) / (p(old) exp(tilt old) q(new))), where p is
///      averaged over orders, q is of that order. Cells with evidence stay.
///
/// Errors  limbic::Error (input): evidence about a cell that is observed, or that contradicts
///         other evidence; orders or sweeps at another temperature than 1.
/// Cost    n B rows, kDrawnAtOnce of them together; for each sweep a draw and 2 + orders passes of
///         B rows, as many together.
/// Source  Rubin 1988 (sampling importance resampling); Hastings 1970.
Samples sample(brain::Cortex& cortex, const worlds::Schema& schema, const Request& request,
               const Dials& dials, const Stream& stream);

}  // namespace limbic::inference
