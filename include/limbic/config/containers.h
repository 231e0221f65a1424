#pragma once

#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "limbic/config/codec.h"

namespace limbic::config {

/// Notes a problem and returns false unless the node is of that kind.
bool expect_sequence(const Node& node, Reader& reader, const Facts& facts);
bool expect_map(const Node& node, Reader& reader, const Facts& facts);

/// Integers of other widths, by way of int64_t.
template <class T>
concept OtherInteger = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, int64_t>;

template <OtherInteger T>
struct Codec<T> {
  static void read(const Node& node, Reader& reader, T& value, const Facts& facts) {
    using Limits = std::numeric_limits<T>;
    Facts bounded = facts;
    if (!facts.range) bounded.range = within(Limits::lowest(), Limits::max());
    auto wide = static_cast<int64_t>(value);
    if (reader.read(node, wide, bounded)) value = static_cast<T>(wide);
  }
  static Node dump(const T& value) { return dump_leaf(static_cast<int64_t>(value)); }
  static void describe(Describer&, Description& description, const T&) {
    description.shape = leaf_shape(int64_t{});
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static void read(const Node& node, Reader& reader, std::vector<T>& value, const Facts& facts) {
    if (!expect_sequence(node, reader, facts)) return;
    Facts item_facts = facts;
    item_facts.is_required = true;
    std::vector<T> items;
    for (const Node& item : node.items) {
      T element{};
      reader.read(item, element, item_facts);
      items.push_back(std::move(element));
    }
    value = std::move(items);
  }
  static Node dump(const std::vector<T>& value) {
    std::vector<Node> items;
    for (const auto& item : value) items.push_back(Codec<T>::dump(item));
    return Node::sequence(std::move(items));
  }
  static void describe(Describer& describer, Description& description, const std::vector<T>&) {
    description.form = Description::Form::kList;
    Description& item = description.children.emplace_back();
    item.is_required = true;
    Codec<T>::describe(describer, item, T{});
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static void read(const Node& node, Reader& reader, std::optional<T>& value, const Facts& facts) {
    if (node.kind == Node::Kind::kNull) {
      value.reset();
      return;
    }
    T inner = value.value_or(T{});
    if (reader.read(node, inner, facts)) value = std::move(inner);
  }
  static Node dump(const std::optional<T>& value) {
    return value ? Codec<T>::dump(*value) : Node{};
  }
  static void describe(Describer& describer, Description& description,
                       const std::optional<T>& preset) {
    Codec<T>::describe(describer, description, preset.value_or(T{}));
    description.is_nullable = true;
  }
};

template <class T>
struct Codec<Map<T>> {
  static void read(const Node& node, Reader& reader, Map<T>& value, const Facts& facts) {
    if (!expect_map(node, reader, facts)) return;
    Map<T> map;
    for (const Entry& entry : node.entries) {
      Facts named = facts;
      named.key = entry.key;
      named.is_required = true;
      auto& item = map.entries.emplace_back(entry.key, entry.key_mark, T{});
      reader.read(entry.value, item.value, named);
    }
    value = std::move(map);
  }
  static Node dump(const Map<T>& value) {
    std::vector<Entry> entries;
    for (const auto& item : value)
      entries.push_back({item.key, item.mark, Codec<T>::dump(item.value)});
    return Node::map(std::move(entries));
  }
  static void describe(Describer& describer, Description& description, const Map<T>&) {
    description.form = Description::Form::kMap;
    Description& item = description.children.emplace_back();
    item.is_required = true;
    Codec<T>::describe(describer, item, T{});
  }
};

/// The entries of a map as they were written, for what is laid over another tree.
template <>
struct Codec<std::vector<Entry>> {
  static void read(const Node& node, Reader& reader, std::vector<Entry>& value,
                   const Facts& facts) {
    if (expect_map(node, reader, facts)) value = node.entries;
  }
  static Node dump(const std::vector<Entry>& value) { return Node::map(value); }
  static void describe(Describer&, Description& description, const std::vector<Entry>&) {
    description.shape = {"map", R"({"type": "object"})"};
  }
};

}  // namespace limbic::config
