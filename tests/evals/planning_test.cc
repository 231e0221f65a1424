#include "limbic/evals/planning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/fake_brain.h"
#include "../support/fake_world.h"
#include "limbic/config/structs.h"
#include "limbic/worlds/door_key.h"
#include "source_of.h"

namespace limbic::evals {
namespace {

using testing::ThrowsMessage;

// Draws from the world's exact answers; where the return cannot be had, without regard to it.
class ExactCortex : public testing_support::FakeCortex {
 public:
  explicit ExactCortex(const worlds::World& world) : world_(world) {}
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                          const brain::SamplingOptions&, const Stream& stream) override {
    const worlds::Oracle& oracle = *world_.oracle();
    const at::Tensor none_BTV = at::zeros_like(roles.observed_BTV);
    const at::Tensor can_happen_B =
        oracle.log_prob(episodes, {none_BTV, roles.observed_BTV}).isfinite();
    worlds::Roles possible = roles;
    possible.observed_BTV = roles.observed_BTV.clone();
    possible.observed_BTV.select(2, world_.schema().offset(world_.schema().require("return_to_go")))
        .logical_and_(can_happen_B.unsqueeze(1));
    return oracle.sample(episodes, possible, stream);
  }

 private:
  const worlds::World& world_;
};

Results planned(const worlds::DoorKey& world, const std::string& yaml) {
  brain::Brain brain{
      std::make_shared<ExactCortex>(world),
      std::make_shared<testing_support::FakeAmygdala>(std::vector<std::string>{}),
      std::make_shared<const brain::Program>(brain::SteeringConfig{}, world.schema())};
  const Planning eval(config::parse<PlanningConfig>(yaml, "a.yaml"));
  eval.check(brain, world);
  return eval.run(brain, source_of(world));
}

// Exactly 47 of the 56 starts can be solved in ten moves, and demonstrators end 13.4 % on the goal.
TEST(PlanningTest, ReachesTheGoalFromEveryStartThatAllowsItIfTheCortexIsExact) {
  const Results found = planned(worlds::DoorKey({}), "{regime: rows, rows: 600}");
  EXPECT_NEAR(found.at("possible"), 47.0 / 56, 4 * 0.015);
  EXPECT_EQ(found.at(""), found.at("possible"));
  EXPECT_NEAR(found.at("behaviour"), 0.134, 4 * 0.014);
}

TEST(PlanningTest, EpisodesThatComeAgainAreNotPlayedAgain) {
  const worlds::DoorKey world({.simulator = {.budget = 29}});
  const Results once = planned(world, "{regime: rows, split: train, rows: 29}");
  EXPECT_LT(once.at(""), 1);
  EXPECT_EQ(planned(world, "{regime: rows, split: train, rows: 100}"), once);
}

TEST(PlanningTest, RefusesAWorldWhoseRulesAreNotKnown) {
  const testing_support::FakeWorld world;
  const testing_support::FakeBrain brain;
  const Planning eval(config::parse<PlanningConfig>("{regime: live}", "a.yaml"));
  EXPECT_THAT([&] { eval.check(*brain.brain, world); },
              ThrowsMessage<Error>("planning: only door_key can be acted in so far"));
}

}  // namespace
}  // namespace limbic::evals
