#include "limbic/core/log.h"

#include <gtest/gtest.h>

namespace limbic {
namespace {

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { log::set_level(log::Level::kInfo); }
};

TEST_F(LogTest, WritesPlainLinesToStderrWhereThereIsNoTerminal) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  log::info("stage ", "see", " begins at step ", 3, " {}");
  log::warn("slow");
  log::error("broken");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "stage see begins at step 3 {}\nwarning: slow\nerror: broken\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST_F(LogTest, NamesTheLevelOnEachOfSeveralLines) {
  testing::internal::CaptureStderr();
  log::error("a.yaml:1:1: first\na.yaml:2:1: second");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "error: a.yaml:1:1: first\nerror: a.yaml:2:1: second\n");
}

TEST_F(LogTest, DropsWhatIsBelowItsLevel) {
  log::set_level(log::Level::kWarn);
  testing::internal::CaptureStderr();
  log::info("news");
  log::warn("slow");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "warning: slow\n");
}

TEST_F(LogTest, QuietDropsErrorsToo) {
  log::set_level(log::Level::kQuiet);
  testing::internal::CaptureStderr();
  log::error("broken");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace limbic
