#include "limbic/training/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "../support/temporary_directory.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/training/tensorboard_log.h"

namespace {

bool knows_flock = true;  // the file system that this program works on

}  // namespace

// Takes the place of the C library's.
extern "C" int flock(int fd, int operation) noexcept {
  if (knows_flock) return static_cast<int>(::syscall(SYS_flock, fd, operation));
  errno = ENOLCK;
  return -1;
}

namespace limbic::training {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;
using testing_support::TemporaryDirectory;

std::string this_host() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string owner_text(pid_t pid) { return concat("process ", pid, " on host ", this_host()); }

/// A process that holds a run directory until it is killed.
class Holder {
 public:
  explicit Holder(const std::string& root) {
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      const RunDirectory run(root);
      (void)!::write(ready[1], "!", 1);
      while (true) ::pause();
    }
    char byte = 0;
    (void)!::read(ready[0], &byte, 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Holder() { kill(); }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST(RunDirectoryTest, MakesTheLayout) {
  const TemporaryDirectory base;
  const RunDirectory run(base / "runs/x");
  EXPECT_TRUE(fs::is_directory(base / "runs/x/checkpoints"));
  for (const char* name : {"metrics.jsonl", "decisions.jsonl", "timings.jsonl", "lock"}) {
    EXPECT_TRUE(fs::is_regular_file(base / "runs/x/" + name)) << name;
  }
  EXPECT_EQ(run.paths().config(), base / "runs/x/config.yaml");
  EXPECT_EQ(run.taken_over_from(), "");
}

TEST(RunDirectoryTest, RefusesOneThatAnotherProcessHolds) {
  const TemporaryDirectory base;
  const std::string root = base / "x";
  const Holder holder(root);
  try {
    const RunDirectory run(root);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
    EXPECT_EQ(error.what(), root + " is in use by " + owner_text(holder.pid()));
  }
}

TEST(RunDirectoryTest, RefusesOneThatThisProcessHolds) {
  const TemporaryDirectory base;
  const RunDirectory first(base / "x");
  EXPECT_THAT([&] { const RunDirectory second(base / "x"); },
              ThrowsMessage<Error>((base / "x") + " is in use by " + owner_text(::getpid())));
}

TEST(RunDirectoryTest, TakesOverFromAnOwnerThatWasKilled) {
  const TemporaryDirectory base;
  Holder holder(base / "x");
  const std::string owner = owner_text(holder.pid());
  holder.kill();
  const RunDirectory run(base / "x");
  EXPECT_EQ(run.taken_over_from(), owner);
}

TEST(RunDirectoryTest, TakesOverARunThatWasMovedFromAnotherMachine) {
  const TemporaryDirectory base;
  write_file_durably(base / "lock", R"({"pid": 1, "host": "elsewhere", "start": "5"})");
  const RunDirectory run(base.path());
  EXPECT_EQ(run.taken_over_from(), "process 1 on host elsewhere");
}

class WithoutFlockTest : public testing::Test {
 protected:
  WithoutFlockTest() { knows_flock = false; }
  ~WithoutFlockTest() override { knows_flock = true; }

  const TemporaryDirectory base_;
};

TEST_F(WithoutFlockTest, ARunOfAnotherHostIsRefusedWithAWayOut) {
  write_file_durably(base_ / "lock", R"({"pid": 1, "host": "elsewhere", "start": "5"})");
  EXPECT_THAT([&] { const RunDirectory run(base_.path()); },
              ThrowsMessage<Error>(base_.path() + " is in use by process 1 on host elsewhere; if " +
                                   "that process is gone, remove " + (base_ / "lock")));
}

TEST_F(WithoutFlockTest, OneOfThisHostIsRefusedWhileItsProcessLives) {
  const RunDirectory first(base_.path());
  EXPECT_THAT([&] { const RunDirectory second(base_.path()); },
              ThrowsMessage<Error>(base_.path() + " is in use by " + owner_text(::getpid())));
}

TEST(RunDirectoryTest, GivesTheLockBack) {
  const TemporaryDirectory base;
  { const RunDirectory run(base.path()); }
  const RunDirectory run(base.path());
  EXPECT_EQ(run.taken_over_from(), "");
}

TEST(RunDirectoryTest, ADamagedLockIsNobodys) {
  const TemporaryDirectory base;
  write_file_durably(base / "lock", "\xff{");
  const RunDirectory run(base.path());
  EXPECT_EQ(run.taken_over_from(), "");
}

TEST(RunDirectoryTest, AnUnwritablePlaceIsThePersonsMistake) {
  try {
    const RunDirectory run("/dev/null/x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
    EXPECT_THAT(error.what(), HasSubstr("cannot make the directory /dev/null"));
  }
  const TemporaryDirectory base;
  fs::create_directories(base / "lock");
  EXPECT_THAT([&] { const RunDirectory run(base.path()); },
              ThrowsMessage<Error>("cannot write " + (base / "lock") + ": Is a directory"));
}

TEST(RunDirectoryTest, RewindsTheLogsToWhereTheyStood) {
  const TemporaryDirectory base;
  LogPositions positions;
  {
    RunDirectory run(base.path());
    run.metrics().append("m1");
    run.decisions().append("d");
    run.events().append_bytes(event_record("e"));
    positions = run.positions();
    run.metrics().append("m2");
    run.timings().append("t");
    run.events().append_bytes(event_record("f"));
    run.sync_logs();
  }
  RunDirectory run(base.path());
  run.rewind(positions);
  run.metrics().append("m3");
  EXPECT_EQ(read_file(base / "metrics.jsonl"), "m1\nm3\n");
  EXPECT_EQ(read_file(base / "decisions.jsonl"), "d\n");
  EXPECT_EQ(read_file(base / "timings.jsonl"), "");
  EXPECT_EQ(run.positions(), (LogPositions{6, 2, 0, 17}));
}

TEST(RunDirectoryTest, RewindingDropsALineThatAKillTore) {
  const TemporaryDirectory base;
  write_file_durably(base / "metrics.jsonl", "whole\nto");
  RunDirectory run(base.path());
  run.rewind({.metrics = 6});
  EXPECT_EQ(read_file(base / "metrics.jsonl"), "whole\n");
}

TEST(RunDirectoryTest, RefusesToRewindALogThatIsShorterAndCutsNothing) {
  const TemporaryDirectory base;
  RunDirectory run(base.path());
  run.metrics().append("m");
  EXPECT_THAT([&] { run.rewind({.decisions = 3}); },
              ThrowsMessage<Error>((base / "decisions.jsonl") +
                                   ": 0 bytes, but 3 when the checkpoint was taken"));
  EXPECT_EQ(read_file(base / "metrics.jsonl"), "m\n");
}

TEST(RunDirectoryTest, BeginsTimingsAndEventsAnewWhereTheyAreLost) {
  const TemporaryDirectory base;
  RunDirectory run(base.path());
  run.metrics().append("m");
  run.timings().append("torn");
  run.events().append_bytes("\x01\x02");
  testing::internal::CaptureStderr();
  run.rewind({.metrics = 2, .timings = 3, .events = 9});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            concat("warning: ", base / "timings.jsonl",
                   ": no line ends at byte 3, where the checkpoint was taken; it begins anew\n",
                   "warning: ", run.paths().events(),
                   ": 2 bytes, but 9 when the checkpoint was taken; it begins anew\n"));
  run.timings().append("t");
  EXPECT_EQ(run.positions(), (LogPositions{2, 0, 2, 0}));
}

// As after a loss of the file, by a checkpoint from before it.
TEST(RunDirectoryTest, BeginsEventsAnewWhereTheyWouldBeCutWithinARecord) {
  const TemporaryDirectory base;
  RunDirectory run(base.path());
  run.events().append_bytes(event_record("one") + event_record("another"));
  testing::internal::CaptureStderr();
  run.rewind({.events = 20});
  EXPECT_EQ(
      testing::internal::GetCapturedStderr(),
      concat("warning: ", run.paths().events(),
             ": no record ends at byte 20, where the checkpoint was taken; it begins anew\n"));
  EXPECT_EQ(run.positions().events, 0);
}

TEST(RunDirectoryTest, RefusesToRewindIntoALine) {
  const TemporaryDirectory base;
  RunDirectory run(base.path());
  run.metrics().append("line");
  EXPECT_THAT([&] { run.rewind({.metrics = 2}); },
              ThrowsMessage<Error>((base / "metrics.jsonl") +
                                   ": no line ends at byte 2, where the checkpoint was taken"));
}

TEST(RunDirectoryTest, CopiesLogsUpToWhereTheyStood) {
  const TemporaryDirectory base;
  LogPositions positions;
  {
    RunDirectory from(base / "from");
    from.metrics().append("m1");
    from.events().append_bytes(event_record("e"));
    positions = from.positions();
    from.metrics().append("m2");
    RunDirectory to(base / "to");
    to.copy_logs(from.paths(), positions);
    EXPECT_EQ(to.positions(), positions);
  }
  EXPECT_EQ(read_file(base / "to/metrics.jsonl"), "m1\n");
  RunDirectory short_one(base / "short");
  EXPECT_THAT([&] { short_one.copy_logs({base / "from"}, {.metrics = 99}); },
              ThrowsMessage<Error>(HasSubstr("metrics.jsonl: 6 bytes, but 99 when")));
}

TEST(RunDirectoryTest, CopiesWhatIsLeftWhereTimingsAndEventsAreLost) {
  const TemporaryDirectory base;
  fs::create_directory(base / "from");
  write_file_durably(base / "from/metrics.jsonl", "m\n");
  write_file_durably(base / "from/decisions.jsonl", "");
  RunDirectory to(base / "to");
  log::set_level(log::Level::kQuiet);
  to.copy_logs({base / "from"}, {.metrics = 2, .timings = 5, .events = 7});
  log::set_level(log::Level::kInfo);
  EXPECT_EQ(to.positions(), (LogPositions{2, 0, 0, 0}));
}

TEST(LogPositionsTest, GoThroughJson) {
  const LogPositions positions{1, 2, 3, 4};
  const nlohmann::json json = positions;
  EXPECT_EQ(json.dump(), R"({"decisions":2,"events":4,"metrics":1,"timings":3})");
  EXPECT_EQ(json.get<LogPositions>(), positions);
}

}  // namespace
}  // namespace limbic::training
