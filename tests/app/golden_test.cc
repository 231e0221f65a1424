#include <ATen/Version.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <torch/version.h>

#include <filesystem>
#include <fstream>

#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/environment.h"
#include "limbic/training/trainer.h"

namespace limbic::app {
namespace {

// The processor's maker, the kernels that LibTorch chose and its version: what the last bit depends
// on.
std::string place_of_bits() {
  const auto here = training::this_environment("", "cpu");
  return concat(TORCH_VERSION, "-", here.capability, "-", here.cpu.substr(0, here.cpu.find(' ')));
}

// The first 50 losses of a small brain, one line a step, in the fewest digits that read back to the
// same double.
std::string first_losses(const std::string& directory) {
  const std::string config = std::string(LIMBIC_SOURCE_DIR) + "/tests/app/golden/golden.yaml";
  training::Trainer trainer(build_parts(read_config(config, {}), directory, at::kCPU));
  trainer.run();
  return read_file(directory + "/metrics.jsonl");
}

// A change that is not meant to alter numerics leaves this as it is. One that is meant to:
// LIMBIC_WRITE_GOLDEN=1, and say why in the commit.
TEST(GoldenTest, FirstFiftyLossesAreThoseThatWereRecordedHere) {
  char name[] = "/tmp/limbic_golden_XXXXXX";
  const std::string directory = mkdtemp(name);
  log::set_level(log::Level::kQuiet);
  const std::string losses = first_losses(directory);
  std::filesystem::remove_all(directory);
  const std::string file =
      concat(LIMBIC_SOURCE_DIR, "/tests/app/golden/", place_of_bits(), ".jsonl");
  if (getenv("LIMBIC_WRITE_GOLDEN") != nullptr) std::ofstream(file) << losses;
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "no curve was recorded for " << place_of_bits();
  EXPECT_EQ(losses, read_file(file));
}

}  // namespace
}  // namespace limbic::app
