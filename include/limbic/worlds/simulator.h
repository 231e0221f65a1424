#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/config/fields.h"
#include "limbic/worlds/row.h"
#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// YAML keys that simulated worlds share.
struct SimulatorConfig {
  int64_t budget = 0;

  static void fields(auto& self, auto&& field) {
    field("budget", self.budget, config::within<int64_t>(0, 1 << 30),
          "number of different training rows; 0: always fresh ones");
  }
};

/// A world whose rows come from a program: it draws one row, this cuts the endless sequence of rows
/// into episodes, or goes through a fixed training set of `budget` rows epoch by epoch.
class Simulator : public World {
 public:
  [[nodiscard]] const Schema& schema() const final { return layout_.schema(); }
  [[nodiscard]] const std::vector<std::string>& regimes() const final { return regimes_; }
  [[nodiscard]] Episodes draw(const Draw& draw, const Stream& stream) const final;
  [[nodiscard]] int64_t num_training_rows() const final { return budget_; }
  [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view regime,
                                                         Split split) const final;

 protected:
  Simulator(const Schema& schema, const SimulatorConfig& config);

 private:
  /// Fills one row from its own stream; every number is present.
  virtual void simulate(std::span<double> row, const Stream& stream) const = 0;
  [[nodiscard]] bool is_fixed(Split split) const { return split == Split::kTrain && budget_ > 0; }

  RowLayout layout_;
  int64_t budget_;
  std::vector<std::string> regimes_{"rows"};
};

}  // namespace limbic::worlds
