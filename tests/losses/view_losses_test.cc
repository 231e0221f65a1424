#include "limbic/losses/view_losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../support/fake_brain.h"
#include "limbic/losses/functions.h"
#include "limbic/losses/l2.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/selection.h"
#include "prepared.h"

namespace limbic::losses {
namespace {

using testing::ThrowsMessage;
using testing_support::counted_rows;
using testing_support::kC;
using testing_support::kX;
using testing_support::make_absent;
using testing_support::small_schema;

template <class Type, class Config>
LossPointer made(const std::string& yaml) {
  return std::make_unique<Type>(config::parse<Config>(yaml, "a.yaml"), small_schema());
}
constexpr auto made_cosine = made<Cosine, ViewsConfig>;
constexpr auto made_contrastive = made<Contrastive, ContrastiveConfig>;
constexpr auto made_consistency = made<Consistency, ConsistencyConfig>;
constexpr auto made_kl = made<KlLoss, KlConfig>;
LossPointer made_l2(const std::string& yaml) {
  return std::make_unique<L2Loss>(config::parse<L2Config>(yaml, "a.yaml"));
}

class ViewLossTest : public testing::Test {
 protected:
  at::Tensor value(const LossPointer& loss, int64_t seed = 1) {
    return prepared(*loss, *brain_.brain, episodes_, {}, Stream(seed));
  }
  double number(const LossPointer& loss) { return value(loss).item<double>(); }
  // What the fake cortex thinks when it observes x alone, or c alone.
  static at::Tensor thoughts_of_x(std::vector<float> x) { return thoughts(std::move(x), 1); }
  static at::Tensor thoughts_of_c(std::vector<float> c) { return thoughts(std::move(c), 2); }

  testing_support::FakeBrain brain_;
  worlds::Episodes episodes_ = counted_rows(4);  // x = 0 1 2 3, c = 0 1 2 0

 private:
  static at::Tensor thoughts(std::vector<float> values, int64_t place) {
    at::Tensor thought_BD = torch::zeros({static_cast<int64_t>(values.size()), 3});
    thought_BD.select(1, 0).fill_(1);
    thought_BD.select(1, place).copy_(torch::tensor(values));
    return thought_BD;
  }
};

TEST_F(ViewLossTest, ContrastiveComparesWhatEachViewMakesTheCortexThink) {
  const auto loss = made_contrastive("{between: [sight, word], temperature: 0.5}");
  EXPECT_NEAR(number(loss),
              info_nce(thoughts_of_x({0, 1, 2, 3}), thoughts_of_c({0, 1, 2, 0}), 0.5).item<float>(),
              1e-6);
}

TEST_F(ViewLossTest, RowsThatLackAViewCountForNothing) {
  make_absent(episodes_, 1, kX);
  make_absent(episodes_, 2, kC);
  const auto contrastive = made_contrastive("{between: [x, c], temperature: 0.5}");
  EXPECT_NEAR(number(contrastive),
              info_nce(thoughts_of_x({0, 3}), thoughts_of_c({0, 0}), 0.5).item<float>(), 1e-6);
  EXPECT_NEAR(number(made_cosine("{between: [x, c]}")), (0 + 1 - 1 / std::sqrt(10.0)) / 2, 1e-6);
}

TEST_F(ViewLossTest, AChunkWithoutOneViewIsZeroWithZeroGradient) {
  for (int64_t row = 0; row < 4; ++row) make_absent(episodes_, row, kC);
  for (const auto& loss :
       {made_contrastive("{between: [x, c]}"), made_cosine("{between: [x, c]}"),
        made_consistency("{between: [x, c]}"), made_kl("{of: c, between: [x, y]}")}) {
    const at::Tensor gain = brain_.cortex->parameters()[0];
    episodes_.present_BTV.select(2, 1).fill_(false);  // y, which kl is about
    episodes_.present_BTV.select(2, 2).fill_(false);
    const at::Tensor zero = value(loss);
    EXPECT_EQ(zero.item<double>(), 0.0);
    EXPECT_EQ(torch::autograd::grad({zero}, {gain})[0].abs().max().item<double>(), 0.0);
  }
}

TEST_F(ViewLossTest, InConsistencyTheSecondViewTeachesTheFirst) {
  const at::Tensor gain = brain_.cortex->parameters()[0];
  const at::Tensor loss = value(made_consistency("{between: [x, c], tick: last}"));
  // squared differences (0, x, c) of rows: 0; 1, 1; 4, 4; 9, 0
  EXPECT_NEAR(loss.item<double>(), (2 + 8 + 9) / 12.0, 1e-6);
  const at::Tensor gradient = torch::autograd::grad({loss}, {gain})[0];
  EXPECT_GT(gradient[1].item<double>(), 0.0);  // from x, which the first view shows
  EXPECT_EQ(gradient[2].item<double>(), 0.0);  // from c, which the second one shows
}

TEST_F(ViewLossTest, ThoughtsAreComparedAtTheTickThatIsNamed) {
  brain_ = testing_support::FakeBrain{.cortex = std::make_shared<testing_support::TickingCortex>()};
  EXPECT_NEAR(number(made_consistency("{between: [x, c], tick: 0}")), 19 / 12.0, 1e-6);
  EXPECT_NEAR(number(made_consistency("{between: [x, c], tick: 1}")), 1900 / 12.0, 1e-4);
}

TEST_F(ViewLossTest, ARowCountsFromTheTickOnByWhichBothViewsHaveShownSomething) {
  std::vector<worlds::Variable> variables = small_schema().variables();
  variables[kX].num_ticks = 2;
  const worlds::Schema schema(std::move(variables), 2);
  const auto consistency = [&](const std::string& yaml) {
    return number(
        std::make_unique<Consistency>(config::parse<ConsistencyConfig>(yaml, "a.yaml"), schema));
  };
  make_absent(episodes_, 1, kX);
  episodes_.present_BTV[1][1][schema.offset(kX)].fill_(true);  // at tick 1 alone
  // squared differences of rows: 0; 0, 1; 4, 4; 9, 0
  EXPECT_NEAR(consistency("{between: [x, c], tick: 0}"), (8 + 9) / 9.0, 1e-6);
  EXPECT_NEAR(consistency("{between: [x, c], tick: 1}"), (1 + 8 + 9) / 12.0, 1e-6);
}

TEST_F(ViewLossTest, ConsistencyWithoutViewsComparesARandomPartWithTheWhole) {
  const auto loss = made_consistency("{}");
  const at::Tensor all_BTV = worlds::visible(episodes_, small_schema());
  const at::Tensor whole_BD = brain_.cortex->think(episodes_, all_BTV).select(1, 0);
  for (int64_t seed = 0; seed < 5; ++seed) {
    const at::Tensor part_BTV = worlds::random_subset(all_BTV, Stream(seed));
    const at::Tensor part_BD = brain_.cortex->think(episodes_, part_BTV).select(1, 0);
    const at::Tensor shown_B = part_BTV.flatten(1).any(1);  // an empty part teaches nothing
    const at::Tensor weight_BD = shown_B.unsqueeze(1).expand({4, 3}).to(at::kFloat);
    EXPECT_NEAR(value(loss, seed).item<float>(),
                consistency(part_BD, whole_BD, weight_BD).item<float>(), 1e-6);
  }
  EXPECT_NE(value(loss, 1).item<float>(), value(loss, 2).item<float>());
}

TEST_F(ViewLossTest, KlTeachesTheFirstViewWhatTheSecondBelieves) {
  // The first view, y, says nothing about c: believed uniform. The second, x, makes logits 0, x,
  // 2x.
  double expected = 0;
  for (const double x : {0.0, 1.0, 2.0, 3.0}) {
    const double sum = 1 + std::exp(x) + std::exp(2 * x);
    for (const double logit : {0.0, x, 2 * x}) {
      expected += std::exp(logit) / sum * (logit - std::log(sum) + std::log(3.0)) / 4;
    }
  }
  const at::Tensor loss = value(made_kl("{of: c, between: [y, x]}"));
  EXPECT_NEAR(loss.item<double>(), expected, 1e-6);
  const at::Tensor gain = brain_.cortex->parameters()[0];
  EXPECT_EQ(torch::autograd::grad({loss}, {gain})[0].abs().max().item<double>(), 0.0);
  const at::Tensor other_way = value(made_kl("{of: c, between: [x, y]}"));
  EXPECT_GT(torch::autograd::grad({other_way}, {gain})[0].abs().max().item<double>(), 0.0);
}

TEST_F(ViewLossTest, AViewThatOnlyTeachesIsThoughtAboutWithoutAGraph) {
  (void)value(made_kl("{of: c, between: [y, x]}"));
  EXPECT_THAT(brain_.cortex->had_graph, testing::ElementsAre(true, false));
  const auto taught_ticks = [&](const LossPointer& loss) {
    const Lesson lesson = loss->prepare(*brain_.brain, episodes_, Stream(1));
    return std::pair(lesson.questions[0].taught_ticks, lesson.questions[1].taught_ticks);
  };
  EXPECT_EQ(taught_ticks(made_consistency("{between: [x, c], tick: 1}")), std::pair(2L, 0L));
  EXPECT_EQ(taught_ticks(made_cosine("{between: [x, c], tick: 1}")), std::pair(2L, 2L));
  EXPECT_EQ(taught_ticks(made_contrastive("{between: [x, c], tick: 1}")), std::pair(2L, 2L));
}

TEST(ViewLossConfigTest, WantsTwoViews) {
  EXPECT_THAT([] { made_cosine("between: [x]\n"); },
              ThrowsMessage<ConfigError>("a.yaml:1:10: expected two views, got 1"));
}

TEST(ViewLossConfigTest, RefusesOneViewTwiceButToTellRowsApart) {
  const auto message = [](const char* place) {
    return ThrowsMessage<ConfigError>(
        concat("a.yaml:", place, ": both views are 'x', so they have nothing to teach each other"));
  };
  EXPECT_THAT([] { made_cosine("between: [x, x]\n"); }, message("1:14"));
  EXPECT_THAT([] { made_consistency("between: [x, x]\n"); }, message("1:14"));
  EXPECT_THAT([] { made_kl("of: c\nbetween: [x, x]\n"); }, message("2:14"));
  EXPECT_NO_THROW(made_contrastive("between: [x, x]\n"));
}

TEST(ViewLossConfigTest, NamesTheNearestView) {
  EXPECT_THAT([] { made_contrastive("between: [x, eye]\n"); },
              ThrowsMessage<ConfigError>("a.yaml:1:14: the cortex does not see 'eye'"));
  EXPECT_THAT([] { made_contrastive("between: [x, sond]\n"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:14: the cortex sees no variable called 'sond'; did you mean 'sound'?"));
}

TEST(ViewLossConfigTest, RefusesATickBeyondTheEpisode) {
  EXPECT_THAT([] { made_cosine("between: [x, c]\ntick: 2\n"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:2:7: there is no tick 2: episodes have 2, counted from 0"));
}

TEST(ViewLossConfigTest, RefusesKlOfWhatAViewShowsOrOfANumber) {
  EXPECT_THAT([] { made_kl("of: c\nbetween: [word, x]\n"); },
              ThrowsMessage<ConfigError>("a.yaml:2:11: the view shows 'c' itself"));
  EXPECT_THAT([] { made_kl("of: x\nbetween: [c, y]\n"); },
              ThrowsMessage<ConfigError>(
                  testing::StartsWith("a.yaml:1:5: 'x' is not a category; numbers of a table")));
}

TEST(L2LossTest, IsHalfTheSumOfSquaresOfWhatTheGlobNames) {
  const testing_support::FakeBrain brain;
  const auto number = [&](const std::string& yaml) {
    const auto loss = made_l2(yaml);
    return (*loss)(*brain.brain, {}, {}, {}).item<double>();
  };
  EXPECT_DOUBLE_EQ(number("of: cortex.*"), 1.5);
  EXPECT_DOUBLE_EQ(number("of: amygdala.*"), 0.5 * (3 + 12));
}

TEST(L2LossTest, RefusesAGlobThatFitsNoParameter) {
  const testing_support::FakeBrain brain;
  const auto loss = made_l2("of: cortx.*\n");
  EXPECT_THAT([&] { loss->check(*brain.brain); },
              ThrowsMessage<ConfigError>(
                  testing::StartsWith("a.yaml:1:5: no parameter matches 'cortx.*'")));
}

}  // namespace
}  // namespace limbic::losses
