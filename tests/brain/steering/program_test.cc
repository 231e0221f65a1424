#include "limbic/brain/steering/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "little_world.h"

namespace limbic::brain {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// A reflex is three lines of YAML: two senses and what they are joined to.
constexpr const char* kReflex = R"(
senses:
  dark:    mean(1 - retina)
  looming: max(slope(dark), 0)
variables:
  flinch: {override: present(retina), truth: looming > 0.05 and dark > 0.5, lead: 3 ticks}
)";

// Darkness .2, .4, .6, .8 of four pixels.
const std::vector<double> kLooming{.8, .8, .8, .8, .6, .6, .6, .6, .4, .4, .4, .4, .2, .2, .2, .2};

TEST(ProgramTest, AReflexFiresByTwoSenses) {
  LittleWorld world;
  world.set("retina", kLooming);
  const Program program(steering(kReflex), world.schema);
  const Steer steer = program.run(world.episodes, says({0.25}));
  EXPECT_THAT(of(steer.truth_BTN, 0), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(of(steer.override_BTN, 0), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(of(steer.gate_BTN, 0), ElementsAre(1, 1, 1, 1));
}

TEST(ProgramTest, DefersToTheAssessorWhereNothingOverrides) {
  LittleWorld world;
  world.set("face", {1, 1, 1, 1});
  const Program program(steering(kReflex), world.schema);
  const Steer steer = program.run(world.episodes, says({0.25}));
  EXPECT_THAT(of(steer.override_BTN, 0), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(of(steer.truth_BTN, 0), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(.25, .25, .25, .25));
}

TEST(ProgramTest, OutputsHaveTheirTypesAndNoGradient) {
  LittleWorld world;
  const Program program(steering(std::string(kReflex) + "drives: {dread: -0.2 * assess.flinch}"),
                        world.schema);
  const Steer steer = program.run(world.episodes, says({0.25}));
  for (const at::Tensor& output :
       {steer.truth_BTN, steer.gate_BTN, steer.realised_BTN, steer.reward_BTR}) {
    EXPECT_EQ(output.scalar_type(), at::kFloat);
    EXPECT_EQ(output.sizes(), at::IntArrayRef({1, 4, 1}));
    EXPECT_FALSE(output.requires_grad());
  }
  EXPECT_EQ(steer.override_BTN.scalar_type(), at::kBool);
}

TEST(ProgramTest, TellsWhatTheAmygdalaMustKnow) {
  const Program program(steering(R"(
variables:
  flinch: {truth: face > 0.5, lead: 3 ticks}
  warmth: {truth: face}
  value:  {truth: pain, discount: 0.9, lead: 1 ticks}
  safe:   {truth: face > 0.5, discount: 0.5, lead: 1 tick}
drives: {pain: -1.0 * flinch}
)"),
                        LittleWorld().schema);
  const auto& variables = program.variables();
  ASSERT_EQ(variables.size(), 4);
  EXPECT_EQ(variables[0].name, "flinch");
  EXPECT_EQ(variables[0].lead, 3);
  EXPECT_TRUE(variables[0].binary);
  EXPECT_FALSE(variables[1].binary);
  EXPECT_DOUBLE_EQ(variables[2].discount, 0.9);
  EXPECT_FALSE(variables[3].binary) << "a sum is no probability";
  EXPECT_THAT(program.drives(), ElementsAre("pain"));
}

TEST(ProgramTest, WhatIsInfiniteOrNoNumberCountsAsNothing) {
  LittleWorld world;
  world.set("face", {1, 0, -1, 1});
  const Program program(
      steering(
          "variables: {ache: {truth: 2 + log(face), gate: 1 / face}, urge: {truth: 1 / face}}\n"
          "drives: {joy: -log(face)}"),
      world.schema);
  const Steer steer = program.run(world.episodes, says({8, 8}));
  EXPECT_THAT(of(steer.truth_BTN, 0), ElementsAre(2, 0, 0, 2));
  EXPECT_THAT(of(steer.truth_BTN, 1), ElementsAre(1, 0, -1, 1));
  EXPECT_THAT(of(steer.gate_BTN, 0), ElementsAre(1, 0, 0, 1));
}

TEST(ProgramTest, AValueVariableAddsTheDiscountedPrediction) {
  LittleWorld world;
  world.set("face", {1, 2, 3, 4});
  const Program program(
      steering(
          "variables: {value: {truth: joy, discount: 0.5, lead: 1 tick}}\ndrives: {joy: face}"),
      world.schema);
  const Steer steer = program.run(world.episodes, says({8}));
  EXPECT_THAT(of(steer.truth_BTN, 0), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(5, 6, 7, 8));
}

// g(3) = 4 + .5 * 8; then g(t) = truth + .5 (.75 * 8 + .25 g(t + 1)).
TEST(ProgramTest, LambdaMixesInWhatIsRealisedLater) {
  LittleWorld world;
  world.set("face", {1, 2, 3, 4});
  const Program program(
      steering("variables: {value: {truth: face, discount: 0.5, lambda: 0.25, lead: 1 ticks}}"),
      world.schema);
  const Steer steer = program.run(world.episodes, says({8}));
  EXPECT_THAT(of(steer.truth_BTN, 0), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(4.734375, 5.875, 7, 8));
}

TEST(ProgramTest, LambdaReachesAsFarAsTheLead) {
  LittleWorld world;
  world.set("face", {1, 2, 3, 4});
  const Program program(
      steering("variables: {value: {truth: face, discount: 0.5, lambda: 1, lead: 2 ticks}}"),
      world.schema);
  // 3 + .5 * 8, 4 + .5 * 8, and half of these before.
  EXPECT_THAT(of(program.run(world.episodes, says({8})).realised_BTN, 0),
              ElementsAre(1 + 3.5, 2 + 4, 7, 8));
}

TEST(ProgramTest, ALambdaOfConstantsRunsToo) {
  const LittleWorld world;
  const Program program(
      steering("variables: {value: {truth: 1, discount: 1, lambda: 1, lead: 1 ticks}}"),
      world.schema);
  EXPECT_THAT(of(program.run(world.episodes, says({8})).realised_BTN, 0),
              ElementsAre(12, 11, 10, 9));
}

TEST(ProgramTest, DeferScalesThePredictionThatStands) {
  LittleWorld world;
  world.set("touch", {1, 3});
  const Program program(
      steering("variables:\n"
               "  ache: {override: present(touch), truth: touch, defer: 0.25, lead: 1 tick}\n"
               "  hush: {override: never, truth: touch, defer: 0, lead: 1 tick}\n"
               "  loud: {override: always, truth: touch, defer: 0.25, lead: 1 tick}\n"),
      world.schema);
  const Steer steer = program.run(world.episodes, says({8, 8, 8}));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(1, 3, 2, 2));
  EXPECT_THAT(of(steer.realised_BTN, 1), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(of(steer.realised_BTN, 2), ElementsAre(1, 3, 0, 0)) << "it never defers";
}

TEST(ProgramTest, TellsNamesLambdaAndDefer) {
  const Program program(
      steering("variables:\n"
               "  value: {truth: face, discount: 0.5, lambda: 0.25, lead: 1 ticks}\n"
               "  ache: {truth: face, defer: 0.75, lead: 1 tick}\n"),
      LittleWorld().schema);
  EXPECT_EQ(program.num_ticks(), 4);
  EXPECT_THAT(program.names(), ElementsAre("value", "ache"));
  EXPECT_EQ(program.variables()[0].lambda, 0.25);
  EXPECT_EQ(program.variables()[0].defer, 1);
  EXPECT_EQ(program.variables()[1].lambda, 0);
  EXPECT_EQ(program.variables()[1].defer, 0.75);
}

TEST(ProgramTest, ListsAReturnWithItsLeadAndFactor) {
  const Program program(
      steering("variables: {value: {truth: face, discount: 0.5, lambda: 0.5, lead: 2 ticks}}"),
      LittleWorld().schema);
  EXPECT_EQ(program.listing(), R"(%0 = load(face)
%1 = present_or_zero(%0)
%2 = assess(value)
%3 = multiply(0.25, %2)
%4 = add(%1, %3)
%5 = multiply(0.5, %2)
%6 = add(%1, %5)
%7 = return(%4, %6, lead 2, 0.25)
%8 = ticks(always)
%9 = ticks(1)
value.truth = %1
value.override = %8
value.gate = %9
value = %7
)");
}

TEST(ProgramTest, NamesReadRealisedOutputsAndAssessReadsPredictions) {
  LittleWorld world;
  world.set("touch", {1, 0});
  const Program program(steering(R"(
variables:
  flinch: {override: present(touch), truth: touch > 0.5}
  alarm:  {truth: flinch + assess.alarm, gate: flinch > 0.5}
drives:
  pain:  -1.0 * flinch
  dread: -0.5 * assess.flinch + pain
)"),
                        world.schema);
  const Steer steer = program.run(world.episodes, says({0.75, 10}));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(1, 0, .75, .75));
  EXPECT_THAT(of(steer.truth_BTN, 1), ElementsAre(11, 10, 10.75, 10.75));
  EXPECT_THAT(of(steer.gate_BTN, 1), ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(of(steer.reward_BTR, 0), ElementsAre(-1, 0, -.75, -.75));
  EXPECT_THAT(of(steer.reward_BTR, 1), ElementsAre(-1.375, -.375, -1.125, -1.125));
}

TEST(ProgramTest, DefinitionsMayStandInAnyOrder) {
  LittleWorld world;
  world.set("face", {1, 2, 3, 4});
  const Program program(steering("senses: {c: b + 1, b: 2 * a, a: face}\ndrives: {joy: c}"),
                        world.schema);
  const Steer steer = program.run(world.episodes, {});
  EXPECT_THAT(of(steer.reward_BTR, 0), ElementsAre(3, 5, 7, 9));
  EXPECT_EQ(steer.truth_BTN.sizes(), at::IntArrayRef({1, 4, 0}));
}

TEST(ProgramTest, AGateBelowZeroIsShut) {
  LittleWorld world;
  world.set("touch", {2, 3});
  const Program program(steering("variables: {ache: {truth: touch, gate: touch - 2.5}}"),
                        world.schema);
  EXPECT_THAT(of(program.run(world.episodes, says({9})).gate_BTN, 0), ElementsAre(0, 0.5, 0, 0));
}

TEST(ProgramTest, AbsentCountsAsZeroInTruthGateAndDrive) {
  LittleWorld world;
  world.set("touch", {2, 3});
  const Program program(
      steering("variables: {ache: {override: always, truth: touch, gate: touch}}\n"
               "drives: {pain: -touch}"),
      world.schema);
  const Steer steer = program.run(world.episodes, says({9}));
  EXPECT_THAT(of(steer.truth_BTN, 0), ElementsAre(2, 3, 0, 0));
  EXPECT_THAT(of(steer.gate_BTN, 0), ElementsAre(2, 3, 0, 0));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(2, 3, 0, 0));
  EXPECT_THAT(of(steer.reward_BTR, 0), ElementsAre(-2, -3, 0, 0));
}

TEST(ProgramTest, NoNumberCountsAsZeroWhateverSaysIt) {
  LittleWorld world;
  const Program program(steering("variables: {ache: {truth: log(-1), gate: 1 + 0 / 0}}\n"
                                 "drives: {pain: sqrt(-1)}"),
                        world.schema);
  const Steer steer = program.run(world.episodes, says({9}));
  EXPECT_THAT(of(steer.truth_BTN, 0), Each(0));
  EXPECT_THAT(of(steer.gate_BTN, 0), Each(0));
  EXPECT_THAT(of(steer.reward_BTR, 0), Each(0));
}

TEST(ProgramTest, AnOverrideThatReadsAbsentDoesNotOverride) {
  LittleWorld world;
  world.set("touch", {2, 0});
  const Program program(steering("variables: {ache: {override: touch > 1, truth: 7}}"),
                        world.schema);
  const Steer steer = program.run(world.episodes, says({9}));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(7, 9, 9, 9));
}

TEST(ProgramTest, AlwaysAndNeverSettleTheOverride) {
  LittleWorld world;
  const Program program(steering("variables: {a: {truth: 7}, b: {override: never, truth: 7}}"),
                        world.schema);
  const Steer steer = program.run(world.episodes, says({1, 2}));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(7, 7, 7, 7));
  EXPECT_THAT(of(steer.realised_BTN, 1), ElementsAre(2, 2, 2, 2));
  EXPECT_THAT(of(steer.override_BTN, 0), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(of(steer.override_BTN, 1), ElementsAre(0, 0, 0, 0));
}

TEST(ProgramTest, ProbesMayNameEverything) {
  LittleWorld world;
  world.set("face", {1, 0, 1, 0});
  world.set("threat", {1});
  world.set("picture", {1, 2, 3, 4, 5, 6});
  const Program program(
      steering("senses: {near: face}\nvariables: {flinch: {override: never, truth: near > 0.5}}"),
      world.schema);
  const auto ask = [&](const std::string& text) {
    const auto probe = program.compile_probe(written(text));
    return ticks_of(probe(world.episodes, says({0.25})).nan_to_num(-1));
  };
  EXPECT_THAT(ask("threat"), ElementsAre(1, -1, -1, -1));
  EXPECT_THAT(ask("threat == 'yes'"), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(ask("truth.flinch"), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(ask("flinch"), ElementsAre(.25, .25, .25, .25));
  EXPECT_THAT(ask("assess.flinch + near"), ElementsAre(1.25, .25, 1.25, .25));
  EXPECT_THAT(ask("mean(picture[1])"), ElementsAre(5, -1, -1, -1));
}

TEST(ProgramTest, RunsOnEmptyProgramsAndEmptyBatches) {
  const LittleWorld world;
  const Program nothing(SteeringConfig{}, world.schema);
  EXPECT_EQ(nothing.run(world.episodes, {}).reward_BTR.sizes(), at::IntArrayRef({1, 4, 0}));
  const Program program(steering(kReflex), world.schema);
  const Scorecard no_rows{.raw_BTN = {}, .mean_BTN = at::zeros({0, 4, 1}), .variance_BTN = {}};
  const Steer steer = program.run(world.episodes.rows(0, 0), no_rows);
  EXPECT_EQ(steer.realised_BTN.sizes(), at::IntArrayRef({0, 4, 1}));
}

// A meta tensor holds a shape alone, so reading one of its values throws.
TEST(ProgramTest, AsksNoDeviceForAValue) {
  LittleWorld world;
  world.set("touch", {1, 2});
  world.set("smell", {0, 1, 2, 1});
  const Program program(steering("variables: {value: {truth: face}}"), world.schema);
  const auto probe = program.compile_probe(
      written("mean(delay(whiskers, 1) * touch) > assess.value / 2 and present(touch) or "
              "slope(max(max(retina[0]), 1 - face)) != 0 and not smell == 'smoke'"));
  const at::Device meta(at::kMeta);
  Scorecard scorecard = says({1});
  scorecard.mean_BTN = scorecard.mean_BTN.to(meta);
  const at::Tensor value_BT = probe(world.episodes.to(meta), scorecard);
  EXPECT_EQ(value_BT.device(), meta);
  EXPECT_EQ(value_BT.sizes(), at::IntArrayRef({1, 4}));
}

TEST(ProgramTest, RefusesAScorecardOfAnotherProgram) {
  const LittleWorld world;
  const Program program(steering(kReflex), world.schema);
  EXPECT_THAT(
      [&] {
        (void)program.run(world.episodes, says({1, 2}));
      },
      ThrowsMessage<c10::Error>(
          HasSubstr("a program of 1 variables got a scorecard of [1, 4, 2]")));
}

TEST(ProgramTest, TheGenomeIsTheYamlOfWhatIsInnate) {
  const std::string innate = "drives:\n  joy: face\n";
  const SteeringConfig config = steering(innate);
  EXPECT_EQ(config::to_yaml(config::dump(config)), "senses: {}\nvariables: {}\n" + innate);
  EXPECT_EQ(Program(config, LittleWorld().schema).genome_bytes(), std::ssize(innate));
  EXPECT_EQ(Program({}, LittleWorld().schema).genome_bytes(), 0);
}

TEST(ProgramTest, ListsEachOperationOnceAndNothingIdle) {
  const Program program(steering(R"(
senses: {dark: mean(1 - retina), idle: exp(face)}
variables: {flinch: {override: present(retina), truth: dark > 0.5 and mean(1 - retina) < 2}}
)"),
                        LittleWorld().schema);
  EXPECT_EQ(program.listing(), R"(%0 = load(retina)
%1 = subtract(1, %0)
%2 = mean_of_cells(%1)
%3 = greater(%2, 0.5)
%4 = less(%2, 2)
%5 = and(%3, %4)
%6 = number(%5)
%7 = present(retina)
%8 = assess(flinch)
%9 = where(%7, %6, %8)
%10 = ticks(1)
flinch.truth = %6
flinch.override = %7
flinch.gate = %10
flinch = %9
)");
}

TEST(ProgramTest, ListsWhereAnAveragedClaimIsKnown) {
  const Program program(
      steering("drives: {sore: 'ema(touch > 1, 2)', heard: 'ema(present(touch), 2)'}"),
      LittleWorld().schema);
  EXPECT_EQ(program.listing(), R"(%0 = load(touch)
%1 = greater(%0, 1)
%2 = number(%1)
%3 = present(touch)
%4 = keep_where(%2, %3)
%5 = ema(%4, 2)
%6 = present_or_zero(%5)
%7 = number(%3)
%8 = ema(%7, 2)
%9 = present_or_zero(%8)
sore = %6
heard = %9
)");
}

TEST(ProgramTest, ListsNumbersWithAllTheirDigits) {
  const Program program(
      steering("drives: {far: 'max(face - 1000001, 0.1234567)', slow: 'ema(face, 1234567)'}"),
      LittleWorld().schema);
  for (const auto* number : {", 1000001)", "0.1234567", ", 1234567)"})
    EXPECT_THAT(program.listing(), HasSubstr(number));
}

TEST(SteeringConfigTest, ReadsItsOwnDumpBack) {
  const SteeringConfig config = steering(kReflex);
  EXPECT_EQ(config.variables.entries[0].value.override->text, "present(retina)");
  EXPECT_EQ(config.variables.entries[0].value.gate.text, "1");
  const std::string yaml = config::to_yaml(config::dump(config));
  EXPECT_EQ(config::to_yaml(config::dump(steering(yaml))), yaml);
}

TEST(SteeringConfigTest, AnOverrideThatIsNotSaidIsNotSaidByItsDump) {
  const SteeringConfig config = steering("variables: {a: {truth: 1}}");
  const SteeringConfig again = steering(config::to_yaml(config::dump(config)));
  EXPECT_FALSE(again.variables.entries[0].value.override.has_value());
}

}  // namespace
}  // namespace limbic::brain
