#include "limbic/evals/oracle_gap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "../support/fake_brain.h"
#include "../support/fake_world.h"
#include "../support/table_cortex.h"
#include "limbic/config/structs.h"
#include "limbic/worlds/door_key.h"
#include "limbic/worlds/luck.h"
#include "limbic/worlds/mask_lot.h"
#include "source_of.h"

namespace limbic::evals {
namespace {

using testing::ThrowsMessage;
using testing_support::FakeAmygdala;
using testing_support::TableCortex;

brain::Brain brain_of(const std::shared_ptr<brain::Cortex>& cortex, const worlds::Schema& schema) {
  return {cortex, std::make_shared<FakeAmygdala>(std::vector<std::string>{}),
          std::make_shared<const brain::Program>(brain::SteeringConfig{}, schema)};
}

// arm: sure or coin; outcome: -3, 1, 3.
class OracleGapTest : public testing::Test {
 protected:
  Results gap(const std::vector<double>& table, const std::string& yaml) {
    return gap(table, yaml, world_);
  }
  static Results gap(const std::vector<double>& table, const std::string& yaml,
                     const worlds::Luck& world) {
    return gap(std::make_shared<TableCortex>(world.schema(), shaped(table)), yaml, world);
  }
  static Results gap(const std::shared_ptr<brain::Cortex>& cortex, const std::string& yaml,
                     const worlds::Luck& world) {
    auto brain = brain_of(cortex, world.schema());
    const OracleGap eval(config::parse<OracleGapConfig>(yaml, "a.yaml"));
    eval.check(brain, world);
    return eval.run(brain, source_of(world));
  }
  static at::Tensor shaped(const std::vector<double>& table) {
    return at::tensor(table, at::kDouble).view({2, 3});
  }
  worlds::Luck world_{worlds::SimulatorConfig{}};
};

TEST_F(OracleGapTest, IsZeroForTheExactAnswer) {
  const Results found = gap({0, 2, 0, 1, 0, 1}, "{regime: rows, rows: 300, given: []}");
  EXPECT_NEAR(found.at(""), 0, 1e-9);
  EXPECT_NEAR(found.at("exact"), found.at("cortex"), 1e-9);
}

TEST_F(OracleGapTest, IsTheDivergenceADimensionOfAWrongAnswer) {
  // The coin is thought to fall on 3 in three of four throws; everything else is right.
  const Results found = gap({0, 2, 0, 0.5, 0, 1.5}, "{regime: rows, rows: 20000, given: []}");
  const double divergence = -0.5 * (0.5 * std::log(0.5) + 0.5 * std::log(1.5));
  // Of rows whose gap is log 2, -log 1.5 or (every other one) 0.
  const double square = 0.25 * (std::pow(std::log(2.0), 2) + std::pow(std::log(1.5), 2));
  const double error = std::sqrt((square - divergence * divergence) / 20000) / 2;  // .0014
  EXPECT_NEAR(found.at("error"), error, 5e-5);
  EXPECT_NEAR(found.at(""), divergence / 2, 4 * error);
}

// Half of the rows draw two orders alike; log p of the others differs by d, so deviates by
// d / sqrt 2.
TEST_F(OracleGapTest, DisagreementIsHowFarLogPLiesApartOverOrders) {
  const std::string question = "{regime: rows, rows: 4000, given: [], orders: 2}";
  EXPECT_NEAR(gap({0, 2, 0, 1, 0, 1}, question).at("disagreement"), 0, 1e-9);
  // The cortex thinks that three of four throw the coin, unless it knows the outcome.
  const auto torn = std::make_shared<TableCortex>(
      world_.schema(),
      std::vector<at::Tensor>{shaped({0, 1, 0, 1.5, 0, 1.5}), shaped({0, 2, 0, 1, 0, 1})});
  const double of_sure = std::log(2.0), of_coin = std::log(1.5);
  EXPECT_NEAR(gap(torn, question, world_).at("disagreement"),
              0.5 * (of_sure + of_coin) / 2 * std::sqrt(0.5) / 2, 0.01);
}

// A nat too little of each cell: where one row asks about more cells than another, its gap is
// larger, and no error of the mean over cells.
TEST_F(OracleGapTest, TheErrorIsThatOfAMeanOverDimensions) {
  class Doubter : public TableCortex {
   public:
    using TableCortex::TableCortex;
    at::Tensor log_prob(const worlds::Episodes& episodes,
                        const brain::Question& question) override {
      return TableCortex::log_prob(episodes, question) - question.roles.asked_BTV.to(at::kDouble);
    }
  };
  const Results found = gap(std::make_shared<Doubter>(world_.schema(), shaped({0, 2, 0, 1, 0, 1})),
                            "{regime: rows, rows: 500, rate: 0.5}", world_);
  EXPECT_NEAR(found.at(""), 1, 1e-9);
  EXPECT_NEAR(found.at("error"), 0, 1e-9);
}

TEST_F(OracleGapTest, OfOneOrderThereIsNoDisagreement) {
  for (const int64_t orders : {1, 2}) {
    const std::string yaml = concat("{regime: rows, rows: 100, given: [], orders: ", orders, "}");
    const OracleGap eval(config::parse<OracleGapConfig>(yaml, "a.yaml"));
    const Results found = gap({0, 2, 0, 1, 0, 1}, yaml);
    std::vector<std::string> told;
    for (const auto& [key, value] : found) told.push_back(key);
    EXPECT_THAT(eval.keys(world_), testing::UnorderedElementsAreArray(told));
    EXPECT_EQ(found.contains("disagreement"), orders > 1);
  }
}

TEST_F(OracleGapTest, RowsThatComeAgainAreNoNewDraws) {
  const worlds::Luck world({.budget = 50});
  const auto error = [&](int64_t rows) {
    return gap({0, 2, 0, 0.5, 0, 1.5},
               concat("{regime: rows, split: train, rows: ", rows, ", given: []}"), world)
        .at("error");
  };
  EXPECT_GT(error(50), 0);
  EXPECT_EQ(error(5000), error(50));
}

TEST_F(OracleGapTest, DropsRowsThatAskNothingAndAsksOneCellInOnePass) {
  const std::string half = "{regime: rows, rows: 2000, rate: 0.5, one_pass: true}";
  EXPECT_NEAR(gap({0, 2, 0, 1, 0, 1}, half).at(""), 0, 1e-9);
  const Results all = gap({0, 2, 0, 1, 0, 1}, "{regime: rows, rows: 400, given: [outcome]}");
  EXPECT_NEAR(all.at("exact"), 0, 1e-9) << "the outcome says which arm it was";
}

// Of the masks {}, {arm}, {outcome} the exact answers about one hidden cell cost 5/4 log 2 (of
// the arm log 2, of the outcome 3/2), 1/2 log 2 and nothing.
TEST_F(OracleGapTest, AsksOnlyWithMasksOfThePartThatIsNamed) {
  const double log2 = std::log(2.0);
  const at::Tensor masks = at::tensor({0, 0, 1, 0, 0, 1}).view({3, 1, 2}).to(at::kBool);
  const at::Tensor lots = worlds::mask_lots(masks);
  const at::Tensor nats = at::tensor({1.25 * log2, 0.5 * log2, 0.0}, at::kDouble);
  const at::Tensor sorted = std::get<0>(lots.sort());
  const double never = sorted.slice(0, 1, 3).mean().item<double>();  // two of the three
  for (const bool set_apart : {true, false}) {
    const at::Tensor part = set_apart ? lots.lt(never) : lots.ge(never);
    const Results found =
        gap({0, 2, 0, 1, 0, 1},
            concat("{regime: rows, rows: 20000, rate: 0.5, one_pass: true, never: ", never,
                   ", masks: ", set_apart ? "never" : "drawn", "}"));
    EXPECT_NEAR(found.at("exact"), nats.index({part}).mean().item<double>(), 0.02) << set_apart;
  }
}

TEST_F(OracleGapTest, RefusesAPartOfMasksWithoutItsShare) {
  EXPECT_THAT(
      [] {
        (void)config::parse<OracleGapConfig>("{regime: rows, masks: never, one_pass: true}",
                                             "a.yaml");
      },
      ThrowsMessage<ConfigError>(
          "a.yaml:1:1: masks: drawn and never need the `never` of the loss"));
}

TEST(OracleGapConfigTest, RefusesWhatChangesOrAsksNothing) {
  const auto said = [](const std::string& more) {
    return
        [more] { (void)config::parse<OracleGapConfig>("{regime: rows, " + more + "}", "a.yaml"); };
  };
  EXPECT_THAT(
      said("given: [x], rate: 0.2"),
      ThrowsMessage<ConfigError>("a.yaml:1:34: rate says what is observed where `given` does not"));
  EXPECT_NO_THROW(said("given: [x], rate: 0.5")()) << "as a run writes it down";
  EXPECT_THAT(said("never: 0.2"),
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:23: never goes with masks: drawn or never, and these are any"));
  EXPECT_THAT(said("rate: 1"),
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:22: a rate of 1 observes every cell, so nothing is asked"));
  EXPECT_THAT(said("one_pass: true, orders: 2"),
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:40: one cell has one order, so orders go with joint answers"));
  EXPECT_NO_THROW(said("one_pass: true, orders: 1")()) << "as a run writes it down";
  EXPECT_THAT(said("asked: []"), ThrowsMessage<ConfigError>("a.yaml:1:23: asked names nothing"));
  EXPECT_THAT(said("masks: drawn, never: 0.2"),
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:23: masks: a joint answer sees many masks on its way, so drawn and "
                  "never need one_pass: true"));
}

TEST_F(OracleGapTest, RefusesAQuestionOfWhichAllIsGiven) {
  for (const auto* const question : {"given: [arm, outcome]", "given: [arm], asked: [arm]"})
    EXPECT_THAT(
        [&] {
          gap({0, 2, 0, 1, 0, 1}, concat("{regime: rows, ", question, "}"));
        },
        ThrowsMessage<ConfigError>("a.yaml:1:24: all that might be asked is given"));
}

TEST_F(OracleGapTest, IntegratesOutWhatIsNeitherGivenNorAsked) {
  // p(outcome) is the mean over arms: 1 with .5, 3 and -3 with .25 each.
  const Results found =
      gap({0, 2, 0, 1, 0, 1}, "{regime: rows, rows: 4000, given: [], asked: [outcome]}");
  EXPECT_NEAR(found.at("exact"), 1.5 * std::log(2), 0.05);
  EXPECT_NEAR(found.at(""), 0, 1e-9);
  const Results arm =
      gap({0, 2, 0, 1, 0, 1}, "{regime: rows, rows: 4000, given: [], asked: [arm]}");
  EXPECT_NEAR(arm.at("exact"), std::log(2), 1e-9);
}

// Asks door_key's own oracle through a cortex that says nothing: "exact" is what is tested.
double floor_of(const std::string& question, int64_t rows) {
  class Silent : public testing_support::FakeCortex {
    at::Tensor log_prob(const worlds::Episodes&, const brain::Question& question) override {
      return at::zeros(question.roles.asked_BTV.sizes(), at::kDouble);
    }
  };
  const worlds::DoorKey world({});
  auto brain = brain_of(std::make_shared<Silent>(), world.schema());
  const OracleGap eval(config::parse<OracleGapConfig>(
      concat("{regime: rows, rows: ", rows, ", ", question, "}"), "a.yaml"));
  eval.check(brain, world);
  const Results found = eval.run(brain, source_of(world));
  EXPECT_NEAR(found.at(""), -found.at("exact"), 1e-9) << "one cell is asked, or all are sure";
  return found.at("exact");
}

// Floors of tasks.md. A moment is drawn for each row, so these are means over ticks.
TEST(OracleGapOfMomentsTest, DoorKeysQuestionsHaveTheirFloors) {
  const std::string history = "given: [state@now, state@past, action@past], asked: [action@now]";
  EXPECT_NEAR(floor_of(history, 4000), 1.092, 4 * 0.01);
  EXPECT_NEAR(floor_of("given: [state@now, state@past, action@past, state@9], asked: "
                       "[action@now], ticks: [0, 1, 2, 3, 4, 5, 6, 7, 8]",
                       4000),
              0.813, 4 * 0.013);
  EXPECT_EQ(floor_of("given: [state@now, action@now], asked: [position@next]", 500), 0);
}

TEST(OracleGapOfMomentsTest, RefusesATickThatNoMomentHas) {
  EXPECT_THAT(
      [] { floor_of("given: [state@now, action@now], asked: [state@next], ticks: [9]", 1); },
      ThrowsMessage<Error>("oracle_gap: ticks must be 0 to 8, got 9"));
}

TEST_F(OracleGapTest, RefusesAWorldWithoutAnOracle) {
  const testing_support::FakeWorld world;
  const testing_support::FakeBrain brain;
  const OracleGap eval(config::parse<OracleGapConfig>("{regime: live}", "a.yaml"));
  EXPECT_THAT([&] { eval.check(*brain.brain, world); },
              ThrowsMessage<Error>(
                  "oracle_gap: this world has no oracle, so nobody knows its exact answers"));
}

}  // namespace
}  // namespace limbic::evals
