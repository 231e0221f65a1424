#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "../support/faulty_disk.h"
#include "../support/temporary_directory.h"
#include "limbic/core/log.h"
#include "limbic/training/checkpoint.h"
#include "toy_snapshot.h"

namespace limbic::training {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::FaultyDisk;
using testing_support::TemporaryDirectory;

/// Nothing can be removed, as on NFS while a reader holds it open.
class CheckpointCleanUpTest : public testing::Test {
 protected:
  CheckpointCleanUpTest() { log::set_level(log::Level::kQuiet); }
  ~CheckpointCleanUpTest() override { log::set_level(log::Level::kInfo); }

  static void keep_all(FaultyDisk& disk) {
    disk->unlink = disk->rmdir = [](const char*) {
      errno = EBUSY;
      return -1;
    };
  }

  TemporaryDirectory root_;
  CheckpointStore store_{root_ / "checkpoints", {.keep_last = 1}};
};

TEST_F(CheckpointCleanUpTest, OfAnOldOneIsWarnedOfAndTriedAgainAtTheNextSave) {
  store_.save(snapshot_of(1));
  const std::string left = store_.path(1) + ".tmp";
  log::set_level(log::Level::kWarn);
  testing::internal::CaptureStderr();
  {
    FaultyDisk disk;
    keep_all(disk);
    store_.save(snapshot_of(2));
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("cannot remove " + left + "/"),
                    HasSubstr("; the next save tries again to clear it away")));
  EXPECT_THAT(store_.list(), ElementsAre(2));
  EXPECT_TRUE(fs::exists(left));
  store_.save(snapshot_of(3));
  EXPECT_FALSE(fs::exists(left));
  EXPECT_THAT(store_.list(), ElementsAre(3));
}

TEST_F(CheckpointCleanUpTest, OfAReplacedOneHindersNoSave) {
  const std::string left = store_.path(1) + ".old";
  store_.save(snapshot_of(1, 1));
  {
    FaultyDisk disk;
    keep_all(disk);
    store_.save(snapshot_of(1, 2));
  }
  EXPECT_TRUE(fs::exists(left));
  EXPECT_EQ(value_of(store_.load(1)), 2);
  store_.save(snapshot_of(1, 3));
  EXPECT_FALSE(fs::exists(left));
  EXPECT_EQ(value_of(store_.load(1)), 3);
}

TEST_F(CheckpointCleanUpTest, OfAnInterruptedSaveHindersNoStart) {
  fs::create_directories(store_.path(2) + ".tmp");
  FaultyDisk disk;
  keep_all(disk);
  EXPECT_NO_THROW(store_.recover());
}

}  // namespace
}  // namespace limbic::training
