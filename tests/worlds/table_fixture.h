#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "../support/refusal.h"
#include "fixture.h"
#include "limbic/worlds/table.h"

namespace limbic::worlds {

/// Tables of texts.
class TableTest : public testing::Test {
 protected:
  Table table(const std::string& text, const std::string& yaml = "") {
    const std::string file = folder_.write("t.csv", text);
    return Table(config::parse<TableConfig>("file: " + file + "\n" + yaml, "t.yaml"));
  }
  /// What such a table is refused with.
  std::string refusal(const std::string& text, const std::string& yaml = "") {
    return testing_support::refusal([&] { table(text, yaml); });
  }
  void expect_refused(const std::string& text, const std::string& message,
                      const std::string& yaml = "") {
    EXPECT_THAT(refusal(text, yaml), testing::HasSubstr(message));
  }
  static Episodes all_rows(const Table& table, Split split, int64_t count) {
    return table.draw({.regime = "rows", .split = split, .num_rows = count}, Stream(1));
  }

  TemporaryDirectory folder_;
};

inline constexpr auto kNoSplit = "validation: 0\ntest: 0\n";

}  // namespace limbic::worlds
