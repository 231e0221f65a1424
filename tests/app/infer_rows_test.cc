#include "limbic/app/infer_rows.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/app/imputer.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
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

}  // namespace
}  // namespace limbic::app
