#pragma once

#include <cstdint>

#include "limbic/core/stream.h"

namespace limbic::worlds {

/// The order in which a data set of fixed size is gone through: every item once per epoch, each
/// epoch in an order of its own, without storing any of them.
///
///   item(position) = a permutation keyed by (stream, position / size), at position % size
///
/// The permutation is a Feistel network over the next even number of bits, walked along its
/// cycle until it lands below size.
///
/// State   none: any position can be asked for alone.
/// Cost    about 50 ns a position.
/// Source  Black and Rogaway 2002, CT-RSA, doi:10.1007/3-540-45760-7_9.
class EpochOrder {
 public:
  EpochOrder(int64_t size, const Stream& stream);
  [[nodiscard]] int64_t item(int64_t position) const;

 private:
  int64_t size_;
  Stream stream_;
  int half_bits_;
};

}  // namespace limbic::worlds
