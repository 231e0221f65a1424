#pragma once

#include <typeinfo>
#include <utility>

#include "limbic/config/struct_visitors.h"

namespace limbic::config {

template <HasFields T>
struct Codec<T> {
  static void read(const Node& node, Reader& reader, T& value, const Facts& facts) {
    if (!expect_map(node, reader, facts)) return;
    const size_t before = reader.num_problems();
    KeyCollector known;
    T::fields(value, known);
    StructReader visitor(node, reader, facts, std::move(known));
    T::fields(value, visitor);
    visitor.refuse_unknown_keys();
    if constexpr (requires { std::as_const(value).check(reader, node); }) {
      const bool is_given = !facts.is_absent;
      if (is_given && reader.num_problems() == before) std::as_const(value).check(reader, node);
    }
  }
  static Node dump(const T& value) {
    StructDumper visitor;
    T::fields(value, visitor);
    return Node::map(std::move(visitor.entries));
  }
  static void describe(Describer& describer, Description& description, const T& preset) {
    if (!describer.enter(typeid(T))) {
      description.shape = {"map as above", R"({"type": "object"})"};
      return;
    }
    description.form = Description::Form::kStruct;
    StructDescriber visitor(describer, description);
    T::fields(preset, visitor);
    describer.leave();
  }
};

}  // namespace limbic::config
