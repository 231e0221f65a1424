#include "limbic/app/infer_rows.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/app/imputer.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/worlds/csv.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

TEST(NumStrainedTest, OfIntervalsAloneALogMassTellsHowUnlikelyTheyAre) {
  const at::Tensor log_evidence_B = at::tensor({-10.0, -5.0, -9.3}, at::kDouble);
  const std::vector<inference::Evidence> interval(1);
  EXPECT_EQ(num_strained(log_evidence_B, interval, /*has_preference=*/false), 2);
  EXPECT_EQ(num_strained(log_evidence_B, interval, /*has_preference=*/true), 0);
  EXPECT_EQ(num_strained(log_evidence_B, {}, /*has_preference=*/false), 0);
  std::vector<inference::Evidence> measured(2);
  measured[1].known = inference::Measured{0, 1};
  EXPECT_EQ(num_strained(log_evidence_B, measured, /*has_preference=*/false), 0);
}

TEST(InferRowsTest, NamesOfQuantilesAreQuotedAsThoseOfTheirColumns) {
  log::set_level(log::Level::kQuiet);
  const testing_support::TemporaryDirectory directory;
  const std::string config = directory / "config.yaml", table = directory / "table.csv";
  std::ofstream(table) << "\"a,b\",c\n1,2\n3,5\n5,6\n7,9\n";
  std::ofstream(config) << kOneStep;
  const std::string world = "world={type: table, file: " + table + ", validation: 0, test: 0}";
  train_run(config, directory / "run", {world});
  std::ofstream(directory / "rows.csv") << "c,\"a,b\"\n2,\n";
  const InferOptions options{.run = directory / "run",
                             .rows = directory / "rows.csv",
                             .samples = 9,
                             .quantiles = {0.5},
                             .out = directory / "out.csv",
                             .device = "cpu"};
  EXPECT_EQ(infer(options), 0);
  EXPECT_THAT(read_file(options.out), testing::StartsWith("\"a,b\",c,\"a,b.q50\",c.q50\n"));
}

TEST(InferRowsTest, AVariableThatIsCalledAsWhatIsWrittenBesideItIsRefused) {
  log::set_level(log::Level::kQuiet);
  const testing_support::TemporaryDirectory directory;
  const std::string table = directory.write("t.csv", "row,a,a.q50\n1,2,3\n3,5,4\n5,6,1\n7,9,2\n");
  const std::string world = "world={type: table, file: " + table + ", validation: 0, test: 0}";
  train_run(directory.write("config.yaml", kOneStep), directory / "run", {world});
  InferOptions options{.run = directory / "run",
                       .rows = directory.write("rows.csv", "row,a,a.q50\n,2,\n"),
                       .samples = 2,
                       .device = "cpu"};
  EXPECT_EQ(testing_support::refusal([&] { (void)infer(options); }),
            "two columns of what is written would be called 'row'");
  options.quantiles = {0.5};
  EXPECT_EQ(testing_support::refusal([&] { (void)infer(options); }),
            "two columns of what is written would be called 'a.q50'");
}

/// Asks a brain that has hardly learned of sizes and of species whose names are no plain words.
class ProbabilitiesTest : public testing::Test {
 protected:
  using Shares = std::map<std::string, double>;  // of words

  ProbabilitiesTest() {
    log::set_level(log::Level::kQuiet);
    const std::string table = directory_.write("t.csv",
                                               "species:category,size:scalar\n\"a,b\",1\nx=y,2\n"
                                               "plain,3\n\"a,b\",1.5\nx=y,2.5\nplain,3.5\n");
    train_run(directory_.write("config.yaml", kOneStep), directory_ / "run",
              {"world={type: table, file: " + table + ", validation: 0, test: 0}"});
  }

  [[nodiscard]] InferOptions options(const std::string& rows) const {
    return {.run = directory_ / "run",
            .rows = directory_.write("rows.csv", rows),
            .probabilities = true,
            .out = directory_ / "out.csv",
            .device = "cpu"};
  }
  worlds::Csv written(const InferOptions& options) {
    EXPECT_EQ(infer(options), 0);
    return worlds::read_csv(options.out);
  }
  /// What stands in a row under a heading.
  static std::string text_at(const worlds::Csv& csv, int64_t row, const std::string& heading) {
    for (int64_t i = 0; i < std::ssize(csv.header); ++i)
      if (csv.header[i].text == heading) return std::string(csv.cell(row, i).text);
    ADD_FAILURE() << "no column is called " << heading;
    return "0";
  }
  static Shares shares(const worlds::Csv& csv, int64_t row) {
    Shares found;
    for (const std::string word : {"a,b", "x=y", "plain"})
      found[word] = std::stod(text_at(csv, row, "species=" + word));
    return found;
  }
  static std::string likeliest(const Shares& shares) {
    return std::ranges::max_element(shares, {}, &Shares::value_type::second)->first;
  }

  testing_support::TemporaryDirectory directory_;
};

TEST_F(ProbabilitiesTest, AreThoseOfTheSingleQuestion) {
  const worlds::Csv csv = written(options("size,species\n1.5,\n2,x=y\n"));
  const auto single = nlohmann::json::parse(answer([&] {
    return infer({.run = directory_ / "run",
                  .given = {"size=1.5"},
                  .ask = {"species"},
                  .device = "cpu",
                  .json = true});
  }));
  const Shares found = shares(csv, 0);
  double total = 0;
  for (const auto& [word, share] : found) {
    EXPECT_NEAR(share, single["asked"]["species"]["likeliest"][0][word].get<double>(), 1e-6);
    total += share;
  }
  EXPECT_NEAR(total, 1, 1e-6);
  EXPECT_EQ(text_at(csv, 0, "species"), likeliest(found));
  EXPECT_EQ(shares(csv, 1), (Shares{{"a,b", 0}, {"x=y", 1}, {"plain", 0}})) << "what a row says";
}

TEST_F(ProbabilitiesTest, StandBesideQuantilesAndAreQuotedAsWords) {
  InferOptions asked = options("size,species\n1.5,\n");
  asked.quantiles = {0.5};
  EXPECT_EQ(infer(asked), 0);
  std::string heading;
  std::ifstream(asked.out) >> heading;
  EXPECT_THAT(
      heading,
      testing::AllOf(testing::StartsWith("species,size,"), testing::HasSubstr(",\"species=a,b\","),
                     testing::HasSubstr(",species=x=y,"), testing::EndsWith(",size.q50")));
  EXPECT_EQ(text_at(worlds::read_csv(asked.out), 0, "size.q50"), "1.5");
}

TEST_F(ProbabilitiesTest, AreSharesOfTheSamplesWhereEvidenceWeighsThem) {
  InferOptions asked = options("size,species\n,\n");
  asked.where = {"size in 1..3"};
  asked.samples = 8;
  const worlds::Csv csv = written(asked);
  asked.probabilities = false;
  const worlds::Csv samples = written(asked);
  ASSERT_EQ(samples.num_rows(), 8);
  Shares counted{{"a,b", 0}, {"x=y", 0}, {"plain", 0}};
  for (int64_t i = 0; i < 8; ++i) counted[text_at(samples, i, "species")] += 0.125;
  EXPECT_EQ(shares(csv, 0), counted);
  EXPECT_EQ(counted[text_at(csv, 0, "species")], counted[likeliest(counted)]);
}

TEST_F(ProbabilitiesTest, AreSharesOfAHundredSamplesAtATemperature) {
  InferOptions asked = options("size,species\n1.5,\n");
  asked.temperature = 0.5;
  for (const auto& [word, share] : shares(written(asked), 0))
    EXPECT_NEAR(share * 100, std::round(share * 100), 1e-4) << word;
}

TEST_F(ProbabilitiesTest, AreRefusedWhereThereIsNoneOrNoSampleForThem) {
  EXPECT_EQ(testing_support::refusal([&] { (void)infer(options("size\n1\n")); }),
            "--probabilities: nothing that is asked is a category");
  InferOptions asked = options("species\n\n");
  asked.samples = 5;
  EXPECT_EQ(testing_support::refusal([&] { (void)infer(asked); }),
            "--probabilities are of no samples here: --samples goes with --quantiles, --corner, "
            "--where, --prefer, --temperature, or candidates or sweeps of --dial");
}

}  // namespace
}  // namespace limbic::app
