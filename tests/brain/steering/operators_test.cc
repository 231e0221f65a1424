#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "little_world.h"

namespace limbic::brain {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::FloatEq;
using testing::NanSensitiveFloatEq;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What an expression is worth at the four ticks of a little world.
class OperatorsTest : public testing::Test {
 protected:
  OperatorsTest() {
    world_.set("face", {1, -2, 3, 0});
    world_.set("retina", {0, 1, 2, 3, 4, 4, 4, 4, -1, 0, 0, 1, 2, 2, 2, 0});
    world_.set("whiskers", {1, 2, 3, 3, 2, 1, 0, 0, 0, 5, 5, 5});
    world_.set("smell", {0, 1, 2, 1});
    world_.set("steps", {0, 1, 2, 3});
  }

  std::vector<float> ask(const std::string& text) {
    const Program program(SteeringConfig{}, world_.schema);
    const auto probe = program.compile_probe(written(text));
    const at::Tensor value_BT = probe(world_.episodes, Scorecard{});
    EXPECT_EQ(value_BT.sizes(), at::IntArrayRef({1, 4}));
    EXPECT_EQ(value_BT.scalar_type(), at::kFloat);
    return ticks_of(value_BT);
  }
  void expect(const std::string& text, const std::vector<double>& values) {
    std::vector<testing::Matcher<float>> matchers;
    for (const double value : values) {
      matchers.push_back(NanSensitiveFloatEq(static_cast<float>(value)));
    }
    EXPECT_THAT(ask(text), ElementsAreArray(matchers)) << text;
  }

  LittleWorld world_;
};

TEST_F(OperatorsTest, Arithmetic) {
  expect("face + 1", {2, -1, 4, 1});
  expect("1 - face", {0, 3, -2, 1});
  expect("face * face / 2", {0.5, 2, 4.5, 0});
  expect("-face", {-1, 2, -3, 0});
  expect("2 + 3 * 4 - 6 / 3", {12, 12, 12, 12});
  expect("1 / face", {1, -0.5, 1.0 / 3, INFINITY});
}

TEST_F(OperatorsTest, Comparisons) {
  expect("face < 1", {0, 1, 0, 1});
  expect("face <= 1", {1, 1, 0, 1});
  expect("face > 0", {1, 0, 1, 0});
  expect("face >= 0", {1, 0, 1, 1});
  expect("face == 3", {0, 0, 1, 0});
  expect("face != 3", {1, 1, 0, 1});
}

TEST_F(OperatorsTest, AndOrNot) {
  expect("face > 0 and face < 2", {1, 0, 0, 0});
  expect("face > 2 or face < 0", {0, 1, 1, 0});
  expect("not face > 0", {0, 1, 0, 1});
  expect("face > 0 or face > -1 and never", {1, 0, 1, 0});
  expect("always and not never", {1, 1, 1, 1});
}

TEST_F(OperatorsTest, Functions) {
  expect("where(face > 0, face, 10)", {1, 10, 3, 10});
  expect("where(always, 2, face)", {2, 2, 2, 2});
  expect("abs(face)", {1, 2, 3, 0});
  expect("exp(face)", {std::exp(1.0), std::exp(-2.0), std::exp(3.0), 1});
  expect("log(face)", {0, kNaN, std::log(3.0), -INFINITY});
  expect("sqrt(face)", {1, kNaN, std::sqrt(3.0), 0});
  expect("relu(face)", {1, 0, 3, 0});
  expect("sigmoid(face)",
         {1 / (1 + std::exp(-1.0)), 1 / (1 + std::exp(2.0)), 1 / (1 + std::exp(-3.0)), 0.5});
  expect("clamp(face, -1, 2)", {1, -1, 2, 0});
}

TEST_F(OperatorsTest, MinAndMaxOfSeveralGoElementByElement) {
  expect("min(face, 0)", {0, -2, 0, 0});
  expect("max(face, 0)", {1, 0, 3, 0});
  expect("max(face, 2, -face)", {2, 2, 3, 2});
  expect("mean(max(retina, 1))", {1.75, 4, 1, 1.75});
}

TEST_F(OperatorsTest, MinMaxAndMeanOfOneGoOverCells) {
  expect("min(retina)", {0, 4, -1, 0});
  expect("max(retina)", {3, 4, 1, 2});
  expect("mean(retina)", {1.5, 4, 0, 1.5});
  expect("max(whiskers)", {3, 3, 0, 5});
  expect("mean(whiskers * whiskers)", {14.0 / 3, 14.0 / 3, 0, 25});
}

TEST_F(OperatorsTest, ClaimsOverCellsAreAllAnyAndShare) {
  expect("min(retina > 0)", {0, 1, 0, 0});
  expect("max(retina > 2)", {1, 1, 0, 0});
  expect("mean(retina > 0)", {0.75, 1, 0.25, 0.75});
  expect("max(retina > 2) and face > 0", {1, 0, 0, 0});
  expect("max(face > 0, face < -1)", {1, 1, 1, 0});
}

TEST_F(OperatorsTest, PerTickValuesStandBesideEveryCell) {
  expect("mean(retina - mean(retina))", {0, 0, 0, 0});
  expect("mean(where(face > 0, retina, 7))", {1.5, 7, 0, 7});
  expect("max(where(retina > 1, face, 0))", {1, -2, 0, 0});
}

TEST_F(OperatorsTest, CellsHaveNumbers) {
  expect("whiskers[0]", {1, 3, 0, 5});
  expect("whiskers[2] - whiskers[0]", {2, -2, 0, 0});
  expect("mean(retina[0])", {1.5, 4, 0, 1.5});
}

TEST_F(OperatorsTest, ClaimsCountAsZeroAndOne) {
  expect("(face > 0) + 1", {2, 1, 2, 1});
  expect("-2 * (face > 0)", {-2, 0, -2, 0});
  expect("where(face > 0, face > 2, always)", {0, 1, 1, 1});
}

TEST_F(OperatorsTest, CategoriesAreComparedByName) {
  expect("smell == 'smoke'", {0, 1, 0, 1});
  expect("'smoke' != smell", {1, 0, 1, 0});
  expect("smell == smell", {1, 1, 1, 1});
  expect("smell", {0, 1, 2, 1});
  expect("steps + 1 > 2", {0, 0, 1, 1});
}

TEST_F(OperatorsTest, DelayHoldsTheFirstTick) {
  expect("delay(face, 1)", {1, 1, -2, 3});
  expect("delay(face, 0)", {1, -2, 3, 0});
  expect("delay(face, 3)", {1, 1, 1, 1});
  expect("delay(face, 9000000000)", {1, 1, 1, 1});
  expect("delay(face > 0, 1) and face < 0", {0, 1, 0, 0});
  expect("max(delay(retina, 1))", {3, 3, 4, 1});
  expect("delay(5, 2)", {5, 5, 5, 5});
}

TEST_F(OperatorsTest, SlopeIsTheChangeSinceTheLastTick) {
  expect("slope(face)", {0, -3, 5, -3});
  expect("max(slope(face), 0)", {0, 0, 5, 0});
  expect("max(slope(retina))", {0, 4, -3, 3});
  expect("slope(2)", {0, 0, 0, 0});
}

TEST_F(OperatorsTest, EmaMovesByOneOverTau) {
  expect("ema(face, 2)", {1, -0.5, 1.25, 0.625});
  expect("ema(face, 1)", {1, -2, 3, 0});
  expect("max(ema(retina, 4))", {3, 3.25, 2.6875, 2.015625});
  expect("ema(face > 0, 2)", {1, 0.5, 0.75, 0.375});
}

TEST_F(OperatorsTest, AbsentReadsAsNaN) {
  expect("touch", {kNaN, kNaN, kNaN, kNaN});
  world_.set("touch", {1, 2});
  expect("touch", {1, 2, kNaN, kNaN});
  expect("touch + face", {2, 0, kNaN, kNaN});
  expect("relu(touch)", {1, 2, kNaN, kNaN});
  expect("max(touch, 0)", {1, 2, kNaN, kNaN});
  expect("clamp(touch, 0, 1)", {1, 1, kNaN, kNaN});
}

TEST_F(OperatorsTest, ComparisonsWithAbsentAreFalse) {
  world_.set("touch", {1, 2});
  expect("touch > 0", {1, 1, 0, 0});
  expect("touch < 9", {1, 1, 0, 0});
  expect("touch == touch", {1, 1, 0, 0});
  expect("touch != 1", {0, 1, 0, 0});
  expect("not touch > 0", {0, 0, 1, 1});
  expect("threat == 'no'", {0, 0, 0, 0});
  expect("threat != 'no'", {0, 0, 0, 0});
}

TEST_F(OperatorsTest, OneAbsentCellMakesMinMaxAndMeanNaN) {
  world_.remove_cell("whiskers", 1);
  for (const char* text : {"min(whiskers)", "max(whiskers)", "mean(whiskers)", "whiskers[1]"}) {
    expect(text, {kNaN, kNaN, kNaN, kNaN});
  }
  expect("whiskers[0]", {1, 3, 0, 5});
}

TEST_F(OperatorsTest, PresentIsTrueWhereAllCellsAre) {
  expect("present(whiskers)", {1, 1, 1, 1});
  expect("present(picture)", {0, 0, 0, 0});
  world_.set("touch", {1, 2});
  expect("present(touch)", {1, 1, 0, 0});
  world_.remove_cell("whiskers", 1);
  expect("present(whiskers)", {0, 0, 0, 0});
  expect("present(whiskers[0]) and not present(whiskers[1])", {1, 1, 1, 1});
}

TEST_F(OperatorsTest, EmaSkipsAbsentTicks) {
  world_.set("touch", {1, 2});
  expect("ema(touch, 2)", {1, 1.5, 1.5, 1.5});
  world_.episodes.present_BTV.select(1, 0).fill_(false);
  expect("ema(touch, 2)", {kNaN, 2, 2, 2});
  expect("slope(touch)", {kNaN, kNaN, kNaN, kNaN});
}

TEST_F(OperatorsTest, EmaOfAClaimSkipsTicksAtWhichItIsNotKnown) {
  world_.set("touch", {1, 2});
  expect("ema(touch > 1, 2)", {0, 0.5, 0.5, 0.5});
  expect("ema(not touch > 1, 2)", {1, 0.5, 0.5, 0.5});
  expect("ema(face > 0 or touch > 1, 2)", {1, 1, 1, 1});  // at tick 3 nothing settles it
  expect("ema(present(touch) and touch > 1, 2)", {0, 0.5, 0.25, 0.125});
  world_.remove_tick("touch", 0);
  expect("ema(touch > 1, 2)", {kNaN, 1, 1, 1});
  world_.remove_cell("whiskers", 1);
  expect("max(ema(whiskers > 2, 2))", {kNaN, kNaN, kNaN, kNaN});
}

TEST_F(OperatorsTest, AbsentInOneRowLeavesTheOthersAlone) {
  world_.episodes = worlds::repeat_rows(world_.episodes, 2);
  world_.episodes.present_BTV[0].fill_(false);
  const Program program(SteeringConfig{}, world_.schema);
  const auto probe = program.compile_probe(written("ema(max(retina), 2) + mean(whiskers)"));
  const at::Tensor value_BT = probe(world_.episodes, Scorecard{});
  EXPECT_TRUE(value_BT[0].isnan().all().item<bool>());
  EXPECT_TRUE(value_BT[1].equal(at::tensor({5.0F, 5.5F, 2.25F, 7.125F}))) << value_BT;
}

}  // namespace
}  // namespace limbic::brain
