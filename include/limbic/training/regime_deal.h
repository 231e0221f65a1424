#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "limbic/core/stream.h"
#include "limbic/training/parts.h"

namespace limbic::training {

/// Deals regimes to the chunks of a step in a stage's shares, as evenly as a step allows, and to
/// each chunk the rows that come next in its regime, whatever others are dealt between:
///
///   first_row = batch_size * step that the stage began at + rows that the regime had since
///
/// so no row of it comes again in a later stage.
///
/// State   where each regime goes on in the step that follows. At any other step, as where a run
///         goes on, that is found by dealing the stage's steps up to it once more, by the present
///         config: after a change of shares, batch or chunks rows may come again or be left out.
class RegimeDeal {
 public:
  /// What a chunk is dealt.
  struct Hand {
    size_t regime;
    int64_t first_row;  // see worlds::Draw
    int64_t num_rows;
  };

  /// @param shares  of the world's regimes, in their order; they sum to 1.
  RegimeDeal(std::vector<double> shares, const TrainingConfig& config, const Stream& stream);

  /// Of each chunk. `stage_step`: steps that the stage had before this one.
  std::vector<Hand> deal(int64_t step, int64_t stage_step);

 private:
  std::vector<Hand> deal_next();

  std::vector<double> shares_;
  int64_t num_chunks_, batch_size_;
  Stream stream_;
  int64_t next_step_ = -1;
  std::vector<int64_t> next_row_;  // of each regime
};

}  // namespace limbic::training
