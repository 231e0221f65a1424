#include "limbic/evals/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "../support/fake_brain.h"
#include "limbic/config/structs.h"
#include "limbic/worlds/gaussian_linear.h"
#include "source_of.h"

namespace limbic::evals {
namespace {

using testing::IsNan;
using testing::Pair;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

// Believes that each cell is N(0, deviation^2), whatever it is told.
class Stubborn : public testing_support::FakeCortex {
 public:
  Stubborn(const worlds::Schema& schema, double factor) : schema_(schema), factor_(factor) {}
  brain::Marginals marginals(const worlds::Episodes& episodes, const brain::Question&) override {
    brain::Marginals all;
    for (const worlds::Variable& variable : schema_.variables()) {
      const auto one = at::ones({episodes.num_rows(), 1, variable.num_cells, 1, 1});
      all.push_back(brain::GaussianMixture{.logits = one.squeeze(-1),
                                           .mean = 0 * one,
                                           .scale = factor_ * variable.scale * one,
                                           .factor = at::zeros({1, 0})});
    }
    return all;
  }

 private:
  worlds::Schema schema_;
  double factor_;
};

// Right where the last cell is observed, else timid.
class SometimesTimid : public testing_support::FakeCortex {
 public:
  explicit SometimesTimid(const worlds::Schema& schema) : right_(schema, 1), timid_(schema, 2) {}
  brain::Marginals marginals(const worlds::Episodes& episodes,
                             const brain::Question& question) override {
    const bool is_right = question.roles.observed_BTV.select(2, -1).all().item<bool>();
    return (is_right ? right_ : timid_).marginals(episodes, question);
  }

 private:
  Stubborn right_, timid_;
};

// Another world, of whose rows every other is ABSENT.
class EveryOtherRow : public worlds::World {
 public:
  explicit EveryOtherRow(const worlds::World& whole) : whole_(whole) {}
  [[nodiscard]] const worlds::Schema& schema() const override { return whole_.schema(); }
  [[nodiscard]] const std::vector<std::string>& regimes() const override {
    return whole_.regimes();
  }
  [[nodiscard]] worlds::Episodes draw(const worlds::Draw& draw,
                                      const Stream& stream) const override {
    worlds::Episodes episodes = whole_.draw(draw, stream);
    for (at::Tensor& column : episodes.value) column.slice(0, 0, draw.num_rows, 2).zero_();
    episodes.present_BTV.slice(0, 0, draw.num_rows, 2).fill_(false);
    return episodes;
  }

 private:
  const worlds::World& whole_;
};

// Four cells: theta, theta, x, x.
class CoverageTest : public testing::Test {
 protected:
  Results results(const std::shared_ptr<brain::Cortex>& cortex, const std::string& yaml) {
    return results(cortex, config::parse<CoverageConfig>(yaml, "a.yaml"), world_);
  }
  static Results results(const std::shared_ptr<brain::Cortex>& cortex, const CoverageConfig& config,
                         const worlds::World& world) {
    brain::Brain brain{
        cortex, std::make_shared<testing_support::FakeAmygdala>(std::vector<std::string>{}),
        std::make_shared<const brain::Program>(brain::SteeringConfig{}, world.schema())};
    const Coverage eval(config);
    eval.check(brain, world);
    return eval.run(brain, source_of(world));
  }

  worlds::GaussianLinear world_{worlds::GaussianLinearConfig{.dimensions = 2}};
};

TEST_F(CoverageTest, CountsHowOftenIntervalsHoldTheTruth) {
  const auto coverage = [&](double factor) {
    return results(std::make_shared<Stubborn>(world_.schema(), factor),
                   "{regime: rows, rows: 8000, rate: 0, masks: 1, tolerance: 0.02}");
  };
  const Results right = coverage(1);
  EXPECT_EQ(right.at(""), 1);
  EXPECT_NEAR(right.at("50"), 0.5, 0.01);
  EXPECT_NEAR(right.at("95"), 0.95, 0.005);
  const Results timid = coverage(2);  // P(|Z| < 2 * 0.6745)
  EXPECT_EQ(timid.at(""), 0);
  EXPECT_NEAR(timid.at("50"), 0.8227, 0.01);
  EXPECT_NEAR(timid.at("worst"), 0.3227, 0.02);
}

TEST_F(CoverageTest, EachMaskHasItsOwnPairs) {
  const Stream masks = Stream(1).child("mask");
  const auto observed = [&](int64_t mask) { return masks.at(mask).uniform({1, 4}).lt(0.5); };
  ASSERT_TRUE(observed(0).flatten().equal(at::tensor({1, 0, 0, 0}).to(at::kBool)));
  ASSERT_TRUE(observed(1).flatten().equal(at::tensor({1, 0, 0, 1}).to(at::kBool)));
  // So there are 3 pairs of a timid answer and 2 of a right one.
  const Results found = results(std::make_shared<SometimesTimid>(world_.schema()),
                                "{regime: rows, rows: 8000, masks: 2, tolerance: 0.03}");
  EXPECT_DOUBLE_EQ(found.at(""), 2.0 / 5);
  EXPECT_NEAR(found.at("50"), (3 * 0.8227 + 2 * 0.5) / 5, 0.01);
}

TEST_F(CoverageTest, AbsentNumbersLieNowhere) {
  const auto config = config::parse<CoverageConfig>(
      "{regime: rows, rows: 8000, rate: 0, masks: 1, tolerance: 0.02}", "a.yaml");
  const Results found =
      results(std::make_shared<Stubborn>(world_.schema(), 1), config, EveryOtherRow(world_));
  EXPECT_NEAR(found.at("50"), 0.5, 0.02) << "they are 0, which every interval holds";
  EXPECT_NEAR(found.at("95"), 0.95, 0.01);
}

TEST_F(CoverageTest, RowsThatComeAgainAreNoNewOnes) {
  const worlds::GaussianLinear world({.dimensions = 2, .simulator = {.budget = 7}});
  const auto of = [&](int64_t rows) {
    const auto config = config::parse<CoverageConfig>(
        concat("{regime: rows, split: train, rows: ", rows, ", rate: 0, masks: 1}"), "a.yaml");
    return results(std::make_shared<Stubborn>(world.schema(), 1), config, world);
  };
  EXPECT_EQ(of(300), of(7));
}

TEST_F(CoverageTest, IsUndefinedWhereNothingIsHidden) {
  auto config = config::parse<CoverageConfig>("{regime: rows, rows: 10, levels: [0.5]}", "a.yaml");
  config.rate = 1;
  EXPECT_THAT(results(std::make_shared<Stubborn>(world_.schema(), 1), config, world_),
              UnorderedElementsAre(Pair("", IsNan()), Pair("worst", IsNan()), Pair("50", IsNan())));
}

TEST(CoverageConfigTest, RefusesToHideNothing) {
  EXPECT_THAT(
      [] { (void)config::parse<CoverageConfig>("regime: rows\nrate: 1\n", "a.yaml"); },
      ThrowsMessage<ConfigError>("a.yaml:2:7: a rate of 1 observes every cell, so none is hidden"));
}

TEST(CoverageConfigTest, RefusesLevelsThatHaveNoNameOfTheirOwn) {
  const auto said = [](const std::string& levels) {
    return [levels] {
      (void)config::parse<CoverageConfig>("regime: rows\nlevels: " + levels + "\n", "a.yaml");
    };
  };
  EXPECT_THAT(said("[0.5, 0.8, 0.504]"),
              ThrowsMessage<ConfigError>("a.yaml:2:20: a second level is 50 percent"));
  EXPECT_THAT(said("[0.995]"),
              ThrowsMessage<ConfigError>("a.yaml:2:10: levels must be in [0.01, 0.99], got 0.995"));
  EXPECT_THAT(said("[]"), ThrowsMessage<ConfigError>("a.yaml:2:9: levels: give at least one"));
}

}  // namespace
}  // namespace limbic::evals
