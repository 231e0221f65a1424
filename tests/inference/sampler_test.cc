#include "limbic/inference/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../support/fake_brain.h"
#include "../support/table_cortex.h"
#include "limbic/brain/cortex/gaussian.h"
#include "limbic/core/error.h"
#include "limbic/inference/joint.h"
#include "limbic/inference/sweeps.h"
#include "limbic/worlds/gaussian_linear.h"
#include "limbic/worlds/text.h"

namespace limbic::inference {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;
using testing_support::all_asked;
using testing_support::TableCortex;
using testing_support::total_variation;
using worlds::Episodes;
using worlds::Roles;

constexpr int64_t kRows = 4000;  // total variation of 12 shares by chance: about .02

/// Notes how many rows it is asked for together.
struct WatchedCortex : TableCortex {
  using TableCortex::TableCortex;
  Episodes sample(const Episodes& episodes, const Roles& roles,
                  const brain::SamplingOptions& options, const Stream& stream) override {
    most = std::max(most, episodes.num_rows());
    return TableCortex::sample(episodes, roles, options, stream);
  }
  int64_t most = 0;
};

// Three categories with a joint that no product makes; of_b belongs to a cortex whose orders
// disagree.
class SamplerTest : public testing::Test {
 protected:
  [[nodiscard]] Request request(int64_t num_rows = kRows) const {
    return {worlds::empty_episodes(schema_, num_rows), all_asked(schema_, num_rows)};
  }
  [[nodiscard]] at::Tensor shares(TableCortex& cortex, const Request& request,
                                  const Dials& dials) const {
    return cortex.shares(sample(cortex, schema_, request, dials, Stream(4)).episodes);
  }
  static at::Tensor normalised(const at::Tensor& table) { return (table / table.sum()).flatten(); }
  [[nodiscard]] Evidence known(const std::string& text) const {
    return parse_evidence(schema_, text);
  }

  worlds::Schema schema_ = testing_support::categories({2, 3, 2});
  at::Tensor table_ =
      at::tensor({8., 1., 1., 6., 2., 2., 1., 5., 1., 1., 1., 9.}, at::kDouble).view({2, 3, 2});
  at::Tensor of_b_ =
      at::tensor({1., 9., 1., 1., 6., 2., 4., 1., 8., 1., 3., 1.}, at::kDouble).view({2, 3, 2});
  TableCortex exact_{schema_, table_};
  TableCortex torn_{schema_, std::vector<at::Tensor>{table_, of_b_, table_}};
};

TEST_F(SamplerTest, ReencodingMakesCoherentWhatOneEncodingDoesNot) {
  exact_.is_blind = true;  // as a cortex that forgets what it drew until it is told
  EXPECT_GT(total_variation(shares(exact_, request(), {}), normalised(table_)), 0.2);
  EXPECT_GT(total_variation(shares(exact_, request(), {.reencode = 2}), normalised(table_)), 0.06);
  EXPECT_LT(total_variation(shares(exact_, request(), {.reencode = 1}), normalised(table_)), 0.04);
}

TEST_F(SamplerTest, WhatIsObservedStaysAndConditions) {
  Request about = request();
  about.episodes.value[1].fill_(2);
  about.episodes.present_BTV.select(2, 1).fill_(true);
  about.roles.observed_BTV.select(2, 1).fill_(true);
  const auto given = at::zeros({2, 3, 2}, at::kDouble);
  given.select(1, 2).copy_(table_.select(1, 2));
  EXPECT_LT(total_variation(shares(exact_, about, {.reencode = 1}), normalised(given)), 0.04);
}

TEST_F(SamplerTest, EvidenceIsObeyedAndWeighed) {
  Request about = request();
  about.evidence = {known("b in 0|1"), known("c in 1")};
  auto likely = table_.clone();
  likely.select(1, 2).zero_();
  likely.select(2, 0).zero_();
  const Samples one = sample(exact_, schema_, about, {}, Stream(4));
  EXPECT_GT(total_variation(exact_.shares(one.episodes), normalised(likely)), 0.05)
      << "b is drawn before c is known";
  const Samples found = sample(exact_, schema_, about, {.candidates = 32}, Stream(4));
  EXPECT_LT(total_variation(exact_.shares(found.episodes), normalised(likely)), 0.04);
  EXPECT_NEAR(found.log_evidence_B.exp().mean().item<double>(),
              (likely.sum() / table_.sum()).item<double>(), 0.005);
  EXPECT_TRUE(found.episodes.present_BTV.all().item<bool>());
}

TEST_F(SamplerTest, EvidenceAboutWhatIsNotAskedCountsToo) {
  Request about = request();
  about.roles.asked_BTV.select(2, 2).fill_(false);
  about.evidence = {known("c in 0")};
  auto likely = table_.clone();
  likely.select(2, 1).zero_();
  EXPECT_LT(total_variation(shares(exact_, about, {}), normalised(likely)), 0.04);
}

// Of a alone, which is 0 in 20 of 38.
TEST_F(SamplerTest, AtTemperatureZeroTheLikeliestIsDrawn) {
  Request about = request(200);
  about.roles.asked_BTV.narrow(2, 1, 2).fill_(false);
  const auto a = [&](const Dials& dials) {
    return sample(exact_, schema_, about, dials, Stream(4)).episodes.value[0];
  };
  for (const std::vector<Evidence>& evidence : {std::vector<Evidence>{}, {known("a in 0|1")}}) {
    about.evidence = evidence;
    EXPECT_TRUE(a({}).ne(0).any().item<bool>());
    EXPECT_TRUE(a({.temperature = 0}).eq(0).all().item<bool>());
  }
}

TEST_F(SamplerTest, CandidatesCorrectAProposalWhoseOrdersDisagree) {
  const Dials dials{.orders = 3, .candidates = 32};
  const auto target = Joint(torn_, schema_, 3, Stream(4).child("joint"))
                          .log_prob(torn_.all_assignments(), all_asked(schema_, 12))
                          .exp();
  EXPECT_GT(total_variation(shares(torn_, request(), {.orders = 3}), target), 0.06);
  EXPECT_LT(total_variation(shares(torn_, request(), dials), target), 0.04);
}

TEST_F(SamplerTest, SweepsOfAnExactCortexAreAlwaysTakenAndChangeNoShare) {
  const Samples found = sample(exact_, schema_, request(), {.orders = 2, .sweeps = 3}, Stream(4));
  EXPECT_GT(found.accepted.value(), 0.9999);
  EXPECT_LT(total_variation(exact_.shares(found.episodes), normalised(table_)), 0.04);
}

TEST_F(SamplerTest, SweepsPullAnyStartToTheMeanOfTheOrders) {
  Episodes rows = worlds::empty_episodes(schema_, kRows);
  rows.present_BTV.fill_(true);  // a = b = c = 0 in every row
  const Joint joint(torn_, schema_, 3, Stream(7));
  const auto target = joint.log_prob(torn_.all_assignments(), all_asked(schema_, 12)).exp();
  const Roles roles = all_asked(schema_, kRows);
  Sweeps sweeps(torn_, joint, {roles, roles.observed_BTV}, 0.6);
  const double accepted = sweeps.run(rows, 12, Stream(8)).share();
  EXPECT_LT(total_variation(torn_.shares(rows), target), 0.04);
  EXPECT_LT(accepted, 0.95);
  EXPECT_GT(accepted, 0.5);
}

TEST_F(SamplerTest, ARowWithoutAFreeCellIsNoneThatSweepsMove) {
  const auto accepted = [&](const Request& about) {
    return sample(torn_, schema_, about, {.orders = 3, .sweeps = 4}, Stream(4)).accepted;
  };
  Request half = request(2 * kRows);
  half.episodes.present_BTV.narrow(0, kRows, kRows).fill_(true);
  half.roles.observed_BTV.narrow(0, kRows, kRows).fill_(true);
  EXPECT_NEAR(accepted(half).value(), accepted(request()).value(), 0.02);
  Request fixed = request(2);
  fixed.roles.asked_BTV.narrow(2, 1, 2).fill_(false);
  fixed.evidence = {known("a in 1")};
  EXPECT_FALSE(accepted(fixed).has_value());
}

TEST_F(SamplerTest, SweepsAimAtTheTiltTooAndLeaveEvidenceAlone) {
  Request about = request();
  about.evidence = {known("c in 1")};
  about.tilt = [](const Episodes& e) {  // a = 1 counts four times
    return Judgement{e.value[0].flatten().to(at::kDouble) * std::log(4.0)};
  };
  auto target = table_.clone();
  target[1].mul_(4);
  target.select(2, 0).zero_();
  const Samples found = sample(exact_, schema_, about, {.sweeps = 10, .block = 1}, Stream(4));
  EXPECT_LT(total_variation(exact_.shares(found.episodes), normalised(target)), 0.04);
}

TEST_F(SamplerTest, ATiltChoosesAmongCandidates) {
  Request about = request();
  about.tilt = [](const Episodes& e) {
    return Judgement{e.value[0].flatten().to(at::kDouble) * std::log(4.0)};
  };
  auto target = table_.clone();
  target[1].mul_(4);
  EXPECT_LT(total_variation(shares(exact_, about, {.candidates = 32}), normalised(target)), 0.04);
}

TEST_F(SamplerTest, EffectiveCandidatesAreThoseOfTheWeights) {
  Request about = request(1);
  about.tilt = [](const Episodes&) {
    return Judgement{at::tensor({1.0, 1.0, 2.0, 0.0}, at::kDouble).log()};
  };
  const Samples found = sample(exact_, schema_, about, {.candidates = 4}, Stream(4));
  EXPECT_NEAR(found.effective_B.item<double>(), 16.0 / 6.0, 1e-9);
  EXPECT_NEAR(found.log_evidence_B.item<double>(), 0.0, 1e-9);
  EXPECT_FALSE(found.unmet_B.item<bool>());
  EXPECT_FALSE(found.accepted.has_value()) << "nothing was swept";
}

TEST_F(SamplerTest, WhereNothingMeetsTheTiltTheLeastBadStands) {
  Request about = request(2);
  about.tilt =
      [](const Episodes& e) {  // the second row is fine; of the first, candidate 2 is least
        const at::Tensor out = at::full({e.num_rows()}, -INFINITY, at::kDouble);
        out.narrow(0, 4, 4).zero_();
        for (int64_t r = 0; r < 8; ++r) e.value[0][r].fill_(r == 2);  // so that it is known again
        return Judgement{out, at::tensor({3., 2., 1., 4., 0., 0., 0., 0.}, at::kDouble)};
      };
  const Samples found = sample(exact_, schema_, about, {.candidates = 4}, Stream(4));
  EXPECT_TRUE(found.unmet_B.equal(at::tensor({1, 0}).to(at::kBool)));
  EXPECT_EQ(found.episodes.value[0][0].item<int64_t>(), 1);
  EXPECT_EQ(found.log_evidence_B[0].item<double>(), -INFINITY);
  EXPECT_EQ(found.effective_B[0].item<double>(), 0) << "none of them counts";
  EXPECT_NEAR(found.effective_B[1].item<double>(), 4, 1e-9);
}

TEST_F(SamplerTest, SweepsKeepTheLeastBadUntilTheyFindBetter) {
  Request about = request(200);
  about.tilt = [](const Episodes& e) {
    const at::Tensor b = e.value[1].flatten().to(at::kDouble);
    return Judgement{at::full_like(b, -INFINITY), b};
  };
  const auto b_after = [&](int64_t sweeps) {
    const Dials dials{.sweeps = sweeps, .block = 1, .candidates = 2};
    const Samples found = sample(exact_, schema_, about, dials, Stream(4));
    EXPECT_TRUE(found.unmet_B.all().item<bool>());
    return found.episodes.value[1].flatten();
  };
  const at::Tensor at_first = b_after(0);
  EXPECT_TRUE(at_first.ne(0).any().item<bool>());
  EXPECT_TRUE(b_after(1).le(at_first).all().item<bool>());
  EXPECT_TRUE(b_after(40).eq(0).all().item<bool>());
}

TEST_F(SamplerTest, WhatSweepsMadeMeetTheTiltIsNotUnmet) {
  Request about = request(200);
  about.tilt = [](const Episodes& e) {  // b = 0 alone will do
    const at::Tensor b = e.value[1].flatten();
    return Judgement{at::zeros_like(b, at::kDouble).masked_fill(b.ne(0), -INFINITY)};
  };
  const Samples one = sample(exact_, schema_, about, {}, Stream(4));
  EXPECT_TRUE(one.unmet_B.equal(one.episodes.value[1].flatten().ne(0)));
  EXPECT_TRUE(one.unmet_B.any().item<bool>());
  const Samples swept = sample(exact_, schema_, about, {.sweeps = 40, .block = 1}, Stream(4));
  EXPECT_TRUE(swept.episodes.value[1].eq(0).all().item<bool>());
  EXPECT_FALSE(swept.unmet_B.any().item<bool>());
}

TEST_F(SamplerTest, ManyCandidatesAreDrawnSomeAtATime) {
  WatchedCortex cortex(schema_, table_);
  Request about = request(1000);
  about.episodes.value[0].flatten().copy_(at::arange(1000).remainder(2));
  about.episodes.present_BTV.select(2, 0).fill_(true);
  about.roles.observed_BTV.select(2, 0).fill_(true);
  const Samples found = sample(cortex, schema_, about, {.candidates = 64}, Stream(4));
  EXPECT_EQ(cortex.most, kDrawnAtOnce);
  EXPECT_TRUE(found.episodes.value[0].equal(about.episodes.value[0]));
  EXPECT_EQ(found.effective_B.size(0), 1000);
  const at::Tensor index = cortex.index(found.episodes);
  EXPECT_FALSE(index.narrow(0, 0, 400).equal(index.narrow(0, kDrawnAtOnce / 64, 400)));
}

// So that the first rows do not depend on how many follow.
TEST_F(SamplerTest, ManyRowsAreSweptSomeAtATime) {
  WatchedCortex cortex(schema_, table_);
  Request about = request(kDrawnAtOnce + kRows);
  about.tilt = [&](const Episodes& e) {  // a = 1 counts four times
    cortex.most = std::max(cortex.most, e.num_rows());
    return Judgement{e.value[0].flatten().to(at::kDouble) * std::log(4.0)};
  };
  const Dials dials{.sweeps = 10, .block = 1};
  const Samples found = sample(cortex, schema_, about, dials, Stream(4));
  EXPECT_EQ(cortex.most, kDrawnAtOnce);
  EXPECT_EQ(found.unmet_B.size(0), kDrawnAtOnce + kRows);
  const at::Tensor index = cortex.index(found.episodes);
  auto target = table_.clone();
  target[1].mul_(4);
  EXPECT_LT(total_variation(cortex.shares(found.episodes.rows(kDrawnAtOnce, kDrawnAtOnce + kRows)),
                            normalised(target)),
            0.04);
  EXPECT_FALSE(index.narrow(0, 0, kRows).equal(index.narrow(0, kDrawnAtOnce, kRows)));

  about.episodes = about.episodes.rows(0, kDrawnAtOnce);
  about.roles = about.roles.rows(0, kDrawnAtOnce);
  const Samples first = sample(cortex, schema_, about, dials, Stream(4));
  EXPECT_TRUE(cortex.index(first.episodes).equal(index.narrow(0, 0, kDrawnAtOnce)));
}

TEST_F(SamplerTest, SamplingIsAFunctionOfTheStream) {
  const Dials dials{.reencode = 1, .orders = 2, .sweeps = 1, .candidates = 2};
  const auto draw = [&](int64_t seed) {
    return torn_.index(sample(torn_, schema_, request(50), dials, Stream(seed)).episodes);
  };
  EXPECT_TRUE(draw(1).equal(draw(1)));
  EXPECT_FALSE(draw(1).equal(draw(2)));
}

TEST_F(SamplerTest, WhatContradictsItselfIsRefused) {
  const auto refused = [&](const Request& about, const Dials& dials, const std::string& message) {
    EXPECT_THAT([&] { (void)sample(exact_, schema_, about, dials, Stream(1)); },
                ThrowsMessage<Error>(StrEq(message)));
  };
  refused(request(1), {.temperature = 0.5, .orders = 2},
          "orders and sweeps weigh what is drawn at temperature 1, got 0.5");
  refused(request(1), {.temperature = 0, .sweeps = 1},
          "orders and sweeps weigh what is drawn at temperature 1, got 0");
  Request about = request(1);
  about.roles.observed_BTV.select(2, 1).fill_(true);
  about.evidence = {known("b in 1")};
  refused(about, {}, "'b in 1' is about a value that is given");
  about = request(1);
  about.evidence = {known("b in 1"), known("b in 2")};
  refused(about, {}, "'b in 2' leaves no category");
}

/// Believes in a number whose log is N(0, 1).
struct LogNormalCortex : testing_support::FakeCortex {
  brain::Marginals marginals(const Episodes& episodes, const brain::Question&) override {
    const int64_t rows = episodes.num_rows();
    return {brain::GaussianMixture{.logits = at::zeros({rows, 1, 1, 1}),
                                   .mean = at::zeros({rows, 1, 1, 1, 1}),
                                   .scale = at::ones({rows, 1, 1, 1, 1}),
                                   .factor = at::zeros({1, 0}),
                                   .transform = {.kind = worlds::TransformKind::kLog}}};
  }
};

// In float32 e^log 7 lies below 7, and e^log 11 above 11.
TEST(TransformedSamplerTest, ADrawLiesWithinItsIntervalToTheLastBit) {
  LogNormalCortex cortex;
  const worlds::Schema schema({{.name = "x", .transform = {.kind = worlds::TransformKind::kLog}}},
                              1);
  const auto drawn = [&](const std::string& text) {  // at temperature 0: nearest to 1
    const Request about{
        worlds::empty_episodes(schema, 1), all_asked(schema, 1), {parse_evidence(schema, text)}};
    const Samples found = sample(cortex, schema, about, {.temperature = 0}, Stream(1));
    return found.episodes.value[0].item<double>();
  };
  for (int64_t edge = 2; edge <= 40; ++edge) {
    EXPECT_GE(drawn(concat("x > ", edge)), edge);
    const double high = static_cast<float>(1.0 / static_cast<double>(edge));
    EXPECT_LE(drawn(concat("x < ", worlds::format_number(schema[0], high))), high);
  }
}

// theta ~ N(0, .2), x ~ N(theta, .1) in two dimensions, known to the cortex exactly.
class GaussianSamplerTest : public testing::Test {
 protected:
  GaussianSamplerTest() {
    const double prior = 0.2, both = 0.3;
    auto covariance = at::diag(at::tensor({prior, prior, both, both}, at::kDouble));
    for (const int64_t i : {0, 1}) {
      covariance[i][i + 2] = prior;
      covariance[i + 2][i] = prior;
    }
    const auto& schema = world_.schema();
    const auto scale = at::tensor(
        {schema[0].scale, schema[0].scale, schema[1].scale, schema[1].scale}, at::kDouble);
    const double rows = 1e9;
    const at::Tensor sum = at::zeros({1, 4, 4}, at::kDouble);
    cortex_.learn({{sum, (covariance / at::outer(scale, scale)).unsqueeze(0) * rows,
                    at::full({1, 4, 4}, rows, at::kDouble), at::scalar_tensor(rows, at::kDouble)}});
  }
  [[nodiscard]] Samples draw(const std::string& text) {
    constexpr int64_t kDraws = 2000;
    Request about{worlds::empty_episodes(world_.schema(), kDraws),
                  all_asked(world_.schema(), kDraws)};
    about.roles.asked_BTV.select(2, 1).fill_(false);
    about.roles.asked_BTV.select(2, 3).fill_(false);
    about.evidence = {parse_evidence(world_.schema(), text)};
    return sample(cortex_, world_.schema(), about, {}, Stream(3));
  }
  void expect_moments(const Samples& found, double mean, double variance) {
    const auto theta = found.episodes.value[0].select(2, 0).flatten();
    const auto x = found.episodes.value[1].select(2, 0).flatten();
    const double n = static_cast<double>(theta.numel());
    EXPECT_NEAR(theta.mean().item<double>(), mean, 4 * std::sqrt(variance / n));
    EXPECT_NEAR(theta.var().item<double>() / variance, 1, 0.15);
    EXPECT_NEAR(x.mean().item<double>(), mean, 4 * std::sqrt((variance + 0.1) / n)) << "x follows";
    EXPECT_NEAR(x.var().item<double>() / (variance + 0.1), 1, 0.15);
  }

  worlds::GaussianLinear world_{{.dimensions = 2, .prior_variance = 0.2, .noise_variance = 0.1}};
  brain::Gaussian cortex_{{}, world_.schema()};
};

TEST_F(GaussianSamplerTest, AnIntervalMakesATruncatedNormal) {
  const Samples found = draw("theta[0] in 0.3..0.8");
  const auto theta = found.episodes.value[0].select(2, 0);
  EXPECT_GE(theta.min().item<float>(), 0.3F);
  EXPECT_LE(theta.max().item<float>(), 0.8F);
  const double s = std::sqrt(0.2), a = 0.3 / s, b = 0.8 / s;
  const auto pdf = [](double z) { return std::exp(-z * z / 2) / std::sqrt(2 * M_PI); };
  const double mass = 0.5 * (std::erfc(a / std::sqrt(2)) - std::erfc(b / std::sqrt(2)));
  const double slope = (pdf(a) - pdf(b)) / mass;
  expect_moments(found, s * slope, 0.2 * (1 + (a * pdf(a) - b * pdf(b)) / mass - slope * slope));
  EXPECT_NEAR(found.log_evidence_B[0].item<double>(), std::log(mass), 1e-3);
}

TEST_F(GaussianSamplerTest, AMeasurementMakesTheProductOfGaussians) {
  const Samples found = draw("theta[0] = 0.9 +- 0.2");
  const double variance = 1 / (1 / 0.2 + 1 / 0.04);
  expect_moments(found, variance * 0.9 / 0.04, variance);
  EXPECT_NEAR(found.log_evidence_B[0].item<double>(),
              -0.5 * (0.81 / 0.24 + std::log(2 * M_PI * 0.24)), 1e-3);
}

}  // namespace
}  // namespace limbic::inference
