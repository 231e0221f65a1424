#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "parts_for_tests.h"

namespace limbic::config {
namespace {

enum class Mode { kOff, kOn, kYes };
constexpr auto enum_names(Mode) {
  return std::array{std::pair{"off", Mode::kOff}, std::pair{"on", Mode::kOn},
                    std::pair{"yes", Mode::kYes}};
}

/// Reads itself: a number, or a map of two.
struct Weight {
  double from_value = 1;
  double to_value = 1;
  bool operator==(const Weight&) const = default;

  static Weight from(const Node& node, Reader& reader) {
    Weight weight;
    if (node.kind == Node::Kind::kMap) {
      for (const Entry& entry : node.entries) {
        reader.read(entry.value, entry.key == "from" ? weight.from_value : weight.to_value);
      }
    } else if (reader.read(node, weight.from_value)) {
      weight.to_value = weight.from_value;
    }
    return weight;
  }
  [[nodiscard]] Node dump() const {
    return Node::map({{"from", {}, dump_leaf(from_value)}, {"to", {}, dump_leaf(to_value)}});
  }
  static Shape shape() { return {"number or schedule", R"({"type": ["number", "object"]})"}; }
};

struct Inner {
  double x = 0.1;
  std::optional<int64_t> limit = 3;
  bool operator==(const Inner&) const = default;
  static void fields(auto& self, auto&& field) {
    field("x", self.x, "x");
    field("limit", self.limit, "limit");
  }
};

struct Everything {
  bool flag = true;
  int64_t count = 7;
  int narrow = -3;
  double number = 1e-3;
  std::string text = "true";
  Mode mode = Mode::kYes;
  std::vector<double> numbers{0.1, 1e-5, 1e22};
  std::vector<std::vector<std::string>> words{{"a", ""}, {}, {"x, y"}};
  std::optional<std::string> maybe;
  Map<Inner> by_name;
  std::vector<Inner> inners;
  Located formula;
  Steps steps{2000};
  Evals evals{1};
  Ticks ticks{0};
  Inner inner;
  ShapeRecipe shape;
  ShapeRecipe no_shape;
  std::vector<ShapeRecipe> shapes;
  Weight weight;
  bool operator==(const Everything&) const = default;

  static void fields(auto& self, auto&& field) {
    field("flag", self.flag, "bool");
    field("count", self.count, "int64");
    field("narrow", self.narrow, "int");
    field("number", self.number, "double");
    field("text", self.text, "text");
    field("mode", self.mode, "enum");
    field("numbers", self.numbers, "doubles");
    field("words", self.words, "nested lists");
    field("maybe", self.maybe, "optional");
    field("by_name", self.by_name, "map");
    field("inners", self.inners, "list of maps");
    field("formula", self.formula, "located");
    field("steps", self.steps, "steps");
    field("evals", self.evals, "evals");
    field("ticks", self.ticks, "ticks");
    field("inner", self.inner, "struct");
    field("shape", self.shape, "recipe");
    field("no_shape", self.no_shape, "no recipe");
    field("shapes", self.shapes, "recipes");
    field("weight", self.weight, "reads itself");
  }
};

constexpr std::string_view kEverything = R"(
flag: false
count: -9223372036854775808
number: 0.30000000000000004
text: "two\nlines: 'quoted' # and more"
mode: on
numbers: [5e-324, 1.7976931348623157e308, -0.0, 0.1, 123456789.125]
maybe: 'null'
by_name: {'a key: with colon': {x: 1}, b: {limit: null}, 'on': {}}
inners: [{x: 2}, {limit: 9}]
formula: looming > 0.05 and dark > 0.5
steps: 1.5k steps
evals: 3 evals
ticks: 1 tick
inner: {limit: null}
shape: {type: pair, first: {type: square, side: 2.5}, second: {type: square, hollow: true}}
shapes: [{type: square}]
weight: 0.7
)";

Everything read(std::string_view text) { return parse<Everything>(text, "a.yaml", shapes()); }

TEST(RoundTripTest, DefaultsComeBack) {
  const Everything defaults{};
  EXPECT_EQ(read(to_yaml(dump(defaults))), defaults) << to_yaml(dump(defaults));
}

TEST(RoundTripTest, EveryTypeComesBack) {
  const Everything written = read(kEverything);
  const Everything again = read(to_yaml(dump(written)));
  EXPECT_EQ(again, written) << to_yaml(dump(written));
  EXPECT_EQ(hash_of(dump(again)), hash_of(dump(written)));
  EXPECT_EQ(written.mode, Mode::kOn);
  EXPECT_EQ(written.maybe, "null");
  EXPECT_EQ(written.inner.limit, std::nullopt);
  EXPECT_EQ(written.steps.count, 1500);
  EXPECT_EQ(written.weight.to_value, 0.7);
  EXPECT_EQ(written.numbers[0], std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(std::signbit(again.numbers[2]));
}

TEST(RoundTripTest, ADumpOfADumpIsTheSameText) {
  const std::string once = to_yaml(dump(read(kEverything)));
  EXPECT_EQ(to_yaml(dump(read(once))), once);
}

TEST(RoundTripTest, NumbersAreShortAndReadableElsewhere) {
  EXPECT_EQ(dump_leaf(0.1).text, "0.1");
  EXPECT_EQ(dump_leaf(1e-5).text, "1.0e-05");
  EXPECT_EQ(dump_leaf(1.5e-7).text, "1.5e-07");
  EXPECT_EQ(dump_leaf(1.0).text, "1");
  EXPECT_EQ(to_flow_yaml(dump(Steps{1})), "1 step");
  EXPECT_EQ(to_flow_yaml(dump(Steps{2000})), "2000 steps");
}

TEST(RoundTripTest, EveryDoubleComesBackToTheLastBit) {
  uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const auto value = std::bit_cast<double>(state);
    if (!std::isfinite(value)) continue;
    Inner inner{.x = value};
    const auto again = parse<Inner>(dump(inner));
    ASSERT_EQ(std::bit_cast<uint64_t>(again.x), state) << to_yaml(dump(inner));
  }
}

}  // namespace
}  // namespace limbic::config
