#pragma once

#include <cstdint>
#include <span>

#include "limbic/worlds/row_oracle.h"
#include "limbic/worlds/slcp_likelihood.h"

namespace limbic::worlds {

class SlcpOracle final : public RowOracle {
 public:
  explicit SlcpOracle(const Schema& schema) : RowOracle(schema) {}

 private:
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  void complete(std::span<double> row, std::span<const uint8_t> known,
                const Stream& stream) const override;
};

}  // namespace limbic::worlds
