#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "fixture.h"
#include "limbic/evals/accuracy.h"
#include "limbic/evals/audit.h"
#include "limbic/evals/auroc.h"
#include "limbic/evals/nll.h"
#include "limbic/evals/reconstruction.h"

namespace limbic::evals {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::ThrowsMessage;

class AccuracyEvalTest : public EvalTest<Accuracy, AccuracyConfig> {};
class NllEvalTest : public EvalTest<Nll, NllConfig> {};
class ReconstructionEvalTest : public EvalTest<Reconstruction, ReconstructionConfig> {};
class AuditEvalTest : public EvalTest<Audit, AuditConfig> {};

TEST_F(AccuracyEvalTest, ComparesTheLikeliestCategoryWithTheTruth) {
  world_.first = 1;  // c = 1 2 0 1 2 0, and every x above 0 makes the cortex say 2
  EXPECT_THAT(results("{regime: live, of: c, given: [sight], rows: 6}"),
              ElementsAre(Pair("", 2.0 / 6)));
  EXPECT_THAT(results("{regime: live, of: c, rows: 5}"), ElementsAre(Pair("", 2.0 / 5)));
}

// The words of its first two rows are ABSENT. Every x lies below 0, so the cortex says 0.
class GapWorld : public testing_support::FakeWorld {
 public:
  [[nodiscard]] worlds::Episodes draw(const worlds::Draw& draw,
                                      const Stream& stream) const override {
    worlds::Episodes episodes = FakeWorld::draw(draw, stream);
    episodes.value[testing_support::kX].neg_();
    for (int64_t row = 0; row < std::min<int64_t>(draw.num_rows, 2); ++row)
      testing_support::make_absent(episodes, row, testing_support::kC);
    return episodes;
  }
};

TEST_F(AccuracyEvalTest, AbsentCellsAreNeitherRightNorWrong) {
  GapWorld world;
  world.first = 1;  // c = - - 0 1 2 0
  const Accuracy eval = made("{regime: live, of: c, rows: 6}");
  EXPECT_THAT(eval.run(*brain_.brain, source_of(world)), ElementsAre(Pair("", 0.5)));
}

TEST_F(AccuracyEvalTest, RefusesANumberAndWhatIsGiven) {
  EXPECT_THAT([&] { results("{regime: live, of: x}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:20: 'x' is not a category; numbers of a table that name classes are "
                  "one by x:category in its header, or by `columns: {x: {kind: category}}`"));
  EXPECT_THAT([&] { results("{regime: live, of: y}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:20: 'y' is not a category"));
  EXPECT_THAT([&] { results("{regime: live, of: c, given: [word]}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:31: 'c' is both given and asked about"));
}

TEST_F(NllEvalTest, AveragesOverAskedCellsAndByVariable) {
  const std::string yaml = "regime: live\nof: [x, c]\ngiven: [y]\nrows: 300\n";
  EXPECT_THAT(results(yaml + "joint: false\n"),
              ElementsAre(Pair("", 2.0), Pair("c", 3.0), Pair("x", 1.0)));
  EXPECT_THAT(results(yaml), ElementsAre(Pair("", 1.0), Pair("c", 1.5), Pair("x", 0.5)));
  EXPECT_EQ(brain_.cortex->last_roles.asked_BTV.sum().item<int64_t>(), 44 * 2);
  EXPECT_EQ(brain_.cortex->last_roles.observed_BTV.sum().item<int64_t>(), 44 * 2);
}

TEST_F(NllEvalTest, DividesAVectorByItsDimensionsUnlessToldOtherwise) {
  const std::string yaml = "regime: live\nof: [y]\ngiven: []\nrows: 4\njoint: false\n";
  EXPECT_THAT(results(yaml), ElementsAre(Pair("", 1.0), Pair("y", 1.0)));
  EXPECT_THAT(results(yaml + "per_dimension: false\n"), ElementsAre(Pair("", 2.0), Pair("y", 2.0)));
}

TEST_F(NllEvalTest, AsksForAllThatIsNotGiven) {
  EXPECT_THAT(results("{regime: live, given: [sound], rows: 4, joint: false}"),
              ElementsAre(Pair("", 2.0), Pair("c", 3.0), Pair("x", 1.0)));
}

TEST_F(NllEvalTest, ObservesARandomPartWhenNothingIsSaid) {
  const Results found = results("{regime: live, rows: 200, joint: false}");
  EXPECT_THAT(found,
              ElementsAre(Pair("", testing::_), Pair("c", 3.0), Pair("x", 1.0), Pair("y", 1.0)));
  EXPECT_GT(found.at(""), 1.0);
  const worlds::Roles& roles = brain_.cortex->last_roles;
  EXPECT_FALSE(roles.asked_BTV.logical_and(roles.observed_BTV).any().item<bool>());
  const at::Tensor either_BTV = roles.asked_BTV.logical_or(roles.observed_BTV);
  EXPECT_EQ(either_BTV.sum().item<int64_t>(), 200 * 4);
  EXPECT_EQ(roles.asked_BTV.sum({1, 2}).min().item<int64_t>(), 1);
  EXPECT_EQ(roles.asked_BTV.sum({1, 2}).max().item<int64_t>(), 4);
}

TEST_F(NllEvalTest, WhatIsCertainCostsZeroAndNotMinusZero) {
  class Certain : public testing_support::FakeCortex {
   public:
    at::Tensor log_prob(const worlds::Episodes&, const brain::Question& question) override {
      return at::zeros(question.roles.asked_BTV.sizes());
    }
  };
  brain::Brain brain{
      std::make_shared<Certain>(),
      std::make_shared<testing_support::FakeAmygdala>(std::vector<std::string>{"flinch", "calm"}),
      brain_.program};
  const Nll eval = made("{regime: live, of: [c], given: [], rows: 4, joint: false}");
  for (const auto& [key, value] : eval.run(brain, source_of(world_))) {
    EXPECT_EQ(value, 0) << key;
    EXPECT_FALSE(std::signbit(value)) << key;
  }
}

TEST_F(NllEvalTest, WhatWasNeverAskedIsUndefined) {
  const Results found = results("{regime: book, of: [x], given: [], rows: 4}");
  EXPECT_TRUE(std::isnan(found.at("")));
  EXPECT_TRUE(std::isnan(found.at("x")));
}

TEST_F(NllEvalTest, RefusesToAskNothing) {
  EXPECT_THAT([&] { results("{regime: live, given: [sight, sound, word]}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:24: `given` names all that the cortex sees, so "
                                         "nothing is asked"));
}

TEST_F(NllEvalTest, NamesTheNearestVariable) {
  EXPECT_THAT([&] { results("{regime: live, of: [sigth]}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:21: the cortex sees no variable called 'sigth'; "
                                         "did you mean 'sight'?"));
}

TEST_F(ReconstructionEvalTest, MeasuresErrorInStandardisedUnitsAndAgainstTheMean) {
  // x = 0 1 2 3 guessed as c = 0 1 2 0, scale 2; the variance of x is 1.25
  const Results found = results("{regime: live, of: [x], rows: 4}");
  EXPECT_DOUBLE_EQ(found.at(""), 9.0 / 4 / 4);
  EXPECT_DOUBLE_EQ(found.at("ratio"), 9.0 / 4 / 1.25);
}

TEST_F(ReconstructionEvalTest, DoesNotSeeWhatIsNotGiven) {
  // c is hidden: every guess is 0
  const Results found = results("{regime: live, of: [x], given: [sound], rows: 4}");
  EXPECT_DOUBLE_EQ(found.at(""), (0.0 + 1 + 4 + 9) / 4 / 4);
}

TEST_F(ReconstructionEvalTest, AveragesOverAllNumbersOfAllVariablesAndBatches) {
  // y is the row's number in 2 cells of 2 dimensions; given nothing, guesses are 0
  const Results found = results("{regime: live, of: [x, sound], given: [], rows: 300}");
  const double mean_square = 299 * 300 * 599 / 6 / 300.0;
  const double variance = mean_square - 149.5 * 149.5;
  EXPECT_NEAR(found.at(""), (mean_square / 4 + 4 * mean_square) / 5, 1e-6);
  EXPECT_NEAR(found.at("ratio"), mean_square / variance, 1e-9);
}

TEST_F(ReconstructionEvalTest, LeavesOutAbsentCells) {
  const Results found = results("{regime: book, of: [x, y], given: [], rows: 4}");
  EXPECT_DOUBLE_EQ(found.at(""), (0.0 + 1 + 4 + 9) / 4);
}

const worlds::Transform kAsinh{.kind = worlds::TransformKind::kAsinh};

// Believes that the asinh of x is a Gaussian around c.
class BelievesInAsinh : public testing_support::FakeCortex {
 public:
  brain::Marginals marginals(const worlds::Episodes& episodes,
                             const brain::Question& question) override {
    brain::Marginals all = FakeCortex::marginals(episodes, question);
    std::get<brain::GaussianMixture>(all[testing_support::kX]).transform = kAsinh;
    return all;
  }
};

class AsinhWorld : public testing_support::FakeWorld {
 public:
  AsinhWorld() {
    std::vector<worlds::Variable> variables = testing_support::small_schema().variables();
    variables[testing_support::kX].transform = kAsinh;
    schema_of_asinh_ = worlds::Schema(variables, 2);
  }
  [[nodiscard]] const worlds::Schema& schema() const override { return schema_of_asinh_; }

 private:
  worlds::Schema schema_of_asinh_;
};

TEST_F(ReconstructionEvalTest, ComparesTheMeanOfTransformedNumbers) {
  AsinhWorld world;
  world.first = 1;  // x = 1 2 and its asinh is thought to be c = 1 2; scale 2
  const std::vector<std::string> names{"flinch", "calm"};
  brain::Brain brain{std::make_shared<BelievesInAsinh>(),
                     std::make_shared<testing_support::FakeAmygdala>(names), brain_.program};
  const Reconstruction eval = made("{regime: live, of: [x], rows: 2}");
  const double error = std::pow(std::asinh(1.) - 1, 2) + std::pow(std::asinh(2.) - 2, 2);
  EXPECT_NEAR(eval.run(brain, source_of(world)).at(""), error / 2 / 4, 1e-6);
}

TEST_F(ReconstructionEvalTest, RefusesToGuessNothing) {
  EXPECT_THAT([&] { results("{regime: live, of: []}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:20: 'of' names nothing that could be guessed"));
}

TEST_F(ReconstructionEvalTest, RefusesACategory) {
  EXPECT_THAT([&] { results("{regime: live, of: [c]}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:21: 'c' is a category: use accuracy or nll"));
}

TEST_F(AuditEvalTest, SumsWhatTheWorldCountsInEveryRegime) {
  EXPECT_THAT(results("{rows: 300}"), ElementsAre(Pair("ghosts", 0), Pair("threats", 300)));
  EXPECT_EQ(world_.draws.front().split, worlds::Split::kTrain);
  EXPECT_EQ(world_.draws.back().regime, "book");
  EXPECT_THAT(results("{regimes: [live], rows: 300}"),
              ElementsAre(Pair("ghosts", 0), Pair("threats", 150)));
}

TEST_F(AuditEvalTest, RefusesAWorldThatCountsNothing) {
  class CountsNothing : public testing_support::FakeWorld {
   public:
    [[nodiscard]] std::map<std::string, int64_t> audit(const worlds::Episodes&) const override {
      return {};
    }
  };
  EXPECT_THAT([&] { made("{}").check(*brain_.brain, CountsNothing()); },
              ThrowsMessage<Error>("audit: this world counts nothing (spider does); an eval of "
                                   "type 'mean' says how often a claim holds"));
}

TEST_F(AuditEvalTest, NamesTheNearestRegime) {
  EXPECT_THAT([&] { results("{regimes: [live, bok]}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:18: the world has no regime 'bok'; did you mean 'book'?"));
}

// Three rows, over and over.
class ThreeRows : public testing_support::FakeWorld {
 public:
  [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view,
                                                         worlds::Split) const override {
    return 3;
  }
};

int64_t rows_read(const Eval& eval) {
  const testing_support::FakeBrain brain;
  const ThreeRows world;
  (void)eval.run(*brain.brain, source_of(world));
  int64_t count = 0;
  for (const auto& draw : world.draws) count += draw.num_rows;
  return count;
}

template <class Config>
Config parsed(const std::string& yaml) {
  return config::parse<Config>(yaml, "a.yaml");
}

TEST(CopiesTest, NoRowIsReadTwiceButWhereItIsAskedSomethingElse) {
  EXPECT_EQ(rows_read(Accuracy(parsed<AccuracyConfig>("{regime: live, of: c, rows: 10}"))), 3);
  EXPECT_EQ(rows_read(Audit(parsed<AuditConfig>("{regimes: [live], rows: 10}"))), 3);
  EXPECT_EQ(
      rows_read(Auroc(parsed<AurocConfig>("{regime: live, of: x, against: threat, rows: 10}"))), 3);
  EXPECT_EQ(
      rows_read(Reconstruction(parsed<ReconstructionConfig>("{regime: live, of: [x], rows: 10}"))),
      3);
  EXPECT_EQ(rows_read(Nll(parsed<NllConfig>("{regime: live, given: [sound], rows: 10}"))), 3);
  EXPECT_EQ(rows_read(Nll(parsed<NllConfig>("{regime: live, rows: 10}"))), 10);
}

// Holds no row of its split 'test' in the regime 'book'.
class NoTestWorld : public testing_support::FakeWorld {
 public:
  [[nodiscard]] worlds::Episodes draw(const worlds::Draw& draw,
                                      const Stream& stream) const override {
    if (draw.split == worlds::Split::kTest && draw.regime == "book")
      throw input_error("nothing is held out");
    return FakeWorld::draw(draw, stream);
  }
};

TEST_F(AuditEvalTest, RefusesASplitWithoutRows) {
  const NoTestWorld world;
  const auto check = [&](const std::string& yaml) { made(yaml).check(*brain_.brain, world); };
  EXPECT_THAT([&] { check("{split: test}"); }, ThrowsMessage<Error>("nothing is held out"));
  EXPECT_THAT([&] { check("{split: test, regimes: [book]}"); },
              ThrowsMessage<Error>("nothing is held out"));
  EXPECT_NO_THROW(check("{split: test, regimes: [live]}"));
}

}  // namespace
}  // namespace limbic::evals
