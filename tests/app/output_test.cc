#include "limbic/app/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "../support/temporary_directory.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"

namespace limbic::app {
namespace {

namespace fs = std::filesystem;
using testing::ThrowsMessage;

class OutputTest : public testing::Test {
 protected:
  static void write(const std::string& path, const std::string& text) {
    Output out(path);
    out.stream() << text;
    out.commit();
  }

  const testing_support::TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "rows.csv";
};

TEST_F(OutputTest, AFileStaysAsItIsUntilItIsReplacedAsAWhole) {
  write_file_durably(path_, "old");
  Output out(path_);
  out.stream() << "new";
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_FALSE(fs::exists(path_ + ".tmp"));
  out.commit();
  EXPECT_EQ(read_file(path_), "new");
}

TEST_F(OutputTest, BytesComeOutAsTheyAre) {
  const std::string bytes("a\0\r\n\xff", 5);
  write(path_, bytes);
  EXPECT_EQ(read_file(path_), bytes);
}

TEST_F(OutputTest, WithoutAPathThereIsNoOptionalOne) {
  EXPECT_FALSE(optional_output(""));
  std::optional<Output> out = optional_output(path_);
  out->stream() << "new";
  out->commit();
  EXPECT_EQ(read_file(path_), "new");
}

TEST_F(OutputTest, WhatCannotBeWrittenIsRefusedAtOnce) {
  const auto refused = [](const std::string& path, const std::string& message) {
    EXPECT_THAT([&] { Output out(path); }, ThrowsMessage<Error>(message));
  };
  const std::string folder = temporary_.path();
  refused(folder + "/no/rows.csv",
          "cannot write " + folder + "/no/rows.csv.tmp: No such file or directory");
  refused(folder, "cannot write " + folder + ": Is a directory");
}

TEST_F(OutputTest, ALinkStaysALink) {
  write_file_durably(temporary_ / "target", "a longer text");
  fs::create_symlink(temporary_ / "target", path_);
  write(path_, "new");
  EXPECT_TRUE(fs::is_symlink(path_));
  EXPECT_EQ(read_file(temporary_ / "target"), "new");
}

TEST_F(OutputTest, APipeIsWrittenInto) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  write(path_, "new");
  std::array<char, 9> read{};
  EXPECT_EQ(::read(reader, read.data(), read.size()), 3);
  EXPECT_STREQ(read.data(), "new");
  EXPECT_TRUE(fs::is_fifo(path_));
  ::close(reader);
}

}  // namespace
}  // namespace limbic::app
