#include "limbic/core/signals.h"

#include <gtest/gtest.h>

namespace limbic {
namespace {

int heard = 0;

void note(int signal) { heard = signal; }

TEST(SignalWatchTest, HearsWhatItIsAskedAndForgetsItAtItsEnd) {
  std::signal(SIGHUP, SIG_DFL);
  {
    const SignalWatch watch;
    std::raise(SIGHUP);
    std::raise(SIGUSR1);
    EXPECT_EQ(SignalWatch::stop_signal(), SIGHUP);
    EXPECT_THROW(SignalWatch::give_up_if_stopping(), Interrupted);
    EXPECT_TRUE(SignalWatch::take_save_request());
    EXPECT_FALSE(SignalWatch::take_save_request());
  }
  EXPECT_EQ(SignalWatch::stop_signal(), 0);
}

void interrupt_twice() {
  std::signal(SIGINT, SIG_DFL);
  const SignalWatch watch;
  std::raise(SIGINT);
  std::raise(SIGINT);
}

TEST(SignalWatchDeathTest, ASecondInterruptLeavesAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(interrupt_twice(), testing::ExitedWithCode(130), "");
}

TEST(SignalWatchTest, HearsThatNobodyReadsUnlessItWasAskedToStopBefore) {
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  const SignalWatch watch;
  std::raise(SIGPIPE);
  EXPECT_EQ(SignalWatch::stop_signal(), SIGPIPE);
  std::raise(SIGTERM);
  std::raise(SIGPIPE);
  EXPECT_EQ(SignalWatch::stop_signal(), SIGTERM);
}

TEST(SignalWatchTest, LeavesAnIgnoredSignalIgnored) {
  std::signal(SIGHUP, SIG_IGN);
  {
    const SignalWatch watch;
    std::raise(SIGHUP);
    EXPECT_EQ(SignalWatch::stop_signal(), 0);
  }
  EXPECT_EQ(std::signal(SIGHUP, SIG_DFL), SIG_IGN);
}

TEST(SignalWatchTest, PutsBackTheHandlersThatWereThere) {
  std::signal(SIGTERM, note);
  { const SignalWatch watch; }
  std::raise(SIGTERM);
  EXPECT_EQ(heard, SIGTERM);
  std::signal(SIGTERM, SIG_DFL);
}

TEST(SignalWatchTest, OneForSavesAloneOutlivesAWatchWithinIt) {
  std::signal(SIGTERM, note);
  heard = 0;
  const SignalWatch saves{SIGUSR1};
  std::raise(SIGTERM);
  EXPECT_EQ(heard, SIGTERM) << "what it does not heed has its own way";
  { const SignalWatch all; }
  std::raise(SIGUSR1);
  EXPECT_TRUE(SignalWatch::take_save_request());
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace
}  // namespace limbic
