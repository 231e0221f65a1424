#include "limbic/training/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace limbic::training {
namespace {

const ProgressState kState{.stage = "see",
                           .step = 120,
                           .last_step = 4000,
                           .steps_per_second = 35.21,
                           .losses = {{"predict", 0.51214}, {"assess", 12345.6}}};

TEST(RenderTest, ShowsStageStepRateLossesAndTimeLeft) {
  EXPECT_EQ(render(kState, 80),
            "see  120/4000  35.2 steps/s  predict 0.5121  assess 1.235e+04  1m51s left");
}

TEST(RenderTest, DropsTheLastLossesFirstThenTheRateThenTheTime) {
  EXPECT_EQ(render(kState, 72), "see  120/4000  35.2 steps/s  predict 0.5121  1m51s left");
  EXPECT_EQ(render(kState, 54), "see  120/4000  35.2 steps/s  1m51s left");
  EXPECT_EQ(render(kState, 38), "see  120/4000  1m51s left");
  EXPECT_EQ(render(kState, 24), "see  120/4000");
  EXPECT_EQ(render(kState, 7), "see  12");
  EXPECT_EQ(render(kState, 0), "");
}

TEST(RenderTest, NeverIsWiderThanAskedFor) {
  for (size_t width = 0; width < 100; ++width) EXPECT_LE(render(kState, width).size(), width);
}

TEST(RenderTest, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(render({.stage = "see", .step = 1}, 80), "see  1");
  EXPECT_EQ(render({.stage = "see", .step = 1, .last_step = 9}, 80), "see  1/9");
  EXPECT_EQ(render({.stage = "see", .step = 1, .steps_per_second = 0.5}, 80),
            "see  1  0.50 steps/s");
}

TEST(RenderTest, ShowsTimeInTwoUnits) {
  const auto left = [](int64_t steps) {
    return render({.stage = "s", .step = 0, .last_step = steps, .steps_per_second = 1}, 80);
  };
  EXPECT_EQ(left(0), "s  0/0  1.00 steps/s  0s left");
  EXPECT_EQ(left(59), "s  0/59  1.00 steps/s  59s left");
  EXPECT_EQ(left(61), "s  0/61  1.00 steps/s  1m1s left");
  EXPECT_EQ(left(7384), "s  0/7384  1.00 steps/s  2h3m left");
  EXPECT_EQ(left(90000), "s  0/90000  1.00 steps/s  1d1h left");
}

TEST(RenderTest, CountsLettersNotBytes) {
  EXPECT_EQ(render({.stage = "\xc3\xa9t\xc3\xa9", .step = 1}, 6), "\xc3\xa9t\xc3\xa9  1");
  EXPECT_EQ(render({.stage = "\xc3\xa9t\xc3\xa9", .step = 1}, 2), "\xc3\xa9t");
  EXPECT_EQ(render({.stage = "\xc3\xa9t\xc3\xa9", .step = 1}, 0), "");
}

class ProgressTest : public testing::Test {
 protected:
  ProgressOptions options(bool terminal, double seconds) {
    return {.terminal = terminal,
            .seconds = seconds,
            .clock = [this] { return now_; },
            .width = [] { return size_t{80}; }};
  }
  double now_ = 100;
  std::ostringstream out_;
  const ProgressState state_{.stage = "see", .step = 1};
};

TEST_F(ProgressTest, WritesPlainLinesEverySoOftenWhereThereIsNoTerminal) {
  Progress progress(out_, options(false, 10));
  for (; now_ < 125; now_ += 1) progress.update(state_);
  progress.clear();
  EXPECT_EQ(out_.str(), "see  1\nsee  1\nsee  1\n");
}

TEST_F(ProgressTest, RedrawsOneLineOnATerminal) {
  Progress progress(out_, options(true, 0.5));
  progress.update(state_);
  now_ += 0.4;
  progress.update(state_);
  now_ += 0.2;
  progress.update(state_);
  const std::string drawn = "\r\x1b[2K\x1b[1msee\x1b[0m  1";
  EXPECT_EQ(out_.str(), drawn + drawn);
}

TEST_F(ProgressTest, TakesTheLineAwayOnce) {
  {
    Progress progress(out_, options(true, 0.5));
    progress.update(state_);
    out_.str({});
    progress.clear();
    EXPECT_EQ(out_.str(), "\r\x1b[2K");
  }
  EXPECT_EQ(out_.str(), "\r\x1b[2K");
}

TEST(ProgressOptionsTest, AreForWhatStderrIs) {
  const auto options = ProgressOptions::for_stderr();
  EXPECT_GT(options.width(), 0);
  const double before = options.clock();
  EXPECT_LE(before, options.clock());
  EXPECT_EQ(options.seconds, options.terminal ? 0.1 : 10);
}

}  // namespace
}  // namespace limbic::training
