#include <nlohmann/json.hpp>

#include "limbic/config/description.h"

namespace limbic::config {
namespace {

using Form = Description::Form;
using Json = nlohmann::ordered_json;

Json schema_of(const Description& description);

Json value_of(const Node& node) {
  if (node.kind == Node::Kind::kNull) return nullptr;
  if (node.kind == Node::Kind::kScalar) {
    const bool literal = !node.quoted && Json::accept(node.text);
    return literal ? Json::parse(node.text) : Json(node.text);
  }
  if (node.kind == Node::Kind::kSequence) {
    Json list = Json::array();
    for (const Node& item : node.items) list.push_back(value_of(item));
    return list;
  }
  Json map = Json::object();
  for (const Entry& entry : node.entries) map[entry.key] = value_of(entry.value);
  return map;
}

Json bound_of(long double value, const Json& type) {
  return type == "integer" ? Json(static_cast<int64_t>(value)) : Json(static_cast<double>(value));
}

Json leaf_schema(const Description& description) {
  Json schema = Json::parse(description.shape.schema);
  const auto type = schema.is_object() ? schema.value("type", Json()) : Json();
  if (!description.range || (type != "number" && type != "integer")) return schema;
  if (std::isfinite(description.range->low))
    schema["minimum"] = bound_of(description.range->low, type);
  if (std::isfinite(description.range->high))
    schema["maximum"] = bound_of(description.range->high, type);
  return schema;
}

Json item_schema(const Description& container) {
  Description item = container.children.front();
  if (container.range) item.range = container.range;
  return schema_of(item);
}

const Description* rest_of(const Description& section) {
  for (const Description& child : section.children) {
    if (child.is_rest) return &child;
  }
  return nullptr;
}

void add_properties(const Description& section, Json& schema) {
  for (const Description& child : section.children) {
    if (child.is_rest) continue;
    schema["properties"][child.key] = schema_of(child);
    if (child.is_required) schema["required"].push_back(child.key);
  }
}

/// One alternative of a choice, with the keys of the map that it shares, if it does.
Json alternative(const Description& part, const Description* around) {
  Json schema{{"type", "object"}, {"description", part.help}};
  schema["properties"]["type"] = {{"const", part.key}};
  schema["required"] = Json::array({"type"});
  if (around != nullptr) add_properties(*around, schema);
  add_properties(part, schema);
  schema["additionalProperties"] = false;
  return schema;
}

Json choice_schema(const Description& choice, const Description* around) {
  Json schema;
  schema["oneOf"] = Json::array();
  for (const Description& part : choice.children) {
    schema["oneOf"].push_back(alternative(part, around));
  }
  if (choice.children.empty()) return {{"type", "object"}, {"required", Json::array({"type"})}};
  return schema;
}

Json struct_schema(const Description& section) {
  const Description* rest = rest_of(section);
  if (rest != nullptr && rest->form == Form::kChoice) return choice_schema(*rest, &section);
  Json schema{{"type", "object"}, {"properties", Json::object()}};
  add_properties(section, schema);
  if (rest != nullptr) add_properties(*rest, schema);
  schema["additionalProperties"] = false;
  return schema;
}

Json forms_schema(const Description& description) {
  Json forms = Json::array();
  for (const Description& form : description.children) forms.push_back(schema_of(form));
  return Json{{"anyOf", std::move(forms)}};
}

Json bare_schema(const Description& description) {
  switch (description.form) {
    case Form::kValue:
      return leaf_schema(description);
    case Form::kList:
      return {{"type", "array"}, {"items", item_schema(description)}};
    case Form::kMap:
      return {{"type", "object"}, {"additionalProperties", item_schema(description)}};
    case Form::kStruct:
      return struct_schema(description);
    case Form::kForms:
      return forms_schema(description);
    case Form::kChoice:
      break;
  }
  return choice_schema(description, nullptr);
}

Json schema_of(const Description& description) {
  Json schema = bare_schema(description);
  if (description.is_nullable) {
    schema = Json{{"anyOf", Json::array({std::move(schema), Json{{"type", "null"}}})}};
  }
  if (!schema.is_object()) return schema;
  if (!description.help.empty()) schema["description"] = description.help;
  if (!description.preset.empty()) {
    schema["default"] = value_of(parse_yaml(description.preset, description.key));
  }
  return schema;
}

}  // namespace

std::string json_schema(const Description& description, const std::string& title) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(schema_of(description));
  return schema.dump(2);
}

}  // namespace limbic::config
