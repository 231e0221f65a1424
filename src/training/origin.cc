#include "limbic/training/origin.h"

#include <nlohmann/json.hpp>

#include "limbic/core/json_reader.h"

namespace limbic::training {

using Json = nlohmann::ordered_json;

std::string to_json(const Origin& origin) {
  const Json object = {{"run", origin.run}, {"step", origin.step}};
  return object.dump(2) + "\n";
}

Origin parse_origin(std::string_view text, const std::string& file) {
  const Json object = Json::parse(text, nullptr, false);
  ObjectReader<Json> reader(object, file);
  Origin origin{.run = reader.text("run"), .step = reader.count("step")};
  reader.refuse_unread_keys();
  return origin;
}

}  // namespace limbic::training
