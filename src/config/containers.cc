#include "limbic/config/containers.h"

#include <algorithm>

#include "limbic/core/suggest.h"

namespace limbic::config {

bool expect_sequence(const Node& node, Reader& reader, const Facts& facts) {
  if (node.kind == Node::Kind::kSequence) return true;
  std::string hint;
  if (node.kind == Node::Kind::kScalar) hint = "; write [" + node.text.substr(0, 60) + "]";
  if (node.kind == Node::Kind::kNull) hint = "; write [] for an empty one";
  reader.expected("a list", node, facts, hint);
  return false;
}

bool expect_map(const Node& node, Reader& reader, const Facts& facts) {
  if (node.kind == Node::Kind::kMap) return true;
  const bool is_null = node.kind == Node::Kind::kNull;
  reader.expected("a map", node, facts, is_null ? "; write {} for an empty one" : "");
  return false;
}

std::optional<size_t> read_choice(const Node& node, Reader& reader,
                                  const std::vector<std::string_view>& names, const Facts& facts) {
  const std::string name(facts.key.empty() ? "value" : facts.key);
  if (node.kind != Node::Kind::kScalar) {
    reader.expected("a " + name, node, facts, did_you_mean("", names));
    return std::nullopt;
  }
  const auto found = std::find(names.begin(), names.end(), node.text);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  reader.problem(node.mark,
                 "unknown " + name + " " + quoted(node.text) + did_you_mean(node.text, names));
  return std::nullopt;
}

Shape choice_shape(const std::vector<std::string_view>& names) {
  Shape shape;
  for (const std::string_view name : names) {
    shape.type += (shape.type.empty() ? "" : ", ") + std::string(name);
    shape.schema += (shape.schema.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  }
  shape.type = "one of " + shape.type;
  shape.schema = R"({"enum": [)" + shape.schema + "]}";
  return shape;
}

}  // namespace limbic::config
