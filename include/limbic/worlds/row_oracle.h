#pragma once

#include <cstdint>
#include <span>

#include "limbic/worlds/row.h"
#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// An oracle that answers row by row, from two things a world can say about one row:
///
///   log p(asked | observed) = log p(asked, observed) - log p(observed)
///
/// Cells that are neither observed nor asked are integrated out; an asked cell that is observed
/// too is certain and counts for nothing.
///
/// Threads rows are spread over LibTorch's threads.
class RowOracle : public Oracle {
 public:
  [[nodiscard]] at::Tensor log_prob(const Episodes& episodes, const Roles& roles) const final;
  [[nodiscard]] Episodes sample(const Episodes& episodes, const Roles& roles,
                                const Stream& stream) const final;

 protected:
  explicit RowOracle(const Schema& schema) : layout_(schema) {}

  [[nodiscard]] const RowLayout& layout() const { return layout_; }

 private:
  /// Log density [nats of raw units] of the numbers at the sites that are known, all others
  /// integrated out.
  [[nodiscard]] virtual double log_density(std::span<const double> row,
                                           std::span<const uint8_t> known) const = 0;
  /// Draws the numbers at all other sites jointly, given those that are known.
  virtual void complete(std::span<double> row, std::span<const uint8_t> known,
                        const Stream& stream) const = 0;

  RowLayout layout_;
};

}  // namespace limbic::worlds
