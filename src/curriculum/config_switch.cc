#include "limbic/curriculum/config_switch.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/json_reader.h"
#include "limbic/core/suggest.h"

namespace limbic::curriculum {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kChanged = "changed";
constexpr size_t kLongestShown = 60;  // of both values together

Json to_json(const std::string& value) {
  Json plain = Json::parse(value, nullptr, false);
  const bool is_itself = plain.is_number() || plain.is_boolean() || plain.is_null();
  return is_itself ? plain : Json(value);
}

std::string value_from_json(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

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
  for (const auto& [key, was, is] : config_switch.values) {
    const bool is_shown = was.size() + is.size() <= kLongestShown;
    result += concat(separator, key, is_shown ? concat(" ", was, " -> ", is) : " has changed");
    separator = ", ";
  }
  return result;
}

}  // namespace limbic::curriculum
