#pragma once

#include <concepts>
#include <typeinfo>
#include <utility>

#include "limbic/config/codec.h"

namespace limbic::config {

/// Types that read themselves:
///   static T from(const Node& node, Reader& reader);  notes problems and returns a default
///   Node dump() const;
///   static Shape shape();
/// and if they may be maps, whose keys people want to know, all that they may be instead:
///   static std::vector<Description> forms(Describer& describer);
template <class T>
concept ReadsItself = requires(const Node& node, Reader& reader, const T& value) {
  { T::from(node, reader) } -> std::same_as<T>;
  { value.dump() } -> std::same_as<Node>;
  { T::shape() } -> std::same_as<Shape>;
};

template <ReadsItself T>
struct Codec<T> {
  static void read(const Node& node, Reader& reader, T& value, const Facts&) {
    const size_t before = reader.num_problems();
    T read_value = T::from(node, reader);
    if (reader.num_problems() == before) value = std::move(read_value);
  }
  static Node dump(const T& value) { return value.dump(); }
  static void describe(Describer& describer, Description& description, const T&) {
    description.shape = T::shape();
    if constexpr (requires { T::forms(describer); }) {
      if (!describer.enter(typeid(T))) return;
      description.form = Description::Form::kForms;
      description.children = T::forms(describer);
      describer.leave();
    }
  }
};

}  // namespace limbic::config
