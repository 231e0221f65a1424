#include "limbic/worlds/episode_table.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixture.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/table.h"

namespace limbic::worlds {
namespace {

using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;

// A scalar, two cells of a scalar, a scalar of two ticks, words, numbers, a vector of two cells.
Schema every_kind() {
  return Schema({{.name = "age", .modality = "body"},
                 {.name = "theta", .num_cells = 2},
                 {.name = "at", .num_ticks = 2},
                 {.name = "word",
                  .kind = Kind::kCategory,
                  .size = 3,
                  .num_cells = 2,
                  .num_ticks = 2,
                  .names = {"a,b", "say \"hi\"", " spaced "}},
                 {.name = "digit", .kind = Kind::kCategory, .size = 10},
                 {.name = "pixels", .kind = Kind::kVector, .size = 2, .num_cells = 2}},
                /*num_ticks=*/2);
}

/// Random numbers everywhere.
Episodes random_rows(const Schema& schema, int64_t num_rows) {
  Episodes episodes = empty_episodes(schema, num_rows);
  for (int64_t i = 0; i < schema.size(); ++i) {
    const Stream stream = Stream(7).at(i);
    const auto shape = episodes.value[i].sizes();
    episodes.value[i] = schema[i].kind == Kind::kCategory ? stream.below(schema[i].size, shape)
                                                          : stream.normal(shape) * 1e3 / 7;
    episodes.present_BTV.narrow(1, 0, schema[i].num_ticks)
        .narrow(2, schema.offset(i), schema[i].num_cells)
        .fill_(true);
  }
  return episodes;
}

class EpisodeTableTest : public testing::Test {
 protected:
  EpisodesRead read(const std::string& text) {
    return read_episodes(folder_.write("rows.csv", text), schema_);
  }
  auto refused(const std::string& text) {
    return [this, text] { (void)read(text); };
  }
  auto says(const std::string& message) {
    return ThrowsMessage<Error>(StrEq(folder_ / "rows.csv" + message));
  }
  /// A whole file of these rows.
  std::string written(const Episodes& episodes) {
    const EpisodeTable table(schema_);
    std::string text = table.header() + "\n";
    for (const std::string& line : table.lines(episodes)) text += line + "\n";
    return text;
  }

  TemporaryDirectory folder_;
  Schema schema_ = every_kind();
};

TEST_F(EpisodeTableTest, AColumnIsNamedByWhatItsVariableHasSeveralOf) {
  EXPECT_EQ(EpisodeTable(schema_).header(),
            "age,theta[0],theta[1],at@0,at@1,word@0[0],word@0[1],word@1[0],word@1[1],digit,"
            "pixels[0].0,pixels[0].1,pixels[1].0,pixels[1].1");
}

TEST_F(EpisodeTableTest, WhatIsWrittenIsReadToTheLastBit) {
  Episodes episodes = random_rows(schema_, 50);
  for (const int64_t cell : {0, 2, 4, 6, 8}) {  // one of each: ABSENT
    episodes.present_BTV[cell].narrow(1, cell, 1).fill_(false);
    episodes.value[0][cell].fill_(cell == 0 ? 0 : 3.25);
  }
  episodes.value[1][2].select(-1, 1).zero_();
  episodes.value[3][4].select(-1, 0).zero_();
  episodes.value[4][6].zero_();
  episodes.value[5][8].select(1, 1).zero_();
  const EpisodesRead again = read(written(episodes));
  EXPECT_TRUE(again.episodes.present_BTV.equal(episodes.present_BTV));
  for (int64_t i = 0; i < schema_.size(); ++i)
    EXPECT_TRUE(again.episodes.value[i].equal(episodes.value[i])) << schema_[i].name;
  EXPECT_EQ(again.named_TV.sum().item<int64_t>(), 12);
}

TEST_F(EpisodeTableTest, WordsThatHoldCommasQuotesOrSpacesAreQuoted) {
  Episodes episodes = random_rows(schema_, 1);
  episodes.value[3][0][0].copy_(at::tensor({0, 1}));
  episodes.value[3][0][1].copy_(at::tensor({2, 2}));
  EXPECT_THAT(written(episodes), HasSubstr(R"(,"a,b","say ""hi"""," spaced "," spaced ",)"));
}

TEST_F(EpisodeTableTest, EmptyCellsAndMissingColumnsAreAbsent) {
  const EpisodesRead rows = read("theta[1],age\n2.5,\n,1\n");
  at::Tensor present = at::zeros({2, 2, schema_.num_cells()}, at::kBool);
  present[0][0][2] = true;
  present[1][0][0] = true;
  EXPECT_TRUE(rows.episodes.present_BTV.equal(present));
  EXPECT_EQ(rows.episodes.value[1][0][0][1].item<float>(), 2.5F);
  EXPECT_EQ(rows.episodes.value[0][0].item<float>(), 0.F);
  at::Tensor named = at::zeros({2, schema_.num_cells()}, at::kBool);
  named[0][2] = true;
  named[0][0] = true;
  EXPECT_TRUE(rows.named_TV.equal(named));
}

TEST_F(EpisodeTableTest, ATableCanBeOfSomeSitesAlone) {
  const at::Tensor sites = sites_named(schema_, {"theta[1]", "at@1", "body"}, "--ask");
  const EpisodeTable table(schema_, sites);
  EXPECT_EQ(table.header(), "age,theta[1],at@1");
  const EpisodesRead rows = read("age,theta[1],at@1,digit\n1,2,3,4\n");
  EXPECT_THAT(table.lines(rows.episodes), testing::ElementsAre("1,2,3"));
}

TEST_F(EpisodeTableTest, MistakesAreNamedWithTheirPlace) {
  EXPECT_THAT(refused("agee\n1\n"),
              says(":1:1: no number of an episode is called 'agee'; did you mean 'age'?"));
  EXPECT_THAT(refused("1.5,2\n1,2\n"), says(":1:1: no number of an episode is called '1.5'; the "
                                            "first line of such a file names its columns"));
  EXPECT_THAT(refused("age, age\n1,2\n"), says(":1:6: a second column is called 'age'"));
  EXPECT_THAT(refused("age,digit\n1,2\nold,2\n"), says(":3:1: age: expected a number, got 'old'"));
  EXPECT_THAT(refused("age,digit\n1,12\n"),
              says(":2:3: digit: expected a category from 0 to 9, got '12'"));
  EXPECT_THAT(refused("word@1[0]\nspacd\n"),
              says(":2:1: word: unknown word 'spacd'; known: 'a,b', say \"hi\",  spaced "));
  EXPECT_THAT(refused("pixels[1].0,pixels[1].1\n1,\n"),
              says(":2:1: pixels[1] is a vector of 2 numbers; this line has 1 of them"));
}

TEST_F(EpisodeTableTest, TheFileThatATableIsMadeFromIsReadInItsOwnDialect) {
  const std::string file = folder_.write("t.csv",
                                         "id;age:scalar;word:category;note:skip\n"
                                         "1;2.5;x;\"a;b\"\n"
                                         "2;?;y;\n"
                                         "3;4;unknown;c\n");
  const Table world(config::parse<TableConfig>(
      concat("{file: ", file, ", delimiter: ;, missing: ['', '?', unknown], validation: 0, ",
             "test: 0, columns: {id: {kind: skip}}}"),
      "t.yaml"));
  const Episodes rows = read_episodes(file, world.schema(), world.csv_dialect()).episodes;
  EXPECT_TRUE(rows.value[0].flatten().equal(at::tensor({2.5F, 0.F, 4.F})));
  EXPECT_TRUE(rows.value[1].flatten().equal(at::tensor({0, 1, 0}, at::kLong)));
  EXPECT_TRUE(rows.present_BTV.flatten().equal(at::tensor({1, 1, 0, 1, 1, 0}).to(at::kBool)));

  const std::string own = folder_.write("own.csv", "word,age\ny,3\n");
  const EpisodesRead with_commas = read_episodes(own, world.schema(), world.csv_dialect());
  EXPECT_EQ(with_commas.episodes.value[0].item<float>(), 3);
  EXPECT_EQ(with_commas.episodes.value[1].item<int64_t>(), 1);

  (void)folder_.write("own.csv", "\"word\",age\n\"y\",\"3\"\nx,\n");
  EXPECT_EQ(read_episodes(own, world.schema(), world.csv_dialect()).episodes.num_rows(), 2)
      << "quotes that a comma follows";

  (void)folder_.write("own.csv", "word;aeg\ny;3\n");
  EXPECT_THAT([&] { (void)read_episodes(own, world.schema(), world.csv_dialect()); },
              ThrowsMessage<Error>(
                  own + ":1:6: no number of an episode is called 'aeg'; did you mean 'age'?"));
}

TEST_F(EpisodeTableTest, WhatATableLeavesOutOrTakesForMissingItsReaderDoesToo) {
  const std::string file = folder_.write("t.csv", ",age,word\n0,1,x\n1,,\n2,-999,-999\n");
  const Table world(config::parse<TableConfig>(
      concat("{file: ", file, ", missing: ['-999'], validation: 0, test: 0}"), "t.yaml"));
  const Episodes rows = read_episodes(file, world).episodes;
  EXPECT_TRUE(rows.present_BTV.flatten().equal(at::tensor({1, 1, 0, 0, 0, 0}).to(at::kBool)));
  const Episodes drawn = world.draw({.regime = "rows", .num_rows = 3}, Stream(1));
  EXPECT_EQ(drawn.present_BTV.sum().item<int64_t>(), 2);
}

TEST_F(EpisodeTableTest, WhatIsWrittenIsReadWhateverTheDialectsDelimiter) {
  const Schema schema({{.name = "a;b"}, {.name = "c|d"}, {.name = "e\tf"}, {.name = "g h,#"}},
                      /*num_ticks=*/1);
  const std::string own = folder_.write("own.csv", EpisodeTable(schema).header() + "\n1,2,3,4\n");
  for (const char delimiter : {',', ';', '|', '\t', ' ', '#'}) {
    const Episodes rows = read_episodes(own, schema, {.delimiter = delimiter}).episodes;
    EXPECT_EQ(rows.value[3].item<float>(), 4) << delimiter;
  }
}

// csv_cell puts no name in quotes for a space or a '#'.
TEST_F(EpisodeTableTest, ADelimiterOutsideOfQuotesMayStandInTheNamesOfColumns) {
  const Schema schema({{.name = "petal size"}, {.name = "b#"}}, /*num_ticks=*/1);
  for (const char delimiter : {' ', '#'}) {
    const std::string own = folder_.write("own.csv", "petal size,b#\n1,2\n");
    const Episodes rows = read_episodes(own, schema, {.delimiter = delimiter}).episodes;
    EXPECT_EQ(rows.value[1].item<float>(), 2) << delimiter;
  }
  const std::string lone = folder_.write("own.csv", "petal size\n3\n");
  EXPECT_EQ(read_episodes(lone, schema, {.delimiter = ' '}).episodes.value[0].item<float>(), 3);
}

TEST_F(EpisodeTableTest, AHeaderMayNameFurtherColumnsOfOtherNames) {
  const EpisodeTable table(schema_, sites_named(schema_, {"theta"}, "--ask"));
  EXPECT_EQ(table.header({"row"}, {"a,b"}), "row,theta[0],theta[1],\"a,b\"");
  EXPECT_THAT(
      [&] { (void)table.header({"theta[1]"}); },
      ThrowsMessage<Error>(StrEq("two columns of what is written would be called 'theta[1]'")));
}

TEST_F(EpisodeTableTest, ADelimiterInAQuotedHeadingSeparatesNothing) {
  const std::string file = folder_.write("t.csv", "\"x;y\";age\n1;2\n2;3\n");
  const Table world(config::parse<TableConfig>(
      concat("{file: ", file, ", delimiter: ;, validation: 0, test: 0}"), "t.yaml"));
  const std::string own = folder_.write("own.csv", "\"x;y\",age\n3,4\n");
  const Episodes rows = read_episodes(own, world.schema(), world.csv_dialect()).episodes;
  EXPECT_EQ(rows.value[0].item<float>(), 3);
  EXPECT_EQ(rows.value[1].item<float>(), 4);
}

// So that a table's own file is read alike, whoever reads it.
TEST_F(EpisodeTableTest, NumbersThatAreNoneAreAbsentAndTinyOnesAreZero) {
  const EpisodesRead rows = read("age,at@1\nnan,1e-60\n-inf,1e39\n+2,-1e-400\n");
  const auto present = rows.episodes.present_BTV;
  EXPECT_TRUE(present.select(1, 0).select(1, 0).equal(at::tensor({0, 0, 1}).to(at::kBool)));
  EXPECT_TRUE(
      present.select(1, 1).select(1, schema_.offset(2)).equal(at::tensor({1, 0, 1}).to(at::kBool)));
  EXPECT_TRUE(rows.episodes.value[2].select(1, 1).eq(0).all().item<bool>());
  EXPECT_EQ(rows.episodes.value[0][2].item<float>(), 2);
}

TEST(SeenSitesTest, AGlobMustNameOneThatTheCortexSees) {
  const Schema schema({{.name = "eye", .access = Access::kPrimitive}, {.name = "x"}}, 1);
  const auto named = [&](const std::vector<std::string>& globs) {
    return seen_sites_named(schema, globs, cortical_cells(schema), "--ask").to(at::kInt);
  };
  EXPECT_TRUE(named({"*"}).equal(at::tensor({0, 1}, at::kInt).view({1, 2})));
  EXPECT_THAT(
      [&] {
        (void)named({"*", "eye"});
      },
      ThrowsMessage<Error>(StrEq("--ask: the cortex does not see 'eye'")));
}

TEST_F(EpisodeTableTest, OfInfiniteNumbersTheFirstIsToldAndHowManyThereAre) {
  log::set_level(log::Level::kInfo);
  testing::internal::CaptureStderr();
  (void)read("age,at@1\nnan,2\n-inf,1e400\n");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr(folder_ / "rows.csv" +
                        ":3:1: '-inf' is infinite, so it counts as missing (2 such cells)\n"));
  testing::internal::CaptureStderr();
  (void)read("age,at@1\nnan,2\n");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), StrEq(""));
}

/// Reads cells that their columns can't hold.
class UnknownCellsTest : public testing::Test {
 protected:
  EpisodesRead read(const std::string& text, UnknownCells unknown) {
    return read_episodes(folder_.write("rows.csv", text), schema_, {},
                         {.unknown = unknown, .option = "--unknown"});
  }
  auto refused(const std::string& text, UnknownCells unknown = UnknownCells::kRefuse) {
    return [this, text, unknown] { (void)read(text, unknown); };
  }
  auto says(const std::string& message) {
    return ThrowsMessage<Error>(StrEq(folder_ / "rows.csv" + message));
  }
  std::string warned(const std::string& text) {
    log::set_level(log::Level::kInfo);
    testing::internal::CaptureStderr();
    (void)read(text, UnknownCells::kMissing);
    return testing::internal::GetCapturedStderr();
  }

  TemporaryDirectory folder_;
  Schema schema_{{{.name = "age", .low = 0, .high = 120},
                  {.name = "pay", .transform = {.kind = TransformKind::kLog}},
                  {.name = "species",
                   .kind = Kind::kCategory,
                   .size = 2,
                   .num_cells = 7,
                   .names = {"setosa", "virginica"}},
                  {.name = "digit", .kind = Kind::kCategory, .size = 10},
                  {.name = "pixels", .kind = Kind::kVector, .size = 2}},
                 /*num_ticks=*/1};
};

TEST_F(UnknownCellsTest, AreRefusedWithTheOptionThatTakesThemAsEmpty) {
  EXPECT_THAT(refused("age\n130\n"), says(":2:1: age: expected a number from 0 to 120, got '130'; "
                                          "--unknown missing takes it as empty"));
  EXPECT_THAT(refused("species[0]\nvirginika\n"),
              says(":2:1: species: unknown word 'virginika'; did you mean 'virginica'? --unknown "
                   "missing takes it as empty"));
}

TEST_F(UnknownCellsTest, CountAsAbsentWhereThatIsWanted) {
  const Episodes rows = read(
                            "age,pay,species[0],digit\n"
                            "130,2,setosa,3\n"
                            "40,-1,virginika,12\n"
                            "inf,1,virginica,x\n",
                            UnknownCells::kMissing)
                            .episodes;
  const at::Tensor present = rows.present_BTV.select(1, 0).index_select(
      1, at::tensor({0, 1, 2, 9}, at::kLong));  // age, pay, species[0], digit
  EXPECT_TRUE(
      present.flatten().equal(at::tensor({0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 0}).to(at::kBool)));
  EXPECT_EQ(rows.value[1][0].item<float>(), 2);
  EXPECT_EQ(rows.value[2][2][0][0].item<int64_t>(), 1);
  EXPECT_EQ(rows.value[3][1].item<int64_t>(), 0);
}

TEST_F(UnknownCellsTest, AreCountedAndTheFirstIsTold) {
  EXPECT_THAT(
      warned("age,digit\n40,x\n130,12\ninf,1\n"),
      testing::AllOf(HasSubstr(folder_ / "rows.csv" +
                               ":2:4: 'x' is nothing that its column can hold, so it counts as "
                               "missing (3 such cells, in age, digit)\n"),
                     HasSubstr(":4:1: 'inf' is infinite, so it counts as missing\n")));
  EXPECT_THAT(warned("species[0],species[1],species[2],species[3],species[4],species[5],species[6]"
                     "\na,a,a,a,a,a,a\n"),
              HasSubstr("(7 such cells, in species[0], species[1], species[2], species[3], "
                        "species[4] and 2 others)\n"));
  EXPECT_THAT(warned("age,digit\n40,\n"), StrEq(""));
}

TEST_F(UnknownCellsTest, AreNeitherTextForANumberNorPartsOfVectors) {
  for (const UnknownCells unknown : {UnknownCells::kRefuse, UnknownCells::kMissing}) {
    EXPECT_THAT(refused("age\nold\n", unknown),
                says(":2:1: age: expected a number from 0 to 120, got 'old'"));
    EXPECT_THAT(refused("pixels.0,pixels.1\n1e20,1\n", unknown),
                says(":2:1: pixels: expected a number within 1e+09 deviations (1) of 0, got "
                     "'1e20'"));
  }
}

TEST_F(EpisodeTableTest, SitesAreNamedByGlobsOfVariablesModalitiesAndCells) {
  const auto count = [&](const std::vector<std::string>& globs) {
    return sites_named(schema_, globs, "--given").sum().item<int64_t>();
  };
  EXPECT_EQ(count({"word"}), 4);
  EXPECT_EQ(count({"word@1*", "word@1[0]"}), 2);
  EXPECT_EQ(count({"word@1"}), 2);
  EXPECT_EQ(count({"body"}), 1);
  EXPECT_EQ(count({"*"}), 12);
  EXPECT_EQ(count({}), 0);
  EXPECT_THAT(
      [&] {
        count({"age", "thta"});
      },
      ThrowsMessage<Error>(
          StrEq("--given: no variable or cell is called 'thta'; did you mean 'theta'?")));
  EXPECT_THAT([&] { count({"theta[2]"}); },
              ThrowsMessage<Error>(StrEq(
                  "--given: no variable or cell is called 'theta[2]'; did you mean 'theta[0]'?")));
}

}  // namespace
}  // namespace limbic::worlds
