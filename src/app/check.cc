#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/parts.h"
#include "limbic/app/protocol.h"

namespace limbic::app {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kFileKeys = R"(
## Keys of a file that lays itself over another

| key | value | what it does |
|---|---|---|
| `base` | path, from this file's folder | the config that this one is laid over: maps key by key; lists, schedules, conditions and maps of another `type` as a whole |
| `drop` | list of dotted paths | keys to take out of the base |
| `set` | map of dotted path to value | single values to put in last, inside lists too: `curriculum.fear.until: {after: 40 steps}`; an item is called by its number, from 0, or by its `stage`, `phase` or `law` |
)";

// Of a file that is laid over a base: nothing need be said twice, no part's type either.
void relax(Json& schema) {
  if (schema.is_object()) {
    schema.erase("required");
    if (schema.contains("oneOf")) {
      Json choices = std::move(schema["oneOf"]);
      schema.erase("oneOf");
      schema["anyOf"] = std::move(choices);
    }
  }
  if (!schema.is_structured()) return;
  for (Json& inside : schema) relax(inside);
}

// A stage that inherits is laid over another.
void let_inherit(Json& stages) {
  Json alone = std::move(stages["items"]);
  Json over = alone;
  relax(over);
  over["required"] = Json::array({"inherit"});
  stages["items"] = {{"anyOf", Json::array({std::move(alone), std::move(over)})}};
}

// The schema of a config, or of a file that has a base.
std::string file_schema(const config::Description& description) {
  Json alone = Json::parse(config::json_schema(description, "limbic run"));
  Json root{{"$schema", alone["$schema"]}, {"title", alone["title"]}};
  alone.erase("$schema");
  alone.erase("title");
  Json over = alone;
  relax(over);
  over["required"] = Json::array({"base"});
  over["properties"]["base"] = {{"type", "string"}};
  over["properties"]["drop"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
  let_inherit(alone["properties"]["curriculum"]);
  for (Json* schema : {&alone, &over}) (*schema)["properties"]["set"] = {{"type", "object"}};
  root["anyOf"] = Json::array({std::move(alone), std::move(over)});
  return root.dump(2);
}

// Of what `limbic condition` reads.
std::string condition_reference() {
  return "\n" +
         config::markdown(config::describe<ConditionConfig>(parts()),
                          "Brains of limbic condition") +
         "\n" +
         config::markdown(config::describe<ProtocolConfig>(parts()),
                          "Protocols and their schedules");
}

}  // namespace

int check(const CheckOptions& options) {
  if (options.schema || options.markdown) {
    const config::Description description = config::describe<RunConfig>(parts());
    std::cout << (options.schema ? file_schema(description)
                                 : config::markdown(description, "limbic configs") + kFileKeys +
                                       condition_reference());
    return 0;
  }
  const RunConfig config = read_config(options.config, options.set);
  if (options.resolved) {
    std::cout << config::to_yaml(config::dump(config));
    return 0;
  }
  const Subject subject = build_subject(config);
  const training::Parts parts = build_parts(config, subject, "", at::kCPU);
  if (!parts.world->summary().empty()) std::cout << parts.world->summary() << "\n";
  std::cout << options.config << ": ok; " << parts.plan.size() << " stages, " << parts.evals.size()
            << " evals, genome of " << subject.program->genome_bytes() << " bytes\n";
  return 0;
}

}  // namespace limbic::app
