#pragma once

#include <array>
#include <string>
#include <utility>

namespace limbic::worlds {

/// What becomes of a cell of a file whose word or number its variable can't have.
enum class UnknownCells { kRefuse, kMissing };

constexpr auto enum_names(UnknownCells) {
  return std::array{std::pair{"refuse", UnknownCells::kRefuse},
                    std::pair{"missing", UnknownCells::kMissing}};
}

/// How rows are read (episode_table.h).
struct ReadOptions {
  UnknownCells unknown = UnknownCells::kRefuse;
  std::string option = {};  // by which people choose `unknown`; empty: they can't
};

}  // namespace limbic::worlds
