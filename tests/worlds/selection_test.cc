#include "limbic/worlds/selection.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "limbic/config/structs.h"
#include "limbic/worlds/tick.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::ThrowsMessage;

Schema small_schema() {
  return Schema(
      {{.name = "picture", .kind = Kind::kVector, .size = 3, .num_cells = 2, .modality = "sight"},
       {.name = "retina", .modality = "sight", .access = Access::kPrimitive},
       {.name = "caption", .modality = "words"},
       {.name = "noun", .modality = "words", .access = Access::kLabel}},
      2);
}

std::vector<config::Located> globs(const std::string& yaml) {
  return config::parse<std::vector<config::Located>>(yaml, "a.yaml");
}

TEST(SelectionTest, TakesWhatTheCortexSeesOfANameOrModality) {
  EXPECT_THAT(select(small_schema(), globs("[words, sight]")), ElementsAre(0, 2));
  EXPECT_THAT(select(small_schema(), globs("[c*, caption]")), ElementsAre(2));
  EXPECT_THAT(select(small_schema(), globs("[]")), ElementsAre());
  EXPECT_EQ(select_one(small_schema(), globs("[caption]")[0]), 2);
}

TEST(SelectionTest, NamesEveryGlobThatFitsNothing) {
  EXPECT_THAT([] { select(small_schema(), globs("[capton, noun, word]")); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:2: the cortex sees no variable called 'capton'; did you mean "
                  "'caption'?\n"
                  "a.yaml:1:10: the cortex does not see 'noun'\n"
                  "a.yaml:1:16: the cortex sees no variable called 'word'; did you mean 'words'?"));
  EXPECT_THAT([] { select_one(small_schema(), globs("[retina]")[0]); },
              ThrowsMessage<ConfigError>("a.yaml:1:2: the cortex does not see 'retina'"));
}

TEST(SelectionTest, OnlyKeepsTheCellsOfTheVariables) {
  const at::Tensor all_BTV = at::ones({1, 2, 5}, at::kBool);
  EXPECT_TRUE(only(all_BTV, small_schema(), {0, 2})
                  .equal(at::tensor({1, 1, 0, 1, 0, 1, 1, 0, 1, 0}).view({1, 2, 5}).to(at::kBool)));
}

TEST(SelectionTest, ARandomOrderRanksTheFirstCellsFirst) {
  const at::Tensor first_BTV = Stream(1).child("mask").uniform({50, 2, 5}) < 0.5;
  const at::Tensor rank_BTV = random_order(first_BTV, Stream(2));
  for (int64_t row = 0; row < 50; ++row) {
    const at::Tensor rank = rank_BTV[row].flatten();
    const int64_t num_first = first_BTV[row].sum().item<int64_t>();
    EXPECT_TRUE(std::get<0>(rank.sort()).equal(at::arange(10)));
    EXPECT_TRUE(first_BTV[row].flatten().equal(rank < num_first));
  }
  EXPECT_TRUE(random_order(first_BTV, Stream(2)).equal(rank_BTV));
  EXPECT_FALSE(random_order(first_BTV, Stream(3)).equal(rank_BTV));
}

// a [2 ticks, 2 cells] and b [2 ticks] of modality m, c at tick 0: rows of cells a[0], a[1], b, c.
Schema ticking_schema() {
  return Schema({{.name = "a", .num_cells = 2, .num_ticks = 3, .modality = "m"},
                 {.name = "b", .num_ticks = 3, .modality = "m"},
                 {.name = "c", .modality = "c"},
                 {.name = "d", .num_ticks = 3, .access = Access::kLabel}},
                3);
}

// The cells that are selected, a letter a cell and a word a tick.
std::string selected(const std::string& yaml, int64_t now = 0) {
  const at::Tensor cells_TV = select_cells(ticking_schema(), globs(yaml), now);
  std::string text;
  for (int64_t t = 0; t < cells_TV.size(0); ++t) {
    for (int64_t v = 0; v < cells_TV.size(1); ++v)
      text += cells_TV[t][v].item<bool>() ? std::string("AabcD").substr(v, 1) : ".";
    text += t < 2 ? " " : "";
  }
  return text;
}

TEST(SelectionTest, CellsAreNamedByVariableModalityOwnNameOrMoment) {
  EXPECT_EQ(selected("[b, c]"), "..bc. ..b.. ..b..");
  EXPECT_EQ(selected("['a@1[0]', b@2]"), "..... A.... ..b..");
  EXPECT_EQ(selected("[m@1]"), "..... Aab.. .....");
  EXPECT_EQ(selected("[a@1]"), "..... Aa... .....") << "both cells of it";
  EXPECT_EQ(selected("[m@now, c@now]", 0), "Aabc. ..... .....");
  EXPECT_EQ(selected("[b@next, a@past]", 1), "Aa... ..... ..b..");
  EXPECT_EQ(selected("[b@past]", 0), "..... ..... .....") << "a first moment has no past";
}

TEST(SelectionTest, MomentsAreTheTicksAtWhichAllThatIsNamedExists) {
  EXPECT_EQ(num_moments(ticking_schema(), globs("[a, b@2]")), 1);
  EXPECT_EQ(num_moments(ticking_schema(), globs("[a, b@now]")), 3);
  EXPECT_EQ(num_moments(ticking_schema(), globs("[a@past, b]")), 3);
  EXPECT_EQ(num_moments(ticking_schema(), globs("[a@next, b@now]")), 2);
  EXPECT_EQ(num_moments(ticking_schema(), globs("[a@next, c@now]")), 1) << "c has one tick";
  EXPECT_EQ(num_moments(ticking_schema(), globs("['*@now', c@past]")), 3) << "a and b go on";
  EXPECT_THAT(
      [&] { (void)num_moments(Schema({{.name = "a"}}, 1), globs("[a@now, a@next, a@now]")); },
      ThrowsMessage<ConfigError>("a.yaml:1:9: 'a' has one tick, so nothing is 'a@next'"));
}

TEST(SelectionTest, WhatIsNamedWithoutAMomentLimitsNoMoments) {
  const Schema schema({{.name = "a", .num_ticks = 3, .modality = "m"}, {.name = "b"}}, 3);
  EXPECT_EQ(num_moments(schema, globs("[a@now, b]")), 3) << "b, of no modality, has one tick";
}

TEST(SelectionTest, AVariablesOwnNameIsNoMomentOfAnother) {
  const Schema schema({{.name = "price", .num_ticks = 2}, {.name = "price@now", .num_ticks = 2}},
                      2);
  const auto own = globs("[price@now]");
  EXPECT_TRUE(select_cells(schema, own).equal(at::tensor({0, 1, 0, 1}).view({2, 2}).to(at::kBool)));
  EXPECT_EQ(num_moments(schema, own), 1);
  EXPECT_FALSE(names_moment(schema, own[0]));
  EXPECT_TRUE(names_moment(schema, globs("[price@next]")[0]));
}

TEST(SelectionTest, NamesEveryCellThatIsNone) {
  const Schema schema({{.name = "place", .num_ticks = 3, .modality = "state"},
                       {.name = "noun", .num_ticks = 3, .access = Access::kLabel}},
                      3);
  EXPECT_THAT([&] { select_cells(schema, globs("[place@5, place@nwo, stat@1, noun]")); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:2: the cortex sees no cell called 'place@5'; did you mean 'place@0'?\n"
                  "a.yaml:1:11: the cortex sees no cell called 'place@nwo'; did you mean "
                  "'place@now'?\n"
                  "a.yaml:1:22: the cortex sees no cell called 'stat@1'; did you mean 'state@1'?\n"
                  "a.yaml:1:30: the cortex does not see 'noun'"));
  EXPECT_THAT([] { select_cells(ticking_schema(), globs("[a@3]")); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:2: the cortex sees no cell called 'a@3'; did you mean 'a@0'?"));
  EXPECT_THAT([&] { select_cells(schema, globs("[plaec@now]")); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:2: the cortex sees no variable called 'plaec'; did you mean 'place'?"));
}

TEST(SelectionTest, ARandomSubsetHasEveryNumberOfCellsButAll) {
  at::Tensor among_BTV = at::zeros({4000, 2, 5}, at::kBool);
  among_BTV.select(1, 0).narrow(1, 0, 4).fill_(true);
  const at::Tensor subset_BTV = random_subset(among_BTV, Stream(1));
  EXPECT_FALSE(subset_BTV.logical_and(among_BTV.logical_not()).any().item<bool>());
  const at::Tensor count_B = subset_BTV.sum({1, 2});
  for (const int64_t n : {0, 1, 2, 3}) {
    EXPECT_NEAR((count_B == n).to(at::kDouble).mean().item<double>(), 0.25, 0.03) << n;
  }
  const at::Tensor share_V = subset_BTV.select(1, 0).to(at::kDouble).mean(0);
  for (const int64_t v : {0, 1, 2, 3}) EXPECT_NEAR(share_V[v].item<double>(), 1.5 / 4, 0.03) << v;
}

TEST(SelectionTest, ARandomSubsetOfNothingIsNothing) {
  EXPECT_FALSE(random_subset(at::zeros({3, 2, 5}, at::kBool), Stream(1)).any().item<bool>());
}

TEST(TickTest, IsANumberOrLast) {
  EXPECT_EQ(config::parse<Tick>("1", "a.yaml").in(small_schema()), 1);
  EXPECT_EQ(config::parse<Tick>("last", "a.yaml").in(small_schema()), 1);
  EXPECT_EQ(config::to_yaml(config::dump(config::parse<Tick>("last", "a.yaml"))), "last\n");
  EXPECT_THAT([] { config::parse<Tick>("first", "a.yaml"); },
              ThrowsMessage<ConfigError>("a.yaml:1:1: expected a whole number, got 'first'"));
}

TEST(TickTest, RefusesATickBeyondTheEpisode) {
  EXPECT_THAT([] { (void)config::parse<Tick>("2", "a.yaml").in(small_schema()); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:1: there is no tick 2: episodes have 2, counted from 0"));
}

}  // namespace
}  // namespace limbic::worlds
