#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace limbic {

/// Fast, not for secrets: 32 hexadecimal digits.
std::string xxh3_128(std::string_view bytes);
uint64_t xxh3_64(std::string_view bytes);

/// xxh3_128 of bytes that come in pieces.
class Xxh3Hasher {
 public:
  Xxh3Hasher();
  void add(std::string_view bytes);
  /// Of all that was added so far.
  [[nodiscard]] std::string digits() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

/// 64 hexadecimal digits, as `sha256sum` prints them.
std::string sha256(std::string_view bytes);

}  // namespace limbic
