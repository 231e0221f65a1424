#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "limbic/config/description.h"
#include "limbic/config/fields.h"
#include "limbic/config/problems.h"
#include "limbic/core/named_enum.h"

namespace limbic::config {

/// How a type is read, dumped and described: one specialisation for each family of types.
///   static void read(const Node&, Reader&, T& value, const Facts&);
///   static Node dump(const T& value);
///   static void describe(Describer&, Description&, const T& preset);
template <class T>
struct Codec;

/// Reads nodes into values and notes every mistake; a value that is refused keeps its default.
class Reader {
 public:
  Reader(Problems& problems, const Context& context) : problems_(problems), context_(context) {}

  void problem(const Mark& mark, std::string message) { problems_.add(mark, std::move(message)); }
  /// The same at the value of a key that the config gives.
  void problem_at(const Node& node, std::string_view key, std::string message) {
    problem(node.find(key)->mark, std::move(message));
  }
  /// "expected `what`, got 'abc'", and the key where the place does not tell (a command line).
  void expected(std::string_view what, const Node& node, const Facts& facts,
                std::string_view hint = {});
  [[nodiscard]] size_t num_problems() const { return problems_.size(); }
  [[nodiscard]] const Context& context() const { return context_; }

  /// True if nothing was wrong. `key` is what messages call the value.
  template <class T>
  bool read(const Node& node, T& value, std::string_view key = {}) {
    return read(node, value, Facts{.key = key});
  }
  template <class T>
  bool read(const Node& node, T& value, const Facts& facts) {
    const size_t before = problems_.size();
    Codec<T>::read(node, *this, value, facts);
    return problems_.size() == before;
  }

 private:
  Problems& problems_;
  const Context& context_;
};

// ---- the leaves: src/config/scalars.cc
void read_leaf(const Node& node, Reader& reader, bool& value, const Facts& facts);
void read_leaf(const Node& node, Reader& reader, int64_t& value, const Facts& facts);
void read_leaf(const Node& node, Reader& reader, double& value, const Facts& facts);
void read_leaf(const Node& node, Reader& reader, std::string& value, const Facts& facts);
void read_leaf(const Node& node, Reader& reader, Located& value, const Facts& facts);
Node dump_leaf(bool value);
Node dump_leaf(int64_t value);
Node dump_leaf(double value);
Node dump_leaf(const std::string& value);
Node dump_leaf(const Located& value);
Shape leaf_shape(bool);
Shape leaf_shape(int64_t);
Shape leaf_shape(double);
Shape leaf_shape(const std::string&);
Shape leaf_shape(const Located&);

template <class T>
concept Leaf = std::same_as<T, bool> || std::same_as<T, int64_t> || std::same_as<T, double> ||
    std::same_as<T, std::string> || std::same_as<T, Located>;

template <Leaf T>
struct Codec<T> {
  static void read(const Node& node, Reader& reader, T& value, const Facts& facts) {
    read_leaf(node, reader, value, facts);
  }
  static Node dump(const T& value) { return dump_leaf(value); }
  static void describe(Describer&, Description& description, const T& preset) {
    description.shape = leaf_shape(preset);
  }
};

// ---- counts with a unit
std::optional<int64_t> read_count(const Node& node, Reader& reader, std::string_view unit,
                                  const Facts& facts);
Node dump_count(int64_t count, std::string_view unit);
Shape count_shape(std::string_view unit);

template <CountWithUnit T>
struct Codec<T> {
  static void read(const Node& node, Reader& reader, T& value, const Facts& facts) {
    if (const auto count = read_count(node, reader, T::kUnit, facts)) value.count = *count;
  }
  static Node dump(const T& value) { return dump_count(value.count, T::kUnit); }
  static void describe(Describer&, Description& description, const T&) {
    description.shape = count_shape(T::kUnit);
  }
};

// ---- enums
std::optional<size_t> read_choice(const Node& node, Reader& reader,
                                  const std::vector<std::string_view>& names, const Facts& facts);
Shape choice_shape(const std::vector<std::string_view>& names);

template <NamedEnum T>
struct Codec<T> {
  static void read(const Node& node, Reader& reader, T& value, const Facts& facts) {
    if (const auto index = read_choice(node, reader, names_of<T>(), facts)) {
      value = enum_names(T{})[*index].second;
    }
  }
  static Node dump(const T& value) { return Node::word(name_of(value)); }
  static void describe(Describer&, Description& description, const T&) {
    description.shape = choice_shape(names_of<T>());
  }
};

}  // namespace limbic::config
