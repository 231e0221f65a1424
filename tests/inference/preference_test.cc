#include "limbic/inference/preference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "../support/fake_brain.h"
#include "limbic/core/error.h"

namespace limbic::inference {
namespace {

using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;
using testing_support::counted_rows;

// x = r, c = r mod 3 in row r; assess.flinch = 2 (1 + x + c): 2, 6, 10, 8.
class PreferenceTest : public testing::Test {
 protected:
  [[nodiscard]] Preference prefer(const std::string& expression, int64_t tick = 0) const {
    return {*fake_.brain, schema_, {expression, {}}, tick};
  }
  static void expect_equal(const at::Tensor& x, std::vector<double> expected) {
    EXPECT_TRUE(x.equal(at::tensor(expected, at::kDouble))) << x;
  }

  testing_support::FakeBrain fake_;
  worlds::Schema schema_ = testing_support::small_schema();
  worlds::Episodes rows_ = counted_rows(4);
};

TEST_F(PreferenceTest, AClaimRulesOutAndSaysHowFarItIs) {
  const Judgement less = prefer("assess.flinch < 7").judge(rows_);
  expect_equal(less.log_weight_B, {0, 0, -INFINITY, -INFINITY});
  expect_equal(less.violation_B, {0, 0, 3, 1});
  const Judgement more = prefer("assess.flinch >= 3 + 4").judge(rows_);
  expect_equal(more.log_weight_B, {-INFINITY, -INFINITY, 0, 0});
  expect_equal(more.violation_B, {5, 1, 0, 0});
}

TEST_F(PreferenceTest, OtherClaimsOnlyRuleOut) {
  for (const std::string claim : {"assess.flinch < 7 and x < 1", "c == 0 and x == 0",
                                  "(assess.flinch < 7) and (x < 1)", "not x > 0"}) {
    const Judgement judged = prefer(claim).judge(rows_);
    expect_equal(judged.log_weight_B, {0, -INFINITY, -INFINITY, -INFINITY});
    EXPECT_FALSE(judged.violation_B.defined()) << claim;
  }
}

TEST_F(PreferenceTest, ANumberIsTheLogWeightItself) {
  testing_support::make_absent(rows_, 1, testing_support::kX);
  const Judgement judged = prefer("-x / 2").tilt()(rows_);
  expect_equal(judged.log_weight_B, {0, -INFINITY, -1, -1.5});
  EXPECT_FALSE(judged.violation_B.defined());
}

TEST_F(PreferenceTest, ANumberThatIsInfiniteRulesOutWhicheverItsSign) {
  expect_equal(prefer("6 / x").judge(rows_).log_weight_B, {-INFINITY, 6, 3, 2});
  expect_equal(prefer("-6 / x").judge(rows_).log_weight_B, {-INFINITY, -6, -3, -2});
}

TEST_F(PreferenceTest, WhatIsAbsentIsFarthestFromHolding) {
  testing_support::make_absent(rows_, 1, testing_support::kX);
  const Judgement judged = prefer("x > 2").judge(rows_);
  expect_equal(judged.log_weight_B, {-INFINITY, -INFINITY, -INFINITY, 0});
  expect_equal(judged.violation_B, {2, INFINITY, 0, 0});
}

TEST_F(PreferenceTest, WhatItReadsMustBeImaginedInEveryRow) {
  at::Tensor there = rows_.present_BTV.clone();
  const auto requires_of = [&](const std::string& expression) {
    return [&, expression] { prefer(expression).require_all_read(there); };
  };
  requires_of("x > 2 and truth.calm > 0")();
  const auto requires_some = [&] { prefer("x > 2").require_any_read(there); };
  there[1].select(1, schema_.offset(testing_support::kX)).fill_(false);
  EXPECT_THAT(requires_of("x > 2"),
              ThrowsMessage<Error>(StrEq("'x > 2' reads 'x', which nobody imagines in row 1; ask "
                                         "for it or give it")));
  EXPECT_NO_THROW(requires_some());
  there.select(2, schema_.offset(testing_support::kX)).fill_(false);
  EXPECT_THAT(requires_some,
              ThrowsMessage<Error>(StrEq("'x > 2' reads 'x', which nobody imagines in any row; ask "
                                         "for it or give it")));
  there.select(2, schema_.offset(testing_support::kEye)).fill_(false);
  EXPECT_THAT(
      requires_of("truth.calm > 0"),
      ThrowsMessage<Error>(StrEq("'truth.calm > 0' reads 'eye', which nobody imagines in row 0")));
  requires_of("flinch > 0 and calm > 0")();
}

TEST_F(PreferenceTest, WhatItReadsWhereThatNeverIsNeedsAnotherTickAndNoQuestion) {
  at::Tensor there = rows_.present_BTV.clone();
  const auto requires_of = [&](const std::string& expression) {
    return [&, expression] { prefer(expression, 1).require_all_read(there); };
  };
  EXPECT_THAT(requires_of("x > 2"),
              ThrowsMessage<Error>(
                  StrEq("'x > 2' reads 'x' at tick 1, where it never is: it has tick 0 alone")));
  EXPECT_NO_THROW(requires_of("delay(x, 1) > 2")());
  there.select(2, schema_.offset(testing_support::kX)).fill_(false);
  EXPECT_THAT(requires_of("delay(x, 1) > 2"),
              ThrowsMessage<Error>(StrEq("'delay(x, 1) > 2' reads 'x', which nobody imagines in "
                                         "row 0; ask for it or give it")));
}

TEST_F(PreferenceTest, IsJudgedAtItsTick) {
  rows_.value[testing_support::kEye].select(1, 1).copy_(at::arange(4).view({4, 1}));
  expect_equal(prefer("eye", 1).value(rows_), {0, 1, 2, 3});
  expect_equal(prefer("eye").value(rows_), {0, 0, 0, 0});
  EXPECT_THAT([&] { (void)prefer("eye", 2); },
              ThrowsMessage<Error>(HasSubstr("there is no tick 2: the last one is 1")));
}

TEST_F(PreferenceTest, MistakesAreThoseOfTheSteeringLanguage) {
  EXPECT_THAT([&] { (void)prefer("assess.flinhc < 1"); },
              ThrowsMessage<Error>(HasSubstr("did you mean 'assess.flinch'?")));
  EXPECT_THAT([&] { (void)prefer("c"); },
              ThrowsMessage<Error>(HasSubstr("'c' is a category and weighs nothing by itself: "
                                             "compare it, as in c == '0'")));
  EXPECT_THAT([&] { (void)prefer("\"x\""); },
              ThrowsMessage<Error>(HasSubstr("'x' is text; a name stands in backticks: `x`")));
  EXPECT_THAT([&] { (void)prefer("'yes'"); },
              ThrowsMessage<Error>(HasSubstr("a category's name is compared by == or !=")));
}

}  // namespace
}  // namespace limbic::inference
