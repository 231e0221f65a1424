#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

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
/// Cost    samples share what their question costs if their rows follow each other: each thread
///         pays it once.
class RowOracle : public Oracle {
 public:
  [[nodiscard]] at::Tensor log_prob(const Episodes& episodes, const Roles& roles) const final;
  [[nodiscard]] Episodes sample(const Episodes& episodes, const Roles& roles,
                                const Stream& stream) const final;

 protected:
  /// Draws the numbers at all other sites of a row jointly; those that a question knows are in it.
  using Completion = std::function<void(std::span<double> row, const Stream& stream)>;

  explicit RowOracle(const Schema& schema) : layout_(schema) {}

 private:
  /// Log density [nats of raw units] of the numbers at the sites that are known, all others
  /// integrated out.
  [[nodiscard]] virtual double log_density(std::span<const double> row,
                                           std::span<const uint8_t> known) const = 0;
  /// What all samples of one question share is worked out here, once. A draw depends on its stream
  /// alone, never on draws before it. Arguments are vectors so that a lambda which captures them
  /// has copies.
  [[nodiscard]] virtual Completion completion(const std::vector<double>& row,
                                              const std::vector<uint8_t>& known) const = 0;

  RowLayout layout_;
};

}  // namespace limbic::worlds
