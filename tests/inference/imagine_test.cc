#include "limbic/inference/imagine.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "../support/fake_brain.h"
#include "limbic/core/error.h"
#include "limbic/inference/sampler.h"

namespace limbic::inference {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;
using testing_support::kC;
using testing_support::kX;
using testing_support::kY;

// x a number, y two cells of two numbers, c one of three; eye is primitive, threat a label. The
// cortex thinks (1, x, c), believes c by logits (0, x, 2 x) and y, x by the mean c; it samples what
// it is given. Assessors: flinch = 1 + x + c, calm = 2 (1 + x + c), each mean twice that.
class ImagineTest : public testing::Test {
 protected:
  Answer imagine(const Query& query) {
    return limbic::inference::imagine(*fake_.brain, schema_, query, Stream(1), at::kCPU);
  }
  [[nodiscard]] auto refuses(const Query& query) {
    return [this, query] { (void)imagine(query); };
  }

  testing_support::FakeBrain fake_;
  worlds::Schema schema_ = testing_support::small_schema();
};

TEST_F(ImagineTest, WhatIsGivenIsObservedAndWhatIsAskedIsHidden) {
  const Answer answer = imagine({.given = {{"x", "1.5"}}, .ask = {"y", "c"}});
  const at::Tensor none = at::zeros({1, 2, 7}, at::kBool);
  at::Tensor observed = none.clone(), asked = none.clone();
  observed[0][0][0] = true;
  asked[0][0].narrow(0, 1, 3).fill_(true);
  EXPECT_TRUE(answer.roles.observed_BTV.equal(observed));
  EXPECT_TRUE(answer.roles.asked_BTV.equal(asked));
}

TEST_F(ImagineTest, MarginalsAndScorecardAreThoseOfTheGivenValues) {
  const Answer answer = imagine({.given = {{"x", "1.5"}}, .ask = {"c"}});
  const auto& logits = std::get<brain::Categorical>(answer.marginals[kC]).logits;
  EXPECT_TRUE(logits.equal(at::tensor({0.F, 1.5F, 3.F}).view({1, 1, 1, 3})));
  EXPECT_TRUE(answer.scorecard.raw_BTN[0][0].equal(at::tensor({2.5F, 5.F})));
  EXPECT_TRUE(answer.scorecard.mean_BTN[0][0].equal(at::tensor({5.F, 10.F})));
}

TEST_F(ImagineTest, SamplesAreRowsOfTheGivenEpisode) {
  const Answer answer =
      imagine({.given = {{"x", "1.5"}, {"y", "1, 2, 3, 4"}}, .ask = {"c"}, .num_samples = 5});
  EXPECT_EQ(answer.samples.num_rows(), 5);
  EXPECT_EQ(answer.scorecard.mean_BTN.sizes(), at::IntArrayRef({1, 2, 2}));
  EXPECT_EQ(answer.roles.asked_BTV.size(0), 1);
  for (int64_t row = 0; row < 5; ++row) {
    EXPECT_EQ(answer.samples.value[kX][row].item<float>(), 1.5F);
    EXPECT_TRUE(
        answer.samples.value[kY][row][0].equal(at::tensor({1.F, 2.F, 3.F, 4.F}).view({2, 2})));
  }
}

TEST_F(ImagineTest, CellsMayBeGivenAndAskedApart) {
  const Answer answer = imagine({.given = {{"y[1]", "3, 4"}}, .ask = {"y[0]"}});
  at::Tensor observed = at::zeros({1, 2, 7}, at::kBool), asked = observed.clone();
  observed[0][0][2] = true;
  asked[0][0][1] = true;
  EXPECT_TRUE(answer.roles.observed_BTV.equal(observed));
  EXPECT_TRUE(answer.roles.asked_BTV.equal(asked));
  EXPECT_TRUE(answer.samples.value[kY][0][0][1].equal(at::tensor({3.F, 4.F})));
  EXPECT_THAT(refuses({.given = {{"y[1]", "3, 4"}}, .ask = {"y"}}),
              ThrowsMessage<Error>(StrEq("'y' is both given and asked")));
  EXPECT_THAT(refuses({.given = {{"y", "1, 2, 3, 4"}, {"y[1]", "3, 4"}}, .ask = {}}),
              ThrowsMessage<Error>(StrEq("of 'y[1]' some is given twice")));
  EXPECT_THAT(refuses({.given = {{"y[0]", "1"}}, .ask = {}}),
              ThrowsMessage<Error>(StrEq("y[0]: expected 2 numbers, got 1")));
}

TEST(ParseGivenTest, ANameEndsAtTheFirstSignBeforeWhichItNamesAPlace) {
  const worlds::Schema schema({{.name = "a=b", .num_cells = 2}, {.name = "c"}}, 1);
  const auto given = parse_given(schema, {"a=b[1]=3", "a=b[0]=x=y", "c=", "d=b=1"});
  EXPECT_THAT(given,
              testing::ElementsAre(testing::Pair("a=b[0]", "x=y"), testing::Pair("a=b[1]", "3"),
                                   testing::Pair("c", ""), testing::Pair("d", "b=1")));
  EXPECT_THAT(
      [&] {
        (void)parse_given(schema, {"a=b=3", "a=b=4"});
      },
      ThrowsMessage<Error>(StrEq("--given: 'a=b' is given twice")));
}

TEST_F(ImagineTest, NothingGivenAndNothingAskedAreLegal) {
  EXPECT_FALSE(imagine({.given = {}, .ask = {"x"}}).roles.observed_BTV.any().item<bool>());
  EXPECT_FALSE(imagine({.given = {{"c", "2"}}, .ask = {}}).roles.asked_BTV.any().item<bool>());
}

TEST_F(ImagineTest, NoGradientIsPrepared) {
  EXPECT_FALSE(imagine({.given = {{"x", "1"}}, .ask = {"c"}}).scorecard.mean_BTN.requires_grad());
}

TEST_F(ImagineTest, AnUnknownNameIsAnsweredWithTheNearest) {
  const Query given{.given = {{"thraet", "1"}}, .ask = {}}, asked{.given = {}, .ask = {"eyes"}};
  EXPECT_THAT(refuses(given), ThrowsMessage<Error>(
                                  StrEq("no variable is called 'thraet'; did you mean 'threat'?")));
  EXPECT_THAT(refuses(asked),
              ThrowsMessage<Error>(StrEq("no variable is called 'eyes'; did you mean 'eye'?")));
}

TEST_F(ImagineTest, WhatTheCortexDoesNotSeeCanBeNeitherGivenNorAsked) {
  EXPECT_THAT(refuses({.given = {{"eye", "1"}}, .ask = {}}),
              ThrowsMessage<Error>(StrEq("the cortex does not see 'eye'")));
  EXPECT_THAT(refuses({.given = {}, .ask = {"threat"}}),
              ThrowsMessage<Error>(StrEq("the cortex does not see 'threat'")));
}

TEST_F(ImagineTest, AVariableIsEitherGivenOrAsked) {
  EXPECT_THAT(refuses({.given = {{"x", "1"}}, .ask = {"c", "x"}}),
              ThrowsMessage<Error>(StrEq("'x' is both given and asked")));
}

TEST_F(ImagineTest, ValuesThatDoNotFitAreRefusedWithTheirVariable) {
  EXPECT_THAT(refuses({.given = {{"y", "1, 2, 3"}}, .ask = {}}),
              ThrowsMessage<Error>(StrEq("y: expected 4 numbers, got 3")));
  EXPECT_THAT(refuses({.given = {{"c", "3"}}, .ask = {}}),
              ThrowsMessage<Error>(StrEq("c: expected a category from 0 to 2, got '3'")));
  EXPECT_THAT(refuses({.given = {{"x", "here.png"}}, .ask = {}}),
              ThrowsMessage<Error>(StrEq("x: expected a number, got 'here.png'")));
}

TEST_F(ImagineTest, EvidenceHoldsInEverySample) {
  const Answer answer =
      imagine({.given = {{"x", "1.5"}}, .ask = {"c"}, .num_samples = 40, .where = {"c in 0|2"}});
  EXPECT_FALSE(answer.samples.value[kC].eq(1).any().item<bool>());
  EXPECT_TRUE(answer.samples.value[kC].eq(2).any().item<bool>());
  const double p_of_1 = std::exp(1.5) / (1 + std::exp(1.5) + std::exp(3));
  EXPECT_NEAR(answer.log_evidence_B[0].item<double>(), std::log1p(-p_of_1), 1e-6);
  EXPECT_THAT(
      refuses({.given = {}, .ask = {}, .where = {"y > 1"}}),
      ThrowsMessage<Error>(StrEq("y is a vector: evidence is about scalars and categories")));
}

// assess.flinch = 2 (1 + x + c), x = 1.5: 5 or 9, each with a variance of 4.
TEST_F(ImagineTest, TheAmygdalaHearsEvidenceInEverySample) {
  Query query{.given = {{"x", "1.5"}}, .ask = {"y"}, .num_samples = 4, .where = {"c in 2"}};
  const Answer sure = imagine(query);
  EXPECT_EQ(sure.scorecard.mean_BTN.sizes(), at::IntArrayRef({1, 2, 2}));
  EXPECT_TRUE(sure.scorecard.mean_BTN[0][0].equal(at::tensor({9.F, 18.F})));
  EXPECT_TRUE(sure.scorecard.variance_BTN[0][0].equal(at::tensor({4.F, 4.F})));
  query.num_samples = 400;
  query.where = {"c in 0|2"};
  const Answer unsure = imagine(query);
  const auto share = unsure.samples.value[kC].eq(2).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(unsure.scorecard.mean_BTN[0][0][0].item<double>(), 5 + 4 * share, 1e-4);
  EXPECT_NEAR(unsure.scorecard.variance_BTN[0][0][0].item<double>(), 4 + 16 * share * (1 - share),
              1e-4);
}

/// Notes how many rows it thinks about together.
struct WatchedCortex : testing_support::FakeCortex {
  at::Tensor think(const worlds::Episodes& episodes, const brain::Question& question) override {
    most = std::max(most, episodes.num_rows());
    return FakeCortex::think(episodes, question);
  }
  int64_t most = 0;
};

TEST_F(ImagineTest, TheAmygdalaHearsManySamplesSomeAtATimeIfItHearsAny) {
  const auto cortex = std::make_shared<WatchedCortex>();
  const Query query{.given = {{"x", "1.5"}},
                    .ask = {"y"},
                    .num_samples = kDrawnAtOnce + 1000,
                    .where = {"c in 0|2"}};
  const auto answer_of = [&](const std::shared_ptr<const brain::Program>& program) {
    brain::Brain watched(cortex, std::make_shared<testing_support::FakeAmygdala>(program->names()),
                         program);
    return limbic::inference::imagine(watched, schema_, query, Stream(1), at::kCPU);
  };
  const auto nothing = std::make_shared<const brain::Program>(brain::SteeringConfig{}, schema_);
  EXPECT_EQ(answer_of(nothing).scorecard.mean_BTN.sizes(), at::IntArrayRef({1, 2, 0}));
  EXPECT_EQ(cortex->most, 0);
  const Answer heard = answer_of(fake_.program);
  EXPECT_EQ(cortex->most, kDrawnAtOnce);
  const auto share = heard.samples.value[kC].eq(2).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(heard.scorecard.mean_BTN[0][0][0].item<double>(), 5 + 4 * share, 1e-3);
  EXPECT_NEAR(heard.scorecard.variance_BTN[0][0][0].item<double>(), 4 + 16 * share * (1 - share),
              1e-3);
}

// assess.flinch = 2 (1 + x + c), x = 1.5: 5, 7 or 9.
TEST_F(ImagineTest, APreferenceChoosesAmongCandidates) {
  Query query{.given = {{"x", "1.5"}},
              .ask = {"c"},
              .num_samples = 20,
              .dials = {.candidates = 400},
              .where = {"c in 0|1|2"},
              .prefer = "assess.flinch < 8"};
  const Answer met = imagine(query);
  EXPECT_FALSE(met.unmet_B.any().item<bool>());
  EXPECT_TRUE(met.samples.value[kC].le(1).all().item<bool>());
  const auto mean_c = met.samples.value[kC].to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(met.scorecard.mean_BTN[0][0][0].item<double>(), 5 + 2 * mean_c, 1e-4);
  EXPECT_EQ(met.tick, 0);
  query.tick = 1;
  EXPECT_EQ(imagine(query).tick, 1);
  query.tick = 0;
  query.prefer = "assess.flinch < 4";
  const Answer unmet = imagine(query);
  EXPECT_TRUE(unmet.unmet_B.all().item<bool>());
  EXPECT_TRUE(unmet.samples.value[kC].eq(0).all().item<bool>()) << "the least bad";
  EXPECT_THAT(refuses({.given = {}, .ask = {}, .prefer = "asess.flinch < 1"}),
              ThrowsMessage<Error>(testing::StartsWith("<command line>: ")));
}

TEST_F(ImagineTest, APreferenceAboutWhatIsNotImaginedIsRefused) {
  EXPECT_THAT(refuses({.given = {}, .ask = {"c"}, .prefer = "x > 100"}),
              ThrowsMessage<Error>(
                  StrEq("'x > 100' reads 'x', which nobody imagines; ask for it or give it")));
  EXPECT_THAT(refuses({.given = {}, .ask = {"c"}, .prefer = "truth.calm"}),
              ThrowsMessage<Error>(StrEq("'truth.calm' reads 'eye', which nobody imagines")));
}

TEST_F(ImagineTest, ErrorsAreThePersonsInput) {
  try {
    imagine({.given = {{"z", "1"}}, .ask = {}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
  }
}

}  // namespace
}  // namespace limbic::inference
