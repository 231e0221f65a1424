#include "limbic/curriculum/curriculum_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limbic/config/description.h"
#include "toy_curriculum.h"

namespace limbic::curriculum {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StrEq;
using testing::ThrowsMessage;

void expect_refused(const std::string& yaml, const std::string& message) {
  EXPECT_THAT([&] { read_curriculum(yaml); }, ThrowsMessage<ConfigError>(StrEq(message)));
}

// The two stages of the blueprint.
const std::string kSee = R"(
- stage: see
  episodes: {book: 0.5, live: 0.5}
  train: [cortex]
  losses:
    predict: {type: hinge, trains: [cortex], weight: {cosine: {from: 1.0, to: 0.3, over: 2k steps}}}
  until: {any: [{metric: eval/predict, below: 0.7, for: 3 evals}, {after: 4k steps}]}
)";
const std::string kFear = R"(
- stage: fear
  inherit: see
  train: [amygdala, cortex*0.1]
  losses: {assess: {type: ramp, trains: {amygdala: 1, cortex: 0.1}, weight: 1.0, margin: 3}}
  on_enter: {optimizer: keep, learning_rate: rewarm 200 steps}
  until: {all: [{after: 1k steps}, {metric: eval/word_only.auroc, above: 0.95, for: 2 evals}]}
  on_timeout: fail
  fall_back: {to: see, when: {metric: eval/predict, above: 1.2, for: 3 evals}, at_most: 2}
)";

TEST(CurriculumConfigTest, ReadsTheBlueprint) {
  const ToyCurriculum config = read_curriculum(kSee + kFear);
  ASSERT_EQ(config.stages.size(), 2U);
  const auto& fear = config.stages[1];
  EXPECT_EQ(fear.plan.name.text, "fear");
  EXPECT_EQ(*fear.plan.episodes.find("live"), 0.5);
  EXPECT_EQ(fear.plan.on_enter.learning_rate.rewarm, 200);
  EXPECT_EQ(fear.plan.fall_back->at_most, 2);
  ASSERT_EQ(fear.losses.size(), 2U);
  EXPECT_DOUBLE_EQ(fear.losses.find("predict")->weight.at(1000), 0.65);
  EXPECT_EQ(fear.losses.find("assess")->loss.make(), 3.0);
  EXPECT_THAT(fear.losses.find("assess")->trains.resolve({"amygdala", "cortex"}),
              ElementsAre(Pair("amygdala", 1.0), Pair("cortex", 0.1)));
}

TEST(CurriculumConfigTest, TheDumpIsWrittenOutInFullAndReadsBackExactly) {
  const config::Node dumped = config::dump(read_curriculum(kSee + kFear));
  const std::string yaml = config::to_yaml(dumped);
  EXPECT_THAT(yaml, testing::Not(HasSubstr("inherit")));
  EXPECT_EQ(config::dump(read_curriculum(yaml)), dumped) << yaml;
}

TEST(CurriculumConfigTest, ReferenceHasTheKeysOfStagesAndLosses) {
  const config::Description all = config::describe<ToyCurriculum>(toy_context());
  const std::string reference = config::markdown(all.children.front(), "a stage");
  for (const char* key : {"stage", "inherit", "drop", "episodes", "losses", "trains", "weight",
                          "hinge", "margin", "until", "at_most", "on_timeout", "fall_back"}) {
    EXPECT_THAT(reference, HasSubstr(key));
  }
  EXPECT_THAT(config::json_schema(all, "curriculum"), HasSubstr("on_timeout"));
}

TEST(InheritTest, ChangesOneKeyOfOneLossAndOneShare) {
  const ToyCurriculum config = read_curriculum(
      kSee + "- {stage: b, inherit: see, episodes: {live: 0.9}, losses: {predict: {margin: 7}}}");
  const auto& stage = config.stages[1];
  EXPECT_EQ(*stage.plan.episodes.find("book"), 0.5);
  EXPECT_EQ(*stage.plan.episodes.find("live"), 0.9);
  EXPECT_EQ(stage.losses.find("predict")->loss.make(), 7.0);
  EXPECT_EQ(stage.losses.find("predict")->loss.type(), "hinge");
  EXPECT_EQ(stage.losses.find("predict")->weight.at(2000), 0.3);
}

TEST(InheritTest, ConditionsAndWeightsAreReplacedWhole) {
  const ToyCurriculum config = read_curriculum(
      kSee +
      "- {stage: b, inherit: see, until: {all: [{after: 3 steps}]}, losses: {predict: "
      "{weight: {linear: {from: 1, to: 0, over: 4 steps}}}}}");
  EXPECT_EQ(config.stages[1].plan.until->text(), "after 3 steps");
  EXPECT_EQ(config.stages[1].losses.find("predict")->weight.at(2), 0.5);
}

TEST(InheritTest, ALossOfAnotherTypeTakesNothingOver) {
  expect_refused(kSee + "- {stage: b, inherit: see, losses: {predict: {type: ramp}}}",
                 "a.yaml:8:46: missing key 'trains'");
}

TEST(InheritTest, DropLeavesALossOut) {
  const ToyCurriculum config =
      read_curriculum(kSee + kFear + "- {stage: c, inherit: fear, drop: [predict]}");
  ASSERT_EQ(config.stages[2].losses.size(), 1U);
  EXPECT_NE(config.stages[2].losses.find("assess"), nullptr);
}

TEST(InheritTest, ALossMayBeDroppedAndWrittenAnew) {
  const ToyCurriculum config = read_curriculum(
      kSee +
      "- {stage: b, inherit: see, drop: [predict], losses: {predict: {type: hinge, trains: "
      "[cortex]}}}");
  EXPECT_EQ(config.stages[1].losses.find("predict")->weight.at(2000), 1.0);
}

TEST(InheritTest, AFallBackMayBeGivenUp) {
  const ToyCurriculum config =
      read_curriculum(kSee + kFear + "- {stage: c, inherit: fear, fall_back: null}");
  EXPECT_TRUE(config.stages[1].plan.fall_back);
  EXPECT_FALSE(config.stages[2].plan.fall_back);
}

TEST(InheritTest, ReachesThroughSeveralStagesInAnyOrder) {
  const ToyCurriculum config =
      read_curriculum("- {stage: a, inherit: b}\n- {stage: b, inherit: see}" + kSee);
  EXPECT_EQ(config.stages[0].plan.name.text, "a");
  EXPECT_EQ(config.stages[0].losses.size(), 1U);
}

TEST(InheritTest, RefusesParentsThatDoNotExistOrGoInCircles) {
  expect_refused(kSee + "- {stage: b, inherit: sea}",
                 "a.yaml:8:23: no stage 'sea' to inherit from; did you mean 'see'?");
  expect_refused("- {stage: a, inherit: c}\n- {stage: b, inherit: a}\n- {stage: c, inherit: b}",
                 "a.yaml:2:23: stages inherit in a circle: a -> c -> b -> a");
  expect_refused("- {stage: a, inherit: a}", "a.yaml:1:23: stages inherit in a circle: a -> a");
  expect_refused("- {stage: a, inherit: [b]}", "a.yaml:1:23: expected text, got a list");
}

TEST(InheritTest, RefusesToDropWhatIsNotThere) {
  expect_refused(kSee + "- {stage: b, inherit: see, drop: [predicd]}",
                 "a.yaml:8:35: no inherited loss 'predicd' to drop; did you mean 'predict'?");
  expect_refused("- {stage: b, drop: [x], train: [cortex], until: {after: 1 step}}",
                 "a.yaml:1:20: 'drop' without 'inherit' drops nothing");
}

TEST(InheritTest, AMistakeInAnInheritedLossIsToldOnce) {
  expect_refused(
      "- {stage: a, train: [cortex], until: {after: 1 step}, losses: {p: {type: hinge, "
      "trains: [cortex], margn: 1}}}\n- {stage: b, inherit: a}",
      "a.yaml:1:99: unknown key 'margn'; did you mean 'margin'?");
}

TEST(StagePlanTest, RefusesWhatIsMissingOrDoubled) {
  expect_refused("[]", "a.yaml:1:1: a curriculum needs at least one stage");
  expect_refused("- {stage: a}",
                 "a.yaml:1:3: missing key 'train'\na.yaml:1:3: missing key 'until'");
  expect_refused("- {train: [cortex], until: {after: 1 step}}", "a.yaml:1:3: missing key 'stage'");
  expect_refused(kSee + "- {stage: see, inherit: see}", "a.yaml:8:11: a second stage named 'see'");
  expect_refused(kSee + "- {inherit: see}", "a.yaml:8:3: missing key 'stage'");
  expect_refused("- {stage: a, train: [cortex], until: {after: 1 step}, inhert: b}",
                 "a.yaml:1:55: unknown key 'inhert'; did you mean 'inherit'?");
  expect_refused("- {stage: a, train: [cortex], until: {after: 1 step}, episodes: {a: 0, b: 0}}",
                 "a.yaml:1:65: every share of 'episodes' is 0");
  expect_refused("- {stage: a, train: [cortex], until: {after: 1 step}, episodes: {a: -1}}",
                 "a.yaml:1:69: a must be at least 0, got -1");
  expect_refused("- {stage: a, train: [cortex], until: {after: 1 step}, on_timeout: stop}",
                 "a.yaml:1:67: unknown on_timeout 'stop'; known: fail, advance");
  expect_refused(
      "- {stage: a, train: [cortex], until: {after: 1 step}, on_enter: {learning_rate: warm}}",
      "a.yaml:1:81: expected 'keep' or for example 'rewarm 200 steps', got 'warm'");
  expect_refused(
      "- {stage: a, train: [cortex], until: {after: 1 step}, on_enter: {learning_rate: rewarm "
      "200}}",
      "a.yaml:1:81: expected a number of steps such as '200 steps', got '200'");
  expect_refused("[see]", "a.yaml:1:2: expected a map, got 'see'");
}

TEST(StagePlanTest, HasATimeoutUnlessItSurelyEnds) {
  const auto timeout = [](const std::string& rest) {
    return read_curriculum("- {stage: a, train: [cortex], " + rest + "}").stages[0].plan.timeout();
  };
  const std::string metric = "{metric: eval/x, below: 1, for: 1 eval}";
  EXPECT_EQ(timeout("until: " + metric), 100'000);
  EXPECT_EQ(timeout("until: {any: [" + metric + ", {after: 9 steps}]}"), std::nullopt);
  EXPECT_EQ(timeout("until: {all: [" + metric + ", {after: 9 steps}]}"), 100'000);
  EXPECT_EQ(timeout("at_most: 7 steps, until: " + metric), 7);
}

TEST(StagePlanTest, IsSurelyOverWhenItsUntilOrItsTimeIs) {
  const auto end = [](const std::string& rest) {
    return read_curriculum("- {stage: a, train: [cortex], " + rest + "}").stages[0].plan.sure_end();
  };
  const std::string metric = "{metric: eval/x, below: 1, for: 1 eval}";
  EXPECT_EQ(end("until: {any: [" + metric + ", {after: 9 steps}]}"), 9);
  EXPECT_EQ(end("at_most: 7 steps, until: " + metric), 7);
  EXPECT_EQ(end("at_most: 7 steps, until: {after: 9 steps}"), 7);
  EXPECT_EQ(end("at_most: 7 steps, until: {after: 4 steps}"), 4);
  EXPECT_EQ(end("until: " + metric), 100'000);
}

TEST(StagePlanTest, SharesSumToOne) {
  const auto stages =
      read_curriculum(kSee +
                      "- {stage: b, train: [cortex], until: {after: 1 step}, episodes: "
                      "{book: 3, live: 1}}")
          .plan();
  EXPECT_THAT(stages[1].shares({"book", "live"}),
              ElementsAre(Pair("book", 0.75), Pair("live", 0.25)));
}

TEST(StagePlanTest, TheOnlyRegimeNeedsNoName) {
  StagePlan plan;
  EXPECT_THAT(plan.shares({"rows"}), ElementsAre(Pair("rows", 1.0)));
}

TEST(RateStartTest, RewarmsInEqualSteps) {
  EXPECT_EQ(RateStart{}.at(0), 1.0);
  const RateStart rewarm{4};
  EXPECT_EQ(rewarm.at(0), 0.25);
  EXPECT_EQ(rewarm.at(3), 1.0);
  EXPECT_EQ(rewarm.at(4), 1.0);
}

}  // namespace
}  // namespace limbic::curriculum
