#include "limbic/worlds/site.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

namespace limbic::worlds {
namespace {

using Numbers = std::tuple<int64_t, int64_t, int64_t, int64_t>;  // variable, tick, cell, row's cell

std::vector<Numbers> numbers(const std::vector<Site>& sites) {
  std::vector<Numbers> all;
  for (const Site& site : sites)
    all.emplace_back(site.variable, site.tick, site.cell, site.row_cell);
  return all;
}

TEST(SiteTest, KnowsItsCellAmongThoseOfAllVariablesAndWhetherTheCortexSeesIt) {
  const Schema schema({{.name = "x", .num_cells = 2},
                       {.name = "label", .access = Access::kLabel},
                       {.name = "w", .num_cells = 2, .num_ticks = 2}},
                      2);
  const std::vector<Numbers> x = {{0, 0, 0, 0}, {0, 0, 1, 1}}, label = {{1, 0, 0, 2}},
                             w = {{2, 0, 0, 3}, {2, 0, 1, 4}, {2, 1, 0, 3}, {2, 1, 1, 4}};
  const auto joined = [](std::vector<Numbers> first, const std::vector<Numbers>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  };
  EXPECT_EQ(numbers(cortical_sites(schema)), joined(x, w));
  EXPECT_EQ(numbers(sites_of(schema)), joined(joined(x, label), w));
}

TEST(SiteTest, AVariableCanBeThereAtItsOwnTicksAlone) {
  const Schema schema({{.name = "x", .num_cells = 2}, {.name = "w", .num_ticks = 2}}, 3);
  EXPECT_TRUE(possible_cells(schema).equal(
      at::tensor({1, 1, 1, 0, 0, 1, 0, 0, 0}).view({3, 3}).to(at::kBool)));
  EXPECT_EQ(ticks_of(schema[0]), "tick 0 alone");
  EXPECT_EQ(ticks_of(schema[1]), "ticks 0 to 1 alone");
}

TEST(SiteTest, PartsOfANameWithACommaAreTold) {
  const Schema schema({{.name = "a, b"}, {.name = "c"}}, 1);
  for (const std::string part : {"a", "b"})
    EXPECT_EQ(about_commas(schema, part, "--hide"),
              "; a name with a comma stands alone: repeat --hide");
  for (const std::string none : {"c", "d"}) EXPECT_EQ(about_commas(schema, none, "--hide"), "");
}

}  // namespace
}  // namespace limbic::worlds
