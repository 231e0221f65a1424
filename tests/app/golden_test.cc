#include <ATen/Version.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <torch/version.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

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

// The losses of a small brain, 50 steps unless settings say otherwise, one line a step, in the
// fewest digits that read back to the same double.
std::string losses_of(std::vector<std::string> settings, const std::string& fused) {
  char name[] = "/tmp/limbic_golden_XXXXXX";
  const std::string directory = mkdtemp(name);
  const std::string config = std::string(LIMBIC_SOURCE_DIR) + "/tests/app/golden/golden.yaml";
  log::set_level(log::Level::kQuiet);
  settings.push_back("cortex.fused=" + fused);
  training::Trainer(build_parts(read_config(config, settings), directory, at::kCPU)).run();
  std::string losses = read_file(directory + "/metrics.jsonl");
  std::filesystem::remove_all(directory);
  return losses;
}

// A change that is not meant to alter numerics leaves this as it is. One that is meant to:
// LIMBIC_WRITE_GOLDEN=1, and say why in the commit.
class GoldenTest : public testing::TestWithParam<const char*> {};  // cortex.fused

TEST_P(GoldenTest, FirstFiftyLossesAreThoseThatWereRecordedHere) {
  const std::string fused = GetParam();
  const std::string losses = losses_of({}, fused);
  const std::string file = concat(LIMBIC_SOURCE_DIR, "/tests/app/golden/", place_of_bits(),
                                  fused == "true" ? "-fused.jsonl" : ".jsonl");
  if (getenv("LIMBIC_WRITE_GOLDEN") != nullptr) std::ofstream(file) << losses;
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "no curve was recorded for " << place_of_bits()
                 << "; where numerics are as they should be, record one by "
                    "LIMBIC_WRITE_GOLDEN=1 app_test --gtest_filter='*Golden*'";
  EXPECT_EQ(losses, read_file(file));
}
INSTANTIATE_TEST_SUITE_P(Blocks, GoldenTest, testing::Values("false", "true"));

// Functions by hand round otherwise, and Adam makes much of the least gradients.
TEST(FusedTest, AHundredLossesAreWithinAThousandthOfThoseOperationByOperation) {
  const std::vector<std::string> settings{"curriculum.see.until.after=75 steps", "evals={}"};
  std::istringstream by_hand(losses_of(settings, "true")), plain(losses_of(settings, "false"));
  std::string ours, theirs;
  int64_t compared = 0;
  while (std::getline(by_hand, ours) && std::getline(plain, theirs)) {
    const auto exact = nlohmann::json::parse(theirs), found = nlohmann::json::parse(ours);
    for (const auto& [key, value] : found.items()) {
      EXPECT_NEAR(value, exact[key].get<double>(), 1e-3) << key << " of " << theirs;
      ++compared;
    }
  }
  EXPECT_GT(compared, 200) << "step and loss of 100 steps, and another loss of 25";
}

}  // namespace
}  // namespace limbic::app
