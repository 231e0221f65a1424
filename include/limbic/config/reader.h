#pragma once

#include <string>
#include <string_view>

#include "limbic/config/codec.h"
#include "limbic/config/containers.h"
#include "limbic/config/context.h"
#include "limbic/config/description.h"
#include "limbic/config/fields.h"
#include "limbic/config/problems.h"
#include "limbic/config/reads_itself.h"
#include "limbic/config/structs.h"

namespace limbic::config {

/// A config out of a tree; what is wrong with it goes to `problems`. An empty file is all defaults.
template <class T>
T parse(const Node& root, Problems& problems, const Context& context = {}) {
  T value{};
  Reader reader(problems, context);
  if (root.kind != Node::Kind::kNull) {
    reader.read(root, value);
  } else {
    Node empty = Node::map({});
    empty.mark = root.mark;
    reader.read(empty, value);
  }
  return value;
}

/// A config out of a tree. Throws ConfigError with all mistakes at once.
template <class T>
T parse(const Node& root, const Context& context = {}) {
  Problems problems;
  T value = parse<T>(root, problems, context);
  problems.raise();
  return value;
}

/// A config out of a text. Throws ConfigError with all mistakes at once.
template <class T>
T parse(std::string_view text, const std::string& file, const Context& context = {}) {
  Problems problems;
  const Node root = parse_yaml(text, file, problems);
  T value = parse<T>(root, problems, context);
  problems.raise();
  return value;
}

/// All of a config, defaults too. parse<T>(to_yaml(dump(x))) equals x to the last bit.
template <class T>
Node dump(const T& value) {
  return Codec<T>::dump(value);
}

/// What can be set in a T, as part of a larger description.
template <class T>
Description described(Describer& describer) {
  Description description;
  Codec<T>::describe(describer, description, T{});
  return description;
}

/// What can be set in a T. Parts to choose from are those of the registries in `context`.
template <class T>
Description describe(const Context& context) {
  Describer describer(context);
  return described<T>(describer);
}

}  // namespace limbic::config
