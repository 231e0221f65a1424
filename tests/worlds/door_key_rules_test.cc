#include "limbic/worlds/door_key_rules.h"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <utility>

#include "limbic/worlds/door_key_chain.h"

namespace limbic::worlds {
namespace {

constexpr int64_t kRight = 0, kDown = 1, kLeft = 2, kUp = 3;

constexpr int64_t at(int64_t x, int64_t y) { return 4 * (x - 1) + y - 1; }

TEST(DoorKeyRulesTest, AMoveIntoTheKeyPicksItUpAndTheKeyFollows) {
  DoorKeyState state{.agent = at(1, 1), .key = at(1, 2)};
  state = after(state, kDown);
  EXPECT_EQ(state, (DoorKeyState{.agent = at(1, 2), .key = at(1, 2)}));
  EXPECT_TRUE(state.carries());
  EXPECT_EQ(after(state, kRight), (DoorKeyState{.agent = at(2, 2), .key = at(2, 2)}));
}

TEST(DoorKeyRulesTest, TheDoorOpensForWhoCarriesTheKeyAndStaysOpen) {
  const DoorKeyState without{.agent = at(2, 1), .key = at(1, 3)};
  EXPECT_EQ(after(without, kRight), without);
  const DoorKeyState with{.agent = at(2, 1), .key = at(2, 1)};
  const DoorKeyState inside = after(with, kRight);
  EXPECT_EQ(inside, (DoorKeyState{.agent = at(3, 1), .key = at(3, 1), .is_open = true}));
  EXPECT_TRUE(after(inside, kLeft).is_open);
}

TEST(DoorKeyRulesTest, WallsStop) {
  const DoorKeyState corner{.agent = at(1, 1), .key = at(2, 4)};
  EXPECT_EQ(after(corner, kLeft), corner);
  EXPECT_EQ(after(corner, kUp), corner);
  const DoorKeyState goal{.agent = at(4, 4), .key = at(4, 4), .is_open = true};
  for (const int64_t move : {kRight, kDown, kLeft}) EXPECT_EQ(after(goal, move), goal);
  const DoorKeyState by_the_wall{.agent = at(2, 3), .key = at(2, 3)};
  EXPECT_EQ(after(by_the_wall, kRight), by_the_wall);
}

TEST(DoorKeyRulesTest, StepsToTheGoalGoThroughTheDoor) {
  EXPECT_EQ(steps_to_goal(at(4, 4)), 0);
  EXPECT_EQ(steps_to_goal(at(4, 1)), 3);
  EXPECT_EQ(steps_to_goal(at(3, 1)), 4);
  EXPECT_EQ(steps_to_goal(at(2, 1)), 5);
  EXPECT_EQ(steps_to_goal(at(2, 4)), 8);
  EXPECT_EQ(steps_to_goal(at(1, 4)), 9);
}

TEST(DoorKeyRulesTest, ProgressIsTowardsTheKeyThenTheDoorThenTheGoal) {
  EXPECT_EQ(progress({.agent = at(1, 3), .key = at(2, 4)}, kDown), 1);
  EXPECT_EQ(progress({.agent = at(1, 3), .key = at(1, 3)}, kDown), -1);
  EXPECT_EQ(progress({.agent = at(1, 3), .key = at(1, 3), .is_open = true}, kDown), 1);
  EXPECT_EQ(progress({.agent = at(2, 3), .key = at(2, 3), .is_open = true}, kRight), 0);
}

TEST(DoorKeyRulesTest, TheDemonstratorBelievesInStepsOutOnlyToTheLeftAndUp) {
  EXPECT_EQ(progress({.agent = at(1, 1), .key = at(2, 4)}, kLeft), -1);
  EXPECT_EQ(progress({.agent = at(1, 1), .key = at(2, 4)}, kUp), -1);
  EXPECT_EQ(progress({.agent = at(1, 4), .key = at(1, 1)}, kDown), 0);
  EXPECT_EQ(progress({.agent = at(4, 2), .key = at(4, 2), .is_open = true}, kRight), 0);
}

TEST(DoorKeyRulesTest, TheGoalIsReachedByTheRightMovesOnly) {
  const auto end = [](DoorKeyState state) {
    for (const int64_t move : {kRight, kRight, kRight, kDown, kDown, kDown})
      state = after(state, move);
    return state.agent;
  };
  EXPECT_EQ(end({.agent = at(1, 1), .key = at(2, 1)}), kGoalCell);
  EXPECT_EQ(end({.agent = at(1, 1), .key = at(1, 2)}), at(2, 4)) << "without the key";
}

TEST(DoorKeyRulesTest, RefusesAFifthMove) {
  EXPECT_THAT(
      [] { after({.agent = 0, .key = 1}, 4); },
      testing::ThrowsMessage<c10::Error>(testing::HasSubstr("there are 4 moves, got number 4")));
}

TEST(DoorKeyChainTest, Has77StatesOf69LooksAnd56Starts) {
  const DoorKeyChain chain;
  EXPECT_EQ(chain.size(), 77);
  std::set<std::pair<int64_t, int64_t>> looks;
  for (int64_t i = 0; i < chain.size(); ++i) {
    looks.emplace(chain[i].agent, chain[i].key);
    EXPECT_EQ(i < DoorKeyChain::kNumStarts, !chain[i].carries());
    for (int64_t move = 0; move < 4; ++move)
      EXPECT_EQ(chain[chain.next(i, move)], after(chain[i], move));
  }
  EXPECT_EQ(looks.size(), 69);
}

TEST(DoorKeyChainTest, DemonstratorsPreferProgressByTheirBeta) {
  const DoorKeyChain chain;  // state 0: agent x1y1, key x1y2
  const auto& least = chain.policy(0, 0);
  EXPECT_NEAR(least[kDown] / least[kLeft], std::exp(0.5 * 2), 1e-12);
  EXPECT_NEAR(chain.policy(2, 0)[kDown], 1 / (1 + 3 * std::exp(-6.0)), 1e-12);
}

}  // namespace
}  // namespace limbic::worlds
