#include "limbic/brain/cortex/dropout.h"

#include <gtest/gtest.h>

#include "toy_cortex.h"

namespace limbic::brain {
namespace {

using toy::distance;

TEST(DropoutTest, DropsItsShareAndMakesUpForItInTheRest) {
  Dropout dropout(0.25);
  dropout.draw_from(Stream(1));
  const at::Tensor x = dropout(at::full({400, 50}, 3.F));
  EXPECT_TRUE(x.eq(0).logical_or(x.eq(4)).all().item<bool>());
  EXPECT_NEAR(x.eq(0).to(at::kDouble).mean().item<double>(), 0.25, 0.01);
}

TEST(DropoutTest, IsAFunctionOfTheStreamAndTheCallsSince) {
  Dropout dropout(0.5);
  const at::Tensor x = at::ones({8, 8});
  dropout.draw_from(Stream(1));
  const at::Tensor first = dropout(x), second = dropout(x);
  EXPECT_GT(distance(first, second), 0) << "blocks drop different units";
  dropout.draw_from(Stream(1));
  EXPECT_EQ(distance(dropout(x), first), 0);
  dropout.draw_from(Stream(2));
  EXPECT_GT(distance(dropout(x), first), 0);
}

TEST(DropoutTest, DropsNothingWithoutAStreamOrWithoutGradients) {
  Dropout dropout(0.5);
  const at::Tensor x = at::ones({8, 8});
  EXPECT_EQ(distance(dropout(x), x), 0);
  dropout.draw_from(Stream(1));
  {
    const at::NoGradGuard no_grad;
    EXPECT_EQ(distance(dropout(x), x), 0);
  }
  EXPECT_GT(distance(dropout(x), x), 0);
  dropout.draw_from(std::nullopt);
  EXPECT_EQ(distance(dropout(x), x), 0);
}

// Of blocks, and of the direct path alone.
TEST(DropoutTest, MovesWhatATransformerLearnsFromAndNothingElse) {
  for (const char* const path : toy::kPaths) {
    const worlds::Schema schema = toy::schema();
    TransformerConfig config = toy::named(path);
    config.dropout = 0.5;
    Transformer cortex = toy::loud(config, schema);
    const worlds::Episodes episodes = toy::episodes(schema, 1);
    const worlds::Roles roles = toy::roles(schema, {"h o. he .."});
    const auto log_prob = [&] { return cortex.log_prob(episodes, roles, {}).detach(); };
    const at::Tensor still = log_prob();
    cortex.draw_dropout_from(Stream(1));
    const at::Tensor dropped = log_prob();
    EXPECT_GT(distance(dropped, still), 1e-4) << path;
    cortex.draw_dropout_from(Stream(1));
    EXPECT_EQ(distance(log_prob(), dropped), 0) << path;
    {
      const at::NoGradGuard no_grad;
      EXPECT_EQ(distance(log_prob(), still), 0) << path;
    }
    cortex.draw_dropout_from(std::nullopt);
    EXPECT_EQ(distance(log_prob(), still), 0) << path;
  }
}

}  // namespace
}  // namespace limbic::brain
