#include "limbic/training/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "../support/fake_world.h"
#include "limbic/core/error.h"

namespace limbic::training {
namespace {

using testing::StartsWith;
using testing::ThrowsMessage;

class BestCheckpointTest : public testing::Test {
 protected:
  void judge(std::initializer_list<std::pair<int64_t, double>> measured) {
    for (const auto& [step, value] : measured) best_.judge(config_, step, value);
  }

  BestConfig config_{.of = {.text = "eval/predict", .mark = {}},
                     .direction = config::Direction::kLower};
  BestCheckpoint best_;
};

TEST_F(BestCheckpointTest, IsTheFirstThatWasNeverBettered) {
  judge({{20, 3.0}, {30, 2.0}, {40, 2.5}, {50, 2.0}});
  EXPECT_EQ(best_.step, 30) << "as good is not better";
  EXPECT_EQ(best_.value, 2.0);
}

TEST_F(BestCheckpointTest, MayBeTheHighest) {
  config_.direction = config::Direction::kHigher;
  judge({{20, 2.0}, {30, 3.0}, {40, 2.5}});
  EXPECT_EQ(best_.step, 30);
}

TEST_F(BestCheckpointTest, IsNeverWhereTheMetricIsNotFinite) {
  judge({{10, std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_EQ(best_.step, std::nullopt);
  judge({{20, 3.0}, {30, -std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(best_.step, 20);
}

TEST_F(BestCheckpointTest, BeginsAnewByAnotherRule) {
  judge({{20, 3.0}});
  config_.of.text = "eval/other";
  judge({{30, 7.0}});
  EXPECT_EQ(best_.step, 30);
  config_.direction = config::Direction::kHigher;
  judge({{40, 6.0}});
  EXPECT_EQ(best_.step, 40);
}

TEST(RunStateTest, GoesThroughJsonExactly) {
  RunState state;
  state.step = 7;
  state.awaits_evals = true;
  state.data = "0a1b";
  state.curriculum.visits = {1};
  state.curriculum.fall_backs = {0};
  state.window = {{0.1, 1e-300}, {2, 3}, 4};
  state.audit = {{"captions_with_retina", 0}};
  state.best = {.rule = "lower eval/predict", .value = 1.0 / 3, .step = 5};
  state.logs = {1, 2, 3, 4};
  const RunState back = parse_run_state(to_json(state), "state.json");
  EXPECT_EQ(to_json(back), to_json(state));
  EXPECT_EQ(back.window.sum, state.window.sum);
  EXPECT_EQ(back.best.value, 1.0 / 3);
  EXPECT_TRUE(back.awaits_evals);
  EXPECT_EQ(back.data, "0a1b");
}

class NamedWorld : public testing_support::FakeWorld {
 public:
  [[nodiscard]] std::string fingerprint() const override { return "0a1b"; }
};

TEST(SameDataTest, IsWantedWhereAStateKnowsItsData) {
  RunState state;
  EXPECT_NO_THROW(require_same_data(state, NamedWorld(), "run"));
  state.data = "0a1b";
  EXPECT_NO_THROW(require_same_data(state, NamedWorld(), "run"));
  state.data = "0a1c";
  EXPECT_THAT([&] { require_same_data(state, NamedWorld(), "run"); },
              ThrowsMessage<Error>("run: its data has changed since it was trained; put back what "
                                   "it was, or train another run"));
}

class BadStateTest : public testing::Test {
 protected:
  static void expect(const nlohmann::json& state, const std::string& message) {
    EXPECT_THAT([&] { (void)parse_run_state(state.dump(), "a/state.json"); },
                ThrowsMessage<Error>("a/state.json" + message));
  }

  nlohmann::json state_ = nlohmann::json::parse(to_json(RunState()));
};

TEST_F(BadStateTest, IsNamedByItsFileWhereverTheMistakeIs) {
  expect("no object", " is not a JSON object");
  expect(nlohmann::json::object(), " lacks 'format'");
  nlohmann::json state = state_;
  state["curriculum"]["stage"] = -1;
  expect(state, ": curriculum has a 'stage' that makes no sense: '-1'");
  state = state_;
  state["window"].erase("steps");
  expect(state, ": window lacks 'steps'");
  state = state_;
  state["audit"] = {{"captions", "many"}};
  EXPECT_THAT([&] { (void)parse_run_state(state.dump(), "a/state.json"); },
              ThrowsMessage<Error>(StartsWith("a/state.json: ")));
}

TEST_F(BadStateTest, IsNamedByTheCheckpointThatItWasReadFrom) {
  const Snapshot snapshot{.state_json = "{}", .directory = "run/checkpoints/step-000000002"};
  EXPECT_THAT([&] { (void)state_of(snapshot); },
              ThrowsMessage<Error>("run/checkpoints/step-000000002/state.json lacks 'format'"));
}

TEST_F(BadStateTest, HasAKeyThatIsNotKnownOrLacksOne) {
  state_["mood"] = "good";
  expect(state_, " has keys that are not known");
  state_.erase("mood");
  state_["best"]["mood"] = "good";
  expect(state_, ": best has keys that are not known");
  state_["best"].erase("mood");
  state_.erase("awaits_evals");
  expect(state_, " lacks 'awaits_evals'");
}

}  // namespace
}  // namespace limbic::training
