#include "limbic/training/checkpoint.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "../support/faulty_disk.h"
#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/core/system_calls.h"
#include "toy_snapshot.h"

namespace limbic::training {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;
using testing_support::FaultyDisk;
using testing_support::TemporaryDirectory;

/// Everything of a checkpoint but its manifest.
const std::vector<std::string> kParts = {"amygdala.safetensors", "cortex.safetensors", "state.json",
                                         "config.yaml", "world.json"};

void write_raw(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() { log::set_level(log::Level::kQuiet); }
  ~CheckpointTest() override { log::set_level(log::Level::kInfo); }

  [[nodiscard]] std::string refusal(int64_t step) const {
    return testing_support::refusal([&] { (void)store_.load(step); }, ExitCode::kDamaged);
  }
  [[nodiscard]] double newest_value() {
    return value_of(
        store_.load_newest([this](const std::string& line) { warnings_.push_back(line); }));
  }

  TemporaryDirectory root_;
  CheckpointStore store_{root_ / "checkpoints"};
  std::vector<std::string> warnings_;
};

TEST_F(CheckpointTest, LoadsWhatWasSaved) {
  store_.save(snapshot_of(1234));
  const auto loaded = store_.load(1234);
  EXPECT_EQ(loaded.step, 1234);
  EXPECT_EQ(loaded.state_json, R"({"stage": "see"})");
  EXPECT_EQ(loaded.config_yaml, "seed: 1\n");
  EXPECT_EQ(loaded.world_json, R"({"ticks": 2})");
  ASSERT_EQ(loaded.circuits.size(), 2);
  EXPECT_EQ(loaded.circuits.at("cortex")[0].name, "u");
  EXPECT_TRUE(at::equal(loaded.circuits.at("cortex")[0].value, at::full({3}, -1.0)));
}

TEST_F(CheckpointTest, IsADirectoryOfTheseFiles) {
  store_.save(snapshot_of(1234));
  EXPECT_EQ(store_.path(1234), root_ / "checkpoints/step-000001234");
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(store_.path(1234))) {
    names.push_back(entry.path().filename());
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("MANIFEST.json", "amygdala.safetensors", "config.yaml",
                                            "cortex.safetensors", "state.json", "world.json"));
  EXPECT_EQ(read_file(root_ / "checkpoints/latest"), "step-000001234\n");
}

TEST_F(CheckpointTest, OfAnEarlierLimbicSaysNothingOfItsWorld) {
  Snapshot snapshot = snapshot_of(5);
  snapshot.world_json.clear();
  store_.save(snapshot);
  EXPECT_FALSE(fs::exists(store_.path(5) + "/world.json"));
  EXPECT_EQ(store_.load(5).world_json, "");
  EXPECT_THAT(store_.verify(), IsEmpty());
}

TEST_F(CheckpointTest, SaysWhereItWasReadFrom) {
  store_.save(snapshot_of(5));
  EXPECT_EQ(store_.load(5).directory, store_.path(5));
  EXPECT_EQ(read_checkpoint(store_.path(5)).directory, store_.path(5));
}

TEST_F(CheckpointTest, SavingTheSameStepReplacesIt) {
  store_.save(snapshot_of(5, 1));
  store_.save(snapshot_of(5, 2));
  EXPECT_EQ(newest_value(), 2);
  EXPECT_THAT(store_.list(), ElementsAre(5));
  EXPECT_FALSE(fs::exists(store_.path(5) + ".old"));
}

TEST_F(CheckpointTest, KeepsTheLastOnesAndTheMilestones) {
  CheckpointStore store(root_ / "checkpoints", {.keep_last = 2, .keep_every = config::Steps{100}});
  for (int64_t step = 50; step <= 350; step += 50) store.save(snapshot_of(step));
  EXPECT_THAT(store.list(), ElementsAre(100, 200, 300, 350));
}

TEST_F(CheckpointTest, KeepsTheBestOne) {
  CheckpointStore store(root_ / "checkpoints", {.keep_last = 1});
  for (const int64_t step : {10, 20, 30}) {
    Snapshot snapshot = snapshot_of(step);
    if (step >= 20) snapshot.best_step = 20;
    store.save(snapshot);
  }
  EXPECT_THAT(store.list(), ElementsAre(20, 30));
}

TEST_F(CheckpointTest, KeepsTheOneJustSavedEvenBelowDamagedNewerOnes) {
  CheckpointStore store(root_ / "checkpoints", {.keep_last = 1});
  for (const int64_t step : {20, 30}) fs::create_directories(store.path(step));
  store.save(snapshot_of(10));
  EXPECT_THAT(store.list(), ElementsAre(10, 20, 30));
  EXPECT_THAT(store.load(10).step, 10);
}

TEST_F(CheckpointTest, DiscardsWhatComesAfterAStep) {
  for (const int64_t step : {1, 2, 3}) store_.save(snapshot_of(step));
  store_.discard_after(1);
  EXPECT_THAT(store_.list(), ElementsAre(1));
}

TEST_F(CheckpointTest, ListsNoUnfinishedOrForeignDirectories) {
  for (const char* name : {"step-000000001.tmp", "step-1", "step-0000000001", "other"}) {
    fs::create_directories(root_ / "checkpoints/" + name);
  }
  EXPECT_THAT(store_.list(), IsEmpty());
}

TEST_F(CheckpointTest, RecoveryRemovesWhatASaveLeft) {
  store_.save(snapshot_of(1));
  fs::create_directories(store_.path(2) + ".tmp");
  fs::create_directories(root_ / "checkpoints/mine.tmp");
  store_.recover();
  EXPECT_FALSE(fs::exists(store_.path(2) + ".tmp"));
  EXPECT_TRUE(fs::exists(root_ / "checkpoints/mine.tmp"));
  EXPECT_THAT(store_.list(), ElementsAre(1));
}

TEST_F(CheckpointTest, RecoveryPutsBackTheOneThatWasBeingReplaced) {
  store_.save(snapshot_of(1, 4));
  fs::rename(store_.path(1), store_.path(1) + ".old");
  fs::create_directories(store_.path(1) + ".tmp");
  store_.recover();
  EXPECT_EQ(newest_value(), 4);
}

// As a reader sees it, or after a kill, between the two renames of a save.
TEST_F(CheckpointTest, OneThatWasBeingReplacedIsReadWhereThereIsNoOther) {
  store_.save(snapshot_of(1, 4));
  store_.save(snapshot_of(2, 5));
  const std::string whole = store_.path(2), replaced = whole + ".old";
  fs::rename(whole, replaced);
  EXPECT_THAT(store_.list(), ElementsAre(1, 2));
  EXPECT_EQ(store_.path(2), replaced);
  EXPECT_EQ(newest_value(), 5);
  EXPECT_THAT(store_.verify(), IsEmpty());
  store_.save(snapshot_of(2, 6));
  fs::copy(whole, replaced, fs::copy_options::recursive);
  EXPECT_THAT(store_.list(), ElementsAre(1, 2));
  EXPECT_EQ(newest_value(), 6);
}

TEST_F(CheckpointTest, SaysWhichStepsThereAre) {
  EXPECT_THAT([&] { (void)store_.load(9); },
              ThrowsMessage<Error>(root_ / "checkpoints holds no checkpoint"));
  store_.save(snapshot_of(1));
  store_.save(snapshot_of(2));
  EXPECT_THAT(
      [&] { (void)store_.load(9); },
      ThrowsMessage<Error>(root_ / "checkpoints holds no checkpoint of step 9; it holds 1, 2"));
}

TEST_F(CheckpointTest, RefusesCircuitsWhoseNamesAreNoFileNames) {
  Snapshot snapshot = snapshot_of(1);
  snapshot.circuits["../cortex"] = {};
  EXPECT_THAT([&] { store_.save(snapshot); },
              ThrowsMessage<Error>(
                  "circuit '../cortex': wants a name of letters, digits, '.', '_' and '-'"));
  EXPECT_TRUE(fs::is_empty(root_ / "checkpoints"));
}

// ---- damage

TEST_F(CheckpointTest, RefusesAFlippedBitInAnyByteByName) {
  store_.save(snapshot_of(1));
  for (const auto& name : kParts) {
    const std::string file = store_.path(1) + "/" + name;
    const std::string bytes = read_file(file);
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << i % 8));
      write_raw(file, flipped);
      EXPECT_THAT(refusal(1), testing::StartsWith(file + ": ")) << "byte " << i;
    }
    write_raw(file, bytes);
  }
  EXPECT_EQ(refusal(1), "");
}

TEST_F(CheckpointTest, RefusesEveryTruncationAndExtensionByName) {
  store_.save(snapshot_of(1));
  for (const auto& name : kParts) {
    const std::string file = store_.path(1) + "/" + name;
    const std::string bytes = read_file(file);
    for (size_t size = 0; size < bytes.size(); ++size) {
      fs::resize_file(file, size);
      EXPECT_THAT(refusal(1), testing::StartsWith(file + ": ")) << size;
      write_raw(file, bytes);
    }
    write_raw(file, bytes + "\n");
    EXPECT_THAT(refusal(1), testing::StartsWith(file + ": "));
    write_raw(file, bytes);
  }
}

TEST_F(CheckpointTest, NamesTheTensorOfAFlippedWeight) {
  store_.save(snapshot_of(1));
  const std::string file = store_.path(1) + "/cortex.safetensors";
  std::string bytes = read_file(file);
  bytes[bytes.size() - 9] ^= 1;  // the last byte of 'u', which lies before the 8 bytes of 'w'
  write_raw(file, bytes);
  EXPECT_EQ(refusal(1), file + ": tensor 'u': its values are not those that were saved");
}

TEST_F(CheckpointTest, RefusesAFileOfAnotherCheckpoint) {
  store_.save(snapshot_of(1, 1));
  store_.save(snapshot_of(2, 2));
  const std::string file = store_.path(1) + "/amygdala.safetensors";
  fs::copy_file(store_.path(2) + "/amygdala.safetensors", file,
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(refusal(1), file + ": tensor 'w': its values are not those that were saved");
}

TEST_F(CheckpointTest, RefusesACheckpointUnderAnotherStep) {
  store_.save(snapshot_of(1));
  fs::copy(store_.path(1), store_.path(2), fs::copy_options::recursive);
  EXPECT_EQ(refusal(2), store_.path(2) + "/MANIFEST.json: is of step 1");
}

TEST_F(CheckpointTest, RefusesACheckpointThatLacksAFile) {
  store_.save(snapshot_of(1));
  fs::remove(store_.path(1) + "/state.json");
  EXPECT_THAT(refusal(1), HasSubstr("/state.json: No such file or directory"));
  fs::remove(store_.path(1) + "/MANIFEST.json");
  EXPECT_THAT(refusal(1), HasSubstr("/MANIFEST.json: No such file or directory"));
}

TEST_F(CheckpointTest, FallsBackToTheNewestGoodOneAndSaysSo) {
  for (const int64_t step : {1, 2, 3}) store_.save(snapshot_of(step, static_cast<double>(step)));
  write_raw(store_.path(2) + "/config.yaml", "seed: 2\n");
  write_raw(store_.path(3) + "/MANIFEST.json", "{}");
  EXPECT_EQ(newest_value(), 1);
  EXPECT_THAT(warnings_,
              ElementsAre(store_.path(3) + "/MANIFEST.json: its SHA-256 does not match",
                          store_.path(2) + "/config.yaml: its bytes are not those that were saved",
                          "going back to step 1 from the damaged step 3"));
}

TEST_F(CheckpointTest, IsSilentWhenTheNewestIsGood) {
  store_.save(snapshot_of(1));
  EXPECT_EQ(newest_value(), 1);
  EXPECT_THAT(warnings_, IsEmpty());
}

// As a run that keeps one does beside a reader.
TEST_F(CheckpointTest, OneThatIsReplacedWhileItIsReadIsNoDamage) {
  store_.save(snapshot_of(1));
  store_.save(snapshot_of(2, 2));
  write_raw(store_.path(2) + "/config.yaml", "seed: 2\n");
  bool is_replaced = false;
  const auto snapshot = store_.load_newest([&](const std::string&) {
    if (is_replaced) return;
    is_replaced = true;
    store_.save(snapshot_of(3, 3));
    fs::remove_all(store_.path(1));
  });
  EXPECT_EQ(snapshot.step, 3);
}

TEST_F(CheckpointTest, SaysWhenNoneIsWhole) {
  fs::create_directories(store_.path(1));
  EXPECT_THAT([&] { (void)newest_value(); },
              ThrowsMessage<Error>("no checkpoint in " + (root_ / "checkpoints") + " is whole"));
}

TEST_F(CheckpointTest, VerifyFindsAllDamageOfAllCheckpoints) {
  for (const int64_t step : {1, 2, 3}) store_.save(snapshot_of(step));
  EXPECT_THAT(store_.verify(), IsEmpty());
  write_raw(store_.path(1) + "/state.json", "");
  write_raw(store_.path(1) + "/config.yaml", "");
  write_raw(store_.path(3) + "/MANIFEST.json", "");
  const auto findings = store_.verify();
  ASSERT_EQ(findings.size(), 3);
  EXPECT_EQ(findings[0].problem, store_.path(1) + "/config.yaml: 0 bytes, saved as 8");
  EXPECT_EQ(findings[1].problem, store_.path(1) + "/state.json: 0 bytes, saved as 16");
  EXPECT_EQ(findings[2].step, 3);
}

// ---- a disk that fails

/// Counts system calls, and lets those from number `first_failure` on fail.
void fail_from(FaultyDisk& disk, int first_failure, int error) {
  const auto count = std::make_shared<int>(0);
  const auto fails = [=] {
    errno = error;
    return (*count)++ >= first_failure;
  };
  const SystemCalls real = *disk.operator->();
  disk->write = [=](int fd, const void* bytes, size_t size) {
    return fails() ? -1 : real.write(fd, bytes, size);
  };
  disk->fsync = [=](int fd) { return fails() ? -1 : real.fsync(fd); };
  disk->rename = [=](const char* from, const char* to) {
    return fails() ? -1 : real.rename(from, to);
  };
  disk->unlink = [=](const char* path) { return fails() ? -1 : real.unlink(path); };
  disk->rmdir = [=](const char* path) { return fails() ? -1 : real.rmdir(path); };
  disk->mkdir = [=](const char* path, mode_t mode) {
    return fails() ? -1 : real.mkdir(path, mode);
  };
}

TEST_F(CheckpointTest, ADiskThatFillsAtAnyCallLosesNothing) {
  store_.save(snapshot_of(1, 1));
  store_.save(snapshot_of(2, 2));
  int failures = 0;
  for (bool saved = false; !saved; ++failures) {
    FaultyDisk disk;
    fail_from(disk, failures, ENOSPC);
    try {
      store_.save(snapshot_of(2, 3));
      saved = true;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kFailed);
      EXPECT_THAT(error.what(), HasSubstr(": No space left on device"));
    }
    system_calls() = SystemCalls();
    store_.recover();
    EXPECT_THAT(store_.list(), ElementsAre(1, 2));
    EXPECT_THAT(newest_value(), testing::AnyOf(2, 3)) << "after " << failures << " calls";
    EXPECT_THAT(store_.verify(), IsEmpty());
  }
  EXPECT_GT(failures, 20);
  EXPECT_EQ(newest_value(), 3);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(CheckpointTest, AFailedSaveGivesItsSpaceBack) {
  store_.save(snapshot_of(1));
  FaultyDisk disk;
  disk->write = [](int, const void*, size_t) {
    errno = ENOSPC;
    return -1;
  };
  EXPECT_THAT([&] { store_.save(snapshot_of(2)); },
              ThrowsMessage<Error>(HasSubstr(": No space left on device")));
  EXPECT_FALSE(fs::exists(store_.path(2) + ".tmp"));
}

TEST_F(CheckpointTest, ASaveThatCannotLookForTheOldOneIsMadeUpForByTheNext) {
  store_.save(snapshot_of(1, 1));
  const std::string old = store_.path(1);
  {
    FaultyDisk disk;
    disk->access = [](const char*, int) {
      errno = EIO;
      return -1;
    };
    EXPECT_THAT([&] { store_.save(snapshot_of(1, 2)); },
                ThrowsMessage<Error>("cannot look for " + old + ": Input/output error"));
  }
  EXPECT_EQ(newest_value(), 1);
  store_.save(snapshot_of(1, 2));
  EXPECT_EQ(newest_value(), 2);
}

TEST_F(CheckpointTest, NoticesWhatTheDiskDidNotKeep) {
  FaultyDisk disk;
  const SystemCalls real;
  disk->write = [=](int fd, const void* bytes, size_t size) {
    const bool is_config = std::string_view(static_cast<const char*>(bytes), size) == "seed: 1\n";
    return real.write(fd, is_config ? "seed: 7\n" : bytes, size);
  };
  EXPECT_THAT([&] { store_.save(snapshot_of(1)); },
              ThrowsMessage<Error>(HasSubstr("/config.yaml: its bytes are not those")));
}

}  // namespace
}  // namespace limbic::training
