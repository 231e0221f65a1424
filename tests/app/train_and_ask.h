#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/training/trainer.h"

namespace limbic::app {

/// Trains on the CPU in directory `run`, until `last_step` or to the end.
inline training::Outcome train_run(const std::string& config, const std::string& run,
                                   const std::vector<std::string>& set = {},
                                   std::optional<int64_t> last_step = {}) {
  return training::Trainer(build_parts(read_config(config, set), run, at::kCPU)).run(last_step);
}

/// What a command writes that ends with 0, in a process of its own.
std::string answer(auto&& command) {
  std::cout.copyfmt(std::ios(nullptr));  // no command before left its format
  testing::internal::CaptureStdout();
  EXPECT_EQ(command(), 0);
  return testing::internal::GetCapturedStdout();
}

}  // namespace limbic::app
