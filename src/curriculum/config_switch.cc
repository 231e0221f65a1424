#include "limbic/curriculum/config_switch.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/core/json_reader.h"
#include "limbic/core/suggest.h"

namespace limbic::curriculum {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kChanged = "changed";
constexpr size_t kLongestShown = 60;  // of both values together
constexpr size_t kMostShown = 6;      // of what differs in a long one

Json to_json(const std::string& value) {
  Json plain = Json::parse(value, nullptr, false);
  const bool is_itself = plain.is_number() || plain.is_boolean() || plain.is_null();
  return is_itself ? plain : Json(value);
}

std::string value_from_json(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool is_short(const ChangedValue& value) {
  return value.was.size() + value.is.size() <= kLongestShown;
}

// What differs in a list or map; else itself. None in a log that somebody wrote in.
std::vector<ChangedValue> leaves_of(const ChangedValue& value) {
  const auto tree = [&](const std::string& text) {
    return config::Node::map({{value.key, {}, config::parse_yaml(text, value.key)}});
  };
  try {
    const config::Node was = tree(value.was), is = tree(value.is);
    return changed_values(config::differences(was, is, config::Depth::kLeaves));
  } catch (const ConfigError&) {
    return {};
  }
}

// By its leaves where it is long and they are few, and none where just an order differs.
std::vector<ChangedValue> shown(const ChangedValue& value) {
  if (is_short(value)) return {value};
  std::vector<ChangedValue> leaves = leaves_of(value);
  const bool has_few = !leaves.empty() && leaves.size() <= kMostShown;
  return has_few ? std::move(leaves) : std::vector{value};
}

}  // namespace

std::vector<ChangedValue> changed_values(const std::vector<config::Difference>& differences) {
  const auto text = [](const config::Node* node) {
    return config::to_flow_yaml(node != nullptr ? *node : config::Node{});
  };
  std::vector<ChangedValue> values;
  for (const auto& [path, a, b] : differences) {
    ChangedValue value{path, text(a), text(b)};
    if (value.was != value.is) values.push_back(std::move(value));
  }
  return values;
}

std::string to_json_line(const ConfigSwitch& config_switch) {
  Json changed = Json::object();
  for (const ChangedValue& value : config_switch.values)
    changed[value.key] = {{"was", to_json(value.was)}, {"is", to_json(value.is)}};
  const Json line = {{"step", config_switch.step}, {kChanged, std::move(changed)}};
  return line.dump();
}

bool is_config_switch(std::string_view line) {
  return Json::parse(line, nullptr, false).contains(kChanged);
}

ConfigSwitch config_switch_from_json_line(std::string_view line, const std::string& place) {
  const Json json = Json::parse(line, nullptr, false);
  ObjectReader<Json> reader(json, place);
  ConfigSwitch config_switch{.step = reader.count("step")};
  for (const auto& [key, change] : reader.at(kChanged).items()) {
    ObjectReader<Json> values(change, concat(place, ": ", quoted(key)));
    config_switch.values.push_back(
        {key, value_from_json(values.at("was")), value_from_json(values.at("is"))});
    values.refuse_unread_keys();
  }
  reader.refuse_unread_keys();
  return config_switch;
}

std::string text(const ConfigSwitch& config_switch) {
  std::string result = concat("from step ", config_switch.step, ":");
  std::string_view separator = " ";
  for (const ChangedValue& value : config_switch.values) {
    for (const ChangedValue& leaf : shown(value)) {
      result += concat(separator, leaf.key,
                       is_short(leaf) ? concat(" ", leaf.was, " -> ", leaf.is) : " has changed");
      separator = ", ";
    }
  }
  return result;
}

}  // namespace limbic::curriculum
