#include "limbic/worlds/recalled_world.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "../support/refusal.h"
#include "limbic/worlds/spline.h"
#include "limbic/worlds/standard_units.h"
#include "table_fixture.h"

namespace limbic::worlds {
namespace {

using nlohmann::json;
using testing::StartsWith;

/// Numbers that only all of their digits give back.
class AwkwardWorld : public World {
 public:
  [[nodiscard]] const Schema& schema() const override { return schema_; }
  [[nodiscard]] const std::vector<std::string>& regimes() const override { return regimes_; }
  [[nodiscard]] Episodes draw(const Draw& draw, const Stream& /*stream*/) const override {
    return empty_episodes(schema_, draw.num_rows);
  }
  [[nodiscard]] CsvDialect csv_dialect() const override { return {'\t', {"?", ""}, {"note"}}; }

 private:
  Schema schema_{
      {{.name = "age",
        .num_ticks = 2,
        .modality = "person",
        .center = 0.1,
        .scale = 1.0 / 3.0,
        .low = -1e-300},
       {.name = "kind",
        .kind = Kind::kCategory,
        .size = 2,
        .num_cells = 3,
        .access = Access::kLabel,
        .names = {"a \"b\"", "gr\xc3\xbcn"}},
       {.name = "picture",
        .kind = Kind::kVector,
        .size = 6,
        .num_cells = 20,
        .access = Access::kPrimitive,
        .tiling = {.rows = 4, .columns = 5, .height = 2, .width = 3}},
       {.name = "income",
        .center = -0.0,
        .scale = std::nextafter(1.0, 2.0),
        .transform = {.kind = TransformKind::kAsinh, .offset = 0.7, .unit = 1e17 / 3.0}},
       {.name = "price", .transform = {.kind = TransformKind::kLog}},
       {.name = "rank",
        .transform = {.kind = TransformKind::kQuantile,
                      .spline = std::make_shared<Spline>(std::vector<Knot>{
                          {-1.0 / 3.0, -std::sqrt(2.0)}, {0.1, 0.3}, {1e6 / 7.0, 2.2}})}}},
      2};
  std::vector<std::string> regimes_{"book", "live"};
};

// All but the spline. A field that is added breaks this line, and is to be recalled too.
auto fields_of(const Variable& variable) {
  const auto& [name, kind, size, num_cells, num_ticks, modality, access, center, scale, low, high,
               transform, names, tiling] = variable;
  return std::tuple(
      name, kind, size, num_cells, num_ticks, modality, access, center, std::signbit(center), scale,
      low, high, names,
      std::tuple(transform.kind, transform.offset, transform.unit, transform.spline != nullptr),
      std::tuple(tiling.rows, tiling.columns, tiling.height, tiling.width));
}

TEST(RecalledWorldTest, HasTheSchemaToTheLastBit) {
  const AwkwardWorld world;
  const auto recalled = recalled_world(to_json(world), "world.json");
  const Schema &was = world.schema(), &is = recalled->schema();
  EXPECT_EQ(is.num_ticks(), 2);
  ASSERT_EQ(is.size(), was.size());
  for (int64_t i = 0; i < was.size(); ++i)
    EXPECT_EQ(fields_of(is[i]), fields_of(was[i])) << was[i].name;
}

TEST(RecalledWorldTest, TransformsToTheSameBits) {
  const AwkwardWorld world;
  const auto recalled = recalled_world(to_json(world), "world.json");
  const at::Tensor x = at::linspace(-3, 600, 1001, at::kDouble);
  for (const char* name : {"income", "price", "rank"}) {
    const int64_t i = world.schema().require(name);
    const Variable &was = world.schema()[i], &is = recalled->schema()[i];
    EXPECT_TRUE(standard_units(is, x).equal(standard_units(was, x))) << name;
    EXPECT_TRUE(restored(is.transform, x).equal(restored(was.transform, x))) << name;
    EXPECT_TRUE(log_slope(is.transform, x).equal(log_slope(was.transform, x))) << name;
  }
}

TEST(RecalledWorldTest, KnowsRegimesAndHowRowsAreWritten) {
  const auto recalled = recalled_world(to_json(AwkwardWorld()), "world.json");
  EXPECT_EQ(recalled->regimes(), (std::vector<std::string>{"book", "live"}));
  const CsvDialect dialect = recalled->csv_dialect();
  EXPECT_EQ(dialect.delimiter, '\t');
  EXPECT_EQ(dialect.missing, (std::vector<std::string>{"?", ""}));
  EXPECT_EQ(dialect.skipped, std::vector<std::string>{"note"});
}

TEST(RecalledWorldTest, SaysTheSameAgain) {
  const std::string text = to_json(AwkwardWorld());
  EXPECT_EQ(to_json(*recalled_world(text, "world.json")), text);
}

TEST(RecalledWorldTest, DrawsNothing) {
  const auto recalled = recalled_world(to_json(AwkwardWorld()), "world.json");
  EXPECT_THAT([&] { (void)recalled->draw({.regime = "book", .num_rows = 8}, Stream(1)); },
              testing::ThrowsMessage<c10::Error>(
                  StartsWith("a recalled world has no episodes, asked for 8 of 'book'")));
}

using RecalledTableTest = TableTest;

TEST_F(RecalledTableTest, HasTheColumnsOfItsFile) {
  const Table world =
      table("size:scalar;income:scalar;kind:category\n1;10;x\n2.5;?;y\n7;-3;x\n4;1e5;y\n",
            std::string(kNoSplit) +
                "delimiter: ';'\ncolumns:\n  size: {transform: quantile}\n"
                "  income: {transform: asinh}\n");
  const auto recalled = recalled_world(to_json(world), "world.json");
  EXPECT_EQ(to_json(*recalled), to_json(world));
  EXPECT_EQ(recalled->schema()[2].names, (std::vector<std::string>{"x", "y"}));
  const at::Tensor x = at::linspace(0, 8, 101);
  EXPECT_TRUE(standard_units(recalled->schema()[0], x).equal(standard_units(world.schema()[0], x)));
}

class BadWorldTest : public testing::Test {
 protected:
  /// What such a change of a world's text is refused with.
  static std::string refusal(const std::function<void(json&)>& change,
                             ExitCode code = ExitCode::kDamaged) {
    json world = json::parse(to_json(AwkwardWorld()));
    change(world);
    return testing_support::refusal([&] { (void)recalled_world(world.dump(), "a/world.json"); },
                                    code);
  }
};

TEST_F(BadWorldTest, IsNamedByItsFileWhereverTheMistakeIs) {
  EXPECT_EQ(testing_support::refusal([] { (void)recalled_world("{\"format\": 1", "a/world.json"); },
                                     ExitCode::kDamaged),
            "a/world.json is not a JSON object");
  EXPECT_EQ(refusal([](json& world) { world.erase("variables"); }),
            "a/world.json lacks 'variables'");
  EXPECT_EQ(refusal([](json& world) { world["colour"] = "red"; }),
            "a/world.json has keys that are not known");
  EXPECT_EQ(refusal([](json& world) { world["csv"]["delimiter"] = "||"; }),
            "a/world.json: csv: the delimiter '||' is not one character");
  EXPECT_EQ(refusal([](json& world) { world["variables"][1]["kind"] = "number"; }),
            "a/world.json: variable 1 has a 'kind' that makes no sense: '\"number\"'");
  EXPECT_EQ(refusal([](json& world) { world["variables"][0]["center"] = nullptr; }),
            "a/world.json: variable 0 has a 'center' that makes no sense: 'null'");
  EXPECT_EQ(refusal([](json& world) { world["variables"][2]["tiling"].erase("rows"); }),
            "a/world.json: variable 2: tiling lacks 'rows'");
  EXPECT_THAT(refusal([](json& world) {
                world["variables"][1]["names"] = {1, 2};
              }),
              StartsWith("a/world.json: [json.exception"));
}

TEST_F(BadWorldTest, ASchemaOrSplineThatCannotBeIsDamageToo) {
  EXPECT_EQ(refusal([](json& world) { world["variables"][0]["scale"] = 0; }),
            "a/world.json: variable 'age' has scale 0");
  EXPECT_EQ(
      refusal([](json& world) { world["variables"][5]["transform"]["knots"] = json::array(); }),
      "a/world.json: a spline needs at least two knots that rise, got 0");
}

TEST_F(BadWorldTest, OfAnotherFormatIsNoDamage) {
  EXPECT_EQ(refusal([](json& world) { world["format"] = 2; }, ExitCode::kInput),
            "a/world.json: format 2 is not 1, the one that this limbic reads");
}

}  // namespace
}  // namespace limbic::worlds
