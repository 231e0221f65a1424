#include "limbic/worlds/row_oracle.h"

#include <ATen/Parallel.h>

#include <mutex>
#include <set>
#include <thread>

#include "limbic/worlds/door_key.h"
#include "limbic/worlds/gaussian_linear.h"
#include "limbic/worlds/gaussian_mixture.h"
#include "limbic/worlds/hmm.h"
#include "limbic/worlds/luck.h"
#include "limbic/worlds/mixnet.h"
#include "limbic/worlds/slcp.h"
#include "limbic/worlds/tree.h"
#include "limbic/worlds/two_moons.h"
#include "oracle_fixture.h"

namespace limbic::worlds {
namespace {

/// Of two cells it draws the second: what its question knew of the first, or -1.
class Echo final : public RowOracle {
 public:
  Echo() : RowOracle(Schema({{.name = "a", .num_cells = 2}}, 1)) {}

  /// The second cells that are drawn for rows whose first is known or not.
  [[nodiscard]] at::Tensor answers(const at::Tensor& rows_B2, const at::Tensor& is_known_B) const {
    const at::Tensor cells_B12 = rows_B2.unsqueeze(1);
    Roles roles{at::zeros_like(cells_B12, at::kBool), at::zeros_like(cells_B12, at::kBool)};
    roles.observed_BTV.select(2, 0).copy_(is_known_B.unsqueeze(1));
    roles.asked_BTV.select(2, 1).fill_(true);
    const Episodes episodes{.value = {cells_B12}, .present_BTV = at::ones_like(roles.asked_BTV)};
    return sample(episodes, roles, Stream(8)).value[0].select(2, 1).flatten();
  }
  [[nodiscard]] int64_t num_questions() const { return num_questions_; }

 private:
  [[nodiscard]] double log_density(std::span<const double>,
                                   std::span<const uint8_t>) const override {
    return 0;
  }
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override {
    ++num_questions_;
    return [told = known[0] ? row[0] : -1](std::span<double> completed, const Stream&) {
      completed[1] = told;
    };
  }

  mutable int64_t num_questions_ = 0;
};

TEST(RowOracleTest, RowsInARowWithOneQuestionShareWhatWasWorkedOut) {
  const Echo oracle;
  // What is not known (the second cells, which all differ) makes no question another.
  const at::Tensor rows_B2 =
      at::tensor({1.0F, 5.0F, 1.0F, 6.0F, 2.0F, 7.0F, 2.0F, 8.0F, 1.0F, 9.0F}).view({5, 2});
  EXPECT_TRUE(oracle.answers(rows_B2, at::ones({5}, at::kBool))
                  .equal(at::tensor({1.0F, 1.0F, 2.0F, 2.0F, 1.0F})));
  EXPECT_EQ(oracle.num_questions(), 3);
}

TEST(RowOracleTest, ToKnowThatACellIs0IsAnotherQuestionThanNotToKnowIt) {
  const at::Tensor is_known_B = at::tensor({1, 0, 1}).to(at::kBool);
  EXPECT_TRUE(Echo().answers(at::zeros({3, 2}), is_known_B).equal(at::tensor({0.0F, -1.0F, 0.0F})));
}

/// Says of a row what its first cell holds, and notes on which threads it is asked.
class Listener final : public RowOracle {
 public:
  Listener() : RowOracle(Schema({{.name = "a"}}, 1)) {}

  [[nodiscard]] size_t threads_for(const at::Tensor& a_B) {
    threads_.clear();
    const Episodes episodes{.value = {a_B.view({-1, 1, 1})},
                            .present_BTV = at::ones({a_B.numel(), 1, 1}, at::kBool)};
    const Roles roles{at::zeros_like(episodes.present_BTV), episodes.present_BTV};
    EXPECT_TRUE(log_prob(episodes, roles).equal(a_B.to(at::kDouble)));
    return threads_.size();
  }

 private:
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override {
    const std::lock_guard lock(mutex_);
    threads_.insert(std::this_thread::get_id());
    return known[0] ? row[0] : 0;
  }
  [[nodiscard]] Completion completion(const std::vector<double>&,
                                      const std::vector<uint8_t>&) const override {
    return {};
  }

  mutable std::mutex mutex_;
  mutable std::set<std::thread::id> threads_;
};

TEST(RowOracleTest, RowsAreSpreadOverAsManyThreadsAsLibTorchMayUse) {
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    EXPECT_EQ(Listener().threads_for(at::arange(65, at::kFloat)), threads);
  }
  EXPECT_EQ(Listener().threads_for(at::arange(31, at::kFloat)), 1) << "too few to share";
  at::set_num_threads(before);
}

/// Samples of a batch whose row b asks question[b]: a row of `rows` given its cells `observed`.
Episodes sample(const World& world, const Episodes& rows, const at::Tensor& observed_QTV,
                const at::Tensor& question_B) {
  const at::Tensor observed_BTV = observed_QTV.index_select(0, question_B);
  return world.oracle()->sample(pick_rows(rows, question_B),
                                {observed_BTV, observed_BTV.logical_not()}, Stream(8));
}

template <class SomeWorld>
class RowOracleOfAWorldTest : public testing::Test {};

using Worlds = testing::Types<DoorKey, GaussianLinear, GaussianMixtureWorld, Hmm, Luck, Mixnet,
                              Slcp, Tree, TwoMoons>;
TYPED_TEST_SUITE(RowOracleOfAWorldTest, Worlds);

TYPED_TEST(RowOracleOfAWorldTest, ARowIsDrawnBitForBitAsAmongCopiesOfItself) {
  constexpr int64_t kQuestions = 6;
  const TypeParam world({});
  const Schema& schema = world.schema();
  // Two rows given their last variable, and the first of them given cells at random.
  const Episodes rows = pick_rows(draw_rows(world, 2), at::tensor({0, 1, 0, 0, 0, 0}, at::kLong));
  const at::Tensor observed_QTV = random_roles(rows, 0.5).observed_BTV;
  observed_QTV.narrow(0, 0, 2).fill_(false);
  own_cells(observed_QTV.narrow(0, 0, 2), schema, schema.size() - 1).fill_(true);

  const at::Tensor mixed_B = at::tensor({0, 1, 0, 0, 2, 3, 3, 1, 0, 4, 5, 2, 5, 4}, at::kLong);
  const Episodes mixed = sample(world, rows, observed_QTV, mixed_B);
  for (int64_t question = 0; question < kQuestions; ++question) {
    const Episodes alone = sample(world, rows, observed_QTV, at::full_like(mixed_B, question));
    const at::Tensor places = mixed_B.eq(question).nonzero().flatten();
    for (int64_t i = 0; i < schema.size(); ++i) {
      EXPECT_TRUE(
          mixed.value[i].index_select(0, places).equal(alone.value[i].index_select(0, places)))
          << question << ' ' << schema[i].name;
    }
  }
}

}  // namespace
}  // namespace limbic::worlds
