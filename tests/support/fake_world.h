#pragma once

#include <map>
#include <string>
#include <vector>

#include "limbic/worlds/world.h"
#include "small_world.h"

namespace limbic::testing_support {

/// Hands out counted_rows one after another, with eye = 0 and then the row's number. In `book`, x
/// is absent. Remembers what was asked of it.
class FakeWorld : public worlds::World {
 public:
  [[nodiscard]] const worlds::Schema& schema() const override { return schema_; }
  [[nodiscard]] const std::vector<std::string>& regimes() const override { return regimes_; }

  [[nodiscard]] worlds::Episodes draw(const worlds::Draw& draw, const Stream&) const override {
    draws.push_back({std::string(draw.regime), draw.split, draw.first_row, draw.num_rows});
    worlds::Episodes episodes = counted_rows(draw.num_rows, first + draw.first_row);
    episodes.value[kEye].select(1, 1).copy_(episodes.value[kX].select(1, 0));
    for (int64_t row = 0; draw.regime == "book" && row < draw.num_rows; ++row) {
      make_absent(episodes, row, kX);
    }
    return episodes;
  }

  [[nodiscard]] std::map<std::string, int64_t> audit(const worlds::Episodes& e) const override {
    return {{"threats", e.value[kThreat].sum().item<int64_t>()}, {"ghosts", 0}};
  }

  struct Asked {
    std::string regime;
    worlds::Split split;
    int64_t first_row, num_rows;
  };
  mutable std::vector<Asked> draws;
  int64_t first = 0;

 private:
  worlds::Schema schema_ = small_schema();
  std::vector<std::string> regimes_{"live", "book"};
};

}  // namespace limbic::testing_support
