#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limbic/config/codec.h"
#include "limbic/config/containers.h"
#include "limbic/config/reads_itself.h"

namespace limbic::config {

/// Structs that name their members once:
///   static void fields(auto& self, auto&& field) { field("key", self.member, "help"); ... }
/// After the key and the member, in any order: the help, a Range, `required`. A member that takes
/// all keys which no other field takes (a Recipe beside the common keys of its kind):
///   field.rest(self.recipe, "help");
template <class T>
concept HasFields = !ReadsItself<T> && requires(T & value) {
  T::fields(value, 0);
};

/// The visitor that learns the keys.
class KeyCollector {
 public:
  void operator()(std::string_view key, const auto&, const auto&...) { keys.push_back(key); }
  void rest(const auto&, std::string_view) { has_rest = true; }

  std::vector<std::string_view> keys;
  bool has_rest = false;
};

/// The visitor that reads one map.
class StructReader {
 public:
  StructReader(const Node& map, Reader& reader, const Facts& facts, KeyCollector known);

  template <class T, class... Rest>
  void operator()(std::string_view key, T& member, const Rest&... rest) {
    const Facts facts = facts_of(key, rest...);
    if (const Node* node = value_of(facts)) {
      reader_.read(*node, member, facts);
    } else if constexpr (HasFields<T>) {
      require_keys_inside(member, facts);
    }
  }
  template <class T>
  void rest(T& member, std::string_view help) {
    if (facts_.is_absent) return;
    const Node remainder = remainder_of_map();
    reader_.read(remainder, member, Facts{.help = help, .siblings = known_.keys});
  }
  void refuse_unknown_keys();

 private:
  /// A map that is not there can still lack a key that must be given.
  template <class T>
  void require_keys_inside(T& member, Facts facts) {
    if (facts.is_required) return;
    const std::string path = path_of(facts.key);
    facts.key = path;
    facts.is_absent = true;
    reader_.read(empty_map(), member, facts);
  }
  const Node* value_of(const Facts& facts);
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] Node empty_map() const;
  [[nodiscard]] Node remainder_of_map() const;
  [[nodiscard]] bool knows(std::string_view key) const;

  const Node& map_;
  Reader& reader_;
  const Facts& facts_;
  KeyCollector known_;
};

/// The visitor that writes one map.
class StructDumper {
 public:
  template <class T>
  void operator()(std::string_view key, const T& member, const auto&...) {
    entries.push_back({std::string(key), {}, Codec<T>::dump(member)});
  }
  template <class T>
  void rest(const T& member, std::string_view) {
    for (Entry& entry : Codec<T>::dump(member).entries) entries.push_back(std::move(entry));
  }

  std::vector<Entry> entries;
};

/// The visitor that describes one map.
class StructDescriber {
 public:
  StructDescriber(Describer& describer, Description& parent)
      : describer_(describer), parent_(parent) {}

  template <class T, class... Rest>
  void operator()(std::string_view key, const T& member, const Rest&... rest) {
    Description child = described(facts_of(key, rest...));
    Codec<T>::describe(describer_, child, member);
    adopt(std::move(child), Codec<T>::dump(member));
  }
  template <class T>
  void rest(const T& member, std::string_view help) {
    Description child = described(Facts{.help = help, .is_required = true});
    child.is_rest = true;
    Codec<T>::describe(describer_, child, member);
    adopt(std::move(child), {});
  }

 private:
  static Description described(const Facts& facts);
  void adopt(Description child, const Node& preset);

  Describer& describer_;
  Description& parent_;
};

}  // namespace limbic::config
