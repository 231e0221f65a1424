#include "limbic/worlds/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <utility>

#include "fixture.h"
#include "limbic/core/error.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::ThrowsMessage;

std::vector<std::string> texts(const std::vector<CsvCell>& cells) {
  std::vector<std::string> all;
  for (const CsvCell& cell : cells) all.emplace_back(cell.text);
  return all;
}

std::vector<std::string> texts(const Csv& csv, int64_t row) {
  std::vector<std::string> all;
  for (int64_t i = 0; i < std::ssize(csv.header); ++i) all.emplace_back(csv.cell(row, i).text);
  return all;
}

class CsvTest : public testing::Test {
 protected:
  Csv read(const std::string& text, const CsvFormat& format = {}) {
    return read_csv(folder_.write("a.csv", text), format);
  }
  std::string place(const std::string& rest) { return folder_ / "a.csv" + rest; }

  TemporaryDirectory folder_;
};

TEST_F(CsvTest, ReadsQuotesLineBreaksAndSpaces) {
  const Csv csv = read("\xEF\xBB\xBFname, age\r\n\"Smith, \"\"J\"\"\",  41 \r\n\n\"two\nlines\",7");
  EXPECT_THAT(texts(csv.header), ElementsAre("name", "age"));
  ASSERT_EQ(csv.num_rows(), 2);
  EXPECT_THAT(texts(csv, 0), ElementsAre("Smith, \"J\"", "41"));
  EXPECT_THAT(texts(csv, 1), ElementsAre("two\nlines", "7"));
  EXPECT_EQ(csv.place(csv.header[0]), place(":1:1")) << "behind the byte-order mark";
  EXPECT_EQ(csv.place(csv.cell(0, 1)), place(":2:18"));
  EXPECT_EQ(csv.place(csv.cell(1, 1)), place(":5:8"));
}

TEST_F(CsvTest, APlaceCountsLinesInQuotesAndBytesOfDoubledQuotes) {
  const Csv csv = read("id,say\r\n1,\"a \"\"b\"\"\r\n\n\"\"c\"\"\"\r\n2 ,\"\"\"\"\n\"\n\",");
  ASSERT_EQ(csv.num_rows(), 3);
  EXPECT_THAT(texts(csv, 0), ElementsAre("1", "a \"b\"\r\n\n\"c\""));
  EXPECT_THAT(texts(csv, 1), ElementsAre("2", "\""));
  EXPECT_THAT(texts(csv, 2), ElementsAre("\n", ""));
  EXPECT_EQ(csv.place(csv.cell(0, 1)), place(":2:3"));
  EXPECT_EQ(csv.place(csv.cell(1, 0)), place(":5:1"));
  EXPECT_EQ(csv.place(csv.cell(1, 1)), place(":5:4"));
  EXPECT_EQ(csv.place(csv.cell(2, 0)), place(":6:1"));
  EXPECT_EQ(csv.place(csv.cell(2, 1)), place(":7:3")) << "at the end of the file";
}

// So small a file would lie within a string that holds it, and move with that.
TEST_F(CsvTest, TextsStayWhereTheyAreWhenAFileIsMoved) {
  Csv csv = read("1\n\"\"\"\"\n", {.header = {"a"}});
  const CsvCell name = csv.header[0], plain = csv.cell(0, 0), doubled = csv.cell(1, 0);
  const Csv moved = std::move(csv);
  EXPECT_EQ(moved.header[0].text.data(), name.text.data());
  EXPECT_EQ(moved.format.header[0].data(), name.text.data());
  EXPECT_EQ(moved.cell(0, 0).text.data(), plain.text.data());
  EXPECT_EQ(moved.cell(1, 0).text.data(), doubled.text.data());
  EXPECT_THAT(texts(moved, 1), ElementsAre("\""));
}

TEST_F(CsvTest, EmptyCellsAreCells) {
  EXPECT_THAT(texts(read("a,b,c\n,,\n"), 0), ElementsAre("", "", ""));
  EXPECT_THAT(texts(read("a\n\"\"\n1"), 0), ElementsAre(""));
}

TEST_F(CsvTest, TakesAnotherDelimiterAHeaderAndLinesToSkip) {
  const Csv csv = read("150;2;junk\n1.5;x\n", {';', 1, {"length", "kind"}});
  EXPECT_THAT(texts(csv.header), ElementsAre("length", "kind"));
  EXPECT_THAT(texts(csv, 0), ElementsAre("1.5", "x"));
}

TEST_F(CsvTest, OfACellOfTheRowsNothingIsKeptButWhereItBegins) {
  const Csv csv = read("a,b\n1, \"2\"\n\n3,4\n");
  EXPECT_THAT(csv.offsets, ElementsAre(4, 7, 12, 14));
  EXPECT_TRUE(csv.unescaped.empty()) << "no quote in quotes";
}

TEST_F(CsvTest, AnEmptyCellIsMissingAsThoseThatAreSaidToBe) {
  EXPECT_TRUE(is_missing("", {}));
  EXPECT_TRUE(is_missing("?", {"NA", "?"}));
  EXPECT_FALSE(is_missing("NA", {"?"}));
}

TEST_F(CsvTest, WhatIsWrittenHoldsNoDelimiterOfAnyFileOutsideOfQuotes) {
  for (const char* const delimiter : {",", ";", "|", "\t"}) {
    const std::string cell = concat("a", delimiter, "b");
    EXPECT_EQ(csv_cell(cell), concat('"', cell, '"'));
    const Csv csv = read(concat(csv_cell(cell), "\nx\n"), {.delimiter = *delimiter, .header = {}});
    EXPECT_THAT(texts(csv.header), ElementsAre(cell));
  }
  EXPECT_EQ(csv_cell("a b:c"), "a b:c");
  EXPECT_EQ(csv_cell(" a"), "\" a\"");
  EXPECT_EQ(csv_cell("a "), "\"a \"");
}

TEST_F(CsvTest, RefusesLinesThatEndInCrAlone) {
  EXPECT_THAT(
      [&] { read("a,b\r1,2\r"); },
      ThrowsMessage<Error>(place(": its lines end in CR alone; let them end in LF or CR LF")));
}

TEST_F(CsvTest, RefusesRivalsOfTheDelimiterInALoneHeadingAlone) {
  const CsvFormat format{.delimiter = ',', .header = {}, .rivals = "|;"};
  EXPECT_THAT([&] { read("a;b|c\n1\n", format); },
              ThrowsMessage<Error>(place(":1: no ',' in the heading, but '|': say `delimiter: "
                                         "'|'`, or put a name that holds it in quotes")));
  EXPECT_THAT(texts(read("a;b,c\n1,2\n", format).header), ElementsAre("a;b", "c"));
  EXPECT_THAT(texts(read("a\n1;2\n", format).header), ElementsAre("a"));
  EXPECT_THAT(texts(read("a;b\n1\n").header), ElementsAre("a;b")) << "none is said to be one";
}

TEST_F(CsvTest, RefusesARaggedRow) {
  EXPECT_THAT([&] { read("a,b,c,d,e\n1,2,3,4,5\n1,2,3,4\n"); },
              ThrowsMessage<Error>(place(":3: expected 5 cells, as many as line 1 names, got 4")));
  EXPECT_THAT(
      [&] {
        read("1,2\n", {',', 0, {"a"}});
      },
      ThrowsMessage<Error>(place(":1: expected 1 cell, as many as `header` names, got 2")));
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

}  // namespace
}  // namespace limbic::worlds
