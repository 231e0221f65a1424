#include "limbic/worlds/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "../support/refusal.h"
#include "fixture.h"
#include "limbic/core/error.h"
#include "limbic/worlds/idx.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using testing_support::refusal;

/// Expects an input error with exactly this message after the file's name.
void expect_refused(const std::string& bytes, const std::string& message, int rank = 1) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("x.gz", bytes);
  EXPECT_EQ(refusal([&] { (void)read_idx_gz(path, rank); }), path + ": " + message);
}

TEST(IdxTest, ReadsShapeAndBytes) {
  const TemporaryDirectory folder;
  const Idx idx = read_idx_gz(folder.write("x.gz", gzipped(idx_bytes({2, 3}, "abcdef"))), 2);
  EXPECT_THAT(idx.shape, ElementsAre(2, 3));
  EXPECT_THAT(idx.bytes, ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
}

TEST(IdxTest, RefusesAnotherMagicNumber) {
  expect_refused(
      gzipped(idx_bytes({1, 1}, "a")),
      "not an idx file of 1 dimension: magic number 0x00000801 expected, got 0x00000802");
}

TEST(IdxTest, RefusesAFileThatIsNotGzipped) {
  expect_refused(idx_bytes({3}, "abc"), "damaged gzip file: incorrect header");
}

TEST(IdxTest, RefusesLessThanTheHeaderSays) {
  expect_refused(gzipped(idx_bytes({3}, "ab")), "damaged idx file: 3 bytes expected, got 2");
}

TEST(IdxTest, RefusesMoreThanTheHeaderSays) {
  expect_refused(gzipped(idx_bytes({3}, "abcd")),
                 "damaged idx file: it holds more than its header says");
}

TEST(IdxTest, RefusesAFileThatIsCutOff) {
  const std::string whole = gzipped(idx_bytes({3}, "abc"));
  expect_refused(whole.substr(0, whole.size() - 9), "damaged gzip file: it is cut off");
  expect_refused(whole.substr(0, whole.size() - 1), "damaged gzip file: it is cut off");
  expect_refused("", "damaged gzip file: it is cut off");
}

TEST(IdxTest, RefusesBytesAfterTheEnd) {
  expect_refused(gzipped(idx_bytes({3}, "abc")) + "xy",
                 "damaged idx file: 2 bytes follow the gzip data");
}

TEST(IdxTest, RefusesAWrongChecksum) {
  std::string bytes = gzipped(idx_bytes({3}, "abc"));
  bytes[bytes.size() - 6] ^= 1;
  expect_refused(bytes, "damaged gzip file: incorrect checksum");
}

TEST(IdxTest, RefusesAHeaderThatAsksForTooMuch) {
  expect_refused(gzipped(idx_bytes({1U << 31, 1U << 31}, "a")),
                 "damaged idx file: its header asks for more than 1 GiB", 2);
  expect_refused(gzipped(idx_bytes({0, 5}, "")), "this idx file is empty", 2);
}

TEST(PicturesTest, AreCutIntoPatchesRowByRow) {
  const TemporaryDirectory folder;
  write_pictures(folder, "train", 10);
  const Pictures pictures = read_pictures(folder.path(), "train");
  EXPECT_EQ(pictures.size(), 10);
  EXPECT_EQ(pictures.label[3], 3);
  EXPECT_EQ(pictures.picture(3)[7], 200);  // row 1, column 0 is pixel 7 of the first patch
  EXPECT_EQ(std::count(pictures.picture(3), pictures.picture(4), 21), 783);
}

TEST(PicturesTest, AMissingFolderNamesThePackageToInstall) {
  EXPECT_EQ(refusal([] { (void)read_pictures("/no/such/folder", "train"); }),
            "'/no/such/folder/train-images-idx3-ubyte.gz' is missing: the pictures of spider are "
            "in Debian's package dataset-fashion-mnist (apt-get install dataset-fashion-mnist), or "
            "name their folder with 'data'");
}

TEST(PicturesTest, RefusesAnotherNumberOfLabels) {
  const TemporaryDirectory folder;
  write_pictures(folder, "train", 10);
  (void)folder.write("train-labels-idx1-ubyte.gz", gzipped(idx_bytes({2}, {0, 1})));
  EXPECT_THAT([&] { (void)read_pictures(folder.path(), "train"); },
              ThrowsMessage<Error>(HasSubstr("ubyte.gz: 2 labels for 10 pictures")));
}

TEST(PicturesTest, RefusesOtherLabelsAndOtherSizes) {
  const TemporaryDirectory folder;
  write_pictures(folder, "train", 1);
  (void)folder.write("train-labels-idx1-ubyte.gz", gzipped(idx_bytes({1}, {10})));
  EXPECT_THAT([&] { (void)read_pictures(folder.path(), "train"); },
              ThrowsMessage<Error>(HasSubstr("labels are 0 to 9, got 10")));
  (void)folder.write("train-images-idx3-ubyte.gz", gzipped(idx_bytes({1, 2, 3}, "abcdef")));
  EXPECT_THAT([&] { (void)read_pictures(folder.path(), "train"); },
              ThrowsMessage<Error>(HasSubstr("expected 28x28 pictures, got 2x3")));
}

TEST(SharesTest, AreDisjointAndHoldEveryClassEqually) {
  const TemporaryDirectory folder;
  write_pictures(folder, "train", 240);
  const Pictures train = read_pictures(folder.path(), "train");
  const Shares shares = share_out(train);
  std::set<int64_t> all;
  for (const auto* share : {&shares.validation, &shares.book, &shares.live}) {
    std::vector<int> of_class(10);
    for (const int64_t index : *share) ++of_class[train.label[index]];
    EXPECT_THAT(of_class, testing::Each(of_class[0]));
    all.insert(share->begin(), share->end());
  }
  EXPECT_EQ(shares.validation.size(), 20);
  EXPECT_EQ(shares.book.size(), 110);
  EXPECT_EQ(all.size(), 240);
}

}  // namespace
}  // namespace limbic::worlds
