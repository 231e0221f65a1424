#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "limbic/config/node.h"
#include "limbic/core/error.h"

namespace limbic {

/// Everything that is wrong with a config, one line each: "file:line:column: what".
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& lines) : Error(ExitCode::kInput, lines) {}
};

}  // namespace limbic

namespace limbic::config {

using limbic::ConfigError;

/// Collects mistakes, so that a person sees all of them at once.
class Problems {
 public:
  void add(const Mark& mark, std::string message);
  [[nodiscard]] size_t size() const { return found_.size(); }
  [[nodiscard]] bool empty() const { return found_.empty(); }
  /// One line each, sorted by place (files in the order of their first mistake), at most 50; what
  /// is noted twice (one text read for two stages) is told once.
  [[nodiscard]] std::string text() const;
  /// Throws ConfigError with text() unless there are none.
  void raise() const;

 private:
  struct Found {
    Mark mark;
    std::string message;
    size_t file = 0;  // index into files_
  };
  std::vector<std::string> files_;
  std::vector<Found> found_;
};

/// Throws ConfigError of this one mistake.
[[noreturn]] void refuse(const Mark& mark, std::string message);

}  // namespace limbic::config
