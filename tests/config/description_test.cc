#include "limbic/config/description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parts_for_tests.h"

namespace limbic::config {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

enum class Mode { kFast, kSlow };
constexpr auto enum_names(Mode) {
  return std::array{std::pair{"fast", Mode::kFast}, std::pair{"slow", Mode::kSlow}};
}

struct LayerConfig {
  int64_t width = 64;
  std::vector<LayerConfig> branches;
  static void fields(auto& self, auto&& field) {
    field("width", self.width, at_least(1), "features");
    field("branches", self.branches, "layers inside");
  }
};

struct LossConfig {
  double weight = 1;
  ShapeRecipe shape;
  static void fields(auto& self, auto&& field) {
    field("weight", self.weight, "how much it counts");
    field.rest(self.shape, "the kind of shape");
  }
};

struct RunConfig {
  std::string data;
  double rate = 0.5;
  std::vector<double> betas{0.9, 0.999};
  std::optional<int64_t> limit;
  Mode mode = Mode::kSlow;
  Steps over{200};
  LayerConfig layer{.width = 8, .branches = {}};
  ShapeRecipe shape;
  Map<LossConfig> losses;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("data", self.data, required, "the CSV to read");
    field("rate", self.rate, within(0.0, 1.0), "rate of a|b");
    field("betas", self.betas, within(0.0, 1.0), "decays");
    field("limit", self.limit, at_least(1), "at most so many");
    field("mode", self.mode, "how");
    field("over", self.over, "how long");
    field("layer", self.layer, "its layer");
    field("shape", self.shape, "what to draw");
    field("losses", self.losses, "by name");
  }
};

Description described() { return describe<RunConfig>(shapes()); }
Json schema() { return Json::parse(json_schema(described(), "a run")); }

TEST(MarkdownTest, HasATableForEachMap) {
  const std::string text = markdown(described(), "Keys");
  EXPECT_THAT(text, HasSubstr("# Keys\n\n| key | value | default | what it does |\n"));
  EXPECT_THAT(text, HasSubstr("| `data` | text | required | the CSV to read |\n"));
  EXPECT_THAT(text, HasSubstr("| `rate` | number in [0, 1] | `0.5` | rate of a\\|b |\n"));
  EXPECT_THAT(text, HasSubstr("| `betas` | list of number in [0, 1] | `[0.9, 0.999]` | decays |"));
  EXPECT_THAT(text,
              HasSubstr("| `limit` | whole number at least 1, or null |  | at most so many |"));
  EXPECT_THAT(text, HasSubstr("| `mode` | one of fast, slow | `slow` | how |\n"));
  EXPECT_THAT(
      text,
      HasSubstr("\n## `layer`\n\n| key | value | default | what it does |\n|---|---|---|---|\n"
                "| `width` | whole number at least 1 | `8` | features |\n"));
  EXPECT_THAT(text, HasSubstr("\n## `shape` of `type: square`\n\nfour equal sides\n\n| key |"));
  EXPECT_THAT(text, HasSubstr("\n## `losses.<name>`\n"));
  EXPECT_THAT(text,
              HasSubstr("| `type` and its keys | one of the types square, pair | required |"));
}

/// Two keys of one kind, and below each of them a third.
struct TwiceConfig {
  LayerConfig first, second;
  static void fields(auto& self, auto&& field) {
    field("first", self.first, "one");
    field("second", self.second, "another");
  }
};

TEST(MarkdownTest, TellsASectionOnceAndThenWhereItStands) {
  SectionsTold told;
  const std::string text = markdown(describe<TwiceConfig>({}), "Pairs", told);
  EXPECT_THAT(text, HasSubstr("\n## `first`\n\n| key | value | default | what it does |\n"));
  EXPECT_THAT(text, testing::EndsWith("\n## `second`\n\nKeys as of `first`.\n"));
  EXPECT_EQ(markdown(describe<TwiceConfig>({}), "More", told),
            "# More\n\nKeys as of the top in Pairs.\n");
}

TEST(MarkdownTest, TellsAPartOnceWhereverItMayStand) {
  EXPECT_THAT(markdown(described(), "Keys"),
              HasSubstr("\n## `losses.<name>` of `type: square`\n\nfour equal sides\n\n"
                        "Keys as of `shape` of `type: square`.\n"));
}

/// Two keys of one kind that differ in a default below.
struct HolderConfig {
  LayerConfig layer;
  static void fields(auto& self, auto&& field) { field("layer", self.layer, "inside"); }
};
struct UnlikeConfig {
  HolderConfig first, second{.layer = {.width = 8, .branches = {}}};
  static void fields(auto& self, auto&& field) {
    field("first", self.first, "one");
    field("second", self.second, "another");
  }
};

TEST(MarkdownTest, TellsASectionAgainWhereAnythingBelowItDiffers) {
  EXPECT_THAT(markdown(describe<UnlikeConfig>({}), "Keys"), HasSubstr("\n## `second`\n\n| key |"));
}

TEST(JsonSchemaTest, DescribesEveryKey) {
  const Json root = schema();
  EXPECT_EQ(root["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(root["title"], "a run");
  EXPECT_EQ(root["required"], Json::array({"data"}));
  EXPECT_EQ(root["additionalProperties"], false);
  const Json& rate = root["properties"]["rate"];
  EXPECT_EQ(rate, Json::parse(R"({"type": "number", "minimum": 0.0, "maximum": 1.0,
                                  "description": "rate of a|b", "default": 0.5})"));
  EXPECT_EQ(root["properties"]["betas"]["items"]["maximum"], 1.0);
  EXPECT_EQ(root["properties"]["betas"]["default"], Json::parse("[0.9, 0.999]"));
  EXPECT_EQ(root["properties"]["mode"]["enum"], Json::parse(R"(["fast", "slow"])"));
  EXPECT_EQ(root["properties"]["over"]["pattern"], R"(^[0-9]+(\.[0-9]+)?[kM]? +steps?$)");
  EXPECT_EQ(root["properties"]["limit"]["anyOf"][0],
            Json::parse(R"({"type": "integer", "minimum": 1})"));
  EXPECT_EQ(root["properties"]["limit"]["anyOf"][1]["type"], "null");
  EXPECT_EQ(root["properties"]["layer"]["properties"]["width"]["default"], 8);
}

TEST(JsonSchemaTest, PicksAPartByItsConstantType) {
  const Json choice = schema()["properties"]["shape"]["anyOf"][0]["oneOf"];
  ASSERT_EQ(choice.size(), 2);
  EXPECT_EQ(choice[0]["properties"]["type"]["const"], "square");
  EXPECT_EQ(choice[0]["properties"]["side"]["type"], "number");
  EXPECT_EQ(choice[0]["additionalProperties"], false);
  EXPECT_EQ(choice[1]["required"], Json::parse(R"(["type", "first"])"));
}

TEST(JsonSchemaTest, MixesCommonKeysIntoEachAlternative) {
  const Json loss = schema()["properties"]["losses"]["additionalProperties"];
  ASSERT_EQ(loss["oneOf"].size(), 2);
  EXPECT_TRUE(loss["oneOf"][0]["properties"].contains("weight"));
  EXPECT_TRUE(loss["oneOf"][0]["properties"].contains("side"));
}

TEST(DescriptionTest, EndsWhereTypesHoldThemselves) {
  const Json layer = schema()["properties"]["layer"]["properties"];
  EXPECT_EQ(layer["branches"]["items"], Json::parse(R"({"type": "object"})"));
  const Json pair = schema()["properties"]["shape"]["anyOf"][0]["oneOf"][1]["properties"];
  EXPECT_EQ(pair["first"]["type"], "object");
}

TEST(DescriptionTest, NeedsNoRegistry) {
  EXPECT_THAT(markdown(describe<RunConfig>({}), "Keys"), Not(HasSubstr("square")));
}

}  // namespace
}  // namespace limbic::config
