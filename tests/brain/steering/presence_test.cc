#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "little_world.h"

namespace limbic::brain {
namespace {

using testing::Each;
using testing::ElementsAre;

/// What figures say at the four ticks of a little world, -1 where they say nothing.
class PresenceTest : public testing::Test {
 protected:
  PresenceTest() {
    world_.set("touch", {2, 0});
    world_.set("face", {1, 1, 1});
    world_.set("whiskers", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
    world_.remove_cell("whiskers", 1);
  }

  std::vector<float> ask(const std::string& text, const std::string& yaml = "senses: {}") {
    const Program program(steering(yaml), world_.schema);
    return said(program.compile_figure(written(text)));
  }
  std::vector<float> said(const Program::Probe& probe) {
    const Scorecard scorecard{
        .raw_BTN = {}, .mean_BTN = at::full({1, 4, 1}, 0.25), .variance_BTN = {}};
    return ticks_of(probe(world_.episodes, scorecard).nan_to_num(-1));
  }

  LittleWorld world_;
};

TEST_F(PresenceTest, AFigureDoesNotAnswerOfWhatIsAbsent) {
  EXPECT_THAT(ask("touch"), ElementsAre(2, 0, -1, -1));
  EXPECT_THAT(ask("touch > 1"), ElementsAre(1, 0, -1, -1));
  EXPECT_THAT(ask("not touch > 1"), ElementsAre(0, 1, -1, -1));
  EXPECT_THAT(ask("2 > 1"), Each(1));
}

TEST_F(PresenceTest, OtherProbesAnswerNo) {
  const Program program({}, world_.schema);
  EXPECT_THAT(said(program.compile_probe(written("touch > 1"))), ElementsAre(1, 0, 0, 0));
}

TEST_F(PresenceTest, AClaimIsKnownOnceOneSideSettlesIt) {
  EXPECT_THAT(ask("touch > 1 or face > 0"), ElementsAre(1, 1, 1, -1));
  EXPECT_THAT(ask("touch > 1 and face > 1"), ElementsAre(0, 0, 0, -1));
  EXPECT_THAT(ask("present(touch) and touch > 1"), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(ask("not present(touch) or touch > 1"), ElementsAre(1, 0, 1, 1));
}

TEST_F(PresenceTest, WhatIsOneClaimATickSettlesAClaimOfCells) {
  EXPECT_THAT(ask("max(present(touch) and whiskers > 0)"), ElementsAre(-1, -1, 0, 0));
  EXPECT_THAT(ask("min(whiskers > 0 or not present(touch))"), ElementsAre(-1, -1, 1, 1));
  EXPECT_THAT(ask("max(whiskers > 0 and face > 1)"), ElementsAre(0, 0, 0, -1));
  EXPECT_THAT(ask("max(whiskers > 5 and face > 0)"), Each(-1)) << "no cell settles it";
  EXPECT_THAT(ask("max(whiskers > 5 and whiskers < 0)"), Each(-1));
}

TEST_F(PresenceTest, OfAChoiceWhatItPicksMustBeThere) {
  EXPECT_THAT(ask("where(present(touch), touch, face)"), ElementsAre(2, 0, 1, -1));
  EXPECT_THAT(ask("where(touch > 1, 5, face)"), ElementsAre(5, 1, -1, -1));
  EXPECT_THAT(ask("mean(where(present(touch), whiskers[0], whiskers))"), ElementsAre(1, 1, -1, -1));
}

TEST_F(PresenceTest, AnAverageIsKnownFromTheFirstTickOn) {
  EXPECT_THAT(ask("ema(touch, 2)"), ElementsAre(2, 1, 1, 1));
  EXPECT_THAT(ask("ema(touch > 1, 2)"), ElementsAre(1, 0.5, 0.5, 0.5));
  EXPECT_THAT(ask("ema(smell == 'smoke', 2)"), Each(-1));
}

TEST_F(PresenceTest, AValueIsKnownWhereItsTruthIs) {
  const std::string yaml =
      "variables: {hope: {truth: touch, discount: 0.5, lambda: 0.5, lead: 1 tick}}";
  EXPECT_THAT(ask("hope", yaml), ElementsAre(2.083984375, 0.0859375, -1, -1))
      << "ticks 2 and 3, of truth 0, come to 0.09375 and 0.125";
}

TEST_F(PresenceTest, WhatAnotherVariableAsksIsNotAskedByThisOne) {
  const std::string yaml = "variables: {fear: {truth: touch}}";
  EXPECT_THAT(ask("fear + touch", yaml), ElementsAre(4, 0, -1, -1));
  EXPECT_THAT(ask("truth.fear - fear", yaml), ElementsAre(0, 0, -1, -1));
}

TEST_F(PresenceTest, AFigureReadsThroughSensesTruthsAndDrives) {
  const std::string yaml =
      "senses: {hurt: touch > 1}\nvariables: {fear: {truth: hurt}}\ndrives: {harm: -touch}\n";
  EXPECT_THAT(ask("hurt", yaml), ElementsAre(1, 0, -1, -1));
  EXPECT_THAT(ask("truth.fear", yaml), ElementsAre(1, 0, -1, -1));
  EXPECT_THAT(ask("harm < 0", yaml), ElementsAre(1, 0, -1, -1));
  EXPECT_THAT(ask("assess.fear", yaml), Each(0.25));
  EXPECT_THAT(ask("fear", yaml), ElementsAre(1, 0, 0.25, 0.25))
      << "elsewhere the prediction stands";
}

TEST_F(PresenceTest, WhatIsDelayedIsThereWhereItWasThere) {
  EXPECT_THAT(ask("delay(touch, 1) > 1"), ElementsAre(1, 1, 0, -1));
  EXPECT_THAT(ask("slope(touch) < 0"), ElementsAre(0, 1, -1, -1));
}

TEST_F(PresenceTest, OfAVariableTheCellsThatAreReadMustBeThere) {
  EXPECT_THAT(ask("whiskers[0] > 0"), Each(1));
  EXPECT_THAT(ask("whiskers[1] > 0"), Each(-1));
  EXPECT_THAT(ask("max(whiskers > 0)"), Each(-1));
}

TEST_F(PresenceTest, AProbeTellsWhichVariableItIs) {
  const Program program(steering("senses: {near: face}"), world_.schema);
  const auto name_of = [&](const std::string& text) {
    const worlds::Variable* variable = program.compile_probe(written(text)).variable();
    return variable == nullptr ? "none" : variable->name;
  };
  EXPECT_EQ(name_of("face"), "face");
  EXPECT_EQ(name_of("near"), "face");
  EXPECT_EQ(name_of("whiskers[2]"), "whiskers");
  EXPECT_EQ(name_of("threat"), "threat");
  EXPECT_EQ(name_of("face + 1"), "none");
  EXPECT_EQ(name_of("threat == 'yes'"), "none");
}

TEST(OverrideTest, ATruthStandsByDefaultWhereAllThatItReadsIsThere) {
  LittleWorld world;
  world.set("touch", {2, 0});
  world.set("face", {1, 1, 1});
  const Program program(steering(R"(
variables:
  ache:  {truth: touch}
  hurt:  {truth: touch > 1 or face < 1}
  after: {truth: touch - slope(touch)}
  asks:  {truth: not present(touch) or touch > 1}
  told:  {override: always, truth: touch}
  value: {truth: touch, discount: 0.5, lead: 1 tick}
)"),
                        world.schema);
  const Steer steer = program.run(world.episodes, says({9, 9, 9, 9, 9, 9}));
  EXPECT_THAT(of(steer.override_BTN, 0), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(of(steer.realised_BTN, 0), ElementsAre(2, 0, 9, 9));
  EXPECT_THAT(of(steer.realised_BTN, 1), ElementsAre(1, 0, 9, 9));
  EXPECT_THAT(of(steer.realised_BTN, 2), ElementsAre(2, 2, 9, 9));
  EXPECT_THAT(of(steer.realised_BTN, 3), ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(of(steer.realised_BTN, 4), ElementsAre(2, 0, 0, 0));
  EXPECT_THAT(of(steer.realised_BTN, 5), ElementsAre(6.5, 4.5, 4.5, 4.5)) << "a sum has no other";
}

}  // namespace
}  // namespace limbic::brain
