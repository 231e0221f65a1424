#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/config/mark.h"

namespace limbic::config {

class Problems;
struct Entry;

/// YAML as our own tree: every value with its place, maps in the order they were written.
struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  std::string text;            // kScalar
  bool quoted = false;         // kScalar: is text, whatever it looks like
  std::vector<Node> items;     // kSequence
  std::vector<Entry> entries;  // kMap
  Mark mark;

  static Node scalar(std::string text);       // a number, true, false, a count with its unit
  static Node word(const std::string& text);  // text; quoted where it looks like something else
  static Node sequence(std::vector<Node> items);
  static Node map(std::vector<Entry> entries);

  /// The value of `key` in a map, nullptr where there is none.
  [[nodiscard]] const Node* find(std::string_view key) const;
  [[nodiscard]] Node* find(std::string_view key);
  /// What a message calls it: "'abc'", "a list", "a map", "nothing".
  [[nodiscard]] std::string described() const;
};

struct Entry {
  std::string key;
  Mark key_mark;
  Node value;
};

/// Same content; marks and quotes are not compared.
bool operator==(const Node& a, const Node& b);

inline constexpr size_t kMaxYamlBytes = 1 << 20;
inline constexpr int kMaxYamlDepth = 64;
inline constexpr size_t kMaxYamlNodes = 100'000;  // with every alias written out

/// Reads one YAML document. Refused: duplicate keys, `<<`, tags, keys that are not text, a second
/// document, control characters, bytes that are not UTF-8, whatever exceeds the bounds above.
/// The forms without `problems` throw ConfigError; the others note what is wrong and go on. Without
/// a name for the file, what is wrong is told without its place.
Node parse_yaml(std::string_view text, const std::string& file);
Node parse_yaml(std::string_view text, const std::string& file, Problems& problems);
Node read_yaml_file(const std::string& path);
Node read_yaml_file(const std::string& path, Problems& problems);

/// Whether what stands under a key is one thing, of which no part is laid over another.
using IsOneThing = std::function<bool(std::string_view key, const Node& value)>;

/// `over` laid over `base`: maps key by key; everything else is replaced, and so are a part of
/// another `type` and what is one thing in either.
Node merged(const Node& base, const Node& over, const IsOneThing& is_one_thing);

/// Block YAML, quoted only where it must be; parse_yaml(to_yaml(x)) == x.
std::string to_yaml(const Node& node);
/// The same on one line, without a newline at its end.
std::string to_flow_yaml(const Node& node);
/// A name for this content: XXH3-128 of to_yaml, 32 hexadecimal digits.
std::string hash_of(const Node& node);

}  // namespace limbic::config
