#include "limbic/losses/order_law.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "../support/small_world.h"
#include "limbic/config/reader.h"
#include "limbic/losses/any_subset.h"
#include "limbic/worlds/selection.h"

namespace limbic::losses {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Two ticks of x, two cells of y, and c.
worlds::Schema schema() {
  return {{{.name = "x", .num_ticks = 2},
           {.name = "y", .num_cells = 2, .num_ticks = 2},
           {.name = "c", .kind = worlds::Kind::kCategory, .size = 3, .num_ticks = 2}},
          2};
}

at::Tensor all(int64_t rows) { return at::ones({rows, 2, 4}, at::kBool); }

at::Tensor draw(const std::vector<OrderLawConfig>& laws, const at::Tensor& asked_BTV,
                int64_t index = 0) {
  return OrderLaw(laws, schema()).draw(asked_BTV, Stream(3).at(index));
}

TEST(OrderLawTest, IsRandomWhereNothingIsSaid) {
  const auto rank = draw({}, all(4));
  EXPECT_TRUE(rank.equal(worlds::random_order(all(4), Stream(3).at(0))));
}

TEST(OrderLawTest, TicksGoOneAfterTheOtherAndTheirCellsAtRandom) {
  const auto rank = draw({{.law = OrderKind::kTicks}}, all(16));
  EXPECT_TRUE(rank.select(1, 0).lt(4).all().item<bool>());
  EXPECT_TRUE(rank.select(1, 1).ge(4).all().item<bool>());
  for (const int64_t tick : {0, 1}) {
    const auto of_tick = rank.select(1, tick);
    EXPECT_FALSE(of_tick.eq(of_tick[0]).all().item<bool>()) << tick;
  }
}

TEST(OrderLawTest, WhatIsNamedComesFirst) {
  const auto rank = draw({{.first = {{.text = "c", .mark = {}}}}}, all(16));
  EXPECT_TRUE(rank.select(2, 3).lt(2).all().item<bool>());
  EXPECT_FALSE(rank.eq(rank[0]).all().item<bool>());
  const auto both =
      draw({{.law = OrderKind::kTicks, .first = {{.text = "c@1", .mark = {}}}}}, all(16));
  EXPECT_TRUE(both.select(1, 1).select(1, 3).eq(0).all().item<bool>());
  EXPECT_TRUE(both.select(1, 0).lt(5).all().item<bool>()) << "then tick after tick";
}

TEST(OrderLawTest, CellsThatAreNotAskedComeLast) {
  auto asked = all(8);
  asked.select(1, 0).fill_(false);
  const auto rank = draw({{.law = OrderKind::kTicks}}, asked);
  EXPECT_TRUE(rank.select(1, 1).lt(4).all().item<bool>());
}

TEST(OrderLawTest, LawsAreDrawnByTheirShares) {
  const std::vector<OrderLawConfig> laws{{.share = 3}, {.law = OrderKind::kTicks, .share = 1}};
  int64_t in_ticks = 0;
  for (int64_t i = 0; i < 400; ++i)
    in_ticks += draw(laws, all(8), i).select(1, 0).lt(4).all().item<bool>() ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(in_ticks), 100, 3 * std::sqrt(400 * 0.25 * 0.75));
}

TEST(OrderLawTest, ALawWithoutAShareIsNeverDrawnThoughItStandsLast) {
  const std::vector<OrderLawConfig> laws{{.law = OrderKind::kTicks, .share = 0.1}, {.share = 0}};
  for (int64_t i = 0; i < 100; ++i)
    EXPECT_TRUE(draw(laws, all(8), i).select(1, 0).lt(4).all().item<bool>()) << i;
}

TEST(OrderLawTest, RefusesWhatMakesNoOrder) {
  EXPECT_THAT(
      [] { OrderLaw({{.first = {{.text = "y@past", .mark = {}}}}}, schema()); },
      ThrowsMessage<ConfigError>(HasSubstr("an order has no moment: y@past may be a tick")));
  const auto parse = [](const char* text) {
    return [text] { (void)config::parse<AnySubsetConfig>(text, "a.yaml"); };
  };
  EXPECT_THAT(parse("{joint: 0, orders: [{law: ticks}]}"),
              ThrowsMessage<ConfigError>(
                  HasSubstr("a.yaml:1:20: orders are those of joint answers: joint is 0")));
  EXPECT_THAT(parse("{orders: [{share: 0}]}"),
              ThrowsMessage<ConfigError>(
                  HasSubstr("a.yaml:1:10: every share is 0, so none of these is ever drawn")));
}

TEST(OrderLawTest, OfACellATickTheLastTickStillComesBeforeWhatIsNotAsked) {
  const worlds::Schema narrow({{.name = "x", .num_ticks = 2}}, 2);
  auto asked = at::ones({16, 2, 1}, at::kBool);
  asked.select(1, 0).fill_(false);
  const auto rank = OrderLaw({{.law = OrderKind::kTicks}}, narrow).draw(asked, Stream(3));
  EXPECT_TRUE(rank.select(1, 1).eq(0).all().item<bool>());
}

}  // namespace
}  // namespace limbic::losses
