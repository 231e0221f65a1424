#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/app/metric_curves.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/curriculum/decision.h"
#include "train_and_ask.h"
#include "xml_mistake.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

/// Runs that are nothing but their logs.
class MetricsTest : public testing::Test {
 protected:
  MetricsTest() { log::set_level(log::Level::kQuiet); }

  std::string write_run(const std::string& name, const std::string& metrics,
                        const std::string& decisions = "") const {
    std::filesystem::create_directories(directory_ / name);
    (void)directory_.write(name + "/config.yaml", "");
    (void)directory_.write(name + "/metrics.jsonl", metrics);
    (void)directory_.write(name + "/decisions.jsonl", decisions);
    return directory_ / name;
  }
  /// One measured a loss twice and an eval, the other the loss alone.
  [[nodiscard]] std::vector<std::string> two_runs() const {
    return {write_run("a", "{\"step\":10,\"eval/y\":1,\"loss/x\":4}\n{\"step\":20,\"loss/x\":2}\n"),
            write_run("b", "{\"step\":30,\"loss/x\":6}\n")};
  }
  static std::string said(const MetricsOptions& options) {
    return answer([&] { return metrics(options); });
  }
  static nlohmann::json json(const std::vector<std::string>& runs) {
    return nlohmann::json::parse(said({.runs = runs, .json = true}));
  }

  const testing_support::TemporaryDirectory directory_;
};

TEST_F(MetricsTest, RunsStandSideBySideAndWhatOneLacksIsADash) {
  EXPECT_EQ(said({.runs = two_runs()}),
            "last values                a             b          mean     deviation\n"
            "step                      20            30\n"
            "eval/y                     1             -             1             -\n"
            "loss/x                     2             6             4       2.82843\n");
}

TEST_F(MetricsTest, OfOneRunThereIsNoMean) {
  EXPECT_EQ(said({.runs = {two_runs()[1]}}),
            "last values                b\n"
            "step                      30\n"
            "loss/x                     6\n");
}

TEST_F(MetricsTest, OfMoreThanSixRunsItSaysHowTheyAreSpread) {
  std::vector<std::string> runs;
  for (int i = 0; i < 7; ++i) {
    runs.push_back(
        write_run(std::to_string(i), concat("{\"step\":", 9 + i, ",\"loss/x\":", i, "}\n")));
  }
  EXPECT_EQ(
      said({.runs = runs}),
      "last values                n          mean     deviation           min           max\n"
      "step                       7                                         9            15\n"
      "loss/x                     7             3       2.16025             0             6\n");
  runs.pop_back();
  EXPECT_THAT(said({.runs = runs}), HasSubstr("last values                0             1"));
}

TEST_F(MetricsTest, JsonHoldsWhatWasMeasuredLast) {
  const auto runs = two_runs();
  const nlohmann::json found = json(runs);
  EXPECT_EQ(found["runs"][0]["run"], runs[0]);
  EXPECT_EQ(found["runs"][0]["step"], 20);
  EXPECT_EQ(found["runs"][0]["last"], (nlohmann::json{{"eval/y", 1.0}, {"loss/x", 2.0}}));
  EXPECT_EQ(found["runs"][1]["last"], (nlohmann::json{{"loss/x", 6.0}}));
  EXPECT_EQ(found["mean"], (nlohmann::json{{"eval/y", 1.0}, {"loss/x", 4.0}}));
  EXPECT_TRUE(found["deviation"]["eval/y"].is_null());
  EXPECT_DOUBLE_EQ(found["deviation"]["loss/x"].get<double>(), std::sqrt(8.0));
}

TEST_F(MetricsTest, WhatIsNoNumberIsSaidAndCountsInTheMean) {
  const std::string nan = write_run("nan", "{\"step\":1,\"loss/x\":\"NaN\"}\n");
  const std::string one = write_run("one", "{\"step\":1,\"loss/x\":1}\n");
  const nlohmann::json found = json({nan, one});
  EXPECT_EQ(found["runs"][0]["last"]["loss/x"], "NaN");
  EXPECT_EQ(found["mean"]["loss/x"], "NaN");
  const Spread spread = spread_over({read_curves(nan), read_curves(one)}, "loss/x");
  EXPECT_EQ(spread.n, 2);
  EXPECT_EQ(spread.least, 1);
  EXPECT_EQ(spread.most, 1);
}

TEST_F(MetricsTest, GlobsChoose) {
  const std::string run =
      write_run("run", "{\"step\":1,\"eval/a.b\":1,\"eval/c\":1,\"loss/a\":1}\n");
  const std::vector<RunCurves> curves{read_curves(run)};
  EXPECT_THAT(choose_metrics(curves, {}), ElementsAre("eval/a.b", "eval/c", "loss/a"));
  EXPECT_THAT(choose_metrics(curves, {"loss/?", "*.b", "*/a"}), ElementsAre("eval/a.b", "loss/a"));
}

TEST_F(MetricsTest, AGlobThatFitsNothingIsRefusedWithTheNearestName) {
  const std::string run = write_run("run", "{\"step\":1,\"eval/word\":1,\"loss/predict\":1}\n");
  const std::vector<RunCurves> curves{read_curves(run)};
  EXPECT_THAT(
      [&] {
        (void)choose_metrics(curves, {"loss/*", "eval/wrod"});
      },
      ThrowsMessage<Error>("--metric: no metric matches 'eval/wrod'; did you mean 'eval/word'?"));
  EXPECT_THAT(
      [&] { (void)choose_metrics(curves, {"predict"}); },
      ThrowsMessage<Error>("--metric: no metric matches 'predict'; did you mean '*predict*'?"));
}

TEST_F(MetricsTest, NoRunIsReadTwiceByWhateverName) {
  const std::string run = two_runs()[0];
  EXPECT_THAT(
      [&] {
        (void)metrics({.runs = {run, run + "/../a/"}});
      },
      ThrowsMessage<Error>(concat(run, " and ", run, "/../a/ are the same run")));
}

TEST_F(MetricsTest, NoMetricsYetIsRefused) {
  const std::string run = write_run("run", "{\"step\":1,");  // a line that is being written
  EXPECT_THAT([&] { (void)read_curves(run); }, ThrowsMessage<Error>(run + ": no metrics yet"));
}

TEST_F(MetricsTest, APictureIsDrawnOfAtMost24Metrics) {
  const auto of_metrics = [&](int count) {
    std::string line = "{\"step\":1";
    for (int i = 0; i < count; ++i) line += concat(",\"loss/", i, "\":1");
    return write_run(std::to_string(count), line + "}\n");
  };
  const std::string out = directory_ / "curves.svg";
  EXPECT_THAT(
      [&] { (void)metrics({.runs = {of_metrics(25)}, .out = out}); },
      ThrowsMessage<Error>("--out draws at most 24 metrics, not 25; choose some with --metric"));
  EXPECT_FALSE(exists(out));
  EXPECT_THAT(said({.runs = {of_metrics(24)}, .out = out}), HasSubstr("loss/23"));
  EXPECT_EQ(xml_mistake(read_file(out)), "");
}

TEST_F(MetricsTest, StagesBeginWhereTheOnesBeforeWereLeft) {
  using curriculum::Decision, curriculum::Verdict;
  std::string log;
  for (const Decision& decision : std::vector<Decision>{
           {.verdict = Verdict::kStay, .step = 40, .stage_step = 40, .stage = "see"},
           {.verdict = Verdict::kAdvance, .step = 80, .stage_step = 80, .stage = "see", .to = "do"},
           {.verdict = Verdict::kFallBack,
           .step = 90,
           .stage_step = 10,
           .stage = "do",
           .to = "see"},
           {.verdict = Verdict::kFinish, .step = 95, .stage_step = 5, .stage = "see"}}) {
    log += curriculum::to_json_line(decision) + "\n";
    log += "{\"step\":1,\"changed\":{\"seed\":{\"was\":1,\"is\":2}}}\n";
  }
  const std::string run = write_run("run", "", log);
  EXPECT_THAT(read_stages(run),
              ElementsAre(StageBegin{0, "see"}, StageBegin{80, "do"}, StageBegin{90, "see"}));
  EXPECT_THAT(read_stages(write_run("new", "")), IsEmpty());
}

TEST(MetricCurvesTest, NamesAreWhatTellsRunsApart) {
  EXPECT_THAT(without_common_folder({"runs/a", "runs/./b/"}), ElementsAre("a", "b"));
  EXPECT_THAT(without_common_folder({"runs/a/x", "runs/b/x"}), ElementsAre("a/x", "b/x"));
  EXPECT_THAT(without_common_folder({"/tmp/a", "runs/a"}), ElementsAre("/tmp/a", "runs/a"));
  EXPECT_THAT(without_common_folder({"runs", "runs/a"}), ElementsAre("runs", "runs/a"));
  EXPECT_THAT(without_common_folder({"runs/a"}), ElementsAre("a"));
}

TEST(MetricCurvesTest, ThinningKeepsFirstAndLastAndMeansBetweenThem) {
  MetricCurve curve;
  for (int i = 0; i < 10; ++i) curve[i] = 2 * i;
  EXPECT_THAT(thinned(curve, 4), ElementsAre(CurvePoint{0, 0}, CurvePoint{2.5, 5},
                                             CurvePoint{6.5, 13}, CurvePoint{9, 18}));
  EXPECT_EQ(thinned(curve, 10).size(), 10U);
  EXPECT_EQ(thinned(curve, 10)[4], (CurvePoint{4, 8}));
}

}  // namespace
}  // namespace limbic::app
