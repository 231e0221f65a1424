#include "limbic/worlds/table.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fixture.h"
#include "limbic/core/error.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<std::string> texts(const std::vector<CsvCell>& cells) {
  std::vector<std::string> all;
  for (const CsvCell& cell : cells) all.push_back(cell.text);
  return all;
}

class CsvTest : public testing::Test {
 protected:
  Csv read(const std::string& text, const CsvFormat& format = {}) {
    return read_csv(folder_.write("a.csv", text), format);
  }
  std::string place(const std::string& rest) { return folder_.file("a.csv") + rest; }

  TemporaryFolder folder_;
};

TEST_F(CsvTest, ReadsQuotesLineBreaksAndSpaces) {
  const Csv csv = read("\xEF\xBB\xBFname, age\r\n\"Smith, \"\"J\"\"\",  41 \r\n\n\"two\nlines\",7");
  EXPECT_THAT(texts(csv.header), ElementsAre("name", "age"));
  ASSERT_EQ(csv.rows.size(), 2);
  EXPECT_THAT(texts(csv.rows[0]), ElementsAre("Smith, \"J\"", "41"));
  EXPECT_THAT(texts(csv.rows[1]), ElementsAre("two\nlines", "7"));
  EXPECT_EQ(csv.place(csv.rows[0][1]), place(":2:18"));
  EXPECT_EQ(csv.place(csv.rows[1][1]), place(":5:8"));
}

TEST_F(CsvTest, EmptyCellsAreCells) {
  EXPECT_THAT(texts(read("a,b,c\n,,\n").rows.at(0)), ElementsAre("", "", ""));
  EXPECT_THAT(texts(read("a\n\"\"\n1").rows.at(0)), ElementsAre(""));
}

TEST_F(CsvTest, TakesAnotherDelimiterAHeaderAndLinesToSkip) {
  const Csv csv = read("150;2;junk\n1.5;x\n", {';', 1, {"length", "kind"}});
  EXPECT_THAT(texts(csv.header), ElementsAre("length", "kind"));
  EXPECT_THAT(texts(csv.rows.at(0)), ElementsAre("1.5", "x"));
}

TEST_F(CsvTest, RefusesARaggedRow) {
  EXPECT_THAT([&] { read("a,b,c,d,e\n1,2,3,4,5\n1,2,3,4\n"); },
              ThrowsMessage<Error>(place(":3: expected 5 cells, got 4")));
}

TEST_F(CsvTest, RefusesAnEmptyFileAndOneWithoutRows) {
  EXPECT_THAT([&] { read(""); }, ThrowsMessage<Error>(place(": this file is empty")));
  EXPECT_THAT([&] { read("a,b\n"); },
              ThrowsMessage<Error>(place(": this file has a header but no rows")));
}

TEST_F(CsvTest, RefusesBytesThatAreNoText) {
  EXPECT_THAT([&] { read("a,b\n1,2\nx,caf\xE9\n"); },
              ThrowsMessage<Error>(place(":3:6: byte 0xe9 is not UTF-8")));
}

TEST_F(CsvTest, RefusesQuotesThatGoWrong) {
  EXPECT_THAT([&] { read("a,b\n1,\"2\n"); },
              ThrowsMessage<Error>(place(":2:3: this quote never ends")));
  EXPECT_THAT(
      [&] { read("a,b\n\"1\"x,2\n"); },
      ThrowsMessage<Error>(place(":2:1: something follows the closing quote of this cell")));
}

class TableTest : public testing::Test {
 protected:
  Table table(const std::string& text, const std::string& yaml = "") {
    const std::string file = folder_.write("t.csv", text);
    return Table(config::parse<TableConfig>("file: " + file + "\n" + yaml, "t.yaml"));
  }
  void expect_refused(const std::string& text, const std::string& message,
                      const std::string& yaml = "") {
    try {
      table(text, yaml);
      FAIL() << "not refused: " << message;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
      EXPECT_EQ(error.code(), ExitCode::kInput);
    }
  }
  static Episodes all_rows(const Table& table, Split split, int64_t count) {
    return table.draw({.regime = "rows", .split = split, .num_rows = count}, Stream(1));
  }

  TemporaryFolder folder_;
};

constexpr auto kNoSplit = "validation: 0\ntest: 0\n";

TEST_F(TableTest, TypesColumnsByHeaderElseByTheirCells) {
  const Table world = table("age,zip:category,word,size:scalar\n1,8,x,3\n2,10,y,4\n", kNoSplit);
  const Schema& schema = world.schema();
  EXPECT_THAT(schema.names(), ElementsAre("age", "zip", "word", "size"));
  EXPECT_EQ(schema[0].kind, Kind::kScalar);
  EXPECT_EQ(schema[1].kind, Kind::kCategory);
  EXPECT_THAT(schema[1].names, ElementsAre("8", "10"));
  EXPECT_EQ(schema[2].kind, Kind::kCategory);
  EXPECT_EQ(schema[3].kind, Kind::kScalar);
  EXPECT_EQ(schema.num_ticks(), 1);
}

TEST_F(TableTest, AHeadingWithAColonIsANameIfTheConfigSaysSo) {
  const std::string text = "C:N,time (hh:mm)\n1,x\n2,y\n";
  expect_refused(text, "unknown kind 'N'");
  const Table world = table(text, std::string(kNoSplit) +
                                      "columns: {'C:N': {modality: chemistry}, "
                                      "'time (hh:mm)': {kind: category}}\n");
  EXPECT_THAT(world.schema().names(), ElementsAre("C:N", "time (hh:mm)"));
  EXPECT_EQ(world.schema()[0].kind, Kind::kScalar);
  EXPECT_EQ(world.schema()[0].modality, "chemistry");
}

TEST_F(TableTest, TheConfigGoesBeforeTheHeader) {
  const Table world = table("a:scalar,b,c\n1,8,x\n2,9,y\n",
                            std::string(kNoSplit) +
                                "columns:\n"
                                "  a: {kind: category, names: ['2', '1'], modality: both}\n"
                                "  b: {access: label}\n"
                                "  c: {kind: skip}\n");
  EXPECT_THAT(world.schema().names(), ElementsAre("a", "b"));
  EXPECT_THAT(world.schema()[0].names, ElementsAre("2", "1"));
  EXPECT_EQ(world.schema()[0].modality, "both");
  EXPECT_EQ(world.schema()[1].access, Access::kLabel);
}

TEST_F(TableTest, MissingCellsAreAbsentAndNotANumberIsCounted) {
  const Table world = table("a,b\n1,x\nNA,?\nnan,y\n1e99,\n", kNoSplit);
  EXPECT_THAT(world.summary(), testing::EndsWith(", 5 of 8 cells missing, 2 of them not finite"));
  const Episodes episodes = all_rows(world, Split::kTrain, 4);
  EXPECT_EQ(episodes.present_BTV.sum().item<int64_t>(), 3);
  EXPECT_EQ(episodes.value[0].sum().item<float>(), 1.F);
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

TEST_F(TableTest, AColumnOfWhichNothingIsKnownIsTakenAsItIs) {
  const Table world = table("a,b,c\n,,1\n,,2\n", std::string(kNoSplit) +
                                                     "columns: {a: {transform: quantile}, "
                                                     "b: {transform: asinh}}");
  const at::Tensor x = at::tensor({-3.0, 0.0, 0.5, 7.0}, at::kDouble);
  EXPECT_TRUE(standard_units(world.schema()[0], x).allclose(x));
  EXPECT_TRUE(standard_units(world.schema()[1], x).allclose(x.asinh()));
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
      table("seconds,days,year\n1600000010,18518,2020\n1600000100,18519,2020\n", kNoSplit);
  EXPECT_THAT(world.summary(), testing::EndsWith("2 rows of 3 numbers, 0 of 6 cells missing, "
                                                 "numbers of 'seconds' rounded to float32 by up to "
                                                 "28"));
}

TEST_F(TableTest, SaysWhatItTookColumnsFor) {
  EXPECT_THAT(table("a,b,c\n1,x,u\n2,y,u\n", kNoSplit).summary(),
              testing::HasSubstr(": 2 rows of 1 number and 2 categories (b of 2, c of 1), 0 of 6"));
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

TEST_F(TableTest, RefusesATransformOfACategoryAndLogsOfWhatHasNone) {
  expect_refused("a\nx\ny\n", "t.yaml:2:11: column 'a' is a category, so it has no transform",
                 "columns: {a: {transform: log}}");
  expect_refused("a,b\n1,2\n3,0\n",
                 "t.csv:3:3: column 'b' has the transform log: expected a number above 0, got '0'",
                 "columns: {b: {transform: log}}");
}

TEST_F(TableTest, RefusesNamesOfAScalar) {
  expect_refused("a\n1\n", "t.yaml:2:11: column 'a' is a scalar, so it has no names",
                 "columns: {a: {kind: scalar, names: ['1']}}");
}

TEST_F(TableTest, AColumnMayHaveBounds) {
  const std::string bounds = std::string(kNoSplit) +
                             "transform: quantile\ncolumns: {a: {low: 0, "
                             "high: 10}, b: {high: 9}}";
  const Table world = table("a,b,c\n0,1,1\n10,2,2\n", bounds);
  const Schema& schema = world.schema();
  EXPECT_EQ(schema[0].low, 0);
  EXPECT_EQ(schema[0].high, 10);
  EXPECT_EQ(schema[1].low, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(schema[1].high, 9);
  EXPECT_TRUE(schema[0].transform.is_none()) << "the table's is for columns without bounds";
  EXPECT_EQ(schema[2].transform.kind, TransformKind::kQuantile);
  expect_refused("a,b,c\n0,1,1\n-1,2,2\n",
                 "t.csv:3:1: column 'a' has bounds: expected a number from 0 to 10, got '-1'",
                 bounds);
}

TEST_F(TableTest, RefusesBoundsOfWhatHasNone) {
  expect_refused("a\nx\ny\n", "t.yaml:2:11: column 'a' is a category, so it has no low and no high",
                 "columns: {a: {low: 0}}");
  EXPECT_THAT([&] { table("a\n1\n", "columns: {a: {low: 0, transform: log}}"); },
              ThrowsMessage<Error>(testing::HasSubstr("'a' has a transform, so it has no low")));
  EXPECT_THAT(
      [&] { table("a\n1\n", "columns: {a: {low: 3, high: 2}}"); },
      ThrowsMessage<Error>(testing::HasSubstr("low of 'a' must lie below high, got 3 and 2")));
}

TEST_F(TableTest, SplitsAreDisjointAndEveryRowComesOnceAnEpoch) {
  std::string text = "a\n";
  for (int i = 0; i < 20; ++i) text += concat(i, "\n");
  const Table world = table(text, "validation: 0.1\ntest: 0.2\n");
  std::set<float> seen;
  for (const auto& [split, count] :
       {std::pair{Split::kTrain, 14}, {Split::kValidation, 2}, {Split::kTest, 4}}) {
    const at::Tensor value = all_rows(world, split, count).value[0].flatten();
    for (int i = 0; i < count; ++i) seen.insert(value[i].item<float>());
  }
  EXPECT_EQ(seen.size(), 20);
}

TEST_F(TableTest, DrawingIsPureAndChunksContinueEachOther) {
  const Table world = table("a\n1\n2\n3\n4\n5\n6\n7\n8\n", kNoSplit);
  const Stream stream(4);
  const Draw second{.regime = "rows", .chunk = 1, .first_row = 4, .num_rows = 4};
  const at::Tensor whole = world.draw({.regime = "rows", .num_rows = 8}, stream).value[0];
  EXPECT_TRUE(world.draw(second, stream).value[0].equal(whole.narrow(0, 4, 4)));
  EXPECT_TRUE(world.draw(second, stream).value[0].equal(world.draw(second, stream).value[0]));
}

TEST_F(TableTest, RefusesAScalarThatIsNoNumber) {
  expect_refused("a:scalar,b\n1,x\ntwo,y\n",
                 "t.csv:3:1: expected a number in column 'a', got 'two'");
}

TEST_F(TableTest, RefusesAnUnknownKindAnUnknownColumnAndAnUnknownCategory) {
  expect_refused("a:scaler\n1\n", "t.csv:1:1: unknown kind 'scaler'; did you mean 'scalar'?");
  expect_refused("age,b\n1,2\n", "is called 'aged'; did you mean 'age'?", "columns: {aged: {}}\n");
  expect_refused("a\nyes\nyess\n",
                 "t.csv:3:1: unknown category 'yess' in column 'a'; did you mean 'yes'?",
                 "columns: {a: {names: ['no', 'yes']}}\n");
}

TEST_F(TableTest, RefusesNamelessAndDoubledColumns) {
  expect_refused("a,\n1,2\n", "t.csv:1:3: this column has no name");
  expect_refused("a,a:scalar\n1,2\n", "t.csv:1:3: a second column is called 'a'");
}

TEST_F(TableTest, RefusesTooManyCategories) {
  std::string text = "name:category\n";
  for (int i = 0; i < 4097; ++i) text += concat("n", i, "\n");
  expect_refused(text, "t.csv:4098:1: column 'name' has more than 4096 categories");
}

TEST_F(TableTest, RefusesAMissingFileAndATableWithNothingToTrainOn) {
  EXPECT_THAT([] { Table(config::parse<TableConfig>("file: /no/such.csv\n", "t.yaml")); },
              ThrowsMessage<Error>(HasSubstr("/no/such.csv")));
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
                                   "counts as missing, unless the table has `missing: ['', 'NaN', "
                                   "'?']`"));
  EXPECT_NO_THROW((void)config::parse<TableConfig>(yaml + "missing: ['', NaN, '?']", "t.yaml"));
}

}  // namespace
}  // namespace limbic::worlds
