#include "limbic/worlds/text.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "limbic/core/error.h"
#include "limbic/core/stream.h"

namespace limbic::worlds {
namespace {

using testing::ThrowsMessage;

Variable caption() {
  return {.name = "caption",
          .kind = Kind::kCategory,
          .size = 4,
          .num_cells = 4,
          .names = {"sandal", "here", "is", "a"}};
}

TEST(TextTest, WordsBecomeCategories) {
  const at::Tensor value = parse_value(caption(), "  here is\ta sandal ");
  EXPECT_TRUE(value.equal(at::tensor({1, 2, 3, 0}, at::kLong).view({1, 4})));
  EXPECT_EQ(format_value(caption(), value), "here is a sandal");
}

TEST(TextTest, ANameOfOneCellMayHoldSpaces) {
  const Variable city{
      .name = "city", .kind = Kind::kCategory, .size = 2, .names = {"New York", "Rome"}};
  EXPECT_EQ(parse_value(city, " New York ").item<int64_t>(), 0);
}

TEST(TextTest, CategoriesWithoutNamesAreNumbers) {
  const Variable digit{.name = "digit", .kind = Kind::kCategory, .size = 10};
  EXPECT_EQ(parse_value(digit, "7").item<int64_t>(), 7);
  EXPECT_EQ(format_value(digit, parse_value(digit, "7")), "7");
  EXPECT_THAT([&] { parse_value(digit, "10"); },
              ThrowsMessage<Error>("digit: expected a category from 0 to 9, got '10'"));
}

TEST(TextTest, UnknownWordsNameTheNearest) {
  EXPECT_THAT([] { parse_value(caption(), "here is a sandel"); },
              ThrowsMessage<Error>("caption: unknown word 'sandel'; did you mean 'sandal'?"));
}

TEST(TextTest, ACaptionHasAsManyWordsAsCells) {
  EXPECT_THAT([] { parse_value(caption(), "a sandal"); },
              ThrowsMessage<Error>("caption: expected 4 words, got 2"));
  EXPECT_THAT([] { parse_value(caption(), ""); },
              ThrowsMessage<Error>("caption: expected 4 words, got 0"));
}

TEST(TextTest, ANumberLiesWithinItsBounds) {
  Variable share{.name = "share", .low = 0.1, .high = 0.7};
  EXPECT_EQ(parse_value(share, "0.1").item<float>(), 0.1F) << "rounded as the bound is";
  EXPECT_EQ(parse_number(share, "0.7"), 0.7F);
  const auto expect_refused = [&](const char* text, const char* message) {
    EXPECT_THAT([&] { parse_number(share, text); }, ThrowsMessage<Error>(message));
  };
  expect_refused("0.09", "share: expected a number from 0.1 to 0.7, got '0.09'");
  share.low = -std::numeric_limits<double>::infinity();
  expect_refused("0.71", "share: expected a number of at most 0.7, got '0.71'");
  EXPECT_EQ(parse_number(share, "-5"), -5);
  share = {.name = "share", .low = 0.1};
  expect_refused("0", "share: expected a number of at least 0.1, got '0'");
}

TEST(TextTest, ANumberLiesWithinReachOfWhatTheWorldIsLike) {
  Variable age{.name = "age", .center = 40, .scale = 2};
  EXPECT_EQ(parse_number(age, "1.9e9"), 1.9e9F);
  EXPECT_THAT([&] { parse_number(age, "-2.1e9"); },
              ThrowsMessage<Error>(
                  "age: expected a number within 1e+09 deviations (2) of 40, got '-2.1e9'"));
  age.transform.kind = TransformKind::kAsinh;
  EXPECT_EQ(parse_number(age, "1e20"), 1e20F);
}

TEST(TextTest, NumbersComeBackToTheLastBit) {
  const Variable age{.name = "age"};
  const Variable pair{.name = "pair", .kind = Kind::kVector, .size = 2, .num_cells = 2};
  EXPECT_EQ(parse_value(age, "-5.1e3").sizes(), at::IntArrayRef({1, 1}));
  EXPECT_EQ(parse_value(age, "+.5").item<float>(), 0.5F);
  const at::Tensor value = Stream(1).normal({1, 2, 2});
  EXPECT_TRUE(parse_value(pair, format_value(pair, value)).equal(value));
  EXPECT_EQ(format_value(age, at::tensor({0.1F})), "0.1");
}

TEST(TextTest, RefusesWhatIsNoNumberAndOtherCounts) {
  const Variable age{.name = "age"};
  const Variable pair{.name = "pair", .kind = Kind::kVector, .size = 2};
  EXPECT_THAT([&] { parse_value(age, "old"); },
              ThrowsMessage<Error>("age: expected a number, got 'old'"));
  EXPECT_THAT([&] { parse_value(age, "nan"); },
              ThrowsMessage<Error>("age: expected a number, got 'nan'"));
  EXPECT_THAT([&] { parse_value(age, "1,2"); },
              ThrowsMessage<Error>("age: expected one number, got 2"));
  EXPECT_THAT([&] { parse_value(pair, "1"); },
              ThrowsMessage<Error>("pair: expected 2 numbers, got 1"));
}

}  // namespace
}  // namespace limbic::worlds
