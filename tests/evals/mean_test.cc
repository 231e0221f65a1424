#include "limbic/evals/mean.h"

#include <gmock/gmock.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "fixture.h"

namespace limbic::evals {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::Pair;
using testing::ThrowsMessage;

class MeanEvalTest : public EvalTest<Mean, MeanConfig> {};

TEST_F(MeanEvalTest, AveragesAnExpressionOverAllRows) {
  EXPECT_THAT(results("{regime: live, of: x, rows: 300}"),
              ElementsAre(Pair("", 299 / 2.0), Pair("known", 1)));
}

TEST_F(MeanEvalTest, IsTheShareOfRowsInWhichAClaimHolds) {
  EXPECT_THAT(results("{regime: live, of: x > 6, rows: 10}"),
              ElementsAre(Pair("", DoubleEq(0.3)), Pair("known", 1)));
}

TEST_F(MeanEvalTest, LeavesOutRowsThatDoNotSay) {
  const auto found = [&](const std::string& of) {
    return made("{regime: live, rows: 10, of: " + of + "}")
        .run(*brain_.brain, source_of(FirstFourAreMeasured()));
  };
  EXPECT_THAT(found("x"), ElementsAre(Pair("", 1.5), Pair("known", DoubleEq(0.4))));
  EXPECT_THAT(found("x > 1"), ElementsAre(Pair("", 0.5), Pair("known", DoubleEq(0.4))));
  EXPECT_THAT(found("present(x) and x > 1"),
              ElementsAre(Pair("", DoubleEq(0.2)), Pair("known", 1)));
}

TEST_F(MeanEvalTest, IsUndefinedWhereNoRowSays) {
  const Results found = results("{regime: book, of: x, rows: 10}");
  EXPECT_TRUE(std::isnan(found.at("")));
  EXPECT_EQ(found.at("known"), 0);
}

TEST_F(MeanEvalTest, AsksWhetherWhatMustNeverHappenDoesAtATick) {
  const std::string yaml =
      "regime: live\nrows: 10\nof: present(eye) and truth.flinch > 0\nof_tick: ";
  EXPECT_EQ(results(yaml + "0\n").at(""), 0);
  EXPECT_DOUBLE_EQ(results(yaml + "last\n").at(""), 0.9);  // of eye = 0 1 2 ... 9
}

TEST_F(MeanEvalTest, ReadsTheAmygdalaWhenTheThoughtObservesWhatItMay) {
  // 4 (1 + x + c) of x = 0 1 2 3 and c = 0 1 2 0
  const std::string yaml = "regime: live\nof: assess.calm\nrows: 4\n";
  EXPECT_EQ(results(yaml).at(""), 13);
  EXPECT_EQ(results(yaml + "observe: [sight]\n").at(""), 10);
  EXPECT_EQ(results(yaml + "observe: []\n").at(""), 4);
}

TEST_F(MeanEvalTest, FollowsADriveByItsName) {
  const auto steering = config::parse<brain::SteeringConfig>(
      "variables: {calm: {truth: eye}}\ndrives: {ease: 2 * calm}\n", "steering.yaml");
  brain::Brain brain{
      brain_.cortex,
      std::make_shared<testing_support::FakeAmygdala>(std::vector<std::string>{"calm"}),
      std::make_shared<const brain::Program>(steering, testing_support::small_schema())};
  const Mean eval = made("{regime: live, of: ease, of_tick: last, rows: 10}");
  eval.check(brain, world_);
  EXPECT_EQ(eval.run(brain, source_of(world_)).at(""), 9);  // of eye = 0 1 2 ... 9
}

TEST_F(MeanEvalTest, RefusesWhatDoesNotExist) {
  EXPECT_THAT([&] { results("{regime: life, of: x}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:10: the world has no regime 'life'; did you mean 'live'?"));
  EXPECT_THAT([&] { results("{regime: live, of: assess.flich}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:20: unknown name 'assess.flich'; did you mean 'assess.flinch'?"));
  EXPECT_THAT([&] { results("{regime: live, of: x, of_tick: 2}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:32: there is no tick 2: episodes have 2, counted from 0"));
}

// What settles it, or lies before, makes up for a tick that x does not have.
TEST_F(MeanEvalTest, RefusesWhatNeverIsThereAtItsTick) {
  const auto at_the_last = [&](const std::string& of) {
    return results("regime: live\nrows: 10\nof_tick: last\nof: " + of + "\n").at("");
  };
  EXPECT_THAT([&] { at_the_last("truth.flinch > 0 and x > 1"); },
              ThrowsMessage<ConfigError>("a.yaml:4:5: 'x' is never there at tick 1: it has tick 0 "
                                         "alone; read it there (of_tick), or as it was, by delay"));
  EXPECT_DOUBLE_EQ(at_the_last("truth.flinch > 0 and delay(x > 1, 1)"), 0.8);
  EXPECT_EQ(at_the_last("present(x) and x > 1"), 0);
  EXPECT_EQ(at_the_last("where(present(x), x, 7)"), 7);
  for (const std::string there : {"eye", "flinch", "assess.flinch", "truth.calm", "ema(x, 2)"})
    EXPECT_NO_THROW(at_the_last(there)) << there;
}

TEST_F(MeanEvalTest, RefusesWhatTheThoughtCannotObserve) {
  EXPECT_THAT([&] { results("{regime: live, of: x, observe: [eye]}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:33: the cortex does not see 'eye'"));
}

}  // namespace
}  // namespace limbic::evals
