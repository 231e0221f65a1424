#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/core/stream.h"
#include "limbic/worlds/world.h"

namespace limbic::evals {

/// What a run's training draws from: its episodes from the child "world".
[[nodiscard]] inline Stream training_stream(uint64_t seed) {
  return Stream(seed).child("training");
}

/// A run's world as its evals see it: each draws from a stream of its own, but a fixed training set
/// is the one that the run trains on. All else is the world's.
class RunWorld final : public worlds::World {
 public:
  RunWorld(const worlds::World& world, uint64_t seed)
      : world_(world), training_(training_stream(seed).child("world")) {}

  [[nodiscard]] const worlds::Schema& schema() const override { return world_.schema(); }
  [[nodiscard]] const std::vector<std::string>& regimes() const override {
    return world_.regimes();
  }
  [[nodiscard]] worlds::Episodes draw(const worlds::Draw& draw,
                                      const Stream& stream) const override {
    const bool is_fixed = draw.split == worlds::Split::kTrain && num_training_rows() > 0;
    return world_.draw(draw, is_fixed ? training_ : stream);
  }
  [[nodiscard]] int64_t num_training_rows() const override { return world_.num_training_rows(); }
  [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view regime,
                                                         worlds::Split split) const override {
    return world_.num_distinct_rows(regime, split);
  }
  [[nodiscard]] std::map<std::string, int64_t> audit(
      const worlds::Episodes& episodes) const override {
    return world_.audit(episodes);
  }
  [[nodiscard]] std::string summary() const override { return world_.summary(); }
  [[nodiscard]] std::string fingerprint() const override { return world_.fingerprint(); }
  [[nodiscard]] const worlds::Oracle* oracle() const override { return world_.oracle(); }
  [[nodiscard]] worlds::CsvDialect csv_dialect() const override { return world_.csv_dialect(); }

 private:
  const worlds::World& world_;
  Stream training_;
};

}  // namespace limbic::evals
