#include <ATen/Parallel.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "limbic/app/battery.h"
#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/parts.h"
#include "limbic/app/protocol.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/text.h"
#include "limbic/evals/eval.h"
#include "limbic/worlds/conditioning.h"

namespace limbic::app {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kReported = R"(
## What evals report

A metric is called `eval/NAME` or `eval/NAME.KEY`, NAME being what a config calls the eval. Where `checkpoints.best` and a `plateau` give no `direction`, that of their metric holds; where neither lower nor higher is better, they must give one.

| type | metric | better | what it is |
|---|---|---|---|
)";

constexpr const char* kCounts = R"(
## Counts

A count has its unit: `1 step`, `200 steps`, `1.5k steps`, `2M steps` (k: thousand, M: million), and so have counts of evals and of ticks.
)";

constexpr const char* kFileKeys = R"(
## Keys of a file that lays itself over another

| key | value | what it does |
|---|---|---|
| `base` | path, from this file's folder | the config that this one is laid over: maps key by key; lists, schedules, conditions and maps of another `type` as a whole |
| `drop` | list of dotted paths | keys, and items of lists, to take out of the base, one after the other: `[evals.word, curriculum.fear]` |
| `set` | map of dotted path to value | single values to put in last, inside lists too: `curriculum.fear.until: {after: 40 steps}`; an item is called by its number, from 0, or by its `stage`, `phase` or `law`; the number after the last one adds an item |
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
std::string file_schema(const config::Description& description, const char* title) {
  Json alone = Json::parse(config::json_schema(description, title));
  Json root{{"$schema", alone["$schema"]}, {"title", alone["title"]}};
  alone.erase("$schema");
  alone.erase("title");
  Json over = alone;
  relax(over);
  over["required"] = Json::array({"base"});
  over["properties"]["base"] = {{"type", "string"}};
  over["properties"]["drop"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
  if (alone["properties"].contains("curriculum")) let_inherit(alone["properties"]["curriculum"]);
  for (Json* schema : {&alone, &over}) (*schema)["properties"]["set"] = {{"type", "object"}};
  root["anyOf"] = Json::array({std::move(alone), std::move(over)});
  return root.dump(2);
}

std::string reported_reference() {
  const EvalRegistry all = evals();
  std::string text = kReported;
  for (const auto& entry : all.entries()) {
    for (const config::Reported& reported : entry.reported) {
      text += concat("| `", entry.name, "` | `", evals::metric_name("NAME", reported.key), "` | ",
                     config::better_of(reported), " | ", reported.help, " |\n");
    }
  }
  return text;
}

std::string schema_of(FileKind kind) {
  switch (kind) {
    case FileKind::kRun:
      return file_schema(config::describe<RunConfig>(parts()), "limbic run");
    case FileKind::kBrain:
      return file_schema(config::describe<ConditionConfig>(parts()), "brain of limbic condition");
    case FileKind::kSchedule:
      return config::json_schema(config::describe<worlds::ScheduleConfig>(parts()),
                                 "schedule of limbic condition");
    case FileKind::kProtocol:
      return config::json_schema(config::describe<ProtocolConfig>(parts()),
                                 "protocol of limbic condition");
    case FileKind::kParts:
      break;
  }
  return config::json_schema(config::describe<config::Map<PartConfig>>(parts()),
                             "parts for limbic condition --ablate");
}

std::string reference() {
  config::SectionsTold told;
  std::string text = config::markdown(config::describe<RunConfig>(parts()), "limbic configs", told);
  text += kCounts + reported_reference() + kFileKeys;
  text += "\n" + config::markdown(config::describe<ConditionConfig>(parts()),
                                  "Brains of limbic condition", told);
  text += "\n" + config::markdown(config::describe<ProtocolConfig>(parts()),
                                  "Protocols and their schedules", told);
  return text;
}

// With the brain that limbic condition takes where nobody names another.
Protocol checked_protocol(const CheckOptions& options) {
  const std::string brain = ConditionOptions{}.config;
  if (!exists(brain))
    throw input_error(options.config, " is a protocol, which is checked with the brain ", brain,
                      ", and that is not in the working directory");
  config::Problems problems;
  const config::Node tree = read_config_tree(brain, options.set, problems);
  Protocol protocol = read_protocol(options.config, tree, {}, problems);
  if (problems.empty()) check_protocol(protocol, problems);
  problems.raise();
  return protocol;
}

std::string checked_schedule(const CheckOptions& options) {
  if (!options.set.empty())
    throw input_error(
        "--set changes a schedule in limbic condition alone (schedule.path.to.key=value)");
  const worlds::Conditioning world({.file = options.config});
  return concat("a schedule of ", counted(std::ssize(world.schedule().types()), "type"),
                " of trials");
}

// What a file of limbic condition is.
std::string checked(FileKind kind, const CheckOptions& options) {
  if (kind == FileKind::kSchedule) return checked_schedule(options);
  if (kind == FileKind::kProtocol)
    return "a protocol of " +
           counted(std::ssize(checked_protocol(options).config.measures.entries), "measure");
  if (kind == FileKind::kParts)
    return counted(std::ssize(read_parts(options.config).entries), "part") +
           " of a brain; the rows that need them are checked with a folder of protocols";
  const ConditionConfig brain = read_condition_config(options.config, options.set);
  return concat("a brain of ", counted(brain.subjects.count, "subject"),
                "; what it names is checked with a schedule or protocol");
}

std::string listing(const ConditionConfig& config, const worlds::ScheduleConfig& schedule) {
  return brain::Program(config.steering, make_world(config, schedule)->schema()).listing();
}

// A brain's steering as it compiles in the world of a protocol, or of a trial of one cue.
std::string condition_listing(FileKind kind, const CheckOptions& options) {
  if (kind == FileKind::kProtocol) {
    const Protocol protocol = checked_protocol(options);
    return listing(protocol.brain, protocol.config.schedule);
  }
  const auto schedule = config::parse<worlds::ScheduleConfig>(
      "{cues: [A], phases: [{phase: train, trials: {A+: 1}}]}", "schedule");
  return listing(read_condition_config(options.config, options.set), schedule);
}

int check_for_condition(FileKind kind, const CheckOptions& options) {
  if (options.resolved)
    throw input_error("--resolved is about configs of runs, and ", options.config,
                      " is for limbic condition");
  const bool has_steering = kind == FileKind::kBrain || kind == FileKind::kProtocol;
  if (options.steering && !has_steering)
    throw input_error("--steering is about runs, brains and protocols, and ", options.config,
                      " is none of them");
  if (options.steering) {
    std::cout << condition_listing(kind, options);
    return 0;
  }
  const std::string what = checked(kind, options);  // told only where nothing is wrong
  std::cout << options.config << ": ok; " << what << "\n";
  return 0;
}

}  // namespace

int check(const CheckOptions& options) {
  at::set_num_threads(1);  // one that starts others takes longer than all it has to do
  if (options.markdown) {
    std::cout << reference();
    return 0;
  }
  const FileKind kind = kind_of(options.config).value_or(FileKind::kRun);
  if (options.schema) {
    if (!options.config.empty()) (void)config::read_yaml_file(options.config);
    std::cout << schema_of(kind);
    return 0;
  }
  if (kind != FileKind::kRun) return check_for_condition(kind, options);
  const RunConfig config = read_config(options.config, options.set);
  if (options.resolved) {
    std::cout << config::to_yaml(config::dump(config));
    return 0;
  }
  const Setup setup = build_setup(config);
  const training::Parts parts = build_parts(config, setup, "", at::kCPU);
  if (options.steering) {
    std::cout << setup.program->listing();
    return 0;
  }
  if (!parts.world->summary().empty()) std::cout << parts.world->summary() << "\n";
  std::cout << options.config << ": ok; " << counted(std::ssize(parts.plan), "stage") << ", "
            << counted(std::ssize(parts.evals), "eval") << ", genome of "
            << counted(setup.program->genome_bytes(), "byte") << "\n";
  return 0;
}

}  // namespace limbic::app
