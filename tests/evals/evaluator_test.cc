#include "limbic/evals/evaluator.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../support/fake_brain.h"
#include "../support/fake_world.h"
#include "limbic/evals/held_out.h"
#include "limbic/worlds/gaussian_linear.h"

namespace limbic::evals {
namespace {

using testing::ElementsAre;
using testing::Pair;

/// Reports a number of its stream and the first one of the training rows.
class Mirror : public Eval {
 public:
  void check(const brain::Brain&, const worlds::World&) const override {}
  [[nodiscard]] std::vector<std::string> keys(const worlds::World&) const override {
    return {"", "row"};
  }
  Results run(brain::Brain&, const EpisodeSource& source) const override {
    double first = -1;
    each_batch(
        {.regime = {source.world.regimes().front(), {}}, .split = worlds::Split::kTrain, .rows = 1},
        source, [&](const worlds::Episodes& episodes, const Stream&) {
          first = episodes.value[0].flatten()[0].item<double>();
        });
    return {{"", source.stream.uniform(0)}, {"row", first}};
  }
};

class EvaluatorTest : public testing::Test {
 protected:
  Results run(const worlds::World& world, const std::string& name) {
    return Evaluator(world, /*seed=*/7, at::kCPU).run(Mirror(), name, *brain_.brain);
  }

  testing_support::FakeBrain brain_;
};

TEST_F(EvaluatorTest, NamesResultsAsTheyAreLoggedAndEachEvalDrawsByItsOwnName) {
  const testing_support::FakeWorld world;
  EXPECT_THAT(run(world, "mood"),
              ElementsAre(Pair("eval/mood", Stream(7).child("eval").child("mood").uniform(0)),
                          Pair("eval/mood.row", 0)));
}

TEST_F(EvaluatorTest, AFixedTrainingSetIsTheOneThatTheRunTrainsOn) {
  const worlds::GaussianLinear world({.dimensions = 1, .simulator = {.budget = 5}});
  const worlds::Episodes trained =
      world.draw({.regime = "rows", .num_rows = 1}, Stream(7).child("training").child("world"));
  EXPECT_EQ(run(world, "any").at("eval/any.row"), trained.value[0].flatten()[0].item<double>());
}

}  // namespace
}  // namespace limbic::evals
