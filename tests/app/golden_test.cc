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
#include "limbic/training/trainer.h"

namespace limbic::app {
namespace {

// What the last bit depends on: LibTorch's version, the kernels that it chose, and the processor,
// by which MKL chooses its own.
std::string place_of_bits() {
  const std::string facts = read_file("/proc/cpuinfo");
  const auto fact = [&](const std::string& name) {
    const size_t begin = facts.find(": ", facts.find("\n" + name + "\t")) + 2;
    return facts.substr(begin, facts.find('\n', begin) - begin);
  };
  return concat(TORCH_VERSION, "-", at::get_cpu_capability(), "-", fact("vendor_id"), "-",
                fact("cpu family"), "-", fact("model"));
}

// The first 50 losses of a small brain, one line a step, in the fewest digits that read back to the
// same double.
std::string first_losses(const std::string& directory, const std::string& fused) {
  const std::string config = std::string(LIMBIC_SOURCE_DIR) + "/tests/app/golden/golden.yaml";
  training::Trainer trainer(
      build_parts(read_config(config, {"cortex.fused=" + fused}), directory, at::kCPU));
  trainer.run();
  return read_file(directory + "/metrics.jsonl");
}

// A change that is not meant to alter numerics leaves this as it is. One that is meant to:
// LIMBIC_WRITE_GOLDEN=1, and say why in the commit.
class GoldenTest : public testing::TestWithParam<const char*> {};  // cortex.fused

TEST_P(GoldenTest, FirstFiftyLossesAreThoseThatWereRecordedHere) {
  const std::string fused = GetParam();
  char name[] = "/tmp/limbic_golden_XXXXXX";
  const std::string directory = mkdtemp(name);
  log::set_level(log::Level::kQuiet);
  const std::string losses = first_losses(directory, fused);
  std::filesystem::remove_all(directory);
  const std::string file = concat(LIMBIC_SOURCE_DIR, "/tests/app/golden/", place_of_bits(),
                                  fused == "true" ? "-fused.jsonl" : ".jsonl");
  if (getenv("LIMBIC_WRITE_GOLDEN") != nullptr) std::ofstream(file) << losses;
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "no curve was recorded for " << place_of_bits();
  EXPECT_EQ(losses, read_file(file));
}
INSTANTIATE_TEST_SUITE_P(Blocks, GoldenTest, testing::Values("false", "true"));

}  // namespace
}  // namespace limbic::app
