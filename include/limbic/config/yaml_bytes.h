#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limbic::config {

struct BadByte {
  int line = 1;
  int column = 1;
  std::string message;
};

/// The first byte that no YAML file may hold: a control character, or what is not UTF-8.
std::optional<BadByte> first_bad_byte(std::string_view text);

/// The lines of a text that outlives this.
class Lines {
 public:
  explicit Lines(std::string_view text);
  /// Line `index`, from 0, without its newline; "" past the end.
  [[nodiscard]] std::string_view operator[](size_t index) const;

 private:
  std::string_view text_;
  std::vector<size_t> starts_{0};
};

}  // namespace limbic::config
