#pragma once

#include <cstdint>

#include "limbic/config/reader.h"
#include "limbic/worlds/schema.h"

namespace limbic::worlds {

/// YAML: which moment of an episode is meant, a number from 0 or `last`.
struct Tick {
  static constexpr int64_t kLast = -1;

  int64_t index = 0;
  config::Mark mark;

  static Tick from(const config::Node& node, config::Reader& reader);
  [[nodiscard]] config::Node dump() const;
  static config::Shape shape();

  /// Errors  ConfigError if episodes are too short.
  [[nodiscard]] int64_t in(const Schema& schema) const;
  friend bool operator==(const Tick& a, const Tick& b) { return a.index == b.index; }
};

}  // namespace limbic::worlds
