#include "limbic/evals/ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "limbic/core/stream.h"

namespace limbic::evals {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

at::Tensor bools(std::vector<int64_t> values) { return torch::tensor(values).to(torch::kBool); }
at::Tensor numbers(std::vector<double> values) { return torch::tensor(values, torch::kDouble); }

TEST(AurocTest, ByHand) {
  EXPECT_EQ(auroc(numbers({0.1, 0.4, 0.35, 0.8}), bools({0, 0, 1, 1})), 0.75);
  EXPECT_EQ(auroc(numbers({1, 2, 3, 4}), bools({0, 0, 1, 1})), 1.0);
  EXPECT_EQ(auroc(numbers({1, 2, 3, 4}), bools({1, 1, 0, 0})), 0.0);
}

TEST(AurocTest, EqualScoresCountHalf) {
  EXPECT_EQ(auroc(numbers({5, 5, 5, 5, 5}), bools({0, 1, 0, 1, 1})), 0.5);
  EXPECT_EQ(auroc(numbers({1, 2, 2, 3}), bools({0, 0, 1, 1})), (1 + 0.5 + 1 + 1) / 4);
}

TEST(AurocTest, OneClassAloneIsUndefined) {
  EXPECT_TRUE(std::isnan(auroc(numbers({1, 2}), bools({1, 1}))));
  EXPECT_TRUE(std::isnan(auroc(numbers({1, 2}), bools({0, 0}))));
  EXPECT_TRUE(std::isnan(auroc(numbers({}), bools({}))));
}

TEST(AurocTest, InfiniteScoresRankAsTheyShould) {
  EXPECT_EQ(auroc(numbers({-INFINITY, 0, INFINITY}), bools({0, 0, 1})), 1.0);
}

TEST(AurocTest, EqualsCountingAllPairs) {
  for (int64_t trial = 0; trial < 20; ++trial) {
    const Stream stream = Stream(trial);
    const at::Tensor scores = stream.child("score").below(7, {60}).to(torch::kFloat) / 7;
    const at::Tensor is_positive = stream.child("label").uniform({60}) < 0.3;
    const at::Tensor positive = scores.masked_select(is_positive).unsqueeze(1);
    const at::Tensor negative = scores.masked_select(is_positive.logical_not()).unsqueeze(0);
    const at::Tensor wins = (positive > negative).to(torch::kDouble) + 0.5 * (positive == negative);
    EXPECT_NEAR(auroc(scores, is_positive), wins.mean().item<double>(), 1e-14);
  }
}

TEST(AurocTest, RefusesLabelsOfAnotherShapeOrType) {
  EXPECT_THAT(
      [] {
        auroc(numbers({1, 2}), bools({1}));
      },
      ThrowsMessage<c10::Error>(HasSubstr("is_positive must be bool [2], got bool [1]")));
  EXPECT_THAT(
      [] {
        auroc(numbers({1, 2}), numbers({0, 1}));
      },
      ThrowsMessage<c10::Error>(HasSubstr("is_positive must be bool [2], got double [2]")));
}

TEST(WorstAurocTest, ComparesEachGroupsPositivesWithAllNegatives) {
  // negatives score 1 and 4; group 7's positives 5, 6; group 8's 2, 3
  const at::Tensor scores = numbers({1, 4, 5, 6, 2, 3});
  const at::Tensor labels = bools({0, 0, 1, 1, 1, 1});
  EXPECT_EQ(worst_auroc(scores, labels, numbers({8, 9, 7, 7, 8, 8})), 0.5);
  EXPECT_EQ(worst_auroc(scores, labels, numbers({7, 7, 7, 7, 7, 7})), 0.75);
  EXPECT_TRUE(std::isnan(worst_auroc(scores, bools({0, 0, 0, 0, 0, 0}), scores)));
}

TEST(WorstAurocTest, APositiveWithoutAGroupCountsInNone) {
  EXPECT_EQ(worst_auroc(numbers({2, 3, 1}), bools({0, 1, 1}), numbers({NAN, 1, NAN})), 1.0);
}

TEST(PrecisionTest, CountsPositivesAmongTheHighest) {
  const at::Tensor scores = numbers({9, 8, 7, 1});
  EXPECT_EQ(precision_at(2, scores, bools({1, 0, 1, 1})), 0.5);
  EXPECT_EQ(precision_at(3, scores, bools({1, 0, 1, 0})), 2.0 / 3);
}

TEST(PrecisionTest, EqualScoresShareTheirPlaces) {
  EXPECT_EQ(precision_at(2, numbers({9, 5, 5, 5}), bools({1, 1, 0, 0})), (1 + 1.0 / 3) / 2);
}

TEST(PrecisionTest, FewerRowsThanAskedForHaveNone) {
  EXPECT_EQ(precision_at(2, numbers({1, 2}), bools({1, 0})), 0.5);
  EXPECT_TRUE(std::isnan(precision_at(3, numbers({1, 2}), bools({1, 0}))));
  EXPECT_TRUE(std::isnan(precision_at(1, numbers({}), bools({}))));
}

}  // namespace
}  // namespace limbic::evals
