#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../support/fake_brain.h"
#include "limbic/config/problems.h"
#include "limbic/config/structs.h"
#include "limbic/losses/any_subset.h"
#include "limbic/losses/assess.h"
#include "limbic/worlds/mask_lot.h"
#include "prepared.h"

namespace limbic::losses {
namespace {

using testing::ElementsAre;
using testing::ThrowsMessage;
using testing_support::counted_rows;
using testing_support::FakeBrain;
using testing_support::small_schema;

config::Located word(const char* text) { return {.text = text, .mark = {}}; }

// The cells of the small schema that the cortex sees: x, two of y, c.
constexpr int64_t kVisible = 4;

worlds::Roles draw(const MaskLawConfig& law, int64_t rows, int64_t index) {
  return MaskLaw({law}, small_schema()).draw(counted_rows(rows), Stream(7).at(index));
}

TEST(MaskLawTest, CardinalityObservesEquallyManyCellsInEveryRowAndAsksForTheRest) {
  std::set<int64_t> counts;
  for (int64_t i = 0; i < 60; ++i) {
    const auto roles = draw({.law = MaskKind::kCardinality}, 5, i);
    const auto observed_B = roles.observed_BTV.sum({1, 2});
    EXPECT_TRUE(observed_B.eq(observed_B[0]).all().item<bool>());
    EXPECT_TRUE((observed_B + roles.asked_BTV.sum({1, 2})).eq(kVisible).all().item<bool>());
    counts.insert(observed_B[0].item<int64_t>());
  }
  EXPECT_THAT(counts, ElementsAre(0, 1, 2, 3, 4));
}

TEST(MaskLawTest, RowsOfAChunkObserveDifferentCells) {
  const auto roles = draw({.law = MaskKind::kCardinality}, 64, 3);
  EXPECT_FALSE(roles.observed_BTV.eq(roles.observed_BTV.narrow(0, 0, 1)).all().item<bool>());
}

TEST(MaskLawTest, ObserveTakesWholeModalities) {
  const auto roles =
      draw({.law = MaskKind::kObserve, .observe = {word("sound")}, .ask = {word("c")}}, 3, 0);
  EXPECT_EQ(roles.observed_BTV.sum().item<int64_t>(), 3 * 2);
  EXPECT_EQ(roles.asked_BTV.sum().item<int64_t>(), 3);
}

TEST(MaskLawTest, LawWithNothingToObserveIsNotDrawn) {
  auto episodes = counted_rows(2);
  for (const int64_t row : {0, 1}) testing_support::make_absent(episodes, row, testing_support::kC);
  const MaskLaw law({{.law = MaskKind::kObserve, .observe = {word("c")}},
                     {.law = MaskKind::kObserve, .observe = {word("x")}}},
                    small_schema());
  for (int64_t i = 0; i < 20; ++i)
    EXPECT_EQ(law.draw(episodes, Stream(1).at(i)).observed_BTV.sum().item<int64_t>(), 2);
}

TEST(MaskLawTest, AbsentCellsHaveNoRole) {
  auto episodes = counted_rows(3);
  testing_support::make_absent(episodes, 1, testing_support::kY);
  for (int64_t i = 0; i < 20; ++i) {
    const auto roles = MaskLaw({}, small_schema()).draw(episodes, Stream(2).at(i));
    EXPECT_FALSE(roles.observed_BTV.logical_or(roles.asked_BTV)
                     .logical_and(episodes.present_BTV.logical_not())
                     .any()
                     .item<bool>());
  }
}

TEST(MaskLawTest, BernoulliRateIsBetaDistributed) {
  double total = 0;
  for (int64_t i = 0; i < 50; ++i)
    total += draw({.law = MaskKind::kBernoulli, .alpha = 2, .beta = 6}, 40, i)
                 .observed_BTV.sum()
                 .item<double>();
  EXPECT_NEAR(total / (50 * 40 * kVisible), 0.25, 0.02);
}

// Of n cells at one rate p: Var p + E p (1 - p) / n.
TEST(MaskLawTest, BernoulliRatesLieAsFarApartAsTheBetaLawSays) {
  const auto roles = draw({.law = MaskKind::kBernoulli, .alpha = 0.5, .beta = 0.5}, 2000, 0);
  const auto share_B = roles.observed_BTV.sum({1, 2}).to(at::kDouble) / kVisible;
  EXPECT_NEAR(share_B.var().item<double>(), 0.125 + 0.125 / kVisible, 0.015);
}

TEST(MaskLawTest, BudgetLimitsEachModality) {
  std::set<int64_t> counts;  // of y's two cells
  for (int64_t i = 0; i < 30; ++i) {
    const auto roles = draw({.law = MaskKind::kBudget, .most = 0.5}, 4, i);
    counts.insert(roles.observed_BTV.narrow(2, 1, 2).sum({1, 2}).max().item<int64_t>());
    EXPECT_EQ(roles.observed_BTV.select(2, 0).sum().item<int64_t>(),
              0);  // half of one cell is none
  }
  EXPECT_THAT(counts, ElementsAre(0, 1));
}

// How many cells of one row are observed, in 30 draws.
std::set<int64_t> counts_of_budget(const worlds::Schema& schema, double most) {
  auto episodes = worlds::empty_episodes(schema, 1);
  episodes.present_BTV.fill_(true);
  const MaskLaw law({{.law = MaskKind::kBudget, .most = most}}, schema);
  std::set<int64_t> counts;
  for (int64_t i = 0; i < 30; ++i)
    counts.insert(law.draw(episodes, Stream(7).at(i)).observed_BTV.sum().item<int64_t>());
  return counts;
}

TEST(MaskLawTest, AModalitysBudgetIsOfItsOwnCellsWhateverItIsCalled) {
  const worlds::Schema schema({{.name = "x?", .modality = "x?"},
                               {.name = "x1", .modality = "x1"},
                               {.name = "x2", .modality = "x2"}},
                              1);
  EXPECT_THAT(counts_of_budget(schema, 0.5), ElementsAre(0)) << "half of one cell is none";
}

TEST(MaskLawTest, ABudgetLosesNoCellToRounding) {
  ASSERT_LT(1.0 / 49 * 49, 1.0);
  EXPECT_THAT(counts_of_budget({{{.name = "x", .num_cells = 49}}, 1}, 1.0 / 49), ElementsAre(0, 1));
}

TEST(MaskLawTest, LawsAreDrawnInTheirShares) {
  const MaskLaw law({{.law = MaskKind::kObserve, .share = 3, .observe = {word("x")}},
                     {.law = MaskKind::kObserve, .observe = {word("sound")}}},
                    small_schema());
  std::map<int64_t, int64_t> times;  // by the number of cells observed
  for (int64_t i = 0; i < 400; ++i)
    ++times[law.draw(counted_rows(1), Stream(1).at(i)).observed_BTV.sum().item<int64_t>()];
  EXPECT_EQ(times.size(), 2);
  EXPECT_NEAR(times[1], 300, 35);  // 4 deviations
}

TEST(MaskLawTest, TheMomentsOfALawHaveItsShareTogether) {
  const worlds::Schema schema({{.name = "s", .num_ticks = 3}, {.name = "a", .num_ticks = 3}}, 3);
  auto episodes = worlds::empty_episodes(schema, 1);
  episodes.present_BTV.fill_(true);
  const MaskLaw law({{.law = MaskKind::kObserve, .observe = {word("s@now")}, .ask = {word("a")}},
                     {.law = MaskKind::kObserve, .observe = {word("a")}, .ask = {word("s")}}},
                    schema);
  int64_t of_moments = 0;
  for (int64_t i = 0; i < 400; ++i)
    of_moments += law.draw(episodes, Stream(1).at(i)).observed_BTV.sum().item<int64_t>() == 1;
  EXPECT_NEAR(of_moments, 200, 40);  // 4 deviations
}

TEST(MaskLawTest, EachMomentOfALawIsDrawnAsOften) {
  const worlds::Schema schema({{.name = "s", .num_ticks = 3}, {.name = "a", .num_ticks = 3}}, 3);
  auto episodes = worlds::empty_episodes(schema, 2);
  episodes.present_BTV.fill_(true);
  const MaskLaw law({{.share = 0},
                     {.law = MaskKind::kObserve,
                      .observe = {word("s@now"), word("a@past")},
                      .ask = {word("s@next")}}},
                    schema);
  std::map<int64_t, int64_t> moments;
  for (int64_t i = 0; i < 400; ++i) {
    const auto roles = law.draw(episodes, Stream(1).at(i));
    const auto asked_T = roles.asked_BTV[0].select(1, 0);
    const int64_t now = asked_T.nonzero().item<int64_t>() - 1;
    ++moments[now];
    EXPECT_EQ(roles.asked_BTV.sum().item<int64_t>(), 2);
    EXPECT_TRUE(roles.observed_BTV[1].select(1, 0).equal(at::arange(3).eq(now)));
    EXPECT_TRUE(roles.observed_BTV[1].select(1, 1).equal(at::arange(3).lt(now)));
  }
  EXPECT_EQ(moments.size(), 2) << "the last tick has no next";
  EXPECT_NEAR(moments[0], 200, 45);
}

TEST(MaskLawTest, AFirstMomentIsDrawnThoughItHasNoPast) {
  const worlds::Schema schema({{.name = "x", .num_ticks = 3}}, 3);
  auto episodes = worlds::empty_episodes(schema, 2);
  episodes.present_BTV.fill_(true);
  const MaskLaw law(
      {{.law = MaskKind::kObserve, .observe = {word("x@past")}, .ask = {word("x@now")}}}, schema);
  std::map<int64_t, int64_t> moments;
  for (int64_t i = 0; i < 300; ++i) {
    const auto roles = law.draw(episodes, Stream(1).at(i));
    const int64_t now = roles.asked_BTV[0].select(1, 0).nonzero().item<int64_t>();
    ++moments[now];
    EXPECT_EQ(roles.observed_BTV.sum().item<int64_t>(), 2 * now);
  }
  for (const int64_t now : {0, 1, 2}) EXPECT_NEAR(moments[now], 100, 33) << now;  // 4 deviations
}

TEST(MaskLawTest, WhereNoLawFindsAnythingTheLastWithAShareIsDrawn) {
  const MaskLaw law(
      {{.law = MaskKind::kObserve, .observe = {word("x")}, .ask = {word("y")}},
       {.law = MaskKind::kObserve, .share = 0, .observe = {word("c")}, .ask = {word("c")}}},
      small_schema());
  auto episodes = counted_rows(1);
  for (const int64_t i : {testing_support::kX, testing_support::kC})
    testing_support::make_absent(episodes, 0, i);
  EXPECT_EQ(law.draw(episodes, Stream(1)).asked_BTV.sum().item<int64_t>(), 2) << "y alone";
}

TEST(MaskLawTest, UnknownGlobIsRefusedAtItsPlace) {
  EXPECT_THAT(
      [] { MaskLaw({{.observe = {word("sigth")}}}, small_schema()); },
      ThrowsMessage<ConfigError>(testing::HasSubstr("the cortex sees no variable called 'sigth'")));
}

// The fake cortex says -1 for x, -2 a cell of y (two dimensions each), -3 for c, half of that in
// joint order.
TEST(AnySubsetTest, IsTheWeightedMeanOfNatsByHand) {
  FakeBrain fake;
  const MaskLawConfig see_c{.law = MaskKind::kObserve, .observe = {word("c")}};
  const AnySubset loss({.masks = {see_c}, .joint = 0, .echo = 0.5, .per_dimension = true},
                       small_schema());
  // hidden: x 1 and y 2 * (2 / 2) = 3 nats over 3 cells; echo: c at weight .5
  EXPECT_NEAR(prepared(loss, *fake.brain, counted_rows(4), {}, Stream(1)).item<double>(),
              (1 + 2 + 0.5 * 3) / 3.5, 1e-6);
  const AnySubset joint({.masks = {see_c}, .joint = 1, .echo = 0, .per_dimension = false},
                        small_schema());
  EXPECT_NEAR(prepared(joint, *fake.brain, counted_rows(4), {}, Stream(1)).item<double>(),
              0.5 * (1 + 2 + 2) / 3, 1e-6);
}

TEST(AnySubsetTest, AJointAnswerGoesInTheOrderOfItsLaw) {
  FakeBrain fake;
  const AnySubset loss({.masks = {{.law = MaskKind::kObserve, .observe = {word("x")}}},
                        .orders = {{.first = {word("c")}}},
                        .joint = 1,
                        .echo = 0},
                       small_schema());
  const Lesson lesson = loss.prepare(*fake.brain, counted_rows(16), Stream(1));
  const at::Tensor rank_BTV = lesson.questions.front().rank_BTV;
  EXPECT_TRUE(rank_BTV.select(1, 0).select(1, 3).eq(0).all().item<bool>());
}

TEST(AnySubsetTest, LearnsNothingOfMasksThatAreSetApart) {
  FakeBrain fake;
  const MaskLawConfig see_c{.law = MaskKind::kObserve, .observe = {word("c")}};
  const auto mask_BTV = MaskLaw({see_c}, small_schema()).draw(counted_rows(1), Stream(1));
  const double lot = worlds::mask_lots(mask_BTV.observed_BTV)[0].item<double>();
  ASSERT_LT(lot, 0.9);
  const auto value = [&](double never) {
    const AnySubset loss({.masks = {see_c}, .joint = 0, .echo = 0.5, .never = never},
                         small_schema());
    return prepared(loss, *fake.brain, counted_rows(4), {}, Stream(1)).item<double>();
  };
  EXPECT_EQ(value(lot + 1e-9), 0);
  EXPECT_EQ(value(lot - 1e-9), value(0));
}

TEST(AnySubsetTest, SettingMasksApartNeedsOnePassAnswers) {
  EXPECT_THAT([] { (void)config::parse<AnySubsetConfig>("{never: 0.2}", "a.yaml"); },
              ThrowsMessage<ConfigError>(testing::StrEq(
                  "a.yaml:1:1: never: a joint answer sees many masks on its way, so this needs "
                  "joint: 0")));
}

TEST(AnySubsetTest, FullyAbsentBatchCostsNothing) {
  FakeBrain fake;
  const AnySubset loss({}, small_schema());
  const auto episodes = worlds::empty_episodes(small_schema(), 3);
  EXPECT_EQ(prepared(loss, *fake.brain, episodes, {}, Stream(1)).item<double>(), 0.0);
}

brain::Signals one_row(const at::Tensor& raw_BTN, const at::Tensor& realised_BTN) {
  brain::Signals signals;
  signals.thought_BTD = at::zeros({1, 2, 3});
  signals.scorecard = {raw_BTN, raw_BTN, at::full_like(raw_BTN, 2.0)};
  signals.steer = {realised_BTN, at::ones_like(realised_BTN, at::kBool),
                   at::ones_like(realised_BTN), realised_BTN, at::zeros({1, 2, 0})};
  return signals;
}

TEST(AssessTest, IsCrossEntropyOfClaimsAndGaussianOfTheRest) {
  FakeBrain fake;
  const Assess loss({}, small_schema(), *fake.program);
  const auto signals = one_row(at::tensor({0.5F, 1.0F, -1.0F, 3.0F}).view({1, 2, 2}),
                               at::tensor({1.0F, 2.0F, 0.0F, 1.0F}).view({1, 2, 2}));
  const double claims = (std::log1p(std::exp(0.5)) - 0.5 + std::log1p(std::exp(-1.0))) / 2;
  const double rest = (0.5 * (std::log(2.0) + 0.5) + 0.5 * (std::log(2.0) + 2.0)) / 2;
  EXPECT_NEAR(prepared(loss, *fake.brain, counted_rows(1), signals, Stream(1)).item<double>(),
              claims + rest, 1e-6);
}

TEST(AssessTest, ClosedGateTeachesNothingAndCountsNothing) {
  FakeBrain fake;
  const Assess loss({.of = {word("flinch")}}, small_schema(), *fake.program);
  auto signals = one_row(at::ones({1, 2, 2}), at::zeros({1, 2, 2}));
  signals.steer.gate_BTN = at::tensor({0.0F, 1.0F, 0.5F, 1.0F}).view({1, 2, 2});
  const double error = std::log1p(std::exp(1.0));
  EXPECT_NEAR(prepared(loss, *fake.brain, counted_rows(1), signals, Stream(1)).item<double>(),
              0.5 * error / 2, 1e-6);
  const auto sums = loss.gate_sums(*fake.brain, counted_rows(1), signals,
                                   loss.prepare(*fake.brain, counted_rows(1), Stream(1)));
  EXPECT_TRUE(sums.gate_N.equal(at::tensor({0.5F, 0.0F})));
  EXPECT_TRUE(sums.count_N.equal(at::tensor({1.0F, 0.0F})));
}

TEST(AssessTest, DeferringWithoutALeadTeachesExactlyNothing) {
  FakeBrain fake;
  const Assess loss({}, small_schema(), *fake.program);
  const auto raw = at::tensor({0.5F, 1.0F, -1.0F, 3.0F}).view({1, 2, 2}).requires_grad_();
  const auto variance = at::full_like(raw, 2.0).requires_grad_();
  auto signals = one_row(raw, raw.detach());
  signals.scorecard.variance_BTN = variance;
  signals.steer.realised_BTN.select(2, 0).sigmoid_();  // the claim's own probability
  signals.steer.override_BTN = at::zeros_like(raw, at::kBool);
  const auto value = prepared(loss, *fake.brain, counted_rows(1), signals, Stream(1));
  const auto gradients = torch::autograd::grad({value}, {raw}, {}, false, false, true);
  EXPECT_TRUE(!gradients[0].defined() || gradients[0].eq(0).all().item<bool>());
  const auto sums = loss.gate_sums(*fake.brain, counted_rows(1), signals,
                                   loss.prepare(*fake.brain, counted_rows(1), Stream(1)));
  EXPECT_TRUE(sums.count_N.equal(at::zeros({2})));
}

// Tick 0 predicts what is said at tick 1; the other numbers are there to be mistaken for those.
TEST(AssessTest, WithALeadItsOwnPredictionTeachesTheMeanAndNotTheVariance) {
  const auto program = std::make_shared<const brain::Program>(
      config::parse<brain::SteeringConfig>(
          "variables: {ache: {override: present(eye), truth: eye, lead: 1 tick}}", "steering.yaml"),
      small_schema());
  brain::Brain brain(
      std::make_shared<testing_support::FakeCortex>(),
      std::make_shared<testing_support::FakeAmygdala>(std::vector<std::string>{"ache"}), program);
  const Assess loss({}, small_schema(), *program);
  const auto ticks = [](float first, float second) {
    return at::tensor({first, second}).view({1, 2, 1});
  };
  for (const bool overridden : {true, false}) {
    const auto raw = ticks(1, 5).requires_grad_(), variance = ticks(2, 7).requires_grad_();
    auto signals = one_row(raw, ticks(9, 3));
    signals.scorecard.variance_BTN = variance;
    signals.steer.gate_BTN = ticks(0, 1);
    signals.steer.override_BTN = ticks(!overridden, overridden).to(at::kBool);
    const Lesson lesson = loss.prepare(brain, counted_rows(1), Stream(1));
    const auto value = loss(brain, counted_rows(1), signals, lesson);
    EXPECT_NEAR(value.item<double>(), 0.5 * (std::log(2.0) + 4.0 / 2), 1e-6);
    const auto gradients = torch::autograd::grad({value}, {raw, variance});
    EXPECT_TRUE(gradients[0].equal(ticks(-1, 0)));
    EXPECT_TRUE(gradients[1].equal(ticks(overridden ? -0.25F : 0, 0)));
    const auto sums = loss.gate_sums(brain, counted_rows(1), signals, lesson);
    EXPECT_TRUE(sums.gate_N.equal(at::ones({1})));
    EXPECT_TRUE(sums.count_N.equal(at::ones({1})));
  }
}

TEST(AssessTest, NoTickTeachesPastThoseThatItSaysItTeaches) {
  FakeBrain fake;
  const auto expects = [](const std::string& more) {
    return brain::Program(
        config::parse<brain::SteeringConfig>(
            "variables: {soon: {truth: eye, lead: 1 tick}" + more + "}", "steering.yaml"),
        small_schema());
  };
  for (const auto& [program, taught] :
       {std::pair(expects(""), 1), {expects(", now: {truth: eye}"), 2}}) {
    const Assess loss({}, small_schema(), program);
    ASSERT_EQ(loss.taught_ticks(2), taught);
    const auto num_variables = std::ssize(program.variables());
    const auto raw = at::ones({1, 2, num_variables}).requires_grad_();
    const auto value = prepared(loss, *fake.brain, counted_rows(1),
                                one_row(raw, at::zeros({1, 2, num_variables})), Stream(1));
    const at::Tensor gradient = torch::autograd::grad({value}, {raw})[0];
    EXPECT_TRUE(gradient.narrow(1, taught, 2 - taught).eq(0).all().item<bool>());
    EXPECT_TRUE(gradient.select(1, taught - 1).ne(0).any().item<bool>());
  }
}

TEST(AssessTest, WithMasksTheThoughtIsItsOwn) {
  FakeBrain fake;
  const Assess loss({.masks = {{.law = MaskKind::kObserve, .observe = {word("c")}}}},
                    small_schema(), *fake.program);
  EXPECT_EQ(loss.taught_ticks(2), 0) << "of the step's";
  const Lesson lesson = loss.prepare(*fake.brain, counted_rows(1), Stream(1));
  EXPECT_EQ(lesson.questions.front().taught_ticks, 2);
}

TEST(AssessTest, WithMasksTheThoughtObservesWhatTheyAllow) {
  FakeBrain fake;
  const MaskLawConfig see_c{.law = MaskKind::kObserve, .observe = {word("c")}};
  const Assess loss({.masks = {see_c}}, small_schema(), *fake.program);
  EXPECT_TRUE(loss.reads_signals()) << "the gates come from them";
  const auto episodes = counted_rows(3);
  const auto blind = fake.brain->signals(episodes, at::zeros_like(episodes.present_BTV));
  const auto sighted = fake.brain->signals(episodes, episodes.present_BTV);
  EXPECT_TRUE(prepared(loss, *fake.brain, episodes, blind, Stream(1))
                  .equal(prepared(loss, *fake.brain, episodes, sighted, Stream(1))));
}

TEST(AssessTest, WithMasksTheGatesAreThoseThatItCounts) {
  FakeBrain fake;
  const MaskLawConfig see_c{.law = MaskKind::kObserve, .observe = {word("c")}};
  const Assess loss({.masks = {see_c}}, small_schema(), *fake.program);
  const auto episodes = counted_rows(3);
  brain::Signals signals = fake.brain->signals(episodes, episodes.present_BTV);
  const double open = prepared(loss, *fake.brain, episodes, signals, Stream(1)).item<double>();
  EXPECT_GT(open, 0);
  signals.steer.gate_BTN = 0.5 * signals.steer.gate_BTN;
  const Lesson lesson = loss.prepare(*fake.brain, episodes, Stream(1));
  EXPECT_NEAR(loss(*fake.brain, episodes, signals, lesson).item<double>(), 0.5 * open, 1e-5);
  const auto sums = loss.gate_sums(*fake.brain, episodes, signals, lesson);
  EXPECT_TRUE(sums.gate_N.equal(0.5 * sums.count_N));
}

TEST(AssessTest, UnknownAssessorIsRefused) {
  FakeBrain fake;
  EXPECT_THAT([&] { Assess({.of = {word("flinhc")}}, small_schema(), *fake.program); },
              ThrowsMessage<ConfigError>(testing::HasSubstr(
                  "no steering variable matches 'flinhc'; did you mean 'flinch'?")));
}

}  // namespace
}  // namespace limbic::losses
