#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/inference/imagine.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;

/// Asks a brain that has hardly learned for theta, given x.
class InferTest : public testing::Test {
 protected:
  InferTest() {
    log::set_level(log::Level::kQuiet);
    const std::string config = directory_ / "config.yaml";
    std::ofstream(config) << kOneStep;
    train_run(config, directory_ / "run");
  }

  [[nodiscard]] InferOptions options() const {
    return {.run = directory_ / "run", .given = given_, .ask = {"theta"}, .device = "cpu"};
  }
  static std::string answer(const InferOptions& options) {
    return app::answer([&] { return infer(options); });
  }
  static nlohmann::json asked(InferOptions options) {
    options.json = true;
    return nlohmann::json::parse(answer(options))["asked"];
  }
  static nlohmann::json believed(const InferOptions& options) {
    return asked(options)["theta"]["believed"];
  }
  /// A brain of the luck world, in luck_.
  void train_on_luck() const {
    train_run(directory_.write("luck.yaml", "base: config.yaml\nworld: {type: luck}\n"), luck_);
  }
  static void expect_refused(const InferOptions& options, const std::string& message) {
    EXPECT_THAT([&] { (void)infer(options); }, ThrowsMessage<Error>(StrEq(message)));
  }

  testing_support::TemporaryDirectory directory_;
  std::vector<std::string> given_{"x=0.25, 0.5"};
  std::string luck_ = directory_ / "luck";
};

TEST_F(InferTest, OfAScalarItTellsMeanDeviationAndQuantilesOfTheMarginal) {
  InferOptions asked = options();
  asked.quantiles = {0.05, 0.5};
  const nlohmann::json found = believed(asked);
  ASSERT_EQ(found.size(), 2);

  const Trained trained = load_trained(asked.run, "", at::kCPU);
  const worlds::Schema& schema = trained.setup.world->schema();
  const worlds::Episodes told = inference::told(schema, inference::parse_given(schema, given_));
  const at::NoGradGuard no_grad;
  const brain::Marginals marginals =
      trained.brain().cortex().marginals(told, {told.present_BTV, told.present_BTV.logical_not()});
  const auto& mixture = std::get<brain::GaussianMixture>(marginals[schema.require("theta")]);
  const at::Tensor mean = brain::mean(mixture).flatten();
  const auto below = [&](const char* quantile) {
    const at::Tensor x = at::tensor(
        {found[0][quantile].get<double>(), found[1][quantile].get<double>()}, at::kDouble);
    return brain::cdf(mixture, x.view({1, 1, 2})).flatten();
  };
  for (int64_t cell = 0; cell < 2; ++cell) {
    EXPECT_NEAR(found[cell]["mean"].get<double>(), mean[cell].item<double>(), 1e-5);
    EXPECT_NEAR(below("q05")[cell].item<double>(), 0.05, 1e-5);
    EXPECT_NEAR(below("q50")[cell].item<double>(), 0.5, 1e-5);
    EXPECT_GT(found[cell]["deviation"].get<double>(), 0);
  }
  EXPECT_THAT(answer(asked), HasSubstr("\n  believed, cell by cell:\n    mean "));
}

TEST_F(InferTest, ACellMayBeAskedApart) {
  InferOptions both = options(), second = options();
  second.ask = {"theta[1]"};
  both.quantiles = second.quantiles = {0.25};
  const nlohmann::json found = asked(second)["theta[1]"];
  ASSERT_EQ(found["believed"].size(), 1);
  EXPECT_NEAR(found["believed"][0]["mean"].get<double>(), believed(both)[1]["mean"].get<double>(),
              1e-6);
  EXPECT_NEAR(found["believed"][0]["q25"].get<double>(), believed(both)[1]["q25"].get<double>(),
              1e-6);
  ASSERT_EQ(found["samples"][0].size(), 1);
  EXPECT_TRUE(found["samples"][0][0].is_number()) << found;
  second.given = {"x=0.25, 0.5", "theta[0]=1"};
  EXPECT_NE(asked(second)["theta[1]"]["believed"], found["believed"]);
}

TEST_F(InferTest, SeveralMayBeAskedBetweenCommas) {
  InferOptions both = options(), apart = options();
  both.ask = {"theta[0],theta[1]"};
  apart.ask = {"theta[0]", "theta[1]"};
  EXPECT_EQ(asked(both), asked(apart));
  both.ask = {"theta[0],theta[0]"};
  expect_refused(both, "--ask: 'theta[0]' is asked twice");
}

TEST_F(InferTest, ANameWithACommaMayBeAskedAlone) {
  const std::string table = directory_.write("t.csv", "\"a, b\",c\n1,2\n3,5\n5,6\n7,9\n");
  train_run(directory_ / "config.yaml", directory_ / "commas",
            {"world={type: table, file: " + table + ", validation: 0, test: 0}"});
  InferOptions both{.run = directory_ / "commas", .ask = {"c", "a, b"}, .device = "cpu"};
  EXPECT_EQ(asked(both).size(), 2);
  both.ask = {"c,a, b"};
  const std::string rest =
      " is called 'a'; known: 'a, b', c; a name with a comma stands alone: repeat --ask";
  expect_refused(both, "--ask: no variable" + rest);
  both.rows = directory_.write("rows.csv", "c\n2\n");
  expect_refused(both, "--ask: no variable or cell" + rest);
}

TEST_F(InferTest, WhatIsHiddenOfRowsIsFilledInAsIfTheyDidNotSayIt) {
  const std::string heading = "x[0],x[1],theta[0],theta[1]\n";
  InferOptions said = options();
  said.given = {};
  said.ask = {};
  InferOptions silent = said;
  said.rows = directory_.write("said.csv", heading + "0.25,0.5,7,8\n");
  said.hide = {"theta[0],x[1]"};
  silent.rows = directory_.write("silent.csv", heading + "0.25,,,8\n");
  EXPECT_EQ(answer(said), answer(silent));
}

TEST_F(InferTest, WhatItBelievesHeedsEvidence) {
  InferOptions asked = options();
  asked.where = {"theta[0] in 0.25..0.375"};
  asked.quantiles = {0.05};
  const nlohmann::json found = believed(asked);
  EXPECT_GT(found[0]["q05"], 0.25);
  EXPECT_LT(found[0]["mean"], 0.375);
  EXPECT_LT(found[0]["deviation"], 0.0625);
  EXPECT_GT(found[1]["deviation"], found[0]["deviation"]);
}

TEST_F(InferTest, WhatItBelievesIsOfManySamplesHoweverFewAreShown) {
  InferOptions few = options(), usual = options();
  few.where = usual.where = {"theta[0] in 0.25..0.375"};
  few.samples = 1;
  const nlohmann::json found = asked(few)["theta"];
  EXPECT_EQ(found["samples"].size(), 1);
  EXPECT_EQ(found["of_samples"], 100);
  EXPECT_GT(found["believed"][0]["deviation"], 0);
  EXPECT_EQ(found["believed"], believed(usual));
  few.samples = 120;
  EXPECT_THAT(answer(few), HasSubstr("\n  believed, cell by cell, of 120 samples:\n    mean "));
  few.samples = 1;
  few.where = {};
  EXPECT_FALSE(asked(few)["theta"].contains("of_samples"));
}

TEST_F(InferTest, WhatWordsItFindsLikelyHeedsEvidence) {
  train_on_luck();
  InferOptions asked{.run = luck_, .ask = {"arm"}, .device = "cpu", .json = true};
  const auto likeliest = [&] {
    return nlohmann::json::parse(answer(asked))["asked"]["arm"]["likeliest"][0];
  };
  EXPECT_EQ(likeliest().size(), 2);
  EXPECT_LT(likeliest()["coin"], 1);
  asked.where = {"arm in coin"};
  EXPECT_EQ(likeliest(), nlohmann::json::object({{"coin", 1.0}})) << "the other is ruled out";
  asked.json = false;
  EXPECT_THAT(answer(asked),
              HasSubstr("\n  likeliest, cell by cell, of 100 samples:\n    coin 1.00\n"));
}

// In the fewest digits that a float32 needs, or as a share of 150 samples.
TEST_F(InferTest, JsonHoldsNoDigitsThatNobodyKnows) {
  train_on_luck();
  InferOptions asked{.run = luck_, .ask = {"arm"}, .device = "cpu", .json = true};
  const auto likeliest = [&] {
    return nlohmann::json::parse(answer(asked))["asked"]["arm"]["likeliest"][0]["coin"]
        .get<double>();
  };
  const auto is_short = [](const nlohmann::json& number) { return number.dump().size() <= 13; };
  EXPECT_TRUE(is_short(likeliest())) << likeliest();
  for (const nlohmann::json& cell : believed(options()))
    EXPECT_TRUE(is_short(cell["mean"]) && is_short(cell["deviation"])) << cell;
  asked.samples = 150;
  asked.where = {"outcome in 1|3"};
  const double share = likeliest();
  EXPECT_EQ(share, std::round(150 * share) / 150);
}

TEST_F(InferTest, OutermostQuantilesOfWhatHasNoBoundsAreInfinite) {
  InferOptions asked = options();
  asked.quantiles = {0, 1};
  for (const nlohmann::json& cell : believed(asked)) {
    EXPECT_EQ(cell["q00"], "-Infinity");
    EXPECT_EQ(cell["q100"], "Infinity");
  }
  EXPECT_THAT(answer(asked), HasSubstr("  q00 -inf  q100 inf\n"));
}

TEST_F(InferTest, OfRowsMeansAndQuantilesAreThoughtOfAtOneTemperature) {
  std::ofstream(directory_ / "rows.csv") << "x[0],x[1],theta[0]\n0.25,0.5,\n";
  InferOptions likeliest = options();
  likeliest.given = {};
  likeliest.rows = directory_ / "rows.csv";
  likeliest.ask = {"theta[0]"};
  likeliest.temperature = 0;
  likeliest.quantiles = {0, 1};
  std::istringstream lines(answer(likeliest));
  std::string line;
  std::getline(lines, line);
  ASSERT_EQ(line, "theta[0],x[0],x[1],theta[0].q00,theta[0].q100");
  std::getline(lines, line);
  double mean = 0, least = 0, most = 0;
  ASSERT_EQ(std::sscanf(line.c_str(), "%lf,0.25,0.5,%lf,%lf", &mean, &least, &most), 3) << line;
  EXPECT_GE(mean, least - 1e-6);
  EXPECT_LE(mean, most + 1e-6);
}

TEST_F(InferTest, TellsHowManyBlocksItsSweepsTook) {
  InferOptions swept = options();
  swept.samples = 16;
  swept.dial = "orders=2,sweeps=2";
  EXPECT_THAT(answer(swept), HasSubstr("\nshare of their blocks that sweeps took: "));
  swept.json = true;
  const auto accepted = nlohmann::json::parse(answer(swept))["sweeps"]["accepted"].get<double>();
  EXPECT_GT(accepted, 0);
  EXPECT_LE(accepted, 1);
  swept.dial = "orders=2,candidates=2";
  EXPECT_FALSE(nlohmann::json::parse(answer(swept)).contains("sweeps"));
}

TEST_F(InferTest, OptionsThatWouldChangeNothingAreRefused) {
  InferOptions written = options();
  written.out = directory_ / "theta.txt";
  expect_refused(written, "--out goes with --rows, or with a picture that is asked");
  std::ofstream(directory_ / "rows.csv") << "x[0],theta[0]\n0.5,\n";
  InferOptions cold = options();
  cold.given = {};
  cold.rows = directory_ / "rows.csv";
  cold.temperature = 0.5;
  const std::string message = "temperature and reencode go with --samples, --quantiles or --corner";
  expect_refused(cold, message);
  cold.temperature = 1;
  cold.dial = "reencode=1";
  expect_refused(cold, message);
  InferOptions alike = options();
  alike.dial = "candidates=8";
  expect_refused(alike, "candidates are all alike without orders, --where or --prefer");
  InferOptions twice = options();
  twice.quantiles = {0.5, 0.05, 0.5};
  expect_refused(twice, "--quantiles: q50 is asked twice");
}

}  // namespace
}  // namespace limbic::app
