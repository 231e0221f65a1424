#include "limbic/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../support/faulty_disk.h"
#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/core/system_calls.h"

namespace limbic {
namespace {

using testing::ElementsAre;
using testing_support::FaultyDisk;
using testing_support::refusal;
namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return folder_ / name; }

  const testing_support::TemporaryDirectory folder_;
};

TEST_F(FileTest, WrittenBytesComeBack) {
  const std::string bytes("a\0b\n\xff", 5);
  write_file_durably(at("x"), bytes);
  EXPECT_EQ(read_file(at("x")), bytes);
  write_file_durably(at("x"), "");
  EXPECT_EQ(read_file(at("x")), "");
  EXPECT_FALSE(fs::exists(at("x.tmp")));
}

TEST_F(FileTest, ReadsUpToItsLimit) {
  write_file_durably(at("x"), std::string(200'000, 'a'));
  EXPECT_EQ(read_file(at("x"), 200'000).size(), 200'000);
  EXPECT_EQ(refusal([&] { read_file(at("x"), 199'999); }),
            at("x") + " is larger than 199999 bytes");
}

TEST_F(FileTest, ReadingSaysWhyItFailed) {
  EXPECT_EQ(refusal([&] { read_file(at("none")); }),
            "cannot read " + at("none") + ": No such file or directory");
  EXPECT_EQ(refusal([&] { read_file(folder_.path()); }),
            "cannot read " + folder_.path() + ": Is a directory");
}

TEST_F(FileTest, AMissingFolderIsTheInputsFault) {
  EXPECT_EQ(refusal([&] { write_file_durably(at("no/x"), "a"); }),
            "cannot write " + at("no/x.tmp") + ": No such file or directory");
}

TEST_F(FileTest, AFullDiskFailsTheRunAndLeavesTheOldFile) {
  write_file_durably(at("x"), "old");
  FaultyDisk disk;
  disk->write = [](int, const void*, size_t) -> ssize_t {
    errno = ENOSPC;
    return -1;
  };
  EXPECT_EQ(refusal([&] { write_file_durably(at("x"), "new"); }, ExitCode::kFailed),
            "cannot write " + at("x.tmp") + ": No space left on device");
  EXPECT_EQ(read_file(at("x")), "old");
  EXPECT_FALSE(fs::exists(at("x.tmp")));
}

TEST_F(FileTest, AFullDeviceIsToldApart) {
  EXPECT_EQ(refusal([] { AppendFile("/dev/full").append("x"); }, ExitCode::kFailed),
            "cannot write /dev/full: No space left on device");
}

TEST_F(FileTest, AFailingSyncOrRenameIsNotOverlooked) {
  write_file_durably(at("x"), "old");
  FaultyDisk disk;
  disk->fsync = [](int) {
    errno = EIO;
    return -1;
  };
  EXPECT_EQ(refusal([&] { write_file_durably(at("x"), "new"); }, ExitCode::kFailed),
            "cannot sync " + at("x.tmp") + ": Input/output error");
  system_calls() = SystemCalls();
  disk->rename = [](const char*, const char*) {
    errno = EACCES;
    return -1;
  };
  EXPECT_EQ(refusal([&] { write_file_durably(at("x"), "new"); }),
            "cannot write " + at("x") + ": Permission denied");
  EXPECT_EQ(read_file(at("x")), "old");
}

TEST_F(FileTest, InterruptedAndShortWritesAreFinished) {
  FaultyDisk disk;
  int calls = 0;
  disk->write = [&calls](int fd, const void* bytes, size_t size) -> ssize_t {
    if (++calls % 2 == 1) {
      errno = EINTR;
      return -1;
    }
    return ::write(fd, bytes, std::min<size_t>(size, 2));
  };
  write_file_durably(at("x"), "abcde");
  EXPECT_EQ(read_file(at("x")), "abcde");
  EXPECT_EQ(calls, 6);
}

TEST_F(FileTest, CommitsInTheOrderThatSurvivesACrash) {
  FaultyDisk disk;
  std::vector<std::string> order;
  disk->write = [&](int fd, const void* bytes, size_t size) {
    order.emplace_back("write");
    return ::write(fd, bytes, size);
  };
  disk->fsync = [&](int fd) {
    order.emplace_back("fsync");
    return ::fsync(fd);
  };
  disk->rename = [&](const char* from, const char* to) {
    order.emplace_back("rename");
    return ::rename(from, to);
  };
  write_file_durably(at("x"), "abc");
  EXPECT_THAT(order, ElementsAre("write", "fsync", "rename", "fsync"));
}

TEST_F(FileTest, AFileSystemWithoutFsyncIsAccepted) {
  FaultyDisk disk;
  disk->fsync = [](int) {
    errno = EINVAL;
    return -1;
  };
  write_file_durably(at("x"), "abc");
  EXPECT_EQ(read_file(at("x")), "abc");
}

TEST_F(FileTest, DirectoriesAreMadeOnceAndRenamed) {
  make_directories(at("a/b/c/"));
  make_directories(at("a/b/c"));
  EXPECT_TRUE(fs::is_directory(at("a/b/c")));
  rename_durably(at("a/b"), at("d"));
  EXPECT_TRUE(fs::is_directory(at("d/c")));
  EXPECT_EQ(refusal([&] { rename_durably(at("none"), at("e")); }),
            "cannot rename " + at("none") + ": No such file or directory");
}

TEST_F(FileTest, ADirectoryUnderAFileIsRefused) {
  write_file_durably(at("x"), "");
  EXPECT_NE(refusal([&] { make_directories(at("x/y")); }), "");
  EXPECT_EQ(refusal([&] { make_directories(at("x")); }),
            "cannot make the directory " + at("x") + ": Not a directory");
}

TEST_F(FileTest, WhatIsThereIsToldFromWhatIsNotAndFromWhatCannotBeSeen) {
  write_file_durably(at("x"), "");
  fs::create_symlink(at("none"), at("link"));
  for (const std::string& path : {folder_.path(), at("x")}) EXPECT_TRUE(exists(path)) << path;
  for (const char* name : {"none", "x/y", "none/y", "link"}) EXPECT_FALSE(exists(at(name))) << name;
  const std::string long_name = at(std::string(300, 'a'));
  EXPECT_EQ(refusal([&] { (void)exists(long_name); }),
            "cannot look for " + long_name + ": File name too long");
  FaultyDisk disk;
  disk->access = [](const char*, int) {
    errno = EIO;
    return -1;
  };
  EXPECT_EQ(refusal([&] { (void)exists(at("x")); }, ExitCode::kFailed),
            "cannot look for " + at("x") + ": Input/output error");
}

TEST_F(FileTest, ATreeIsRemovedByTheSystemCallsAndNoLinkIsFollowed) {
  make_directories(at("a/b"));
  write_file_durably(at("a/b/x"), "x");
  write_file_durably(at("kept"), "x");
  fs::create_symlink(at("kept"), at("a/link"));
  FaultyDisk disk;
  disk->rmdir = [](const char*) {
    errno = EIO;
    return -1;
  };
  EXPECT_EQ(refusal([&] { remove_tree(at("a/b")); }, ExitCode::kFailed),
            "cannot remove " + at("a/b") + ": Input/output error");
  EXPECT_FALSE(fs::exists(at("a/b/x")));
  bool interrupted = false;
  disk->rmdir = [&](const char* path) {
    if (std::exchange(interrupted, true)) return ::rmdir(path);
    errno = EINTR;
    return -1;
  };
  remove_tree(at("a"));
  remove_tree(at("a"));
  EXPECT_FALSE(fs::exists(at("a")));
  EXPECT_TRUE(fs::exists(at("kept")));
}

TEST_F(FileTest, AppendedLinesFollowOldOnes) {
  {
    AppendFile file(at("log"));
    file.append("one");
    file.append("two");
    file.sync();
    EXPECT_EQ(file.size(), 8);
  }
  AppendFile file(at("log"));
  EXPECT_EQ(file.size(), 8);
  file.truncate(4);
  file.append("three");
  EXPECT_EQ(file.size(), 10);
  EXPECT_EQ(read_file(at("log")), "one\nthree\n");
}

TEST_F(FileTest, AHalfWrittenLineIsCutOff) {
  AppendFile file(at("log"));
  file.append("one");
  FaultyDisk disk;
  int calls = 0;
  disk->write = [&calls](int fd, const void* bytes, size_t) -> ssize_t {
    if (++calls == 1) return ::write(fd, bytes, 2);
    errno = ENOSPC;
    return -1;
  };
  EXPECT_EQ(refusal([&] { file.append("two"); }, ExitCode::kFailed),
            "cannot write " + at("log") + ": No space left on device");
  EXPECT_EQ(read_file(at("log")), "one\n");
  EXPECT_EQ(file.size(), 4);
}

}  // namespace
}  // namespace limbic
