#include "limbic/worlds/table_columns.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "limbic/core/error.h"
#include "table_fixture.h"

namespace limbic::worlds {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

class TableColumnsTest : public TableTest {};

TEST_F(TableColumnsTest, TypesColumnsByHeaderElseByTheirCells) {
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

TEST_F(TableColumnsTest, AHeadingWithAColonIsANameIfTheConfigSaysSo) {
  const std::string text = "C:N,time (hh:mm)\n1,x\n2,y\n";
  expect_refused(text,
                 "t.csv:1:1: unknown kind 'N'; known: infer, scalar, category, skip; a name with a "
                 "colon is said by `columns: {'C:N': {}}`");
  const Table world = table(text, std::string(kNoSplit) +
                                      "columns: {'C:N': {modality: chemistry}, "
                                      "'time (hh:mm)': {kind: category}}\n");
  EXPECT_THAT(world.schema().names(), ElementsAre("C:N", "time (hh:mm)"));
  EXPECT_EQ(world.schema()[0].kind, Kind::kScalar);
  EXPECT_EQ(world.schema()[0].modality, "chemistry");
}

TEST_F(TableColumnsTest, TheConfigGoesBeforeTheHeader) {
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

TEST_F(TableColumnsTest, RefusesATransformOfACategoryAndLogsOfWhatHasNone) {
  expect_refused("a\nx\ny\n", "t.yaml:2:11: column 'a' is a category, so it has no transform",
                 "columns: {a: {transform: log}}");
  expect_refused("a,b\n1,2\n3,0\n",
                 "t.csv:3:3: column 'b' has the transform log: expected a number above 0, got '0'",
                 "columns: {b: {transform: log}}");
}

TEST_F(TableColumnsTest, RefusesNamesOfAScalar) {
  expect_refused("a\n1\n", "t.yaml:2:11: column 'a' is a scalar, so it has no names",
                 "columns: {a: {kind: scalar, names: ['1']}}");
}

TEST_F(TableColumnsTest, AColumnMayHaveBounds) {
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

TEST_F(TableColumnsTest, RefusesBoundsOfWhatHasNone) {
  expect_refused("a\nx\ny\n", "t.yaml:2:11: column 'a' is a category, so it has no low and no high",
                 "columns: {a: {low: 0}}");
  EXPECT_THAT([&] { table("a\n1\n", "columns: {a: {low: 0, transform: log}}"); },
              ThrowsMessage<Error>(HasSubstr("'a' has a transform, so it has no low")));
  EXPECT_THAT([&] { table("a\n1\n", "columns: {a: {low: 3, high: 2}}"); },
              ThrowsMessage<Error>(HasSubstr("low of 'a' must lie below high, got 3 and 2")));
}

TEST_F(TableColumnsTest, RefusesAScalarThatIsNoNumber) {
  expect_refused("a:scalar,b\n1,x\ntwo,y\n",
                 "t.csv:3:1: expected a number in column 'a', got 'two'");
}

TEST_F(TableColumnsTest, RefusesAnUnknownKindAnUnknownColumnAndAnUnknownCategory) {
  EXPECT_THAT(refusal("a:scaler\n1\n"),
              EndsWith("t.csv:1:1: unknown kind 'scaler'; did you mean 'scalar'?"));
  expect_refused("age,b\n1,2\n", "is called 'aged'; did you mean 'age'?", "columns: {aged: {}}\n");
  expect_refused("a\nyes\nyess\n",
                 "t.csv:3:1: unknown category 'yess' in column 'a'; did you mean 'yes'?",
                 "columns: {a: {names: ['no', 'yes']}}\n");
}

TEST_F(TableColumnsTest, RefusesNamelessAndDoubledColumns) {
  expect_refused("a,:scalar\n1,2\n", "t.csv:1:3: this column has no name");
  expect_refused("a,a:scalar\n1,2\n", "t.csv:1:3: a second column is called 'a'");
}

TEST_F(TableColumnsTest, AColumnWithoutANameIsLeftOut) {
  const Table world = table(",a,\n0,1,\n1,2,\n", kNoSplit);
  EXPECT_THAT(world.schema().names(), ElementsAre("a"));
  EXPECT_EQ(all_rows(world, Split::kTrain, 2).value[0].sum().item<float>(), 3);
}

TEST_F(TableColumnsTest, MistakesOfTheConfigsOwnHeaderAreNamedThere) {
  EXPECT_EQ(refusal("1,2\n", "header: [a, a]"), "t.yaml:2:13: a second column is called 'a'");
  EXPECT_THAT(refusal("1,2\n", "header: [a, 'b:c']"), StartsWith("t.yaml:2:13: unknown kind 'c'"));
  EXPECT_EQ(refusal("1,2\n", "header: [a, ':scalar']"), "t.yaml:2:13: this column has no name");
  expect_refused("1,2\n", "t.csv:1: expected 3 cells, as many as `header` names, got 2",
                 "header: [a, b, c]");
}

TEST_F(TableColumnsTest, RefusesAFirstLineOfNumbersUnlessOneIsSaidToBeAName) {
  expect_refused("2019,,2020.5\n1,2,3\n",
                 "t.csv:1:1: the first line looks like data: give the names by `header: [...]`, or "
                 "say `columns: {'2019': {}}` where they are these numbers");
  const Table world = table("2019,2020\n1,2\n", std::string(kNoSplit) + "columns: {'2020': {}}");
  EXPECT_THAT(world.schema().names(), ElementsAre("2019", "2020"));
  EXPECT_EQ(table("a,2020\n1,2\n", kNoSplit).schema().size(), 2);
  EXPECT_EQ(table("2019,2020\n", std::string(kNoSplit) + "header: [a, b]").schema().size(), 2);
}

TEST_F(TableColumnsTest, RefusesALoneColumnInWhoseHeadingAnotherDelimiterStands) {
  for (const char* const rows : {"1;2\n", "1,5;2,5\n"})
    expect_refused(concat("# of 2019\na;b\n", rows),
                   "t.csv:2: no ',' in the heading, but ';': say `delimiter: ';'`, or put a name "
                   "that holds it in quotes",
                   "skip_lines: 1");
  expect_refused("a\tb\n1\t2\n", R"(but "\t": say `delimiter: "\t"`)");
  EXPECT_THAT(table("\"a;b\"\n1\n2\n", kNoSplit).schema().names(), ElementsAre("a;b"));
  EXPECT_EQ(table("1;2\n", std::string(kNoSplit) + "header: [a]").schema().size(), 1);
}

TEST_F(TableColumnsTest, TheWordThatMakesACategoryOfNumbersIsNamedInWhatThatRefuses) {
  const std::string rows = "a,income\n1,x\n2,20\n3,30\n4,40\n";
  const std::string why =
      "t.csv:2:3 'x' is no number; where it means that nothing is known, say `missing: "
      "[NA, 'NaN', 'nan', '?', x]`";
  const std::string bounded = "columns: {income: {low: 0}}";
  EXPECT_THAT(refusal(rows, bounded),
              AllOf(StartsWith("t.yaml:2:11: column 'income' is a category, so it has no low and "
                               "no high: at /"),
                    EndsWith(why)));
  EXPECT_THAT(refusal(rows, "columns: {income: {transform: log}}"), EndsWith(why));
  const std::string cured = concat(kNoSplit, "missing: [NA, 'NaN', 'nan', '?', x]\n", bounded);
  EXPECT_EQ(table(rows, cured).schema()[1].kind, Kind::kScalar);
  EXPECT_THAT(refusal("a\n1\nx\ny\n", "columns: {a: {low: 0}}"),
              HasSubstr("t.csv:3:1 'x' is no number; where"))
      << "it begins with numbers";
  EXPECT_THAT(refusal("a\nx\n1\ny\n", "columns: {a: {low: 0}}"), EndsWith("no low and no high"));
  EXPECT_THAT(refusal(concat("a\n1\n", std::string(25, 'x'), "\n"), "columns: {a: {low: 0}}"),
              EndsWith("is no number"))
      << "such a text means more";
}

TEST_F(TableColumnsTest, TheWordThatMakesFarTooManyCategoriesOfNumbersIsNamed) {
  std::string prices = "price\n", names = "name\n1\n";
  for (int i = 0; i < 4097; ++i) {
    prices += concat(i, i == 1 ? "\nN/A\n" : "\n");
    names += concat("n", i, "\n");
  }
  expect_refused(prices,
                 "t.csv:4:1: column 'price' has more than 4096 categories, since 'N/A' is no "
                 "number; where it means that nothing is known, say `missing: [NA, ");
  expect_refused(names,
                 "t.csv:4098:1: column 'name' has more than 4096 categories; is it a name or a "
                 "number? (kind: skip)");
}

TEST_F(TableColumnsTest, CategoriesThatAreNoFiniteNumbersAreWordsInOrder) {
  const Table world = table("a:category\n-inf\n2\n+nan\n10\n1\n", kNoSplit);
  EXPECT_THAT(world.schema()[0].names, ElementsAre("1", "2", "10", "+nan", "-inf"));
}

TEST_F(TableColumnsTest, CellsAreIndicesOfNamesInOrderHoweverTheyCome) {
  const std::string file = folder_.write("t.csv", "id,k\n1,b\n2,10\n3,\n4,a\n5,8\n6,b\n");
  const std::vector<TableColumn> columns = read_columns(read_csv(file), TableConfig{});
  ASSERT_EQ(columns.size(), 2);
  EXPECT_THAT(columns[0].value, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(columns[1].variable.names, ElementsAre("8", "10", "a", "b"));
  EXPECT_THAT(columns[1].value, ElementsAre(3, 1, 0, 2, 0, 3));
  EXPECT_THAT(columns[1].present, ElementsAre(true, true, false, true, true, true));
}

TEST_F(TableColumnsTest, OfSeveralColumnsWithMistakesTheFirstIsRefused) {
  const std::string text = "a:scalar,b:scalar,c\n1,x,u\nz,2,v\n";
  expect_refused(text, "t.csv:3:1: expected a number in column 'a', got 'z'");
  expect_refused(text, "t.csv:2:3: expected a number in column 'b', got 'x'",
                 "columns: {a: {kind: skip}, c: {names: [v]}}");
  expect_refused(text, "t.csv:2:5: unknown category 'u' in column 'c'",
                 "columns: {a: {kind: skip}, b: {kind: skip}, c: {names: [v]}}");
}

TEST_F(TableColumnsTest, RefusesTooManyCategories) {
  std::string text = "name:category\n";
  for (int i = 0; i < 4097; ++i) text += concat("n", i, "\n");
  expect_refused(text, "t.csv:4098:1: column 'name' has more than 4096 categories");
}

}  // namespace
}  // namespace limbic::worlds
