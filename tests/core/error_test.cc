#include "limbic/core/error.h"

#include <gtest/gtest.h>

namespace limbic {
namespace {

TEST(ErrorTest, CarriesItsLineAndItsExitCode) {
  const Error error = input_error("batch of ", 3, " rows, not ", 2.5);
  EXPECT_STREQ(error.what(), "batch of 3 rows, not 2.5");
  EXPECT_EQ(error.code(), ExitCode::kInput);
  EXPECT_EQ(failed("x").code(), ExitCode::kFailed);
  EXPECT_EQ(damaged("x").code(), ExitCode::kDamaged);
}

TEST(ErrorTest, ExitCodesAreTheDocumentedNumbers) {
  EXPECT_EQ(static_cast<int>(ExitCode::kDone), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::kFailed), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kInput), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kDamaged), 3);
}

}  // namespace
}  // namespace limbic
