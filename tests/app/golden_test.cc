#include <ATen/Version.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "train_and_ask.h"

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
  const testing_support::TemporaryDirectory directory;
  const std::string config = std::string(LIMBIC_SOURCE_DIR) + "/tests/app/golden/golden.yaml";
  log::set_level(log::Level::kQuiet);
  settings.push_back("cortex.fused=" + fused);
  train_run(config, directory / "run", settings);
  return read_file(directory / "run/metrics.jsonl");
}

// What is rounded otherwise grows with the steps: Adam makes much of the least gradients.
double tolerance(int64_t step) { return step <= 50 ? 1e-5 : 1e-3; }

// Of two curves, step by step; returns how many numbers they have.
int64_t expect_near(const std::string& found, const std::string& exact) {
  std::istringstream our_lines(found), their_lines(exact);
  std::string our_line, their_line;
  int64_t compared = 0;
  while (std::getline(our_lines, our_line) && std::getline(their_lines, their_line)) {
    const auto ours = nlohmann::json::parse(our_line), theirs = nlohmann::json::parse(their_line);
    for (const auto& [key, value] : ours.items()) {
      EXPECT_NEAR(value, theirs.at(key).get<double>(), tolerance(theirs.at("step")))
          << key << " of " << their_line;
      ++compared;
    }
  }
  return compared;
}

std::string curve(const std::string& place, const std::string& fused) {
  return concat(LIMBIC_SOURCE_DIR, "/tests/app/golden/", place,
                fused == "true" ? "-fused.jsonl" : ".jsonl");
}

// A change that is not meant to alter numerics leaves this as it is. One that is meant to:
// LIMBIC_WRITE_GOLDEN=1, and say why in the commit.
class GoldenTest : public testing::TestWithParam<const char*> {};  // cortex.fused

TEST_P(GoldenTest, FirstFiftyLossesAreThoseThatWereRecorded) {
  const std::string fused = GetParam();
  const std::string losses = losses_of({}, fused);
  const std::string here = curve(place_of_bits(), fused);
  const std::string elsewhere = curve(concat(TORCH_VERSION, "-AVX2-AuthenticAMD-25-1"), "false");
  if (getenv("LIMBIC_WRITE_GOLDEN") != nullptr) std::ofstream(here) << losses;
  if (std::filesystem::exists(here)) {
    EXPECT_EQ(losses, read_file(here)) << "bit by bit";
  }
  if (!std::filesystem::exists(elsewhere))
    GTEST_SKIP() << "no curve was recorded with LibTorch " << TORCH_VERSION
                 << "; where numerics are as they should be, record one by "
                    "LIMBIC_WRITE_GOLDEN=1 app_test --gtest_filter='*Golden*'";
  EXPECT_EQ(expect_near(losses, read_file(elsewhere)), 52 + 50 + 25 + 2)
      << "steps, losses of all and of half of them, evals";
}
INSTANTIATE_TEST_SUITE_P(Blocks, GoldenTest, testing::Values("false", "true"));

TEST(FusedTest, AHundredLossesAreNearThoseOperationByOperation) {
  const std::vector<std::string> settings{"curriculum.see.until.after=75 steps", "evals={}"};
  EXPECT_GT(expect_near(losses_of(settings, "true"), losses_of(settings, "false")), 200)
      << "step and loss of 100 steps, and another loss of 25";
}

}  // namespace
}  // namespace limbic::app
