#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/parts.h"
#include "limbic/config/problems.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using config::Direction;
using testing::EndsWith;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ReportedTest, EveryEvalSaysWhatItsNumbersAre) {
  const EvalRegistry all = evals();
  for (const auto& entry : all.entries()) {
    EXPECT_FALSE(entry.reported.empty()) << entry.name;
    for (const config::Reported& reported : entry.reported)
      EXPECT_THAT(reported.help, EndsWith("]")) << "the unit of " << entry.name << reported.key;
  }
}

TEST(ReportedTest, TheListOfEvalsHasThem) {
  const auto listed = [](bool json) { return answer([&] { return list("evals", json); }); };
  EXPECT_THAT(
      listed(false),
      HasSubstr("\n    eval/NAME.disagreement lower is better  mean deviation of log p over "
                "`orders` [nats a hidden dimension]\n"));
  const auto metrics = nlohmann::json::parse(listed(true))["metrics"];
  EXPECT_EQ(metrics["auroc"]["eval/NAME.auroc"]["better"], "higher");
  EXPECT_EQ(metrics["nll"]["eval/NAME"]["better"], "lower");
  EXPECT_EQ(metrics["coverage"]["eval/NAME.<percent>"]["better"], "neither");
}

TEST(ReportedTest, TheReferenceHasThemAndWhatOnlyFilesHold) {
  CheckOptions options;
  options.markdown = true;
  const std::string reference = answer([&] { return check(options); });
  EXPECT_THAT(reference, HasSubstr("\n| `accuracy` | `eval/NAME` | higher | "));
  EXPECT_THAT(reference, HasSubstr("\n| `oracle_gap` | `eval/NAME.exact` | neither | "));
  EXPECT_THAT(reference, HasSubstr("\n## Counts\n"));
  EXPECT_THAT(reference, HasSubstr("\n| `set` | map | `{}` | single values by dotted path to put "
                                   "into the brain's config for this protocol; "));
}

class DirectionTest : public testing::Test {
 protected:
  DirectionTest() { std::ofstream(config_) << kOneStep; }

  [[nodiscard]] training::Parts built(std::vector<std::string> set) const {
    set.emplace_back("evals.predict={type: nll, regime: rows, rows: 16}");
    set.emplace_back("evals.cover={type: coverage, regime: rows, rows: 16}");
    return build_parts(read_config(config_, set), "", at::kCPU);
  }
  [[nodiscard]] std::optional<Direction> best(const std::string& rule) const {
    return built({"checkpoints.best={" + rule + "}"}).checkpoints.best->direction;
  }

  const testing_support::TemporaryDirectory directory_;
  const std::string config_ = directory_ / "config.yaml";
};

TEST_F(DirectionTest, OfTheBestCheckpointIsThatOfItsMetricUnlessItIsGiven) {
  EXPECT_EQ(best("of: eval/predict"), Direction::kLower);
  EXPECT_EQ(best("of: eval/predict.x"), Direction::kLower);
  EXPECT_EQ(best("of: eval/cover"), Direction::kHigher);
  EXPECT_EQ(best("of: eval/cover, direction: lower"), Direction::kLower);
  EXPECT_EQ(best("of: eval/cover.80, direction: higher"), Direction::kHigher);
}

TEST_F(DirectionTest, MustBeGivenWhereNeitherIsBetter) {
  EXPECT_THAT([&] { (void)best("of: eval/cover.80"); },
              ThrowsMessage<ConfigError>("<command line>: of 'eval/cover.80' neither lower nor "
                                         "higher is better by itself; say which with 'direction'"));
}

TEST_F(DirectionTest, IsKeptWithTheRun) {
  const training::Parts parts = built(
      {"checkpoints.best={of: eval/cover}",
       "curriculum.fit.until={any: [{after: 1k steps}, {plateau: eval/cover, patience: 1 eval}]}"});
  EXPECT_EQ(parts.plan[0].until->text(), "after 1000 steps or eval/cover not higher in 1 eval");
  EXPECT_THAT(parts.config_yaml, HasSubstr("    of: eval/cover\n    direction: higher\n"));
  EXPECT_THAT(parts.config_yaml, testing::Not(HasSubstr("direction: null")));
}

}  // namespace
}  // namespace limbic::app
