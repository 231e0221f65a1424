#include "limbic/worlds/spider.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "fixture.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/worlds/captions.h"
#include "limbic/worlds/retina.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

SpiderConfig parse(const std::string& yaml) { return config::parse<SpiderConfig>(yaml, "s.yaml"); }

/// Small pictures of its own; the shipped ones where they are installed.
class SpiderTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryDirectory;
    write_pictures(*folder_, "train", 720);
    write_pictures(*folder_, "t10k", 100);
    world_ = new Spider(parse("data: " + folder_->path()));
  }
  static void TearDownTestSuite() {
    delete world_;
    delete folder_;
  }

  static Spider with(const std::string& yaml) {
    return Spider(parse("data: " + folder_->path() + "\n" + yaml));
  }
  static Episodes draw(const Spider& world, std::string_view regime, int64_t num_rows,
                       Split split = Split::kTrain) {
    return world.draw({.regime = regime, .split = split, .num_rows = num_rows}, Stream(9));
  }
  static Episodes draw(std::string_view regime, int64_t num_rows, Split split = Split::kTrain) {
    return draw(*world_, regime, num_rows, split);
  }
  static at::Tensor column(const Spider& world, const Episodes& episodes, std::string_view name) {
    return episodes.value.at(world.schema().require(name));
  }
  static at::Tensor column(const Episodes& episodes, std::string_view name) {
    return column(*world_, episodes, name);
  }
  /// Names of the variables that are present in every row at all of their ticks; others are absent.
  static std::vector<std::string> present(const Spider& world, const Episodes& episodes) {
    std::vector<std::string> names;
    const Schema& schema = world.schema();
    int64_t num_cells = 0;
    for (int64_t i = 0; i < schema.size(); ++i) {
      const at::Tensor here = episodes.present_BTV.narrow(1, 0, schema[i].num_ticks)
                                  .narrow(2, schema.offset(i), schema[i].num_cells);
      if (!here.any().item<bool>()) continue;
      EXPECT_TRUE(here.all().item<bool>()) << schema[i].name;
      names.push_back(schema[i].name);
      num_cells += here.numel();
    }
    EXPECT_EQ(episodes.present_BTV.sum().item<int64_t>(), num_cells);
    return names;
  }

  static inline TemporaryDirectory* folder_ = nullptr;
  static inline Spider* world_ = nullptr;
};

TEST_F(SpiderTest, HasTheVariablesOfTheTask) {
  const Schema& schema = world_->schema();
  EXPECT_THAT(schema.names(),
              ElementsAre("picture", "caption", "place", "retina", "class", "noun", "threat"));
  EXPECT_THAT(schema.modalities(), ElementsAre("picture", "caption", "place"));
  EXPECT_EQ(schema.num_ticks(), 4);
  EXPECT_EQ(schema[0].size * schema[0].num_cells, 784);
  EXPECT_EQ(schema[3].access, Access::kPrimitive);
  EXPECT_EQ(schema[4].access, Access::kLabel);
}

TEST_F(SpiderTest, IsKnownByItsPicturesAndTheirLabelsWhereverTheyLie) {
  const TemporaryDirectory moved;
  const auto fingerprint = [&] { return Spider(parse("data: " + moved.path())).fingerprint(); };
  write_pictures(moved, "train", 720);
  write_pictures(moved, "t10k", 100);
  EXPECT_EQ(fingerprint(), world_->fingerprint());
  for (const auto& [part, count] : {std::pair{"train", 720U}, {"t10k", 100U}}) {
    std::string labels;
    for (uint32_t i = 0; i < count; ++i) labels += static_cast<char>((i + 1) % 10);
    const std::string pixels(size_t{count} * 784, 'x');
    for (const auto& [name, bytes] : {std::pair{"labels-idx1", idx_bytes({count}, labels)},
                                      {"images-idx3", idx_bytes({count, 28, 28}, pixels)}}) {
      const std::string file = concat(moved.path(), "/", part, "-", name, "-ubyte.gz");
      const std::string kept = read_file(file);
      write_file_durably(file, gzipped(bytes));
      EXPECT_NE(fingerprint(), world_->fingerprint()) << file;
      write_file_durably(file, kept);
    }
  }
}

TEST_F(SpiderTest, EachRegimeShowsItsOwn) {
  EXPECT_THAT(present(*world_, draw("book", 5)),
              ElementsAre("picture", "caption", "place", "class", "noun", "threat"));
  EXPECT_THAT(present(*world_, draw("live", 5)),
              ElementsAre("picture", "place", "retina", "class", "threat"));
  EXPECT_THAT(present(*world_, draw("talk", 5, Split::kTest)),
              ElementsAre("caption", "class", "noun", "threat"));
}

TEST_F(SpiderTest, AbsentValuesAreZero) {
  const Episodes live = draw("live", 20);
  EXPECT_EQ(column(live, "caption").sum().item<int64_t>(), 0);
  EXPECT_EQ(column(draw("talk", 20), "picture").sum().item<float>(), 0.F);
  EXPECT_EQ(column(draw("book", 20), "retina").sum().item<float>(), 0.F);
}

// Captions, places and retinas too, so that a run trains on the rows that `draw` writes.
TEST_F(SpiderTest, ADrawIsAPieceOfOneEndlessSequence) {
  for (const char* regime : {"book", "live", "talk"}) {
    const auto piece = [&](int64_t first, int64_t count) {
      return world_->draw({.regime = regime, .first_row = first, .num_rows = count}, Stream(1));
    };
    const Episodes whole = piece(325, 20);  // over the end of an epoch of 330
    const Episodes cut = concatenate({piece(325, 6), piece(331, 9), piece(340, 5)});
    for (size_t i = 0; i < whole.value.size(); ++i)
      EXPECT_TRUE(whole.value[i].equal(cut.value[i])) << regime << " " << i;
    EXPECT_TRUE(whole.present_BTV.equal(cut.present_BTV)) << regime;
  }
}

TEST_F(SpiderTest, RowsEpochsRegimesAndSplitsShareNoChance) {
  const auto place = [](const Episodes& episodes) { return column(episodes, "place"); };
  const at::Tensor live = place(draw("live", 660));
  EXPECT_FALSE(live.narrow(0, 0, 330).equal(live.narrow(0, 330, 330))) << "epochs";
  EXPECT_FALSE(live.narrow(0, 0, 329).equal(live.narrow(0, 1, 329))) << "rows";
  EXPECT_FALSE(live.equal(place(draw("book", 660)))) << "regimes";
  EXPECT_FALSE(live.equal(place(draw("live", 660, Split::kTest)))) << "splits";
}

TEST_F(SpiderTest, EveryPictureComesOnceAnEpochWhateverTheChunks) {
  // 330 book pictures of 720: 33 a class. Their brightness is 7 i mod 256, i the picture.
  std::vector<int> of_class(10);
  for (int64_t chunk = 0; chunk < 10; ++chunk) {
    const Episodes part =
        world_->draw({.regime = "book", .first_row = 33 * chunk, .num_rows = 33}, Stream(2));
    for (int64_t i = 0; i < 33; ++i) ++of_class[column(part, "class")[i].item<int64_t>()];
  }
  EXPECT_THAT(of_class, testing::Each(33));
}

TEST_F(SpiderTest, RowsComeAgainAsTheirPicturesDo) {
  EXPECT_EQ(world_->num_distinct_rows("book", Split::kTrain), 330);
  EXPECT_EQ(world_->num_distinct_rows("live", Split::kValidation), 60);
  EXPECT_EQ(world_->num_distinct_rows("live", Split::kTest), 100);
  EXPECT_FALSE(world_->num_distinct_rows("talk", Split::kTest).has_value());
  const Spider blind = with("book_pictures: false");
  EXPECT_FALSE(blind.num_distinct_rows("book", Split::kTrain).has_value());
  EXPECT_EQ(blind.num_distinct_rows("live", Split::kTrain), 330);
}

TEST_F(SpiderTest, BookAndLiveAndValidationShareNoTrainingPicture) {
  const TemporaryDirectory folder;
  write_pictures(folder, "train", 120);  // brightness 7 i mod 256 tells each one from the others
  write_pictures(folder, "t10k", 10);
  const Spider world(parse("data: " + folder.path()));
  std::set<float> seen;
  for (const auto& [regime, split, count] : {std::tuple{"book", Split::kTrain, 50},
                                             {"live", Split::kTrain, 60},
                                             {"live", Split::kValidation, 10}}) {
    const at::Tensor picture = column(world, draw(world, regime, count, split), "picture");
    for (int64_t i = 0; i < count; ++i) seen.insert(picture[i][0][0][0].item<float>());
  }
  EXPECT_EQ(seen.size(), 120);
}

TEST_F(SpiderTest, PicturesAreBrightnessFromZeroToOneOfTheirClass) {
  const Episodes live = draw("live", 100, Split::kTest);
  const at::Tensor picture = column(live, "picture");
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_FLOAT_EQ(picture[i][0][0][7].item<float>(), 200 / 255.F);
    const auto byte = std::lround(picture[i][0][5][5].item<float>() * 255);
    bool found = false;  // a test picture of this class is that bright
    for (int64_t p = column(live, "class")[i].item<int64_t>(); p < 100; p += 10) {
      found = found || p * 7 % 256 == byte;
    }
    EXPECT_TRUE(found);
  }
}

TEST_F(SpiderTest, CaptionsHoldOneNounOfTheClassAtAnyPlace) {
  const Episodes book = draw("book", 3000);
  const at::Tensor caption = column(book, "caption").squeeze(1);
  const at::Tensor is_noun = caption < kNumNouns;
  EXPECT_TRUE(is_noun.sum(1).eq(1).all().item<bool>());
  const at::Tensor noun = (caption * is_noun).sum(1);
  EXPECT_TRUE(noun.equal(column(book, "noun").flatten()));
  EXPECT_TRUE(noun.div(3, "floor").equal(column(book, "class").flatten()));
  EXPECT_LT((is_noun.sum(0) - 750).abs().max().item<int64_t>(), 110);
  EXPECT_LT((at::bincount(noun, {}, 30) - 100).abs().max().item<int64_t>(), 45);
}

TEST_F(SpiderTest, WordsAreAllDifferentAndManyAreFillers) {
  const std::vector<std::string>& words = caption_words();
  EXPECT_EQ(std::set<std::string>(words.begin(), words.end()).size(), words.size());
  EXPECT_GE(words.size(), 40);
  EXPECT_THAT(words, testing::IsSupersetOf({"here", "is", "a", "sandal"}));
}

TEST_F(SpiderTest, PlaceKnowsNothingOfTheClass) {
  const Episodes live = draw("live", 6000);
  const at::Tensor threat = column(live, "threat").flatten().eq(1);
  const at::Tensor place = column(live, "place").flatten();
  for (int64_t p = 0; p < 6; ++p) {
    EXPECT_NEAR(place.eq(p).to(at::kFloat).mean().item<float>(), 1 / 6.F, 0.02F);
    EXPECT_NEAR(place.masked_select(threat).eq(p).to(at::kFloat).mean().item<float>(), 1 / 6.F,
                0.06F);
  }
}

TEST_F(SpiderTest, TheThreatIsATenthOfEpisodes) {
  EXPECT_EQ(column(draw("book", 330), "threat").sum().item<int64_t>(), 33);
  EXPECT_NEAR(column(draw("talk", 5000), "threat").sum().item<int64_t>(), 500, 85);
}

TEST_F(SpiderTest, EachThreatHasItsOwnRetinaAndLabel) {
  const Spider world = with("threat: [bag, boot]");
  EXPECT_THAT(world.schema().names(),
              ElementsAre("picture", "caption", "place", "retina_bag", "retina_boot", "class",
                          "noun", "threat_bag", "threat_boot"));
  const Episodes live = draw(world, "live", 330);
  for (const auto& [word, index] : {std::pair{"bag", 8}, {"boot", 9}}) {
    const at::Tensor is_threat = column(world, live, concat("threat_", word)).flatten();
    EXPECT_TRUE(is_threat.equal(column(world, live, "class").flatten().eq(index).to(at::kLong)));
    const at::Tensor retina = column(world, live, concat("retina_", word)).squeeze(2);
    const at::Tensor dark_BT = (1 - retina).mean(-1);
    const at::Tensor fires = (dark_BT.select(1, 3) - dark_BT.select(1, 2) > 0.02)
                                 .logical_and(dark_BT.select(1, 3) > 0.54);
    EXPECT_LT((fires.to(at::kLong) - is_threat).abs().sum().item<int64_t>(), 5);
  }
}

TEST_F(SpiderTest, ShuffledCaptionsKnowNothingOfThePicture) {
  const Spider world = with("shuffle_captions: true");
  const Episodes book = draw(world, "book", 3300);
  const at::Tensor told = column(world, book, "noun").flatten().div(3, "floor");
  const at::Tensor shown = column(world, book, "class").flatten();
  EXPECT_NEAR(told.eq(shown).to(at::kFloat).mean().item<float>(), 0.1F, 0.025F);
  EXPECT_THAT(present(world, book), testing::Contains("picture"));
}

TEST_F(SpiderTest, BooksWithoutPicturesHaveNone) {
  const Spider world = with("book_pictures: false");
  EXPECT_THAT(present(world, draw(world, "book", 5)),
              ElementsAre("caption", "place", "class", "noun", "threat"));
  EXPECT_THAT(present(world, draw(world, "live", 5)), testing::Contains("picture"));
}

TEST_F(SpiderTest, CountsCaptionsThatMetARetina) {
  Episodes live = draw("live", 8);
  EXPECT_EQ(world_->audit(live).at("captions_with_retina"), 0);
  EXPECT_EQ(world_->audit(draw("book", 8)).at("captions_with_retina"), 0);
  const int64_t word = world_->schema().offset(world_->schema().require("caption")) + 2;
  live.present_BTV[3][0][word] = true;
  live.present_BTV[5][0][word] = true;
  EXPECT_EQ(world_->audit(live).at("captions_with_retina"), 2);
}

TEST_F(SpiderTest, RefusesAnUnknownRegime) {
  EXPECT_THAT([&] { (void)draw("film", 1); },
              ThrowsMessage<c10::Error>(HasSubstr("spider has no regime 'film'")));
}

TEST(SpiderConfigTest, TakesOneThreatOrSeveral) {
  EXPECT_THAT(parse("{}").threat.words, ElementsAre("sandal"));
  EXPECT_THAT(parse("threat: bag").threat.words, ElementsAre("bag"));
  const SpiderConfig two = parse("threat: [bag, t-shirt]");
  EXPECT_THAT(two.threat.words, ElementsAre("bag", "t-shirt"));
  EXPECT_EQ(parse(config::to_yaml(config::dump(two))).threat, two.threat);
  EXPECT_EQ(config::to_yaml(config::dump(parse("threat: bag"))).substr(0, 12), "threat: bag\n");
}

TEST(SpiderConfigTest, RefusesOtherClassesAndDoubledOnes) {
  EXPECT_THAT(
      [] { parse("threat: sandel\n"); },
      ThrowsMessage<Error>("s.yaml:1:9: expected a class of pictures, got 'sandel'; did you "
                           "mean 'sandal'?"));
  EXPECT_THAT([] { parse("threat: [bag, bag]\n"); },
              ThrowsMessage<Error>("s.yaml:1:15: 'bag' is listed twice"));
  EXPECT_THAT([] { parse("threat: []\n"); },
              ThrowsMessage<Error>("s.yaml:1:9: expected at least one class of pictures"));
}

/// How often a positive row scores above a negative one.
double auroc(const at::Tensor& score, const at::Tensor& is_positive) {
  const at::Tensor positive = score.masked_select(is_positive).unsqueeze(1);
  const at::Tensor negative = score.masked_select(is_positive.logical_not()).unsqueeze(0);
  const at::Tensor wins = positive.gt(negative).to(at::kDouble) + 0.5 * positive.eq(negative);
  return wins.mean().item<double>();
}

// The figures of the innate detector, on the pictures that are shipped.
TEST(SpiderRetinaTest, TwoSensesTellAThreatAndNoneDoesAlone) {
  const std::string data = SpiderConfig{}.data;
  if (!std::filesystem::exists(data)) GTEST_SKIP() << data << " is not installed";
  const Spider world(parse("{}"));
  const Episodes live =
      world.draw({.regime = "live", .split = Split::kTest, .num_rows = 10000}, Stream(1));
  const at::Tensor threat = live.value[world.schema().require("threat")].flatten().eq(1);
  EXPECT_EQ(threat.sum().item<int64_t>(), 1000);
  // dark: mean(1 - retina); looming: max(slope(dark), 0); flinch: looming > 0.018 and dark > 0.5.
  const at::Tensor dark_BT = (1 - live.value[world.schema().require("retina")]).mean({2, 3});
  const at::Tensor dark = dark_BT.select(1, 3);
  const at::Tensor looming = (dark - dark_BT.select(1, 2)).clamp_min(0);
  const at::Tensor flinch = looming.gt(0.018).logical_and(dark.gt(0.5));
  const auto rate = [&](const at::Tensor& rows) {
    return flinch.masked_select(rows).to(at::kDouble).mean().item<double>();
  };
  const double hits = rate(threat), false_alarms = rate(threat.logical_not());
  EXPECT_GE(hits, 0.99);
  EXPECT_LE(false_alarms, 0.005);
  EXPECT_GE(auroc(flinch.to(at::kFloat), threat), 0.99);
  EXPECT_LE(auroc(dark, threat), 0.95);
  EXPECT_LE(auroc(looming, threat), 0.95);
  const at::Tensor moving = (live.value[world.schema().require("retina")] - 0.5).abs().mean({2, 3});
  EXPECT_LE(auroc(moving.select(1, 3) - moving.select(1, 2), threat), 0.95);
}

}  // namespace
}  // namespace limbic::worlds
