#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "limbic/config/reader.h"

namespace limbic::config {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

/// A number, or a map.
struct Size {
  static Size from(const Node&, Reader&) { return {}; }
  [[nodiscard]] Node dump() const { return dump_leaf(1.0); }
  static Shape shape() { return {"number or box", R"({"type": ["number", "object"]})"}; }
  static std::vector<Description> forms(Describer& describer);
};

struct Box {
  double width = 2;
  std::vector<Size> inside;
  static void fields(auto& self, auto&& field) {
    field("width", self.width, "how wide");
    field("inside", self.inside, "what it holds");
  }
};

std::vector<Description> Size::forms(Describer& describer) {
  return {described<double>(describer), described<Box>(describer)};
}

struct Room {
  Size table, chair;
  static void fields(auto& self, auto&& field) {
    field("table", self.table, "a table");
    field("chair", self.chair, "a chair");
  }
};

TEST(FormsTest, AreToldOnceHoweverManyKeysTakeThem) {
  EXPECT_EQ(markdown(describe<Room>({}), "A room"),
            "# A room\n\n"
            "| key | value | default | what it does |\n|---|---|---|---|\n"
            "| `table` | number or box | `1` | a table |\n"
            "| `chair` | number or box | `1` | a chair |\n"
            "\n## A value that is a number or box\n\n"
            "| key | value | default | what it does |\n|---|---|---|---|\n"
            "| `width` | number | `2` | how wide |\n"
            "| `inside` | list of number or box | `[]` | what it holds |\n");
}

TEST(FormsTest, AreAlternativesOfTheSchema) {
  const Json table = Json::parse(json_schema(describe<Room>({}), "a room"))["properties"]["table"];
  ASSERT_EQ(table["anyOf"].size(), 2);
  EXPECT_EQ(table["anyOf"][0], Json::parse(R"({"type": "number"})"));
  EXPECT_EQ(table["anyOf"][1]["properties"]["width"]["default"], 2);
  EXPECT_EQ(table["anyOf"][1]["properties"]["inside"]["items"],
            Json::parse(R"({"type": ["number", "object"]})"));
  EXPECT_EQ(table["default"], 1);
}

}  // namespace
}  // namespace limbic::config
