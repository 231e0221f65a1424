#include "limbic/inference/score.h"

#include <gtest/gtest.h>

#include "../brain/cortex/toy_cortex.h"
#include "../support/table_cortex.h"
#include "limbic/inference/joint.h"

namespace limbic::inference {
namespace {

using testing_support::all_asked;
using testing_support::TableCortex;

// Two categories whose orders disagree: a alone is read off one table, b off another.
class DisagreeingTest : public testing::Test {
 protected:
  worlds::Schema schema_ = testing_support::categories({2, 3});
  at::Tensor of_a_ = at::tensor({4., 1., 1., 1., 1., 2.}, at::kDouble).view({2, 3});
  at::Tensor of_b_ = at::tensor({1., 1., 3., 5., 1., 1.}, at::kDouble).view({2, 3});
  TableCortex cortex_{schema_, std::vector<at::Tensor>{of_a_, of_b_}};
};

TEST_F(DisagreeingTest, TheJointIsTheMeanOfItsOrdersAndSumsToOne) {
  const worlds::Episodes all = cortex_.all_assignments();
  const auto a = of_a_ / of_a_.sum(), b = of_b_ / of_b_.sum();
  const auto a_first = a.sum(1, true) * b / b.sum(1, true);
  const auto b_first = b.sum(0, true) * a / a.sum(0, true);
  for (const int64_t orders : {1, 2, 5}) {
    int64_t num_a_first = 0;
    for (int64_t m = 0; m < orders; ++m) {
      const auto rank = Stream(3).at(m).permutation(2);
      num_a_first += (rank[0] < rank[1]).item<bool>();
    }
    const double share = static_cast<double>(num_a_first) / static_cast<double>(orders);
    const auto p =
        Joint(cortex_, schema_, orders, Stream(3)).log_prob(all, all_asked(schema_, 6)).exp();
    EXPECT_TRUE(at::allclose(p, (share * a_first + (1 - share) * b_first).flatten()));
    EXPECT_NEAR(p.sum().item<double>(), 1, 1e-12);
  }
}

TEST_F(DisagreeingTest, TheScoreIsTheLogMeanOverOrdersOfEachRow) {
  const worlds::Episodes all = cortex_.all_assignments();
  const worlds::Roles roles = all_asked(schema_, 6);
  const Score found = score(cortex_, schema_, all, roles, 3, Stream(5));
  std::vector<at::Tensor> each;
  for (int64_t m = 0; m < 3; ++m)
    each.push_back(
        cortex_.log_prob(all, roles, worlds::random_order(roles.asked_BTV, Stream(5).at(m)))
            .sum({1, 2}));
  EXPECT_TRUE(at::allclose(found.log_prob_B, at::stack(each).exp().mean(0).log()));
  EXPECT_TRUE(at::allclose(found.disagreement_B, at::stack(each).std(0) / 2));
  EXPECT_GT(found.disagreement_B.max().item<double>(), 0.1);
}

// Says how many rows it was asked about at a time.
class CountingCortex : public TableCortex {
 public:
  using TableCortex::TableCortex;
  at::Tensor log_prob(const worlds::Episodes& episodes, const brain::Question& question) override {
    rows.push_back(episodes.num_rows());
    return TableCortex::log_prob(episodes, question);
  }
  std::vector<int64_t> rows;
};

TEST_F(DisagreeingTest, OrdersOfFewRowsAreComputedTogether) {
  CountingCortex cortex(schema_, std::vector<at::Tensor>{of_a_, of_b_});
  const worlds::Episodes all = cortex.all_assignments();
  const auto many = worlds::repeat_rows(all, 20);  // 120 rows
  (void)score(cortex, schema_, all, all_asked(schema_, 6), 4, Stream(5));
  (void)score(cortex, schema_, many, all_asked(schema_, 120), 3, Stream(5));
  EXPECT_EQ(cortex.rows, (std::vector<int64_t>{4 * 6, 2 * 120, 120}));
}

TEST_F(DisagreeingTest, ManyRowsAreAskedAboutSomeAtATime) {
  CountingCortex cortex(schema_, std::vector<at::Tensor>{of_a_, of_b_});
  const auto many = worlds::repeat_rows(cortex.all_assignments(), 700);  // 4200 rows
  const worlds::Roles roles = all_asked(schema_, 4200);
  const auto rank = worlds::random_order(roles.asked_BTV, Stream(5));
  const auto found = log_prob_of_rows(cortex, many, roles, rank);
  EXPECT_EQ(cortex.rows, (std::vector<int64_t>{4096, 104}));
  EXPECT_TRUE(found.equal(cortex_.log_prob(many, roles, rank).to(at::kDouble).sum({1, 2})));
}

TEST_F(DisagreeingTest, AnExactModelDoesNotDisagree) {
  TableCortex exact(schema_, of_a_);
  const Score found =
      score(exact, schema_, exact.all_assignments(), all_asked(schema_, 6), 8, Stream(5));
  EXPECT_LT(found.disagreement_B.max().item<double>(), 1e-9);
  EXPECT_TRUE(at::allclose(found.log_prob_B.exp(), (of_a_ / of_a_.sum()).flatten()));
}

TEST(ScoreTest, OneOrderIsLogProbInThatOrder) {
  const worlds::Schema schema = brain::toy::schema(2);
  brain::Transformer cortex = brain::toy::loud(brain::toy::tiny(), schema);
  const worlds::Episodes episodes = brain::toy::episodes(schema, 2);
  const worlds::Roles roles =
      brain::toy::roles(schema, {"h he oh .. | o .. h. ..", "o h. .o .. | h .. oo .."});
  const at::NoGradGuard no_grad;
  const Score found = score(cortex, schema, episodes, roles, 1, Stream(5));
  const worlds::Roles hidden{roles.observed_BTV, hidden_cells(roles)};
  const auto rank = worlds::random_order(hidden.asked_BTV, Stream(5).at(0));
  EXPECT_TRUE(at::allclose(found.log_prob_B,
                           cortex.log_prob(episodes, hidden, rank).to(at::kDouble).sum({1, 2})));
  EXPECT_TRUE(found.disagreement_B.eq(0).all().item<bool>());
  EXPECT_TRUE(found.dimensions_B.equal(at::tensor({8., 2.}, at::kDouble))) << "a vector counts 3";
}

}  // namespace
}  // namespace limbic::inference
