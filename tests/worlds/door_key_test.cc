#include "limbic/worlds/door_key.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace limbic::worlds {
namespace {

constexpr int64_t kPosition = 0, kKey = 1, kAction = 2, kReturn = 3;
constexpr int64_t kLeastReturn = DoorKeyChain::kLeastReturn;

/// A variable and a tick.
using Places = std::vector<std::pair<int64_t, int64_t>>;

bool reaches_goal(DoorKeyState state, std::span<const int64_t> moves) {
  for (const int64_t move : moves) state = after(state, move);
  return state.agent == kGoalCell;
}

Episodes draw(const DoorKey& world, int64_t num_rows) {
  return world.draw({.regime = "rows", .num_rows = num_rows}, Stream(3));
}

at::Tensor mask(const Episodes& episodes, const Places& places) {
  at::Tensor mask_BTV = at::zeros_like(episodes.present_BTV);
  for (const auto& [variable, tick] : places)
    mask_BTV.select(2, variable).select(1, tick).fill_(true);
  return mask_BTV;
}

Places states_at(const std::vector<int64_t>& ticks) {
  Places places;
  for (const int64_t tick : ticks) {
    places.emplace_back(kPosition, tick);
    places.emplace_back(kKey, tick);
  }
  return places;
}

Places actions_before(int64_t tick) {
  Places places;
  for (int64_t t = 0; t < tick; ++t) places.emplace_back(kAction, t);
  return places;
}

Places both(Places a, const Places& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Mean over the moves of -log p(all of them | observed). Moves from a known start tell all states
/// before them: so this is the mean over ticks of -log p(move | history, observed).
void expect_floor_of_moves(int64_t num_rows, int64_t num_moves, const Places& observed,
                           double floor) {
  const DoorKey world({});
  const Episodes episodes = draw(world, num_rows);
  const Roles roles{mask(episodes, both(states_at({0}), observed)),
                    mask(episodes, actions_before(num_moves))};
  const at::Tensor loss_B = -world.oracle()->log_prob(episodes, roles) / num_moves;
  const double error = loss_B.std().item<double>() / std::sqrt(num_rows);
  EXPECT_NEAR(loss_B.mean().item<double>(), floor, 4 * error + 0.0005) << "s.e. " << error;
}

TEST(DoorKeyTest, BehaviourHasTheFloorOfTheTable) { expect_floor_of_moves(4000, 10, {}, 1.092); }

TEST(DoorKeyTest, BehaviourGivenTheFirstReturnHasTheFloorOfTheTable) {
  expect_floor_of_moves(1200, 10, {{kReturn, 0}}, 0.879);
}

TEST(DoorKeyTest, BehaviourGivenTheLastStateHasTheFloorOfTheTable) {
  expect_floor_of_moves(4000, 9, states_at({9}), 0.813);
}

TEST(DoorKeyTest, BehaviourGivenThreeWaypointsHasTheFloorOfTheTable) {
  expect_floor_of_moves(4000, 9, states_at({3, 6, 9}), 0.491);
}

/// (0.607, a floor once written down for the previous state, adds those of position and key, and
/// does not know the tick; 0.4366 follows from the law of each tick's states, by enumeration.)
TEST(DoorKeyTest, TheNextStateIsSureAndThePreviousIsGuessedAsWellAsCanBe) {
  const DoorKey world({});
  const int64_t num_rows = 3600;
  const Episodes episodes = draw(world, num_rows);
  const at::Tensor tick_B = at::arange(num_rows) % 9;
  const auto at_tick = [&](const at::Tensor& from, int64_t later, const Places& places) {
    at::Tensor mask_BTV = at::zeros_like(from);
    for (const auto& [variable, shift] : places)
      mask_BTV.select(2, variable)
          .scatter_(1, (tick_B + later + shift).unsqueeze(1), at::ones({num_rows, 1}, at::kBool));
    return mask_BTV;
  };
  const at::Tensor present = episodes.present_BTV;
  const Places state{{kPosition, 0}, {kKey, 0}};
  const at::Tensor action = at_tick(present, 0, {{kAction, 0}});
  const at::Tensor before = at_tick(present, 0, state), after = at_tick(present, 1, state);
  const at::Tensor next = world.oracle()->log_prob(episodes, {before.logical_or(action), after});
  EXPECT_LT(next.abs().max().item<double>(), 1e-9);
  const at::Tensor previous =
      -world.oracle()->log_prob(episodes, {after.logical_or(action), before});
  const double error = previous.std().item<double>() / std::sqrt(num_rows);
  EXPECT_NEAR(previous.mean().item<double>(), 0.4366, 4 * error) << "s.e. " << error;
}

/// All episodes of two moves as rows of the world with their probabilities, from the rules alone.
std::vector<std::pair<std::array<double, 8>, double>> all_short_episodes() {
  std::vector<std::pair<std::array<double, 8>, double>> all;
  for (int64_t number = 0; number < 3 * 64 * 16; ++number) {
    const int64_t agent = number % 8, key = number / 8 % 8;
    const std::array<int64_t, 2> moves{number / 64 % 4, number / 256 % 4};
    const double beta = std::array{0.5, 1.0, 3.0}[number / 1024];
    if (agent == key) continue;
    double p = std::array{0.3, 0.6, 0.1}[number / 1024] / 56;
    std::array<DoorKeyState, 3> states{DoorKeyState{.agent = agent, .key = key}};
    for (int64_t t = 0; t < 2; ++t) {
      double all_moves = 0;
      for (int64_t a = 0; a < 4; ++a) all_moves += std::exp(beta * progress(states[t], a));
      p *= std::exp(beta * progress(states[t], moves[t])) / all_moves;
      states[t + 1] = after(states[t], moves[t]);
    }
    std::array<double, 8> row;
    for (int64_t t = 0; t < 2; ++t) {
      row[t] = states[t].agent;
      row[2 + t] = states[t].key;
      row[4 + t] = moves[t];
      row[6 + t] = steps_to_goal(states[t].agent) - steps_to_goal(states[2].agent) + 6;
    }
    all.emplace_back(row, p);
  }
  return all;
}

TEST(DoorKeyTest, AnyMaskIsAnsweredAsByEnumeration) {
  const DoorKey world({.horizon = 2});
  const Episodes episodes = draw(world, 200);
  const at::Tensor role = Stream(1).below(3, episodes.present_BTV.sizes());
  const at::Tensor found = world.oracle()->log_prob(episodes, {role.eq(0), role.eq(1)});
  const auto all = all_short_episodes();
  for (int64_t b = 0; b < 200; ++b) {
    std::array<int64_t, 8> value, role_of;
    for (int64_t i = 0; i < 8; ++i) {
      value[i] = episodes.value[i / 2][b][i % 2].item<int64_t>();
      role_of[i] = role[b][i % 2][i / 2].item<int64_t>();
    }
    double observed = 0, both = 0;
    for (const auto& [row, p] : all) {
      std::array<bool, 3> agrees{true, true, true};  // by role
      for (int64_t i = 0; i < 8; ++i) agrees[role_of[i]] &= row[i] == value[i];
      observed += agrees[0] ? p : 0;
      both += agrees[0] && agrees[1] ? p : 0;
    }
    EXPECT_NEAR(found[b].item<double>(), std::log(both / observed), 1e-9);
  }
}

TEST(DoorKeyTest, CompletionsAgreeWithWhatIsGivenAndKeepTheJointLaw) {
  const DoorKey world({});
  const Episodes rows = draw(world, 1000);
  const at::Tensor observed = Stream(1).uniform(rows.present_BTV.sizes()).lt(0.15);
  const Episodes completed =
      world.oracle()->sample(rows, {observed, observed.logical_not()}, Stream(8));
  const at::Tensor nothing = at::zeros_like(observed), all = at::ones_like(observed);
  const at::Tensor change = world.oracle()->log_prob(completed, {nothing, all}) -
                            world.oracle()->log_prob(rows, {nothing, all});
  EXPECT_NEAR(change.mean().item<double>(), 0,
              4 * change.std().item<double>() / std::sqrt(change.numel()));
  for (int64_t i = 0; i < 4; ++i) {
    const at::Tensor kept = observed.select(2, i).unsqueeze(2);
    EXPECT_TRUE(completed.value[i].masked_select(kept).equal(rows.value[i].masked_select(kept)));
  }
}

TEST(DoorKeyTest, SamplesOccurAsOftenAsTheirDensitySays) {
  const DoorKey world({});
  const Episodes rows = repeat_rows(draw(world, 1), 1500);
  const Roles roles{mask(rows, both(states_at({0, 6}), {{kReturn, 4}})),
                    mask(rows, {{kAction, 2}, {kPosition, 3}})};
  const Episodes sampled = world.oracle()->sample(rows, roles, Stream(8));
  for (int64_t action = 0; action < 4; ++action) {
    Episodes asked = rows.rows(0, 1);
    asked.value[kAction] = asked.value[kAction].clone().fill_(action);
    const double p =
        world.oracle()
            ->log_prob(asked, {roles.observed_BTV.narrow(0, 0, 1), mask(asked, {{kAction, 2}})})
            .exp()
            .item<double>();
    const at::Tensor hits = sampled.value[kAction].select(1, 2).eq(action);
    EXPECT_NEAR(hits.to(at::kDouble).mean().item<double>(), p,
                4 * std::sqrt(p * (1 - p) / 1500) + 1e-12);
  }
}

TEST(DoorKeyTest, RefusesToCompleteWhatCannotHappen) {
  const DoorKey world({});
  Episodes rows = draw(world, 1);
  rows.value[kReturn].fill_(-6 - kLeastReturn);
  const Roles roles{mask(rows, {{kReturn, 0}}), mask(rows, {{kAction, 0}})};
  EXPECT_THAT([&] { (void)world.oracle()->sample(rows, roles, Stream(8)); },
              testing::ThrowsMessage<c10::Error>(testing::HasSubstr("cannot happen together")));
}

TEST(DoorKeyTest, TheDemonstratorEndsAtTheGoalOneTimeInSeven) {
  const Episodes rows = draw(DoorKey({}), 8000);
  int64_t count = 0;
  for (int64_t b = 0; b < rows.num_rows(); ++b) {
    const auto first = [&](int64_t i) { return rows.value[i][b][0].item<int64_t>(); };
    const int64_t* const moves = rows.value[kAction].const_data_ptr<int64_t>() + 10 * b;
    const bool reaches =
        reaches_goal({.agent = first(kPosition), .key = first(kKey)}, {moves, moves + 10});
    EXPECT_EQ(reaches, first(kReturn) + kLeastReturn == steps_to_goal(first(kPosition)));
    count += reaches;
  }
  EXPECT_NEAR(count / 8000.0, 0.134, 4 * std::sqrt(0.134 * 0.866 / 8000));
}

TEST(DoorKeyTest, PlanningByTheHighestReturnReachesEveryGoalThatTenMovesCanReach) {
  const DoorKey world({});
  const DoorKeyChain chain;
  Episodes rows = draw(world, 2 * DoorKeyChain::kNumStarts);
  int64_t num_solvable = 0, num_reached = 0;
  const Places start = both(states_at({0}), {{kReturn, 0}});
  for (int64_t b = 0; b < rows.num_rows(); ++b) {
    const DoorKeyState& state = chain[b % DoorKeyChain::kNumStarts];
    rows.value[kPosition][b].fill_(state.agent);
    rows.value[kKey][b].fill_(state.key);
    rows.value[kReturn][b].fill_(steps_to_goal(state.agent) - kLeastReturn);
  }
  const at::Tensor possible =
      world.oracle()->log_prob(rows, {mask(rows, states_at({0})), mask(rows, {{kReturn, 0}})});
  for (int64_t b = 0; b < rows.num_rows(); ++b) {
    if (possible[b].item<double>() < -1e6) continue;
    ++num_solvable;
    const Episodes row = rows.rows(b, b + 1);
    const Episodes plan = world.oracle()->sample(
        row, {mask(row, start), mask(row, actions_before(10))}, Stream(8).at(b));
    const int64_t* const moves = plan.value[kAction].const_data_ptr<int64_t>();
    num_reached += reaches_goal(chain[b % DoorKeyChain::kNumStarts], {moves, moves + 10});
  }
  EXPECT_EQ(num_solvable, 2 * 47);  // 83.9 % of the starts
  EXPECT_EQ(num_reached, num_solvable);
}

}  // namespace
}  // namespace limbic::worlds
