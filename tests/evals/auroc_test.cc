#include "limbic/evals/auroc.h"

#include <gmock/gmock.h>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "fixture.h"

namespace limbic::evals {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::ThrowsMessage;

class AurocEvalTest : public EvalTest<Auroc, AurocConfig> {
 protected:
  double number(const std::string& yaml) { return results(yaml).at("auroc"); }
};

TEST_F(AurocEvalTest, RanksRowsByAnExpression) {
  // x = 0 1 2 ... 9, odd ones are threats
  EXPECT_THAT(results("{regime: live, of: x, against: threat, rows: 10}"),
              ElementsAre(Pair("auroc", 15.0 / 25)));
  EXPECT_EQ(number("{regime: live, of: 0 - x, against: threat, rows: 10}"), 10.0 / 25);
}

TEST_F(AurocEvalTest, DrawsBatchAfterBatchUntilAllRowsAreThere) {
  EXPECT_EQ(number("{regime: live, split: test, of: x, against: threat, rows: 600}"),
            300 * 301 / 2 / 90000.0);
  ASSERT_EQ(world_.draws.size(), 1 + 3) << "one row to see that there are any";
  world_.draws.erase(world_.draws.begin());
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(world_.draws[i].regime, "live");
    EXPECT_EQ(world_.draws[i].split, worlds::Split::kTest);
    EXPECT_EQ(world_.draws[i].first_row, 256 * i);
    EXPECT_EQ(world_.draws[i].num_rows, i < 2 ? 256 : 600 - 512);
  }
}

TEST_F(AurocEvalTest, ReadsTheAmygdalaWhenTheThoughtObservesWhatItMay) {
  // x = 0 1 2 3, c = 0 1 2 0; the second and the last are threats
  const std::string yaml = "regime: live\nof: assess.flinch\nagainst: threat\nrows: 4\n";
  EXPECT_EQ(number(yaml), 0.5);                          // x + c = 0 2 4 3
  EXPECT_EQ(number(yaml + "observe: [sight]\n"), 0.75);  // x
  EXPECT_EQ(number(yaml + "observe: [word]\n"), 0.375);  // c
  EXPECT_EQ(number(yaml + "observe: []\n"), 0.5);
}

TEST_F(AurocEvalTest, ReadsScoreAndLabelAtTheirTicks) {
  const std::string yaml = "regime: live\nof: eye\nagainst: threat\nrows: 10\n";
  EXPECT_EQ(number(yaml), 0.5);
  EXPECT_EQ(number(yaml + "of_tick: last\n"), 15.0 / 25);
  EXPECT_EQ(number("regime: live\nof: x\nagainst: eye > 4\nagainst_tick: last\nrows: 10\n"), 1);
}

TEST_F(AurocEvalTest, RefusesWhatNeverIsThereAtItsTick) {
  const std::string rest =
      " is never there at tick 1: it has tick 0 alone; read it there (against_tick), or as it was, "
      "by delay";
  EXPECT_THAT(
      [&] { number("{regime: live, of: x, against: threat, against_tick: 1, by: group}"); },
      ThrowsMessage<ConfigError>("a.yaml:1:32: 'threat'" + rest + "\na.yaml:1:61: 'group'" + rest));
  EXPECT_THAT([&] { number("{regime: live, of: x, against: threat, of_tick: 1}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:20: 'x' is never there at tick 1: it has tick 0 "
                                         "alone; read it there (of_tick), or as it was, by delay"));
}

TEST_F(AurocEvalTest, ReportsTheWorstGroupAndThePrecision) {
  // threats 1, 3, 5 are of groups 1, 0, 2
  const Results found =
      results("{regime: live, of: x, against: threat, rows: 6, by: group, precision_at: 2}");
  EXPECT_THAT(found,
              ElementsAre(Pair("auroc", 6.0 / 9), Pair("precision", 0.5), Pair("worst", 1.0 / 3)));
}

TEST_F(AurocEvalTest, RowsWithoutAScoreAreLeftOut) {
  EXPECT_TRUE(std::isnan(number("{regime: book, of: x, against: threat, rows: 10}")));
}

TEST_F(AurocEvalTest, RowsOfWhichAComparisonKnowsNothingAreLeftOut) {
  const auto number = [&](const std::string& rest) {
    return made("{regime: live, rows: 10, " + rest + "}")
        .run(*brain_.brain, source_of(FirstFourAreMeasured()))
        .at("auroc");
  };
  EXPECT_EQ(number("of: c, against: x > 1"), 2.5 / 4);
  EXPECT_EQ(number("of: c, against: not x <= 1"), 2.5 / 4);
  EXPECT_EQ(number("of: x > 1, against: c > 0"), 0.5);  // 0 0 1 1 of positives 1 2
  EXPECT_EQ(number("of: c, against: present(x) and x > 1"), 8.5 / 16);
}

TEST_F(AurocEvalTest, RefusesThePrecisionAmongMoreRowsThanAreRead) {
  class FiveRows : public testing_support::FakeWorld {
   public:
    [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view,
                                                           worlds::Split) const override {
      return 5;
    }
  };
  EXPECT_THAT([&] { results("{regime: live, of: x, against: threat, rows: 6, precision_at: 7}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:10: precision_at is 7, and of 'live' only 6 rows are read"));
  EXPECT_THAT(
      [&] {
        made("{regime: live, of: x, against: threat, precision_at: 6}")
            .check(*brain_.brain, FiveRows());
      },
      ThrowsMessage<ConfigError>(
          "a.yaml:1:10: precision_at is 6, and of 'live' only 5 rows are read"));
}

TEST_F(AurocEvalTest, LeavesTheBrainAsItWas) {
  std::vector<at::Tensor> before;
  for (const at::Tensor& p : brain_.brain->parameters()) before.push_back(p.detach().clone());
  number("{regime: live, of: assess.calm, against: threat, rows: 10}");
  const auto after = brain_.brain->parameters();
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(after[i].equal(before[i]));
    EXPECT_FALSE(after[i].grad().defined());
  }
}

TEST_F(AurocEvalTest, NamesTheNearestRegime) {
  EXPECT_THAT([&] { number("{regime: life, of: x, against: threat}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:10: the world has no regime 'life'; did you mean 'live'?"));
}

TEST_F(AurocEvalTest, RefusesWhatTheThoughtCannotObserve) {
  EXPECT_THAT([&] { number("{regime: live, of: x, against: threat, observe: [eye]}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:50: the cortex does not see 'eye'"));
  EXPECT_THAT([&] { number("{regime: live, of: x, against: threat, observe: [x@now]}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:50: 'x@now': a thought goes from tick to tick, "
                                         "so no moment of it is now"));
}

TEST_F(AurocEvalTest, RefusesAnExpressionAndATickThatDoNotExist) {
  EXPECT_THAT([&] { number("{regime: live, of: assess.flich, against: threat}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:20: unknown name 'assess.flich'; did you mean 'assess.flinch'?"));
  EXPECT_THAT([&] { number("{regime: live, of: x, against: threat, of_tick: 2}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:49: there is no tick 2: episodes have 2, counted from 0"));
}

}  // namespace
}  // namespace limbic::evals
