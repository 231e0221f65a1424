#include "limbic/app/plan_costs.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "../training/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/log.h"
#include "small_run.h"

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

  const training::TemporaryDirectory directory_;
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

}  // namespace
}  // namespace limbic::app
