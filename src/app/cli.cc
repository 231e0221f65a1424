#include "limbic/app/cli.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "limbic/app/cli_help.h"
#include "limbic/app/command_line.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/core/version.h"

namespace limbic::app {
namespace {

void add_training(CommandLine& c) {
  auto* train = c.app.add_subcommand(
      "train", "run a config's curriculum, or go on with it in its run directory");
  train->add_option("config", c.train.config, "YAML file")->required();
  train->add_option("--run", c.train.run, "run directory (default runs/<config>)");
  train->add_option("--set", c.train.set, kSetHelp)->allow_extra_args(false);
  train->add_option("--device", c.train.device, kDeviceHelp);
  train->add_option("--steps", c.train.steps, "stop and save after so many steps in all")
      ->transform(count(0));
  train->add_option("--profile", c.train.profile,
                    "write when each part of each step ran there, as a Chrome trace");
  train->add_flag("--accept-config-change", c.train.accept_config_change,
                  "go on with a run by a config that has changed: in stages, losses, evals or "
                  "rates, not in world, brain or seed");
  train->callback([&c] { c.action = [&c] { return c.commands.train(c.train); }; });

  auto* resume = c.app.add_subcommand("resume", "go on with a run");
  resume->add_option("run", c.resume.run, "run directory")->required();
  resume
      ->add_option("--at", c.resume.at,
                   "from the checkpoint of this step, or the best; later ones are removed")
      ->transform(checkpoint());
  resume->add_option("--set", c.resume.set, kSetHelp)->allow_extra_args(false);
  resume->add_option("--workers", c.resume.workers, "threads; results do not depend on it")
      ->transform(count(1));
  resume->add_option("--device", c.resume.device, kDeviceHelp);
  resume->add_option("--steps", c.resume.steps, "stop and save after so many steps in all")
      ->transform(count(0));
  resume->callback([&c] { c.action = [&c] { return c.commands.resume(c.resume); }; });
}

void add_configs(CommandLine& c) {
  auto* check = c.app.add_subcommand(
      "check",
      "find mistakes of a config, or of a schedule, protocol or brain of limbic condition");
  auto* config = check->add_option("config", c.check.config,
                                   "YAML file; needed but for --schema and --markdown");
  auto* set = check->add_option("--set", c.check.set, kSetHelp)->allow_extra_args(false);
  const std::array printed{
      check->add_flag("--schema", c.check.schema,
                      "print the JSON Schema of configs, or of a file of that kind, for editors"),
      check->add_flag("--markdown", c.check.markdown, "print the reference of configs")
          ->excludes(config),
      check->add_flag("--resolved", c.check.resolved, "print the config with all its defaults"),
      check->add_flag("--steering", c.check.steering,
                      "print the operations that steering compiles to")};
  for (size_t i = 0; i < printed.size(); ++i) {
    if (i < 2) printed[i]->excludes(set);  // these two are of no one config
    for (size_t j = 0; j < i; ++j) printed[i]->excludes(printed[j]);
  }
  check->callback([&c] {
    if (c.check.config.empty() && !c.check.schema && !c.check.markdown)
      throw CLI::ValidationError("missing argument 'config': YAML file");
    c.action = [&c] { return c.commands.check(c.check); };
  });

  auto* plan = c.app.add_subcommand(
      "plan", "what a world holds and what each stage would train, without training");
  plan->add_option("config", c.plan.config, "YAML file")->required();
  plan->add_option("--set", c.plan.set, kSetHelp)->allow_extra_args(false);
  plan->add_flag("--time", c.plan.time,
                 "take a few steps of each stage and run each eval once: time and peak memory");
  plan->add_flag("--json", c.plan.json, "as JSON");
  plan->callback([&c] { c.action = [&c] { return c.commands.plan(c.plan); }; });

  auto* list = c.app.add_subcommand("list", "what parts exist");
  list->add_option("kind", c.what, "worlds, cortices, amygdalas, losses or evals");
  list->add_flag("--json", c.json, "as JSON");
  list->callback([&c] { c.action = [&c] { return c.commands.list(c.what, c.json); }; });
}

void add_conditioning(CommandLine& c) {
  auto* condition = c.app.add_subcommand(
      "condition", "run newborn subjects through a schedule of trials, or through the battery");
  ConditionOptions& options = c.condition;
  condition->add_option("schedule", options.schedule, "YAML or JSON file; not with --battery");
  condition->add_option("--config", options.config,
                        "the brain, a YAML file (default " + options.config + ")");
  condition
      ->add_option("--set", options.set,
                   "path.to.key=value, over the brain's config; beside a schedule, "
                   "schedule.path.to.key=value over that; may be repeated")
      ->allow_extra_args(false);
  auto* out = condition->add_option("--out", options.out,
                                    "file for the lines, one a tick (default stdout)");
  auto* battery =
      condition->add_flag("--battery", options.battery, "run every protocol of a folder")
          ->excludes(out);
  condition
      ->add_option("--protocols", options.protocols,
                   "that folder (default " + options.protocols + ")")
      ->needs(battery);
  condition
      ->add_option("--only", options.only,
                   "number, file name or phenomenon of a protocol; may be repeated")
      ->allow_extra_args(false)
      ->needs(battery);
  auto* ablate = condition
                     ->add_flag("--ablate", options.ablate,
                                "the battery without each part of the brain, one after the other")
                     ->needs(battery);
  condition->add_option("--parts", options.parts, "these parts (default " + options.parts + ")")
      ->needs(ablate);
  condition->add_option("--sheet", options.sheet, "file for an SVG of the battery's curves")
      ->needs(battery)
      ->excludes(ablate);
  condition
      ->add_flag("--json", options.json,
                 "the battery's table as JSON, with what was measured of each subject")
      ->needs(battery);
  condition->callback([&c] { c.action = [&c] { return c.commands.condition(c.condition); }; });
}

void add_copying(CommandLine& c) {
  auto* fork = c.app.add_subcommand("fork", "begin a new run at a moment of an old one");
  fork->add_option("run", c.fork.run, "run directory")->required();
  fork->add_option("--at", c.fork.at,
                   "checkpoint of this step, or best (default: the newest good one)")
      ->transform(checkpoint());
  fork->add_option("--to", c.fork.to, "directory of the new run")->required();
  fork->add_option("--set", c.fork.set, kSetHelp)->allow_extra_args(false);
  fork->callback([&c] { c.action = [&c] { return c.commands.fork(c.fork); }; });

  auto* out = c.app.add_subcommand(
      "export",
      "write a checkpoint's weights, and what its variables are, as one safetensors file");
  out->add_option("checkpoint", c.export_weights.checkpoint, "run, or directory of a checkpoint")
      ->required();
  out->add_option("--at", c.export_weights.at, "of a run: checkpoint of this step, or best")
      ->transform(checkpoint());
  out->add_option("--to", c.export_weights.to, "file to write")->required();
  out->callback([&c] { c.action = [&c] { return c.commands.export_weights(c.export_weights); }; });

  auto* diff = c.app.add_subcommand("diff", "what differs between two runs or checkpoints");
  diff->add_option("a", c.diff.a, "run, or directory of a checkpoint")->required();
  diff->add_option("b", c.diff.b, "run, or directory of a checkpoint")->required();
  diff->add_flag("--tensors", c.diff.tensors, "list every tensor that differs");
  diff->add_flag("--json", c.diff.json, "as JSON");
  diff->callback([&c] { c.action = [&c] { return c.commands.diff(c.diff); }; });
}

void add_looking(CommandLine& c) {
  auto* inspect =
      c.app.add_subcommand("inspect", "what is in a checkpoint, or what an assessor reads");
  inspect->add_option("run", c.inspect.run, "run, or directory of a checkpoint")->required();
  inspect->add_option("--at", c.inspect.at, "checkpoint of this step, or best")
      ->transform(checkpoint());
  auto* assessor =
      inspect->add_option("--assessor", c.inspect.assessor,
                          "steering variable; shows which features and inputs move its prediction");
  const auto add = [&](const char* name, auto& value, const char* help) {
    return inspect->add_option(name, value, help)->needs(assessor);
  };
  add("--regime", c.inspect.regime, "kind of held-out episodes (default: the world's first)");
  add("--rows", c.inspect.rows, "how many of them")
      ->transform(number<int64_t>(config::within(2, 4096)));
  add("--tick", c.inspect.tick, "whose prediction (default: where it varies most)")
      ->transform(count(0));
  add("--episode", c.inspect.episode, "also show this one tick by tick, counted from 0")
      ->transform(count(0));
  add("--set", c.inspect.set, kSetOfRunHelp)->allow_extra_args(false);
  add("--device", c.inspect.device, kDeviceHelp);
  inspect->add_flag("--json", c.inspect.json, "as JSON");
  inspect->callback([&c] { c.action = [&c] { return c.commands.inspect(c.inspect); }; });

  auto* verify =
      c.app.add_subcommand("verify", "read every checkpoint of a run and compare every hash");
  verify->add_option("run", c.verify.run, "run directory")->required();
  verify->add_flag("--json", c.verify.json, "as JSON");
  verify->callback([&c] { c.action = [&c] { return c.commands.verify(c.verify); }; });

  auto* explain = c.app.add_subcommand("explain", "why a run's stages ended when they did");
  explain->add_option("run", c.run, "run directory")->required();
  explain->callback([&c] { c.action = [&c] { return c.commands.explain(c.run); }; });
}

void add_metrics(CommandLine& c) {
  auto* metrics = c.app.add_subcommand(
      "metrics",
      "what runs measured last, their mean and deviation, and a picture of their curves");
  metrics->add_option("run", c.metrics.runs, "run directory, or several")->required();
  metrics
      ->add_option("--metric", c.metrics.metric,
                   "glob of metrics, as 'eval/*.auroc' (default: all); may be repeated")
      ->allow_extra_args(false);
  metrics->add_option("--out", c.metrics.out,
                      "SVG to write, of at most 24 metrics: a panel a metric, a line a run; "
                      "dashed, where stages of the first run began");
  metrics->add_flag("--json", c.metrics.json, "as JSON");
  metrics->callback([&c] { c.action = [&c] { return c.commands.metrics(c.metrics); }; });
}

std::string unknown_option(const CLI::App& command, const std::string& text) {
  const std::string name = text.substr(0, text.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
  }
  return concat("unknown option ", quoted(name), did_you_mean(name, names));
}

std::string unknown_command(CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  std::string known;  // however long
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
    known += (known.empty() ? "; known: " : ", ") + names.back();
  }
  const std::string meant = did_you_mean(word, names);
  return concat(word.empty() ? "no command" : "unknown command " + quoted(word),
                meant.empty() ? known : meant);
}

std::string missing_option(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    return concat("missing ", option->get_positional() ? "argument '" : "option '",
                  option->get_name(), "': ", option->get_description());
  }
  return "";
}

// Where a command is said, if anywhere: no option before it takes a value.
std::string command_word(const std::vector<const char*>& arguments) {
  const auto word = std::find_if(arguments.begin() + 1, arguments.end(),
                                 [](const char* argument) { return argument[0] != '-'; });
  return word == arguments.end() ? "" : *word;
}

bool is_command(CLI::App& app, const std::string& word) {
  return std::ranges::any_of(app.get_subcommands({}),
                             [&](const CLI::App* command) { return command->get_name() == word; });
}

// A mistyped command line: what is wrong with it, and where to read on.
int refuse(CLI::App& app, const CLI::ParseError& error, const std::string& word) {
  const auto chosen = app.get_subcommands();
  const bool is_unknown = !word.empty() && !is_command(app, word);
  const CLI::App& command = is_unknown || chosen.empty() ? app : *chosen.front();
  const std::vector<std::string> strays = app.remaining(/*recurse=*/true);
  const auto option =
      std::ranges::find_if(strays, [](const std::string& stray) { return stray.starts_with("-"); });
  const std::string missing = missing_option(command);
  std::string message = error.what();
  if (is_unknown) {
    message = unknown_command(app, word);
  } else if (option != strays.end()) {
    message = unknown_option(command, *option);
  } else if (chosen.empty()) {
    message = unknown_command(app, "");
  } else if (!missing.empty()) {
    message = missing;
  } else if (!strays.empty()) {
    message = "unexpected argument " + quoted(strays.front());
  }
  log::error(message);
  log::info(concat("see limbic ", &command == &app ? "" : command.get_name() + " ", "--help"));
  return static_cast<int>(ExitCode::kInput);
}

// `limbic help train` as `limbic train --help`.
std::vector<const char*> plain_arguments(int argc, char** argv) {
  std::vector<const char*> arguments(argv, argv + argc);
  if (argc < 2 || arguments[1] != std::string_view("help")) return arguments;
  arguments.erase(arguments.begin() + 1);
  arguments.push_back("--help");
  return arguments;
}

// An option that is given names something; no path or name is empty.
void refuse_empty(CLI::App& app) {
  const auto filled = [](const std::string& text) {
    return std::string(text.empty() ? "expected text, got ''" : "");
  };
  for (CLI::App* command : app.get_subcommands({})) {
    for (CLI::Option* option : command->get_options()) {
      if (option->get_type_size() > 0) option->check(filled);
    }
  }
}

// Parses and calls.
int act(CommandLine& c, int argc, char** argv, const Action& instead) {
  bool quiet = false;
  c.app.add_flag("-q,--quiet", quiet, "no messages but errors");
  const std::vector<const char*> arguments = plain_arguments(argc, argv);
  try {
    c.app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    const std::string word = command_word(arguments);
    const bool is_help_of_none =
        !word.empty() && argv[1] == std::string_view("help") && !is_command(c.app, word);
    if (error.get_exit_code() == 0 && !is_help_of_none) return c.app.exit(error);
    return refuse(c.app, error, word);
  }
  if (quiet) log::set_level(log::Level::kError);
  return instead ? instead() : c.action();
}

}  // namespace

int run_command_line(int argc, char** argv, const Commands& commands, const Action& instead) {
  CommandLine c(commands);
  c.app.set_version_flag("--version", std::string("limbic ") + kVersion);
  c.app.require_subcommand(1);
  c.app.fallthrough();
  c.app.formatter(help_formatter());  // first: commands take it from here
  add_training(c);                    // help lists heads by the first command under each
  add_asking(c);
  add_conditioning(c);
  add_configs(c);
  add_copying(c);
  add_looking(c);
  add_metrics(c);
  refuse_empty(c.app);
  arrange_help(c.app);
  try {
    const int code = act(c, argc, argv, instead);
    if (!std::cout.flush()) throw failed("cannot write stdout");
    return code;
  } catch (const Error& error) {
    log::error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::filesystem::filesystem_error& error) {
    log::error(concat(error.path1().string(), ": ", error.code().message()));
    return static_cast<int>(ExitCode::kInput);
  }
}

}  // namespace limbic::app
