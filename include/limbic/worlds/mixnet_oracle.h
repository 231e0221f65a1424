#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/mixnet_law.h"
#include "limbic/worlds/row_oracle.h"

namespace limbic::worlds {

/// Exact conditionals of `mixnet`.
///
///   p(known) = sum over (c, b) of p(c, b) p(v | c) p(tokens | b) * integral p(y | c, b)
///              p(pixels | c, y) dy
///
/// where tokens that are unknown are summed over by messages along their chain, y is integrated by
/// the trapezoid rule over 8 deviations (a known y is exact), and unknown pixels fall out. Samples
/// of y are drawn from the straight lines between the grid's points and accepted or refused.
///
/// Units   the grid's step is .02, a third of the narrowest posterior of y: 64 pixels at a contrast
///         near 1 tell it to .07. The integral is then exact to rounding.
/// Cost    20 us a density or question in which pixels are known and y is not, 2 us any other.
class MixnetOracle final : public RowOracle {
 public:
  explicit MixnetOracle(const Schema& schema);

 private:
  static constexpr int64_t kNumBranches = 6;  // (c, b)
  static constexpr int64_t kGridSize = 401;
  struct Pixels;
  using Table = std::array<double, kGridSize>;  // over y
  using Branches = std::array<double, kNumBranches>;
  using Messages = std::array<std::array<double, mixnet::kVocabulary>, mixnet::kNumTokens + 1>;

  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;

  [[nodiscard]] static double y_at(int64_t point, double mean);
  [[nodiscard]] Branches log_branches(std::span<const double> row,
                                      std::span<const uint8_t> known) const;
  [[nodiscard]] Pixels pixels(std::span<const double> row, std::span<const uint8_t> known,
                              int64_t c) const;
  [[nodiscard]] Table tabulate(const Pixels& seen, int64_t branch) const;
  [[nodiscard]] double draw_y(const Pixels& seen, int64_t branch, const Stream& stream) const;
  [[nodiscard]] static Messages messages(std::span<const double> row,
                                         std::span<const uint8_t> known, int64_t b);
  void draw(const Branches& share, std::span<double> row, std::span<const uint8_t> known,
            const Stream& stream) const;
  static void complete_tokens(std::span<double> row, std::span<const uint8_t> known, int64_t b,
                              const Stream& stream);

  int64_t numbers_a_cell_;  // pixels
  std::array<Table, kNumBranches> contrast_;
  std::array<std::array<double, mixnet::kNumPixels>, 3>
      pattern_;  // of class c, in the order of a row
};

}  // namespace limbic::worlds
