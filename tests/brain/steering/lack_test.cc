#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "little_world.h"

namespace limbic::brain {
namespace {

constexpr const char* kInnate = R"(
senses: {hurt: touch > 0.5}
variables:
  fear:   {truth: hurt}
  flinch: {override: present(retina), truth: mean(retina), lead: 1 tick}
  hope:   {truth: touch, discount: 0.5, lambda: 0.5, lead: 1 tick}
drives: {harm: -1 * hurt}
)";

class LackTest : public testing::Test {
 protected:
  /// What an expression lacks; "" for nothing.
  [[nodiscard]] std::string lack(const std::string& expression, int64_t tick = 0) const {
    const auto probe = program_.compile_probe(written(expression));
    const int64_t found = probe.lack(world_.episodes.present_BTV[0], tick);
    return found < 0 ? "" : world_.schema[found].name;
  }

  LittleWorld world_;
  Program program_{steering(kInnate), world_.schema};
};

TEST_F(LackTest, WhatIsReadThroughSensesTruthsAndDrivesMustBeThere) {
  const std::vector<std::string> all{"touch", "hurt", "truth.fear", "harm", "2 * touch + 1"};
  for (const std::string& one : all) EXPECT_EQ(lack(one), "touch") << one;
  world_.set("touch", {1, 1});
  for (const std::string& one : all) {
    EXPECT_EQ(lack(one, 1), "") << one;
    EXPECT_EQ(lack(one, 2), "touch") << one;
  }
}

TEST_F(LackTest, WhatNeverCountsNeedNotBeThere) {
  for (const std::string needless :
       {"flinch", "fear", "delay(fear, 1)", "assess.fear", "present(face)",
        "where(present(face), face, 1)", "present(face) and face > 1",
        "face > 1 or not present(face)", "where(never, face, 1)"})
    EXPECT_EQ(lack(needless), "") << needless;
  for (const std::string needed : {"truth.flinch", "where(present(face), 1, face)",
                                   "present(face) or face > 1", "not present(face) and face > 1"})
    EXPECT_NE(lack(needed), "") << needed;
}

TEST_F(LackTest, AllCellsThatAreReadMustBeThere) {
  world_.set("whiskers", std::vector<double>(12, 1));
  EXPECT_EQ(lack("mean(whiskers)"), "");
  world_.remove_cell("whiskers", 1);
  EXPECT_EQ(lack("mean(whiskers)"), "whiskers");
  EXPECT_EQ(lack("whiskers[1]"), "whiskers");
  EXPECT_EQ(lack("whiskers[0]"), "");
}

TEST_F(LackTest, WhatIsReadOfAnotherTickMustBeThereThen) {
  world_.set("touch", {1});
  EXPECT_EQ(lack("touch", 1), "touch");
  EXPECT_EQ(lack("delay(touch, 1)", 1), "");
  EXPECT_EQ(lack("delay(touch, 9)", 1), "") << "before the first tick all stood as at the first";
  EXPECT_EQ(lack("delay(face, 1)", 1), "face");
  world_.set("face", {1, 1, 1});
  world_.remove_tick("face", 1);
  EXPECT_EQ(lack("delay(face > 0, 1)", 2), "face") << "there at ticks 0 and 2";
  EXPECT_EQ(lack("slope(face)", 2), "face");
  EXPECT_EQ(lack("face - delay(face, 2)", 2), "");
}

TEST_F(LackTest, AnAverageNeedsSomeTickUpToNow) {
  world_.set("face", {1, 1});
  world_.remove_tick("face", 0);
  for (const std::string average : {"ema(face, 2)", "ema(face > 0, 2)"}) {
    EXPECT_EQ(lack(average, 0), "face") << average;
    EXPECT_EQ(lack(average, 1), "") << average;
    EXPECT_EQ(lack(average, 3), "") << average << " stays";
    EXPECT_EQ(lack("delay(" + average + ", 1)", 1), "face") << average;
  }
}

TEST_F(LackTest, AValueNeedsItsTruthNow) {
  EXPECT_EQ(lack("hope"), "touch");
  world_.set("touch", {1});
  EXPECT_EQ(lack("hope"), "") << "what comes later counts as 0";
  EXPECT_EQ(lack("hope", 1), "touch");
}

TEST_F(LackTest, WhatIsAcceptedAheadIsKnown) {
  const std::vector<std::string> all{"touch",
                                     "hurt",
                                     "fear",
                                     "truth.fear",
                                     "assess.fear",
                                     "harm",
                                     "flinch",
                                     "truth.flinch",
                                     "hope",
                                     "2 * touch + 1",
                                     "delay(fear, 1)",
                                     "delay(face > 0, 1)",
                                     "slope(face)",
                                     "ema(face, 2)",
                                     "ema(touch > 1 or face > 0, 2)",
                                     "where(present(face), face, 1)",
                                     "where(present(face), 1, face)",
                                     "where(never, face, 1)",
                                     "present(face) and face > 1",
                                     "present(face) or face > 1",
                                     "face > 1 or not present(face)",
                                     "not present(face) and face > 1",
                                     "mean(whiskers)",
                                     "whiskers[0]",
                                     "whiskers[1]",
                                     "max(present(touch) and whiskers > 0)",
                                     "min(whiskers > 0 or not present(touch))",
                                     "max(whiskers > 0 and face > 1)",
                                     "mean(where(present(touch), 1, whiskers))"};
  int64_t num_accepted = 0;
  const auto expect_known = [&] {
    for (const std::string& one : all) {
      const auto figure = program_.compile_figure(written(one));
      const auto values = ticks_of(figure(world_.episodes, says({0.25, 0.25, 0.25})));
      for (int64_t tick = 0; tick < 4; ++tick) {
        if (!lack(one, tick).empty()) continue;
        EXPECT_FALSE(std::isnan(values[tick])) << one << " at tick " << tick;
        ++num_accepted;
      }
    }
  };
  expect_known();
  world_.set("touch", {1, 1});
  expect_known();
  world_.set("face", {1, 1, 1});
  world_.remove_tick("face", 1);
  expect_known();
  world_.set("whiskers", std::vector<double>(12, 1));
  world_.remove_cell("whiskers", 1);
  expect_known();
  EXPECT_GT(num_accepted, 2 * std::ssize(all));
}

}  // namespace
}  // namespace limbic::brain
