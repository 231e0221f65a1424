#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace limbic::training {

/// Where a run was made: environment.json.
struct Environment {
  std::string limbic;      // version
  std::string libtorch;    // version
  std::string capability;  // of the CPU kernels that LibTorch chose: DEFAULT, AVX2, AVX512
  std::string cpu;         // model
  int64_t cores = 0;       // that it could use
  std::string compiler;
  std::string os;
  std::string device;  // what the run computes on: cpu, or the GPU's name
  bool operator==(const Environment&) const = default;
};

[[nodiscard]] Environment this_environment(std::string limbic_version, std::string device);

[[nodiscard]] std::string to_json(const Environment& environment);
/// `file` is for messages. Errors: damaged.
[[nodiscard]] Environment parse_environment(std::string_view text, const std::string& file);

/// What differs such that the same run may give other bits, in words:
/// "CPU capability was AVX512, is AVX2". The CPU's model is among it: MKL takes its kernels by
/// that, and so do products of bfloat16. Number of cores, compiler and system do not count.
[[nodiscard]] std::vector<std::string> compare(const Environment& was, const Environment& is);

}  // namespace limbic::training
