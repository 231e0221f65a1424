#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "limbic/brain/cortex/attention.h"
#include "limbic/brain/cortex/mixture.h"
#include "toy.h"

namespace limbic::brain {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using toy::distance;

at::Tensor normal(const char* name, at::IntArrayRef shape) {
  return Stream(5).child(name).normal(shape);
}

// What a function returns, and its gradients where the cotangent is random.
std::vector<at::Tensor> with_gradients(
    const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f,
    std::vector<at::Tensor> inputs, at::ScalarType type) {
  for (at::Tensor& x : inputs) x = x.detach().to(type).requires_grad_();
  const at::Tensor out = f(inputs);
  const at::Tensor cotangent = normal("cotangent", out.sizes()).to(type);
  std::vector<at::Tensor> all = torch::autograd::grad({out}, inputs, {cotangent});
  all.push_back(out.detach());
  for (at::Tensor& x : all) x = x.to(at::kDouble);
  return all;
}

// Relative to the largest element.
double error(const at::Tensor& found, const at::Tensor& exact) {
  return distance(found, exact) / (1 + exact.abs().max().item<double>());
}

class AttentionTest : public testing::TestWithParam<int64_t> {};  // features of a head

TEST_P(AttentionTest, KernelEqualsTheReferenceForwardAndBackward) {
  const int64_t rows = 3, heads = 2, width = heads * GetParam();
  const at::Tensor prefix = at::tensor({1, 8, 29, 3, 17}, at::kLong);
  const int64_t n = prefix.size(0), m = 29;
  auto padding = (Stream(5).child("padding").uniform({rows, m}) < 0.4).to(at::kByte);
  padding.select(1, 0).zero_();
  for (const at::Tensor& hidden : {at::Tensor(), padding}) {
    const auto attend = [&](auto&& function) {
      return [&, function](const std::vector<at::Tensor>& x) {
        return function(x[0], x[1], heads, {rows, prefix, hidden});
      };
    };
    const std::vector<at::Tensor> inputs{normal("q", {rows * n, width}),
                                         normal("kv", {rows * m, 2 * width})};
    const auto found = with_gradients(attend(prefix_attention), inputs, at::kFloat);
    const auto exact = with_gradients(attend(prefix_attention_reference), inputs, at::kDouble);
    for (size_t i = 0; i < exact.size(); ++i) {
      EXPECT_LT(error(found[i], exact[i]), 1e-5) << "part " << i << ", padded " << hidden.defined();
    }
  }
}

TEST_P(AttentionTest, LargeScoresStayExact) {
  const int64_t width = 2 * GetParam();
  const at::Tensor q = 60 * normal("q", {4, width}), kv = normal("kv", {9, 2 * width});
  const Reach reach{1, at::tensor({9, 9, 4, 2}, at::kLong)};
  const auto exact = prefix_attention_reference(q.to(at::kDouble), kv.to(at::kDouble), 2, reach);
  EXPECT_LT(error(prefix_attention(q, kv, 2, reach), exact), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(HeadSizes, AttentionTest, testing::Values(8, 12, 16, 32));

TEST(AttentionByHandTest, AQueryAveragesTheValuesOfItsPrefix) {
  const at::Tensor keys = at::zeros({4, 1});
  const at::Tensor values = at::tensor({1.F, 3.F, 8.F, 100.F}).unsqueeze(1);
  const at::Tensor prefix = at::tensor({1, 2, 3}, at::kLong);
  const at::Tensor padding = at::tensor({0, 1, 0, 0}, at::kByte).view({1, 4});
  const at::Tensor q = at::ones({3, 1}), kv = at::cat({keys, values}, 1);
  for (const auto& function : {prefix_attention, prefix_attention_reference}) {
    EXPECT_LT(distance(function(q, kv, 1, {1, prefix}), at::tensor({1.F, 2.F, 4.F}).unsqueeze(1)),
              1e-6);
    EXPECT_LT(distance(function(q, kv, 1, {1, prefix, padding}),
                       at::tensor({1.F, 1.F, 4.5F}).unsqueeze(1)),
              1e-6);
  }
}

struct MixtureCase {
  int64_t components, dimensions, rank;
};
void PrintTo(const MixtureCase& c, std::ostream* out) {
  *out << "K = " << c.components << ", d = " << c.dimensions << ", r = " << c.rank;
}

class MixtureTest : public testing::TestWithParam<MixtureCase> {
 protected:
  MixtureSpec spec_{GetParam().components, GetParam().dimensions, GetParam().rank, 1e-3};
  at::Tensor params_ = normal("params", {6, spec_.num_params()}) * 0.7;
  at::Tensor x_ = normal("x", {6, spec_.dimensions});

  [[nodiscard]] std::vector<at::Tensor> evaluate(at::ScalarType type) const {
    const auto f = [&](const std::vector<at::Tensor>& in) {
      return mixture_log_prob(spec_, in[0], x_.to(type));
    };
    return with_gradients(f, {params_}, type);
  }
};

TEST_P(MixtureTest, KernelEqualsTheReferenceForwardAndBackward) {
  const auto found = evaluate(at::kFloat), exact = evaluate(at::kDouble);
  EXPECT_LT(error(found[0], exact[0]), 1e-5) << "gradient";
  EXPECT_LT(error(found[1], exact[1]), 1e-5) << "log p";
}

TEST_P(MixtureTest, KernelAndReferenceClampScalesAlike) {
  spec_.scale_floor = 0.02;  // e^-3.9
  auto log_scale = params_.narrow(1, spec_.components + spec_.components * spec_.dimensions, 1);
  log_scale.copy_(at::tensor({-9.F, 9.F, -3.F, 3.F, 0.F, -3.8F}).unsqueeze(1));
  x_.narrow(1, 0, 1).copy_(params_.narrow(1, spec_.components, 1));  // at a mean, where it matters
  const auto found = evaluate(at::kFloat), exact = evaluate(at::kDouble);
  EXPECT_LT(error(found[0], exact[0]), 1e-4) << "gradient";
  EXPECT_LT(error(found[1], exact[1]), 1e-4) << "log p";
}

TEST_P(MixtureTest, NarrowGaussiansWithBroadFactorsLoseNoDigits) {
  if (spec_.rank >= spec_.dimensions) return;
  params_
      .narrow(1, spec_.components + spec_.components * spec_.dimensions,
              spec_.components * spec_.dimensions)
      .fill_(-6.5);
  const at::Tensor factor = params_.narrow(1, params_.size(1) - spec_.rank * spec_.dimensions,
                                           spec_.rank * spec_.dimensions);
  const auto along = factor.view({6, spec_.rank, spec_.dimensions}).sum(1);
  x_ = params_.narrow(1, spec_.components, spec_.dimensions) + along + 0.001 * x_;
  const auto found = evaluate(at::kFloat), exact = evaluate(at::kDouble);
  EXPECT_LT(error(found[1], exact[1]), 1e-3) << found[1] << exact[1];
}

TEST_P(MixtureTest, NorDoFactorsThatAllButLineUp) {
  if (spec_.rank < 2 || spec_.rank >= spec_.dimensions) return;
  params_
      .narrow(1, spec_.components + spec_.components * spec_.dimensions,
              spec_.components * spec_.dimensions)
      .fill_(-6.5);
  const at::Tensor factor =
      params_
          .narrow(1, params_.size(1) - spec_.rank * spec_.dimensions, spec_.rank * spec_.dimensions)
          .view({6, spec_.rank, spec_.dimensions});
  factor.narrow(1, 1, spec_.rank - 1).mul_(0.002).add_(factor.narrow(1, 0, 1));
  x_ = params_.narrow(1, spec_.components, spec_.dimensions) + factor.sum(1) + 0.001 * x_;
  const auto found = evaluate(at::kFloat), exact = evaluate(at::kDouble);
  EXPECT_LT(error(found[0], exact[0]), 1e-2) << "gradient";
  EXPECT_LT(error(found[1], exact[1]), 1e-4) << found[1] << exact[1];
  const at::Tensor reference = mixture_log_prob_reference(spec_, params_, x_);
  EXPECT_LT(error(reference, exact[1]), 1e-4) << reference << exact[1];
}

TEST_P(MixtureTest, ReferenceIsTheDenseGaussianFormula) {
  const int64_t K = spec_.components, d = spec_.dimensions, r = spec_.rank;
  const at::Tensor params = params_.to(at::kDouble);
  const at::Tensor found = mixture_log_prob_reference(spec_, params, x_.to(at::kDouble));
  for (int64_t row = 0; row < 6; ++row) {
    const at::Tensor p = params[row];
    const at::Tensor factor = p.narrow(0, K + 2 * K * d, r * d).view({r, d});
    std::vector<at::Tensor> joint;
    for (int64_t k = 0; k < K; ++k) {
      const at::Tensor error = x_[row].to(at::kDouble) - p.narrow(0, K + k * d, d);
      const at::Tensor scale = p.narrow(0, K + K * d + k * d, d).exp();
      const at::Tensor covariance = at::diag(scale.square()) + factor.t().matmul(factor);
      const at::Tensor square = error.dot(at::linalg_inv(covariance).mv(error));
      joint.push_back(p.narrow(0, 0, K).log_softmax(0)[k] - 0.5 * square -
                      0.5 * at::logdet(2 * std::numbers::pi * covariance));
    }
    EXPECT_NEAR(found[row].item<double>(), at::stack(joint).logsumexp(0).item<double>(), 1e-8);
  }
}

TEST_P(MixtureTest, ReferenceGradientEqualsFiniteDifferences) {
  constexpr double kStep = 1e-5;
  const auto log_prob = [&](const at::Tensor& params) {
    return mixture_log_prob_reference(spec_, params, x_.to(at::kDouble));
  };
  const at::Tensor params = params_.to(at::kDouble).requires_grad_();
  const at::Tensor exact = torch::autograd::grad({log_prob(params).sum()}, {params})[0];
  for (int64_t j = 0; j < params.size(1); j += 1 + params.size(1) / 40) {  // rows are independent
    const at::Tensor step = at::zeros({1, params.size(1)}, at::kDouble);
    step[0][j] = kStep;
    const at::Tensor numeric =
        (log_prob(params.detach() + step) - log_prob(params.detach() - step)) / (2 * kStep);
    EXPECT_LT(error(numeric, exact.select(1, j)), 1e-6) << "parameter " << j;
  }
}

// Bounds at both sides, at one, and so far off that hardly anything is left within.
TEST_P(MixtureTest, CutMixturesEqualTheReferenceForwardAndBackward) {
  if (spec_.dimensions > 1 || spec_.rank > 0) return;
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (const auto& [low, high] : {std::pair{-0.5, 0.8}, {-kInf, 0.3}, {-1.0, kInf}, {2.0, 2.2}}) {
    spec_.low = low;
    spec_.high = high;
    const auto found = evaluate(at::kFloat), exact = evaluate(at::kDouble);
    EXPECT_LT(error(found[0], exact[0]), 2e-4) << "gradient, " << low << " to " << high;
    EXPECT_LT(error(found[1], exact[1]), 2e-5) << "log p, " << low << " to " << high;
  }
}

// So that a step which is not finite is seen.
TEST(ScalarMixtureTest, WhatIsNoNumberStaysNone) {
  for (const int64_t part : {0, 1, 2}) {
    const MixtureSpec spec{.components = 5, .low = -2};
    at::Tensor params = normal("params", {2, 15});
    params[0][5 * part + 3] = std::numeric_limits<float>::quiet_NaN();
    const at::Tensor found = mixture_log_prob(spec, params, at::zeros({2, 1}));
    EXPECT_TRUE(found[0].isnan().item<bool>()) << part;
    EXPECT_TRUE(found[1].isfinite().item<bool>()) << "the next row is its own, " << part;
  }
}

TEST(VectorMixtureTest, WhatIsNoNumberStaysNone) {
  for (const MixtureSpec& spec : {MixtureSpec{.components = 4, .dimensions = 3, .rank = 2},
                                  MixtureSpec{.components = 8, .dimensions = 49, .rank = 4}}) {
    const int64_t size = spec.components * spec.dimensions;
    for (const int64_t place : {int64_t{1}, spec.components + 1, spec.components + size + 1}) {
      at::Tensor params = normal("params", {2, spec.num_params()});
      params[0][place] = std::numeric_limits<float>::quiet_NaN();
      const at::Tensor found = mixture_log_prob(spec, params, at::zeros({2, spec.dimensions}));
      EXPECT_TRUE(found[0].isnan().item<bool>()) << place;
      EXPECT_TRUE(found[1].isfinite().item<bool>()) << "the next row is its own, " << place;
    }
  }
}

TEST(CutMixtureTest, AHalfGaussianHasTwiceTheDensityItsMeanAndNoMassBelow) {
  const MixtureSpec spec{.low = 0};
  const at::Tensor params = at::tensor({0.F, 0.F, 0.F}).view({1, 3}), x = at::full({1, 1}, 0.7F);
  EXPECT_NEAR(mixture_log_prob(spec, params, x).item<double>(),
              std::log(2) - 0.5 * 0.49 - 0.5 * std::log(2 * std::numbers::pi), 1e-6);
  const GaussianMixture half =
      unpack_mixture(spec, params, {.name = "x", .center = 1.0, .scale = 2.0, .low = 1.0});
  EXPECT_NEAR(brain::mean(half).item<double>(), 1 + 2 * std::sqrt(2 / std::numbers::pi), 1e-6);
  EXPECT_EQ(cdf(half, at::ones({1})).item<double>(), 0);
  EXPECT_NEAR(cdf(half, at::full({1}, 3.0)).item<double>(), std::erf(std::sqrt(0.5)), 1e-9);
}

TEST(CutMixtureTest, MassFarOutInATailIsPreciseAndDrawsStayThere) {
  const auto one = [](double value) { return at::full({1, 1, 1}, value, at::kDouble); };
  const GaussianMixture far{at::zeros({1, 1}, at::kDouble),    one(0), one(1),
                            at::zeros({1, 1, 0}, at::kDouble), 20,     21};
  EXPECT_NEAR(component_mass(far).log().item<double>(), -203.9171, 1e-3);  // log Phi(-20)
  const at::Tensor drawn = sample_mixture(far, 1.0, Stream(1));
  EXPECT_GT(drawn.item<double>(), 20);
  EXPECT_LT(drawn.item<double>(), 20.6);
  EXPECT_NEAR(cdf(far, at::full({1}, 20 + std::log(2) / 20)).item<double>(), 0.5, 0.003);
}

// What float64 holds only by a denormal counts as 0.
TEST(CutMixtureTest, DrawsAreFiniteWhereTailsComeNearTheLeastNumber) {
  for (const double bound : {37.3, 37.45, 37.5}) {
    const GaussianMixture far{at::zeros({4000, 1}, at::kDouble),
                              at::zeros({4000, 1, 1}, at::kDouble),
                              at::ones({4000, 1, 1}, at::kDouble),
                              at::zeros({4000, 1, 0}, at::kDouble),
                              bound,
                              std::numeric_limits<double>::infinity()};
    EXPECT_LT(sample_mixture(far, 1.0, Stream(1)).max().item<double>(), bound + 1) << bound;
  }
}

// Next to the nearer bound it decays as exp(-50 x), of the nearer component alone.
TEST(CutMixtureTest, WhereFloat64HoldsNoMassItStandsAtItsNearerBound) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr int64_t kDraws = 4000;
  for (const auto& [low, high] :
       {std::pair{50.0, 60.0}, {50.0, kInf}, {-60.0, -50.0}, {-kInf, -50.0}}) {
    const double bound = low > 0 ? low : high, sign = bound / 50;
    const GaussianMixture far{
        at::zeros({kDraws, 2}, at::kDouble),
        at::tensor({0.0, -20 * sign}, at::kDouble).view({1, 2, 1}).expand({kDraws, 2, 1}),
        at::ones({kDraws, 2, 1}, at::kDouble),
        at::zeros({kDraws, 1, 0}, at::kDouble),
        low,
        high};
    const at::Tensor beyond = sign * (sample_mixture(far, 1.0, Stream(1)) - bound);
    EXPECT_GE(beyond.min().item<double>(), 0) << low;
    EXPECT_NEAR(beyond.mean().item<double>(), 0.02, 0.0015) << low;
    EXPECT_NEAR(brain::mean(far)[0].item<double>(), bound, 0.03) << low;
    const at::Tensor median = at::full({kDraws}, bound + sign * std::log(2) / 50, at::kDouble);
    EXPECT_NEAR(cdf(far, median)[0].item<double>(), 0.5, 0.001) << low;
  }
}

struct OneBound {
  double bound, x, below, mean;
};

// N(0, 1) and N(1, .5^2), of weights 1 and e, of which .25, 9e-7 and 1e-350 lie above a bound, and
// their mirror images: P(X <= x) and E x to 40 digits, rounded.
TEST(CutMixtureTest, ItsDistributionAndMeanArePreciseHoweverLittleLiesWithin) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (const auto& [bound, x, below, mean] :
       {OneBound{1.25, 1.5, 0.472567118319994, 1.58824646560431},
        {4.5, 4.75, 0.70065328518255, 4.70431970604072},
        {40, 40.02, 0.550985120437668, 40.0249688472073}}) {
    for (const double side : {1.0, -1.0}) {
      const GaussianMixture cut{at::tensor({0.F, 1.F}),
                                at::tensor({0.0, side}, at::kDouble).unsqueeze(1),
                                at::tensor({1.0, 0.5}, at::kDouble).unsqueeze(1),
                                at::zeros({1, 0}, at::kDouble),
                                side > 0 ? bound : -kInf,
                                side > 0 ? kInf : -bound};
      const at::Tensor points = at::tensor({x, 1e9, bound - 1}, at::kDouble) * side;
      const at::Tensor share = at::tensor({below, 1.0, 0.0}, at::kDouble);
      const at::Tensor expected = side > 0 ? share : 1 - share;
      EXPECT_LT((cdf(cut, points) - expected).abs().max().item<double>(), 1e-11) << side * bound;
      EXPECT_NEAR(brain::mean(cut).item<double>(), side * mean, 1e-6) << side * bound;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, MixtureTest,
                         testing::Values(MixtureCase{1, 1, 0}, MixtureCase{5, 1, 0},
                                         MixtureCase{8, 1, 0}, MixtureCase{16, 1, 0},
                                         MixtureCase{8, 1, 2}, MixtureCase{1, 3, 4},
                                         MixtureCase{8, 3, 2}, MixtureCase{1, 49, 0},
                                         MixtureCase{8, 49, 4}));

TEST(MixtureSampleTest, MomentsAreThoseOfTheMixtureInRawUnits) {
  const MixtureSpec spec{2, 2, 1, 1e-3};
  //                                   logits       means             log scales      factor
  const at::Tensor params =
      at::tensor({0.5F, -0.5F, -1.F, 0.F, 2.F, 1.F, 0.F, -1.F, -2.F, .5F, 1.F, -.5F});
  const double center = 3, scale = 2;
  const GaussianMixture mixture = unpack_mixture(spec, params.expand({40000, -1}),
                                                 {.name = "v", .center = center, .scale = scale});
  const at::Tensor drawn = sample_mixture(mixture, 1.0, Stream(2)).to(at::kDouble);

  const double p = 1 / (1 + std::exp(-1.0));
  const at::Tensor a = at::tensor({-1.0, 0.0}), b = at::tensor({2.0, 1.0}),
                   f = at::tensor({1.0, -.5});
  const at::Tensor mean = p * a + (1 - p) * b;
  const auto second = [](const at::Tensor& m, double s0, double s1) {
    return at::outer(m, m) + at::diag(at::tensor({std::exp(2 * s0), std::exp(2 * s1)}));
  };
  const at::Tensor covariance =
      p * second(a, 0, -1) + (1 - p) * second(b, -2, .5) + at::outer(f, f) - at::outer(mean, mean);
  EXPECT_LT(distance(drawn.mean(0), mean * scale + center), 0.05);
  EXPECT_LT(distance(at::cov(drawn.t()), covariance * scale * scale), 0.25);
  EXPECT_LT(distance(brain::mean(mixture)[0], (mean * scale + center).to(at::kFloat)), 1e-5);
}

TEST(MixtureSampleTest, TemperatureScalesTheNoiseAndZeroIsTheLikeliestMean) {
  const MixtureSpec spec{2, 1, 0, 1e-3};
  const at::Tensor one = at::tensor({1.F, 0.F, -1.F, 5.F, 0.F, 0.F});
  const auto drawn = [&](double temperature) {
    return sample_mixture(unpack_mixture(spec, one.expand({20000, -1}), {.name = "x"}), temperature,
                          Stream(3));
  };
  EXPECT_EQ(distance(drawn(0), at::full({20000, 1}, -1.0)), 0);
  const at::Tensor cool = drawn(0.5);  // logits 2 and 0, deviation 1 / 2
  const double second = (cool > 2).to(at::kDouble).mean().item<double>();
  EXPECT_NEAR(second, 1 / (1 + std::exp(2.0)), 0.01);
  EXPECT_NEAR(cool.masked_select(cool < 2).std().item<double>(), 0.5, 0.02);
}

TEST(MixtureErrorTest, AnotherNumberOfParametersIsRefused) {
  EXPECT_THAT(
      [] {
        (void)unpack_mixture({2, 3, 1, 1e-3}, at::zeros({4, 16}), {.name = "v"});
      },
      ThrowsMessage<c10::Error>(HasSubstr("params must be [..., 17], got [4, 16]")));
  EXPECT_THAT(
      [] {
        (void)mixture_log_prob({1, 3, 0, 1e-3}, at::zeros({4, 7}), at::zeros({4, 2}));
      },
      ThrowsMessage<c10::Error>(HasSubstr("x must be [n, 3], got [4, 2]")));
}

}  // namespace
}  // namespace limbic::brain
