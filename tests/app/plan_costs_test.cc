#include "limbic/app/plan_costs.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/core/log.h"
#include "limbic/evals/eval.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

class PlanCostsTest : public testing::Test {
 protected:
  PlanCostsTest() {
    log::set_level(log::Level::kQuiet);
    std::ofstream(directory_ / "config.yaml") << kOneStep;
  }
  [[nodiscard]] training::Parts parts(const std::string& base) const {
    return build_parts(read_config(directory_ / "config.yaml", {"cortex.base_density=" + base}), "",
                       at::kCPU);
  }

  const testing_support::TemporaryDirectory directory_;
};

TEST_F(PlanCostsTest, CountTheFitThatARunStartsWith) {
  const training::Parts with = parts("{components: 2, rows: 200}");
  training::Replicas replicas(with.make_brain, with.circuits, 1, at::kCPU);
  const auto mean = [&] { return replicas.brain(0).named_buffers()["cortex.base.mean"].clone(); };
  const at::Tensor unfitted = mean();
  const Costs costs = try_out(with, replicas);
  ASSERT_TRUE(costs.seconds_to_start);
  EXPECT_GT(*costs.seconds_to_start, 0);
  EXPECT_FALSE(mean().equal(unfitted)) << "steps and evals are of a base that was fitted";
}

TEST_F(PlanCostsTest, HaveNoSuchFitWhereThereIsNothingToFit) {
  const training::Parts without = parts("{components: 0}");
  training::Replicas replicas(without.make_brain, without.circuits, 1, at::kCPU);
  EXPECT_FALSE(try_out(without, replicas).seconds_to_start);
}

TEST_F(PlanCostsTest, AreOfNoMoreStepsThanAStageMayTake) {
  const PlanOptions options{
      .config = directory_ / "config.yaml",
      .set = {"curriculum.fit.until={after: 9 steps}", "curriculum.fit.at_most=4 steps",
              "curriculum.fit.on_timeout=advance"},
      .json = true};
  const auto said = nlohmann::json::parse(answer([&] { return plan(options); }));
  EXPECT_EQ(said["stages"][0]["steps_at_most"], 4);
}

// Keeps a number of the stream that it was run with.
class Kept : public evals::Eval {
 public:
  void check(const brain::Brain&, const worlds::World&) const override {}
  [[nodiscard]] std::vector<std::string> keys(const worlds::World&) const override { return {}; }
  evals::Results run(brain::Brain&, const evals::EpisodeSource& source) const override {
    number = source.stream.uniform(0);
    return {};
  }

  mutable double number = -1;
};

TEST_F(PlanCostsTest, AreOfEvalsThatDrawWhatTheyDrawWhileTheRunTrains) {
  training::Parts with = parts("{components: 0}");
  const auto eval = std::make_shared<Kept>();
  with.evals = {{.name = "kept", .every = 1, .eval = eval}};
  training::Replicas replicas(with.make_brain, with.circuits, 1, at::kCPU);
  EXPECT_TRUE(try_out(with, replicas).seconds_an_eval.contains("kept"));
  EXPECT_EQ(eval->number, Stream(3).child("eval").child("kept").uniform(0));
}

}  // namespace
}  // namespace limbic::app
