#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::HasSubstr;

constexpr const char* kUnknown = "size,kind\n11,cat\n2,crocodile\n3,dog\n";
constexpr const char* kEmpty = "size,kind\n,cat\n2,\n3,dog\n";
constexpr const char* kCure =
    "rows.csv:2:1: size: expected a number from 0 to 10, got '11'; --unknown missing takes it as "
    "empty";

/// Asks a brain of animals about sizes out of bounds and kinds that it never saw.
class UnknownCellsTest : public testing::Test {
 protected:
  UnknownCellsTest() {
    log::set_level(log::Level::kQuiet);
    const std::string table =
        directory_.write("t.csv",
                         "size:scalar,kind:category,coat:category,pain:scalar\n"
                         "1,cat,red,0\n3,dog,red,1\n1.5,cat,grey,2\n"
                         "3.5,dog,grey,3\n1.2,cat,red,1\n4,dog,red,2\n");
    train_run(directory_.write("config.yaml", kOneStep), directory_ / "run",
              {"world={type: table, file: " + table +
               ", validation: 0, test: 0, columns: {size: {low: 0, high: 10}}}"});
  }

  // The same command by options whose file of rows is rows.csv.
  void expect_as_if_empty(auto options, auto command) {
    options.run = directory_ / "run";
    options.rows = directory_.write("rows.csv", kUnknown);
    options.device = "cpu";
    const auto ask = [&] { return command(options); };
    EXPECT_EQ(testing_support::refusal(directory_.path() + "/", [&] { (void)ask(); }), kCure);
    options.reading.unknown = worlds::UnknownCells::kMissing;
    const std::string found = answer(ask);
    (void)directory_.write("rows.csv", kEmpty);
    options.reading.unknown = worlds::UnknownCells::kRefuse;
    EXPECT_EQ(found, answer(ask));
  }

  testing_support::TemporaryDirectory directory_;
};

TEST_F(UnknownCellsTest, OfRowsToCompleteAreFilledIn) {
  expect_as_if_empty(InferOptions{.probabilities = true}, infer);
}

TEST_F(UnknownCellsTest, OfSituationsAreNotGiven) {
  expect_as_if_empty(DecideOptions{.choose = {"coat"}, .outcome = "pain"}, decide);
}

TEST_F(UnknownCellsTest, OfRowsToScoreAreNotScored) { expect_as_if_empty(ScoreOptions{}, score); }

TEST_F(UnknownCellsTest, ARowOfNothingElseHasNothingToScore) {
  ScoreOptions options{.run = directory_ / "run",
                       .rows = directory_.write("rows.csv", "size,kind\n11,crocodile\n"),
                       .out = directory_ / "out.csv",
                       .device = "cpu"};
  options.reading.unknown = worlds::UnknownCells::kMissing;
  EXPECT_EQ(score(options), 0);
  EXPECT_EQ(read_file(options.out), "row,log_prob,dimensions,disagreement\n0,0,0,0\n");
}

TEST_F(UnknownCellsTest, OfWhatAFileGivesAreNotGivenEither) {
  ScoreOptions options{.run = directory_ / "run",
                       .rows = directory_.write("rows.csv", "size,kind\n2,cat\n3,crocodile\n"),
                       .given = {directory_.write("given.csv", "kind\ncat\ncrocodile\n")},
                       .out = directory_ / "out.csv",
                       .device = "cpu"};
  options.reading.unknown = worlds::UnknownCells::kMissing;
  EXPECT_EQ(score(options), 0);
  const std::string by_file = read_file(options.out);
  options.given = {"kind"};
  EXPECT_EQ(score(options), 0);
  EXPECT_EQ(by_file, read_file(options.out));
}

TEST_F(UnknownCellsTest, OfATruthAreNotMarked) {
  InferOptions options{.run = directory_ / "run",
                       .given = {"kind=cat"},
                       .ask = {"size"},
                       .samples = 20,
                       .corner = directory_ / "corner.svg",
                       .truth = directory_.write("truth.csv", "size\n11\n"),
                       .device = "cpu"};
  EXPECT_THAT(testing_support::refusal([&] { (void)infer(options); }),
              HasSubstr("got '11'; --unknown missing takes it as empty"));
  options.reading.unknown = worlds::UnknownCells::kMissing;
  (void)answer([&] { return infer(options); });
  const std::string unmarked = read_file(options.corner);
  options.truth = {};
  (void)answer([&] { return infer(options); });
  EXPECT_EQ(unmarked, read_file(options.corner));
}

}  // namespace
}  // namespace limbic::app
