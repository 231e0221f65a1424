#include "limbic/inference/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/config/structs.h"

namespace limbic::inference {
namespace {

using testing::ThrowsMessage;

TEST(ResponseTest, ApproachIsALogisticFunctionOfThePrediction) {
  const ResponseConfig config{.threshold = 0.4, .temperature = 0.2};
  EXPECT_EQ(respond(config, 0.4), 0.5);
  EXPECT_NEAR(respond(config, 0.6), 0.7310586, 1e-7);  // 1 / (1 + e^-1)
  EXPECT_NEAR(respond(config, 0.2), 0.2689414, 1e-7);
  EXPECT_EQ(respond(config, 1e6), 1);
  EXPECT_EQ(respond(config, -1e6), 0);
}

TEST(ResponseTest, RatioIsRespondingOverItselfAndTheBaseline) {
  const ResponseConfig config{.rule = ResponseRule::kRatio, .baseline = 0.25};
  EXPECT_EQ(respond(config, 0), 0.5);
  EXPECT_NEAR(respond(config, 0.5), 0.75, 1e-12);  // .75 / 1
  EXPECT_EQ(respond(config, -3), 0.5) << "below 0 counts as 0";
  EXPECT_GT(respond(config, 1e6), 0.999);
}

TEST(ResponseTest, SuppressionRatioIsWhatIsLeftOfOtherBehaviour) {
  const ResponseConfig config{.rule = ResponseRule::kSuppressionRatio, .baseline = 0.25};
  EXPECT_EQ(respond(config, 0), 0.5);
  EXPECT_NEAR(respond(config, 0.5), 1.0 / 3, 1e-12);  // .125 / .375
  EXPECT_EQ(respond(config, 1), 0);
  EXPECT_EQ(respond(config, 2), 0) << "no less than none";
  EXPECT_NEAR(respond(config, -1), 2.0 / 3, 1e-12);
}

TEST(ResponseTest, ReadsFromYaml) {
  const auto config = config::parse<ResponseConfig>(
      "{of: harm, rule: suppression_ratio, baseline: 0.5, tick: 2}", "a.yaml");
  EXPECT_EQ(config.of, "harm");
  EXPECT_EQ(config.rule, ResponseRule::kSuppressionRatio);
  EXPECT_EQ(config.baseline, 0.5);
  EXPECT_EQ(config.tick, 2);
  EXPECT_THAT(
      [] { config::parse<ResponseConfig>("{rule: ratoi, temperature: 0}", "a.yaml"); },
      ThrowsMessage<ConfigError>("a.yaml:1:8: unknown rule 'ratoi'; did you mean 'ratio'?\n"
                                 "a.yaml:1:28: temperature must be in [1e-06, 1000000], got 0"));
}

}  // namespace
}  // namespace limbic::inference
