#include "limbic/core/signals.h"

#include <gtest/gtest.h>

#include <vector>

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

void hear(const std::vector<int>& signals) {
  for (const int signal : signals) std::signal(signal, SIG_DFL);
  const SignalWatch watch;
  for (const int signal : signals) std::raise(signal);
}

TEST(SignalWatchDeathTest, AnInterruptOfWhoIsStoppingLeavesAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hear({SIGINT, SIGINT}), testing::ExitedWithCode(130), "");
  EXPECT_EXIT(hear({SIGINT, SIGTERM, SIGINT}), testing::ExitedWithCode(130), "");
  EXPECT_EXIT(hear({SIGHUP, SIGINT}), testing::ExitedWithCode(130), "");
}

TEST(SignalWatchTest, OfSeveralThatStopTheFirstCounts) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
  for (const int first : {SIGINT, SIGTERM}) {
    const SignalWatch watch;
    std::raise(first);
    for (const int later : {SIGTERM, SIGHUP}) std::raise(later);
    EXPECT_EQ(SignalWatch::stop_signal(), first);
  }
}

TEST(SignalWatchTest, HearsThatNobodyReadsUnlessItWasAskedToStopBefore) {
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  for (const int asked : {SIGINT, SIGTERM}) {
    const SignalWatch watch;
    std::raise(SIGPIPE);
    EXPECT_EQ(SignalWatch::stop_signal(), SIGPIPE);
    std::raise(asked);
    std::raise(SIGPIPE);
    EXPECT_EQ(SignalWatch::stop_signal(), asked);
  }
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
