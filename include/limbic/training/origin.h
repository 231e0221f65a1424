#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace limbic::training {

/// What a fork was made from: origin.json.
struct Origin {
  std::string run;  // its absolute path
  int64_t step = 0;
  bool operator==(const Origin&) const = default;
};

[[nodiscard]] std::string to_json(const Origin& origin);
/// `file` is for messages. Errors: damaged.
[[nodiscard]] Origin parse_origin(std::string_view text, const std::string& file);

}  // namespace limbic::training
