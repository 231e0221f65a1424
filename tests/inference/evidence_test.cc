#include "limbic/inference/evidence.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "limbic/core/error.h"

namespace limbic::inference {
namespace {

using brain::Categorical;
using brain::GaussianMixture;
using testing::ElementsAre;
using testing::StrEq;
using testing::ThrowsMessage;
using worlds::Kind;

class EvidenceTest : public testing::Test {
 protected:
  [[nodiscard]] Evidence parse(const std::string& text) const {
    return parse_evidence(schema_, text);
  }
  void expect_refused(const std::string& text, const std::string& message) const {
    EXPECT_THAT([&] { (void)parse(text); }, ThrowsMessage<Error>(StrEq(message)));
  }

  worlds::Schema schema_{{{.name = "age", .low = 0},
                          {.name = "x", .num_cells = 4},
                          {.name = "petal size"},
                          {.name = "species",
                           .kind = Kind::kCategory,
                           .size = 5,
                           .names = {"setosa", "virginica", "grey in green", "wood|steel", "wood"}},
                          {.name = "word", .kind = Kind::kCategory, .size = 5, .num_cells = 2},
                          {.name = "v", .kind = Kind::kVector, .size = 2},
                          {.name = "eye", .access = worlds::Access::kPrimitive},
                          {.name = "step", .num_cells = 2, .num_ticks = 3},
                          {.name = "income@2020"},
                          {.name = "cost in euro > 0"},
                          {.name = "debt", .transform = {.kind = worlds::TransformKind::kLog}}},
                         3};
};

TEST_F(EvidenceTest, IntervalsAreReadFromBothSidesOrOne) {
  const auto interval = [&](const std::string& text) {
    return std::get<Interval>(parse(text).known);
  };
  EXPECT_EQ(interval("age in 30..40").low, 30);
  EXPECT_EQ(interval("age in 30..40").high, 40);
  EXPECT_EQ(interval("petal size in -1.5 .. -.5").low, -1.5);
  EXPECT_EQ(interval("age>3").low, 3);
  EXPECT_TRUE(std::isinf(interval("age >= 3").high));
  EXPECT_EQ(interval("x[3] <= 2.5").high, 2.5);
  EXPECT_EQ(parse("x[3] <= 2.5").cell, 3);
  EXPECT_EQ(parse("x[3] <= 2.5").variable, 1);
}

TEST_F(EvidenceTest, AnIntervalMayBeginWhereALogarithmDoesNot) {
  EXPECT_EQ(std::get<Interval>(parse("debt in 0..1000").known).low, 0);
  EXPECT_EQ(std::get<Interval>(parse("debt > -1").known).low, -1);
}

TEST_F(EvidenceTest, AnIntervalOfATransformedVariableMayLieFarOut) {
  EXPECT_EQ(std::get<Interval>(parse("debt in 2e9..4e12").known).low, 2e9);
  EXPECT_EQ(std::get<Interval>(parse("debt < 2e9").known).high, 2e9);
  expect_refused("debt > 1e39", "debt: expected a number, got '1e39'");
  expect_refused("petal size > 2e9",
                 "petal size: expected a number within 1e+09 deviations (1) of 0, got '2e9'");
}

TEST_F(EvidenceTest, MeasurementsAndWordsAreRead) {
  const auto measured = std::get<Measured>(parse("age = 1.5 +- 0.25").known);
  EXPECT_EQ(measured.mean, 1.5);
  EXPECT_EQ(measured.spread, 0.25);
  const auto one_of = [&](const std::string& text) {
    return std::get<OneOf>(parse(text).known).categories;
  };
  EXPECT_THAT(one_of("species in virginica|setosa"), ElementsAre(1, 0));
  EXPECT_THAT(one_of("species in grey in green"), ElementsAre(2));
  EXPECT_THAT(one_of("word[1] in 0 | 4"), ElementsAre(0, 4));
  EXPECT_THAT(one_of("species in wood|steel"), ElementsAre(3));
  EXPECT_THAT(one_of("species in wood|steel | wood|setosa"), ElementsAre(3, 4, 0));
}

TEST_F(EvidenceTest, ATickIsSaidBehindTheNameAndIsElseTheFirst) {
  EXPECT_EQ(parse("step@2[1] > 0").tick, 2);
  EXPECT_EQ(parse("step@2[1] > 0").cell, 1);
  EXPECT_EQ(parse("step[1] > 0").tick, 0);
  EXPECT_EQ(parse("age@0 > 1").tick, 0);
  expect_refused("step@3[1] > 0",
                 "no variable or cell is called 'step@3[1]'; did you mean 'step@0[1]'?");
  expect_refused("step@2 > 0", "step@2 has 2 cells: say which, as in step@2[0]");
}

TEST_F(EvidenceTest, AVariableMayBeCalledLikeATick) {
  EXPECT_EQ(parse("income@2020 > 3").variable, 8);
  EXPECT_EQ(parse("income@2020 > 3").tick, 0);
  EXPECT_EQ(parse("cost in euro > 0 in 3..5").variable, 9);
  EXPECT_EQ(std::get<Interval>(parse("cost in euro > 0 > 3").known).low, 3);
}

TEST_F(EvidenceTest, MistakesAreNamed) {
  expect_refused("aeg > 3", "no variable is called 'aeg'; did you mean 'age'?");
  expect_refused("eye > 3", "the cortex does not see 'eye'");
  expect_refused("v > 3", "v is a vector: evidence is about scalars and categories");
  expect_refused("x > 3", "x has 4 cells: say which, as in x[0]");
  expect_refused("x[4] > 3", "no variable or cell is called 'x[4]'; did you mean 'x[0]'?");
  expect_refused("x[] > 3", "no variable or cell is called 'x[]'; did you mean 'x[0]'?");
  expect_refused("age",
                 "expected evidence such as 'x in 0..1', 'x > 0', 'x = 1.5 +- 0.2' or 'c in "
                 "this|that', got 'age'");
  expect_refused("age > old", "age: expected a number, got 'old'");
  expect_refused("age in 30-40", "age: expected low..high, got '30-40'");
  expect_refused("age in 40..30", "age: expected low..high with low below high, got '40..30'");
  expect_refused("x[0] in 5 .. 5", "x: expected low..high with low below high, got '5 .. 5'");
  expect_refused("debt in 1700000100..1700000120",
                 "debt: expected low..high with low below high, got '1700000100..1700000120'; both "
                 "are 1700000128 in float32");
  expect_refused("age < -2", "'age < -2' leaves nothing: values of age lie between 0 and inf");
  expect_refused("debt < 0", "'debt < 0' leaves nothing: values of debt lie between 0 and inf");
  expect_refused("debt in -5..-1",
                 "'debt in -5..-1' leaves nothing: values of debt lie between 0 and inf");
  expect_refused("age = 3",
                 "age: expected a number +- its spread, got '3'; what is exact is given, not "
                 "evidence");
  expect_refused("age = 3 +- 0", "age: expected a spread above 0, got 0");
  expect_refused("species in setosa|virginika",
                 "species: unknown word 'virginika'; did you mean 'virginica'?");
  expect_refused("species = setosa",
                 "species is a category: expected species in this|that, got '= setosa'");
}

// Two components, the noise of the cell in scale and factor together: deviations .5 and 1.3.
GaussianMixture two_bumps() {
  return {.logits = at::tensor({0.2F, 1.0F}),
          .mean = at::tensor({-1.0F, 2.0F}).unsqueeze(1),
          .scale = at::tensor({0.3F, std::sqrt(1.69F - 0.16F)}).unsqueeze(1),
          .factor = at::tensor({0.4F}).view({1, 1})};
}

class ConstrainTest : public testing::Test {
 protected:
  static constexpr double kStep = 1e-3;

  static at::Tensor density(const GaussianMixture& m) {  // on the grid, cut where it is
    const auto deviation =
        (m.scale.square() + (m.factor.numel() > 0 ? m.factor.square().sum() : at::zeros({})))
            .squeeze(1)
            .to(at::kDouble)
            .sqrt();
    const auto z = (grid().unsqueeze(1) - m.mean.squeeze(1).to(at::kDouble)) / deviation;
    const auto each = (-0.5 * z.square()).exp() / (deviation * std::sqrt(2 * std::numbers::pi));
    const auto whole = (each * m.logits.to(at::kDouble).softmax(0)).sum(1);
    const auto inside = whole * grid().ge(m.low) * grid().le(m.high);
    return inside / (inside.sum() * kStep);
  }
  static at::Tensor grid() { return at::arange(-12.0005, 12, kStep, at::kDouble); }
  static Evidence about(const std::variant<Interval, Measured, OneOf>& known) {
    return {.text = "this", .known = known};
  }
  // That what constrain says is prior times likelihood, normalised, and the norm its mass.
  static void expect_product(const GaussianMixture& prior, const Evidence& evidence,
                             const at::Tensor& likelihood) {
    const Constrained found = constrain(prior, evidence);
    const auto product = density(prior) * likelihood;
    const double mass = product.sum().item<double>() * kStep;
    EXPECT_NEAR(found.log_mass.item<double>(), std::log(mass), 2e-3);
    const auto posterior = density(std::get<GaussianMixture>(found.distribution));
    EXPECT_LT((posterior - product / mass).abs().sum().item<double>() * kStep, 4e-3);
  }
};

TEST_F(ConstrainTest, AnIntervalCutsTheMixtureOff) {
  const auto inside = grid().ge(-0.5).logical_and(grid().le(1.5));
  expect_product(two_bumps(), about(Interval{-0.5, 1.5}), inside);
  expect_product(two_bumps(), about(Interval{-0.5, INFINITY}), grid().ge(-0.5));
}

// x in 1..2, where log x is N(.5, .4^2).
TEST_F(ConstrainTest, AnIntervalCutsWhereTheTransformTakesIt) {
  const GaussianMixture one{.logits = at::zeros({1}),
                            .mean = at::full({1, 1}, 0.5),
                            .scale = at::full({1, 1}, 0.4),
                            .factor = at::zeros({1, 0}),
                            .transform = {.kind = worlds::TransformKind::kLog}};
  const Constrained found = constrain(one, about(Interval{1, 2}));
  EXPECT_NEAR(found.log_mass.item<double>(), -0.545149, 1e-6);
  const auto& inside = std::get<GaussianMixture>(found.distribution);
  EXPECT_EQ(inside.low, 0);
  EXPECT_DOUBLE_EQ(inside.high, std::log(2.0));
}

TEST_F(ConstrainTest, AMeasurementMultipliesByAGaussian) {
  const auto likelihood =
      (-0.5 * ((grid() - 0.7) / 0.6).square()).exp() / (0.6 * std::sqrt(2 * std::numbers::pi));
  expect_product(two_bumps(), about(Measured{0.7, 0.6}), likelihood);
  GaussianMixture cut = two_bumps();
  cut.low = 0.0;
  cut.high = 1.0;
  expect_product(cut, about(Measured{0.7, 0.6}), likelihood);
}

TEST_F(ConstrainTest, AFarMeasurementStillWeighsComponents) {
  GaussianMixture near = two_bumps();
  near.scale = at::full({2, 1}, 1e-3);
  near.factor = at::zeros({1, 0});
  near.logits = at::zeros({2});
  near.mean = at::tensor({0.0F, 1e-7F}).unsqueeze(1);  // 5 off, which log p feels by -1e7
  const Constrained found = constrain(near, about(Measured{5, 1e-3}));
  const auto p = std::get<GaussianMixture>(found.distribution).logits.softmax(0);
  EXPECT_NEAR(p[1].item<double>(), 1 / (1 + std::exp(-5e-7 / 2e-6)), 1e-3);
}

TEST_F(ConstrainTest, EvidenceAddsUp) {
  const Constrained first = constrain(two_bumps(), about(Interval{-2, 1}));
  const Constrained both = constrain(first.distribution, about(Interval{0, 3}));
  const Constrained at_once = constrain(two_bumps(), about(Interval{0, 1}));
  EXPECT_NEAR((first.log_mass + both.log_mass).item<double>(), at_once.log_mass.item<double>(),
              1e-6);
  EXPECT_THAT(
      [&] {
        (void)constrain(first.distribution, about(Interval{1, 3}));
      },
      ThrowsMessage<Error>(StrEq("'this' leaves nothing of what else is known")));
}

TEST_F(ConstrainTest, FarTailsKeepTheirMass) {
  GaussianMixture one{.logits = at::zeros({1}),
                      .mean = at::zeros({1, 1}),
                      .scale = at::ones({1, 1}),
                      .factor = at::zeros({1, 0})};
  // log Phi(-z) = -z^2 / 2 - log(z sqrt(2 pi)) + log(1 - 1 / z^2 + ...)
  const double z = 50;
  const double expected =
      -z * z / 2 - std::log(z * std::sqrt(2 * std::numbers::pi)) + std::log1p(-1 / (z * z));
  for (const auto& known : {Interval{z, INFINITY}, Interval{-INFINITY, -z}, Interval{z, z + 9}})
    EXPECT_NEAR(constrain(one, about(known)).log_mass.item<double>(), expected, 1e-5);
}

TEST_F(ConstrainTest, OneOfMasksCategories) {
  const Categorical prior{at::tensor({0.0F, 1.0F, 2.0F, 3.0F, 0.0F, 0.0F}).view({2, 3})};
  const Constrained found = constrain(prior, about(OneOf{{0, 2}}));
  const auto p = prior.logits.to(at::kDouble).softmax(1);
  const auto mass = p.select(1, 0) + p.select(1, 2);
  EXPECT_TRUE(at::allclose(found.log_mass, mass.log()));
  const auto q = std::get<Categorical>(found.distribution).logits.softmax(1).to(at::kDouble);
  EXPECT_TRUE(at::allclose(q, p * at::tensor({1.0, 0.0, 1.0}) / mass.unsqueeze(1), 1e-5, 1e-6));
  EXPECT_THAT([&] { (void)constrain(found.distribution, about(OneOf{{1}})); },
              ThrowsMessage<Error>(StrEq("'this' leaves no category")));
}

}  // namespace
}  // namespace limbic::inference
