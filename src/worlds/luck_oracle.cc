#include "limbic/worlds/luck_oracle.h"

#include <cmath>
#include <numeric>

#include "limbic/worlds/choice.h"

namespace limbic::worlds {
namespace {

std::array<double, 3> shares_that_agree(std::span<const double> row,
                                        std::span<const uint8_t> known) {
  std::array<double, 3> shares{};
  for (size_t i = 0; i < kLuckyEvents.size(); ++i) {
    const LuckyEvent& event = kLuckyEvents[i];
    const bool agrees =
        (!known[0] || row[0] == event.arm) && (!known[1] || row[1] == event.outcome);
    shares[i] = agrees ? event.share : 0;
  }
  return shares;
}

}  // namespace

double LuckOracle::log_density(std::span<const double> row, std::span<const uint8_t> known) const {
  const auto shares = shares_that_agree(row, known);
  return std::log(std::accumulate(shares.begin(), shares.end(), 0.0));
}

RowOracle::Completion LuckOracle::completion(const std::vector<double>& row,
                                             const std::vector<uint8_t>& known) const {
  const auto shares = shares_that_agree(row, known);
  return [shares](std::span<double> completed, const Stream& stream) {
    const LuckyEvent& event = kLuckyEvents[choose(shares, stream.uniform(0))];
    completed[0] = static_cast<double>(event.arm);
    completed[1] = static_cast<double>(event.outcome);
  };
}

}  // namespace limbic::worlds
