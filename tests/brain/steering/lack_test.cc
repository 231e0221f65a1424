#include <gtest/gtest.h>

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
drives: {harm: -1 * hurt}
)";

class LackTest : public testing::Test {
 protected:
  /// What an expression lacks; "" for nothing.
  [[nodiscard]] std::string lack(const std::string& expression, int64_t tick = 0) const {
    const auto probe = program_.compile_probe(written(expression));
    const int64_t found = program_.lack_of(*probe, world_.episodes.present_BTV[0], tick);
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

TEST_F(LackTest, AlongTheTicksAnyOfThemWillDo) {
  world_.set("touch", {1});
  EXPECT_EQ(lack("touch", 1), "touch");
  EXPECT_EQ(lack("delay(touch, 1)", 1), "");
  EXPECT_EQ(lack("delay(face, 1)", 1), "face");
}

}  // namespace
}  // namespace limbic::brain
