#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limbic/core/stream.h"
#include "limbic/worlds/csv.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/schema.h"

namespace limbic::worlds {

enum class Split { kTrain, kValidation, kTest };

constexpr auto enum_names(Split) {
  return std::array{std::pair{"train", Split::kTrain}, std::pair{"validation", Split::kValidation},
                    std::pair{"test", Split::kTest}};
}

/// Which episodes to draw: rows first_row .. first_row + num_rows - 1 of the regime's own endless
/// sequence in the split, which fixed data sets go through epoch by epoch.
struct Draw {
  std::string_view regime;
  Split split = Split::kTrain;
  int64_t first_row = 0;
  int64_t num_rows = 0;
};

/// The exact answers that a synthetic world can give about itself.
class Oracle {
 public:
  virtual ~Oracle() = default;
  /// log p(asked | observed) of each row in nats, [B] float64.
  [[nodiscard]] virtual at::Tensor log_prob(const Episodes& episodes, const Roles& roles) const = 0;
  /// Joint samples of the asked cells given the observed ones.
  [[nodiscard]] virtual Episodes sample(const Episodes& episodes, const Roles& roles,
                                        const Stream& stream) const = 0;
};

/// Where episodes come from.
///
/// State   none: const and pure, the same Stream gives the same row wherever a Draw begins that
///         holds it, so there is no position to save.
/// Threads any number may draw at once.
class World {
 public:
  virtual ~World() = default;
  [[nodiscard]] virtual const Schema& schema() const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& regimes() const = 0;
  /// `stream` is the same for all draws of a run: a world keeps regimes, splits and rows apart by
  /// itself.
  [[nodiscard]] virtual Episodes draw(const Draw& draw, const Stream& stream) const = 0;
  /// Of a fixed training set, how many rows it has; 0: rows never come again.
  [[nodiscard]] virtual int64_t num_training_rows() const { return 0; }
  /// After how many rows a regime's rows of a split come again; none: they never do.
  [[nodiscard]] virtual std::optional<int64_t> num_distinct_rows(std::string_view /*regime*/,
                                                                 Split /*split*/) const {
    return std::nullopt;
  }
  /// Things that must never happen in these episodes, counted (for spider: captions that met a
  /// retina).
  [[nodiscard]] virtual std::map<std::string, int64_t> audit(const Episodes&) const { return {}; }
  /// A line for people about the data that it was made from; empty if there is nothing to say.
  [[nodiscard]] virtual std::string summary() const { return {}; }
  /// What tells that data from any other that the same config might find; empty where the config
  /// says it all.
  [[nodiscard]] virtual std::string fingerprint() const { return {}; }
  [[nodiscard]] virtual const Oracle* oracle() const { return nullptr; }
  /// How the data that it was made from is written.
  [[nodiscard]] virtual CsvDialect csv_dialect() const { return {}; }
};

}  // namespace limbic::worlds
