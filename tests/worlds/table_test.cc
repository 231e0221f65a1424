#include "limbic/worlds/table.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "limbic/core/error.h"
#include "limbic/core/hash.h"
#include "limbic/worlds/standard_units.h"
#include "table_fixture.h"

namespace limbic::worlds {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST_F(TableTest, MissingCellsAreAbsentAndNotANumberIsCounted) {
  const Table world = table("a,b\n1,x\nNA,?\nnan,y\n1e99,\n", kNoSplit);
  EXPECT_THAT(world.summary(), HasSubstr(", 5 of 8 cells missing, 1 of them not finite"));
  const Episodes episodes = all_rows(world, Split::kTrain, 4);
  EXPECT_EQ(episodes.present_BTV.sum().item<int64_t>(), 3);
  EXPECT_EQ(episodes.value[0].sum().item<float>(), 1.F);
}

TEST_F(TableTest, AnEmptyCellIsMissingWhateverElseIs) {
  const Table world =
      table("a,b\n1,x\n,\n-999,-999\n", std::string(kNoSplit) + "missing: ['-999']");
  EXPECT_THAT(world.summary(), HasSubstr("1 number and 1 category (b of 1), 4 of 6 cells missing"));
}

TEST_F(TableTest, NanIsMissingAmongWordsAsAmongNumbers) {
  EXPECT_THAT(table("a,b\n1,x\nnan,nan\nNaN,NaN\n", kNoSplit).summary(),
              HasSubstr("1 number and 1 category (b of 1), 4 of 6 cells missing"));
}

TEST_F(TableTest, CenterAndScaleComeFromTrainingRows) {
  std::string text = "a,b\n";
  for (int i = 0; i < 20; ++i) text += concat(i, ",5\n");
  const Table world = table(text, "validation: 0.25\ntest: 0.25\n");
  EXPECT_EQ(world.num_training_rows(), 10);
  const at::Tensor train = all_rows(world, Split::kTrain, 10).value[0].to(at::kDouble);
  EXPECT_NEAR(world.schema()[0].center, train.mean().item<double>(), 1e-9);
  EXPECT_NEAR(world.schema()[0].scale, train.std(/*unbiased=*/false).item<double>(), 1e-9);
  EXPECT_EQ(world.schema()[1].center, 5.0);
  EXPECT_EQ(world.schema()[1].scale, 1.0);
}

TEST_F(TableTest, AsinhIsInMedianAbsoluteDeviationsAndStandardisedBehindIt) {
  const std::string rows = "a,b\n1,7\n2,7\n4,7\n8,7\n1000,9\n";
  const auto yaml =
      std::string(kNoSplit) + "columns: {a: {transform: asinh}, b: {transform: asinh}}";
  const Table world = table(rows, yaml);
  const Variable& a = world.schema()[0];
  EXPECT_EQ(a.transform.offset, 4);  // distances 3 2 0 4 996
  EXPECT_EQ(a.transform.unit, 3);
  double sum = 0, squares = 0;
  for (const double x : {1., 2., 4., 8., 1000.}) sum += std::asinh((x - 4) / 3);
  for (const double x : {1., 2., 4., 8., 1000.})
    squares += std::pow(std::asinh((x - 4) / 3) - sum / 5, 2);
  EXPECT_NEAR(a.center, sum / 5, 1e-12);
  EXPECT_NEAR(a.scale, std::sqrt(squares / 5), 1e-12);
  EXPECT_EQ(world.schema()[1].transform.offset, 7);
  EXPECT_NEAR(world.schema()[1].transform.unit, 0.4, 1e-12) << "most are one: mean distance";
  EXPECT_EQ(all_rows(world, Split::kTrain, 5).value[0].max().item<float>(), 1000) << "raw units";
}

TEST_F(TableTest, QuantilesOfTheTrainingRowsAreNormal) {
  std::string rows = "a,b,c\n";
  for (int i = 0; i < 200; ++i)
    rows += concat(i * i * i, ",", i, ",", i % 2 == 0 ? "x" : "y", "\n");
  const auto yaml = std::string(kNoSplit) + "transform: quantile\ncolumns: {b: {transform: none}}";
  const Table world = table(rows, yaml);
  const Variable &a = world.schema()[0], &b = world.schema()[1], &c = world.schema()[2];
  const auto z = standard_units(a, at::tensor({0.0, 1e6, 199. * 199 * 199}, at::kDouble));
  EXPECT_NEAR(z[1].item<double>(), 0, 0.03) << "the median";
  EXPECT_NEAR(z[2].item<double>(), -z[0].item<double>(), 0.05);
  EXPECT_NEAR(z[2].item<double>(), 2.8, 0.15);
  EXPECT_TRUE(b.transform.is_none()) << "a column's own word goes before the table's";
  EXPECT_EQ(c.kind, Kind::kCategory);
}

TEST_F(TableTest, MissingCellsAreNotMeasured) {
  const auto yaml =
      std::string(kNoSplit) +
      "columns: {b: {transform: asinh}, c: {transform: quantile}, d: {transform: log}}";
  const Table world = table("a,b,c,d\n10,10,10,1\n,,,\n14,14,14,1\n,,,\n18,18,18,1\n", yaml);
  const Schema& schema = world.schema();
  EXPECT_EQ(schema[0].center, 14);
  EXPECT_NEAR(schema[0].scale, std::sqrt(32. / 3), 1e-12);
  EXPECT_EQ(schema[1].transform.offset, 14);
  EXPECT_EQ(schema[1].transform.unit, 4);
  EXPECT_NEAR(schema[1].center, 0, 1e-12);
  EXPECT_NEAR(schema[2].transform(14), 0, 1e-12) << "the median";
  EXPECT_NEAR(schema[2].transform(10), -schema[2].transform(18), 1e-12);
  EXPECT_EQ(schema[3].center, 0) << "log 1";
}

TEST_F(TableTest, AColumnWithoutAValueInTheTrainingRowsIsRefused) {
  expect_refused("a,b,c\n1,,\n2,,\n",
                 "t.csv: 'b', 'c' have no value in the training rows: say `columns: {b: {kind: "
                 "skip}, c: {kind: skip}}`",
                 kNoSplit);
  expect_refused("a,b\n1,\n2,inf\n", "'b' has no value in the training rows", kNoSplit);
  expect_refused("a,b\n1,\n2,\n",
                 "'b' has no value in the training rows: say `columns: {b: {kind: skip}}`",
                 std::string(kNoSplit) + "columns: {b: {names: [x, y]}}");
  const std::string skip = std::string(kNoSplit) + "columns: {b: {kind: skip}}";
  EXPECT_EQ(table("a,b\n1,\n2,\n", skip).schema().size(), 1);
}

TEST_F(TableTest, NumbersAreReadAsFloat32HoldsThem) {
  const Table world = table("a\n0.1\n0.3\n", kNoSplit);
  EXPECT_EQ(world.schema()[0].center, (double{0.1F} + double{0.3F}) / 2) << "and measured so";
  const Table tiny = table("a\n1e-400\n-1e-50\n1e400\n-1e400\n", kNoSplit);
  EXPECT_THAT(tiny.summary(), HasSubstr(", 2 of 4 cells missing, 2 of them not finite"))
      << "what is too near to 0 is 0";
  for (const char* number : {"1e-50", "1e-400"}) {
    expect_refused(concat("a\n1\n", number, "\n"),
                   concat("t.csv:3:1: column 'a' has the transform log: expected a number above 0, "
                          "got '",
                          number, "'"),
                   "transform: log");
  }
}

TEST_F(TableTest, SaysWhichColumnsLoseToRounding) {
  const Table world =
      table("seconds,days,year\n1600000010,18518,2020\n1600000100,18519,2021\n", kNoSplit);
  EXPECT_THAT(world.summary(), testing::EndsWith("2 rows of 3 numbers, 0 of 6 cells missing, "
                                                 "numbers of 'seconds' rounded to float32 by up to "
                                                 "28"));
  EXPECT_THAT(
      table("seconds\n1600000010\n1600000100\n", concat(kNoSplit, "transform: log")).summary(),
      testing::EndsWith(", numbers of 'seconds' rounded to float32 by up to 28"));
}

TEST_F(TableTest, SaysWhichColumnsAreOneNumberOrHardlyEverTheSameName) {
  const std::string text = "id,unit,kind\na,7,u\nb,7,v\nc,7,u\na,7,v\n";
  EXPECT_THAT(table(text, kNoSplit).summary(),
              testing::EndsWith(", 0 of 12 cells missing, 'id' has 3 names in 4 rows (say kind: "
                                "skip in columns), 'unit' has one value alone, whose density "
                                "spoils nll (say kind: skip in columns)"));
  const std::string labels = "columns: {id: {access: label}, unit: {access: label}}";
  EXPECT_THAT(table(text, kNoSplit + labels).summary(),
              testing::EndsWith(", 0 of 12 cells missing"))
      << "the cortex does not see them";
}

TEST_F(TableTest, SaysWhatItTookColumnsFor) {
  EXPECT_THAT(table("a,b,c\n1,x,u\n2,y,u\n", kNoSplit).summary(),
              testing::HasSubstr(": 2 rows of 1 number and 2 categories (b of 2, c of 1), 0 of 6"));
}

TEST_F(TableTest, SaysWhatMakesACategoryOfAColumnThatMostlyHasNumbers) {
  const std::string rows = "1,1\n2,N/A\n3,3\n4,1\n5,3\n6,3\n";
  EXPECT_THAT(table("a,b\n" + rows, kNoSplit).summary(),
              testing::EndsWith(", 0 of 12 cells missing, 'b' a category since line 3 says 'N/A'"));
  EXPECT_THAT(table("a,b\n1,1\n2,N/A\n3,1\n4,N/A\n", kNoSplit).summary(),
              testing::EndsWith(", 0 of 8 cells missing"));
  EXPECT_THAT(table("a,b:category\n" + rows, kNoSplit).summary(),
              testing::EndsWith(", 0 of 12 cells missing"));
}

TEST_F(TableTest, SaysHowManyColumnsItLeftOutForWantOfAName) {
  EXPECT_THAT(table(",a\n0,1\n1,2\n", kNoSplit).summary(),
              testing::EndsWith(": 2 rows of 1 number, 0 of 2 cells missing, 1 column without a "
                                "name left out"));
  EXPECT_THAT(table(",a,\n0,1,\n1,2,\n", kNoSplit).summary(),
              testing::EndsWith(", 2 columns without a name left out"));
}

TEST_F(TableTest, ItsFingerprintTellsItsDataFromAnyOther) {
  const auto of = [&](const std::string& text) { return table(text, kNoSplit).fingerprint(); };
  const std::string before = of("a,b\n1,x\n2,y\n"), longer(80, 'x');
  EXPECT_NE(of("a\n" + longer + "1\n" + longer + "2\n"),
            of("a\n" + longer + "1\n" + longer + "3\n"));
  EXPECT_EQ(of("a,b\n1.0,\"x\"\n2,y\n"), before) << "however it is written";
  for (const char* const other : {"a,b\n1,x\n3,y\n", "a,b\n1,x\n2,z\n", "a,b\n1,x\n,y\n",
                                  "a,b\n2,y\n1,x\n", "c,b\n1,x\n2,y\n", "a,b\n1,x\n2,y\n2,y\n"})
    EXPECT_NE(of(other), before) << other;
}

// Runs keep it, so no other way of keeping cells may change it.
TEST_F(TableTest, ItsFingerprintHashesNamesWordsAndCellsAsDoubles) {
  std::string bytes;
  const auto add = [&](double number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  bytes += "1 a0 ";
  for (const double number : {double{0.1F}, std::nan(""), -3.}) add(number);
  bytes += "2 bc2 1 x2 yy";
  for (const double number : {1., 0., std::nan("")}) add(number);
  EXPECT_EQ(table("a,bc\n0.1,yy\n,x\n-3,\n", kNoSplit).fingerprint(), xxh3_128(bytes));
}

TEST_F(TableTest, SplitsAreDisjointAndEveryRowComesOnceAnEpoch) {
  std::string text = "a\n";
  for (int i = 0; i < 20; ++i) text += concat(i, "\n");
  const Table world = table(text, "validation: 0.1\ntest: 0.2\n");
  std::set<float> seen;
  for (const auto& [split, count] :
       {std::pair{Split::kTrain, 14}, {Split::kValidation, 2}, {Split::kTest, 4}}) {
    EXPECT_EQ(world.num_distinct_rows("rows", split), count);
    const at::Tensor value = all_rows(world, split, count).value[0].flatten();
    for (int i = 0; i < count; ++i) seen.insert(value[i].item<float>());
  }
  EXPECT_EQ(seen.size(), 20);
}

TEST_F(TableTest, DrawingIsPureAndChunksContinueEachOther) {
  const Table world = table("a\n1\n2\n3\n4\n5\n6\n7\n8\n", kNoSplit);
  const Stream stream(4);
  const Draw second{.regime = "rows", .first_row = 4, .num_rows = 4};
  const at::Tensor whole = world.draw({.regime = "rows", .num_rows = 8}, stream).value[0];
  EXPECT_TRUE(world.draw(second, stream).value[0].equal(whole.narrow(0, 4, 4)));
  EXPECT_TRUE(world.draw(second, stream).value[0].equal(world.draw(second, stream).value[0]));
}

TEST_F(TableTest, RefusesAMissingFileAndATableWithNothingToTrainOn) {
  EXPECT_THAT([] { Table(config::parse<TableConfig>("file: /no/such.csv\n", "t.yaml")); },
              ThrowsMessage<Error>("cannot read /no/such.csv: No such file or directory; say where "
                                   "it is with --set world.file=PATH"));
  EXPECT_THAT(
      [] { Table(config::parse<TableConfig>("file: no_such.csv\n", "t.yaml")); },
      ThrowsMessage<Error>(HasSubstr("No such file or directory in the working directory")));
  expect_refused("a\n1\n", "no row is left to train on: 1 rows, 0 for validation, 1 for test",
                 "validation: 0\ntest: 0.6\n");
  expect_refused("a\n1\n", "every column is skipped", "columns: {a: {kind: skip}}\ntest: 0\n");
}

TEST_F(TableTest, RefusesToDrawFromASplitWithoutRows) {
  const Table world = table("a\n1\n", kNoSplit);
  EXPECT_THAT([&] { (void)all_rows(world, Split::kTest, 1); },
              ThrowsMessage<Error>(HasSubstr("no row is held out for the split 'test'")));
}

TEST(TableConfigTest, NamesWhatIsWrong) {
  EXPECT_THAT([] { (void)config::parse<TableConfig>("file: a.csv\ndelimiter: ab\n", "t.yaml"); },
              ThrowsMessage<Error>("t.yaml:2:12: delimiter is one character, and no quote"));
  EXPECT_THAT(
      [] { (void)config::parse<TableConfig>("file: a.csv\ndelimiter: '\\t'\n", "t.yaml"); },
      ThrowsMessage<Error>("t.yaml:2:12: delimiter is one character, and no quote; a tab is "
                           "\"\\t\", in double quotes"));
  EXPECT_EQ(config::parse<TableConfig>("file: a.csv\ndelimiter: \"\\t\"\n", "t.yaml").delimiter,
            "\t");
  EXPECT_THAT(
      [] {
        (void)config::parse<TableConfig>("file: a.csv\nvalidation: 0.5\ntest: 0.5\n", "t.yaml");
      },
      ThrowsMessage<Error>(
          "t.yaml:3:7: validation and test together leave less than 5 % to train on"));
}

TEST(TableConfigTest, ACategoryIsNoCellThatIsMissing) {
  const std::string yaml = "file: a.csv\ncolumns: {region: {names: [EU, NA, AS]}}\n";
  EXPECT_THAT([&] { (void)config::parse<TableConfig>(yaml, "t.yaml"); },
              ThrowsMessage<Error>("t.yaml:2:32: 'NA' can be no category: a cell that says so "
                                   "counts as missing, unless the table has `missing: ['NaN', "
                                   "'nan', '?']`"));
  EXPECT_NO_THROW((void)config::parse<TableConfig>(yaml + "missing: [NaN, '?']", "t.yaml"));
}

TEST(TableConfigTest, NoCategoryIsAnEmptyCell) {
  const std::string yaml =
      "file: a.csv\ncolumns: {region: {names: [EU, '', AS]}}\nmissing: ['-999']";
  EXPECT_THAT([&] { (void)config::parse<TableConfig>(yaml, "t.yaml"); },
              ThrowsMessage<Error>("t.yaml:2:32: '' can be no category: a cell that says so counts "
                                   "as missing"));
}

}  // namespace
}  // namespace limbic::worlds
