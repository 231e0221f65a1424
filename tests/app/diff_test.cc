#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/core/log.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Compares a run of one step with others.
class DiffTest : public testing::Test {
 protected:
  DiffTest() {
    log::set_level(log::Level::kQuiet);
    train("a", {});
  }

  void train(const std::string& run, std::vector<std::string> set) const {
    set.emplace_back("training.log_every=1 step");
    train_run(config_, directory_ / run, set);
  }
  /// What is said of a run that differs from `a`.
  [[nodiscard]] std::string said(DiffOptions options) const {
    options.a = directory_ / "a";
    options.b = directory_ / options.b;
    testing::internal::CaptureStdout();
    EXPECT_EQ(diff(options), 1);
    return testing::internal::GetCapturedStdout();
  }
  [[nodiscard]] nlohmann::json json(const std::string& run) const {
    return nlohmann::json::parse(said({.b = run, .json = true}));
  }

  testing_support::TemporaryDirectory directory_;
  std::string config_ = directory_.write("config.yaml", kOneStep);
};

TEST_F(DiffTest, KeysThatDifferHaveBothValues) {
  train("b", {"optimizer.learning_rate=0.25", "curriculum.fit.losses.predict.weight=2"});
  EXPECT_THAT(said({.b = "b"}), HasSubstr("config keys that differ: 2\n"));
  EXPECT_THAT(said({.b = "b"}), HasSubstr("  optimizer.learning_rate  0.002 -> 0.25\n"));
  const nlohmann::json config = json("b")["config"];
  EXPECT_EQ(config["optimizer.learning_rate"]["b"], "0.25");
  EXPECT_TRUE(config.contains("curriculum.fit.losses.predict.weight")) << config;
}

TEST_F(DiffTest, OfAForkTheConfigIsTheOneThatItGoesOnBy) {
  fork({.run = directory_ / "a",
        .at = "",
        .to = directory_ / "b",
        .set = {"optimizer.max_grad_norm=0.5"}});
  const nlohmann::json found = json("b");
  EXPECT_EQ(found["config"].size(), 1U);
  EXPECT_EQ(found["config"]["optimizer.max_grad_norm"]["b"], "0.5");
  EXPECT_TRUE(found["tensors"]["different"].empty());
}

TEST_F(DiffTest, TensorsAreCountedByCircuitAndTheOptimizersApart) {
  train("b", {"seed=4"});
  const nlohmann::json tensors = json("b")["tensors"];
  int64_t of_optimizer = 0, of_circuit = 0;
  for (const auto& [name, difference] : tensors["different"].items()) {
    const bool is_state = name.find("/moment") != std::string::npos;
    ++(is_state ? of_optimizer : of_circuit);
  }
  EXPECT_GT(of_circuit, 0);
  EXPECT_EQ(tensors["circuits"]["cortex"]["differ"], of_circuit);
  EXPECT_EQ(tensors["optimizer"]["differ"], of_optimizer);
  EXPECT_GT(tensors["circuits"]["cortex"]["largest"], 0);
  EXPECT_THAT(said({.b = "b"}), Not(HasSubstr("/moment1/")));
  EXPECT_THAT(said({.b = "b", .tensors = true}), HasSubstr("  cortex/moment1/"));
}

TEST_F(DiffTest, TheLastMetricsAreATable) {
  train("b", {"seed=4"});
  const nlohmann::json metrics = json("b")["metrics"];
  ASSERT_FALSE(metrics.empty());
  for (const auto& [name, metric] : metrics.items()) {
    EXPECT_EQ(metric["difference"], metric["last_b"].get<double>() - metric["last_a"].get<double>())
        << name;
  }
  EXPECT_THAT(said({.b = "b"}), HasSubstr("    difference     from step\n"));
}

}  // namespace
}  // namespace limbic::app
