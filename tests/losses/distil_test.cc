#include "limbic/losses/distil.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "../support/fake_brain.h"
#include "../support/table_cortex.h"
#include "limbic/config/problems.h"
#include "limbic/config/structs.h"
#include "prepared.h"

namespace limbic::losses {
namespace {

using testing_support::FakeAmygdala;
using testing_support::TableCortex;

// a is a fair coin and b is sure to be 2, whatever the data says.
class DistilTest : public testing::Test {
 protected:
  double loss(const std::string& yaml, const worlds::Episodes& episodes) {
    const Distil distil(config::parse<DistilConfig>(yaml, "a.yaml"), schema_);
    return prepared(distil, brain_, episodes, {}, Stream(4)).item<double>();
  }

  worlds::Schema schema_ = testing_support::categories({2, 3});
  std::shared_ptr<TableCortex> cortex_ = std::make_shared<TableCortex>(
      schema_, at::tensor({0., 0., 0.5, 0., 0., 0.5}, at::kDouble).view({2, 3}));
  brain::Brain brain_{cortex_, std::make_shared<FakeAmygdala>(std::vector<std::string>{}),
                      std::make_shared<const brain::Program>(brain::SteeringConfig{}, schema_)};
};

TEST_F(DistilTest, TeachesSamplesAndNeverTheData) {
  const std::string all = "{masks: [{law: observe, observe: [a], ask: [b]}], samples: 2}";
  EXPECT_NEAR(loss(all, cortex_->all_assignments()), 0, 1e-6) << "of six rows five say otherwise";
}

TEST_F(DistilTest, IsTheMeanCrossEntropyOfAnsweredCells) {
  const std::string all = "{masks: [{law: budget, most: 0}], samples: 3, dials: {reencode: 1}}";
  EXPECT_NEAR(loss(all, cortex_->all_assignments()), std::log(2) / 2, 1e-6)
      << "log 2 of a and nothing of b";
}

TEST(DistilConfigTest, RefusesCandidatesThatNothingTellsApart) {
  EXPECT_THAT(
      [] { (void)config::parse<DistilConfig>("{dials: {candidates: 8}}", "a.yaml"); },
      testing::ThrowsMessage<ConfigError>("a.yaml:1:22: candidates are all alike without orders"));
  EXPECT_NO_THROW(
      (void)config::parse<DistilConfig>("{dials: {candidates: 8, orders: 2}}", "a.yaml"));
}

// In the first row x is imagined to be `x`; log p of what is not finite is nan.
class Runaway : public testing_support::FakeCortex {
 public:
  explicit Runaway(float x) : x_(x) {}
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles&,
                          const brain::SamplingOptions&, const Stream&) override {
    worlds::Episodes samples = episodes;
    samples.value[0] = episodes.value[0].clone();
    samples.value[0][0] = x_;
    return samples;
  }
  at::Tensor log_prob(const worlds::Episodes& episodes, const brain::Question& question) override {
    const auto spoilt_B = (episodes.value[0] - episodes.value[0]).flatten(1).sum(1);
    return FakeCortex::log_prob(episodes, question) + spoilt_B.view({-1, 1, 1});
  }

 private:
  float x_;
};

TEST(DistilOfRunawaysTest, ARowThatLeftTheWorldTeachesNothing) {
  const worlds::Schema schema = testing_support::small_schema();
  const auto loss = [&](float x) {
    brain::Brain brain{std::make_shared<Runaway>(x),
                       std::make_shared<FakeAmygdala>(std::vector<std::string>{}),
                       std::make_shared<const brain::Program>(brain::SteeringConfig{}, schema)};
    const Distil distil(config::parse<DistilConfig>("{masks: [{law: budget, most: 0}]}", "a.yaml"),
                        schema);
    return prepared(distil, brain, testing_support::counted_rows(4), {}, Stream(4)).item<double>();
  };
  const double whole = loss(1);
  EXPECT_GT(whole, 0);
  EXPECT_NEAR(loss(std::numeric_limits<float>::infinity()), 0.75 * whole, 1e-6);
  const auto at_deviations = [&](double z) {
    return loss(static_cast<float>(schema[0].center + z * schema[0].scale));
  };
  EXPECT_NEAR(at_deviations(-31), 0.75 * whole, 1e-6);
  EXPECT_NEAR(at_deviations(29), whole, 1e-6);
}

class DistilOfTheRestTest : public testing::Test {
 protected:
  double loss(const std::string& law, const worlds::Schema& schema) {
    const Distil distil(config::parse<DistilConfig>("{masks: [" + law + "]}", "a.yaml"), schema);
    return prepared(distil, *brain_.brain, episodes_, {}, Stream(4)).item<double>();
  }

  testing_support::FakeBrain brain_;
  worlds::Episodes episodes_ = testing_support::counted_rows(4);
};

TEST_F(DistilOfTheRestTest, ARowWithAnAbsentCellTeachesThoughItsZeroLiesFarOut) {
  std::vector<worlds::Variable> variables = testing_support::small_schema().variables();
  variables[testing_support::kX].center = 1000;
  episodes_.value[testing_support::kX].fill_(1000);
  testing_support::make_absent(episodes_, 0, testing_support::kX);
  // 3 cells of x at 1, 8 of y at 2 over 2 dimensions, 4 of c at 3
  EXPECT_NEAR(loss("{law: budget, most: 0}", worlds::Schema(variables, 2)), 23.0 / 15, 1e-6);
}

TEST_F(DistilOfTheRestTest, AnObservedOutlierIsNoRunaway) {
  episodes_.value[testing_support::kX][0] = 1000.F;
  EXPECT_NEAR(
      loss("{law: observe, observe: [sight], ask: [word]}", testing_support::small_schema()), 3.0,
      1e-6);
}

}  // namespace
}  // namespace limbic::losses
