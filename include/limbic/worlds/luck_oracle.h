#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/row_oracle.h"

namespace limbic::worlds {

/// The three things that can happen in `luck`, and how often.
struct LuckyEvent {
  int64_t arm;
  int64_t outcome;
  double share;
};
inline constexpr std::array<LuckyEvent, 3> kLuckyEvents{
    LuckyEvent{.arm = 0, .outcome = 1, .share = 0.5},   // sure: 1
    LuckyEvent{.arm = 1, .outcome = 0, .share = 0.25},  // coin: -3
    LuckyEvent{.arm = 1, .outcome = 2, .share = 0.25},  // coin: 3
};

/// Exact conditionals of `luck`: the shares of the events that agree with what is known.
class LuckOracle final : public RowOracle {
 public:
  explicit LuckOracle(const Schema& schema) : RowOracle(schema) {}

 private:
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;
};

}  // namespace limbic::worlds
