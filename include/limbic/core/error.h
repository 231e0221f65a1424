#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace limbic {

/// What the process tells the shell when it ends.
enum class ExitCode {
  kDone = 0,
  kFailed = 1,   ///< divergence, disk full
  kInput = 2,    ///< the person's input: config, data file, option, run directory in use
  kDamaged = 3,  ///< a damaged checkpoint or run
};

/// A mistake that a person can mend: one clear line, and the exit code that goes with it.
/// Broken contracts inside the program are TORCH_CHECKs, not this.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// All parts one after another, each as `<<` prints it.
[[nodiscard]] std::string concat(const auto&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return std::move(out).str();
}

/// `throw input_error("'", path, "' holds no pictures");`
[[nodiscard]] Error input_error(const auto&... parts) {
  return {ExitCode::kInput, concat(parts...)};
}
[[nodiscard]] Error failed(const auto&... parts) { return {ExitCode::kFailed, concat(parts...)}; }
[[nodiscard]] Error damaged(const auto&... parts) { return {ExitCode::kDamaged, concat(parts...)}; }

}  // namespace limbic
