#include "limbic/app/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>

#include "limbic/app/commands.h"
#include "limbic/config/fields.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/core/version.h"

namespace limbic::app {
namespace {

using Action = std::function<int()>;

// Commands share these options; each registers its action with the subcommand.
struct CommandLine {
  explicit CommandLine(const Commands& all) : commands(all) {}

  const Commands& commands;
  CLI::App app{
      "limbic trains brains: a cortex that learns to predict, a steering subsystem that is innate, "
      "an amygdala between them"};
  Action action;
  TrainOptions train;
  ResumeOptions resume;
  CheckOptions check;
  PlanOptions plan;
  EvalOptions eval;
  DrawOptions draw;
  InferOptions infer;
  ConditionOptions condition;
  ForkOptions fork;
  ExportOptions export_weights;
  DiffOptions diff;
  InspectOptions inspect;
  VerifyOptions verify;
  std::string run;   // of explain
  std::string what;  // of list
  bool json = false;
  std::vector<std::string> given;
};

// Refuses what is no number, and numbers out of range.
template <class T>
CLI::Validator number(config::Range range) {
  // Leaves the number in its plainest form: CLI11 would read a leading 0 as octal.
  const auto check = [range](std::string& text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    const std::string what = std::is_integral_v<T> ? "a whole number " : "a number ";
    if (!is_number || !range.contains(value)) {
      return concat("expected ", what, range.text(), ", got ", quoted(text));
    }
    if constexpr (std::is_integral_v<T>) text = std::to_string(value);
    return std::string();
  };
  return {check, range.text()};
}

CLI::Validator count(int64_t least) { return number<int64_t>(config::at_least(least)); }

// A checkpoint of a run: a step, or the best one.
CLI::Validator checkpoint() {
  const auto check = [](std::string& text) {
    const std::string given = text;
    if (given == "best" || count(0)(text).empty()) return std::string();
    return concat("expected a step or best, got ", quoted(given));
  };
  return {check, "STEP|best"};
}

constexpr const char* kSetHelp = "path.to.key=value, over the config; may be repeated";
constexpr const char* kDeviceHelp = "cpu, cuda, or auto: a GPU if one answers";

void add_training(CommandLine& c) {
  auto* train = c.app.add_subcommand(
      "train", "run a config's curriculum, or go on with it in its run directory");
  train->add_option("config", c.train.config, "YAML file")->required();
  train->add_option("--run", c.train.run, "run directory (default runs/<config>)");
  train->add_option("--set", c.train.set, kSetHelp)->allow_extra_args(false);
  train->add_option("--device", c.train.device, kDeviceHelp);
  train->add_option("--steps", c.train.steps, "stop and save after so many steps in all")
      ->transform(count(0));
  train->add_flag("--accept-config-change", c.train.accept_config_change,
                  "go on with a run by a config that has changed, where that can be done");
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
  auto* check = c.app.add_subcommand("check", "find every mistake of a config");
  check->add_option("config", c.check.config, "YAML file; needed but for --schema and --markdown");
  check->add_option("--set", c.check.set, kSetHelp)->allow_extra_args(false);
  check->add_flag("--schema", c.check.schema, "print the JSON Schema of configs, for editors");
  check->add_flag("--markdown", c.check.markdown, "print the reference of configs");
  check->add_flag("--resolved", c.check.resolved, "print the config with all its defaults");
  check->callback([&c] {
    if (c.check.config.empty() && !c.check.schema && !c.check.markdown)
      throw CLI::ValidationError("missing argument 'config': YAML file");
    c.action = [&c] { return c.commands.check(c.check); };
  });

  auto* plan = c.app.add_subcommand("plan", "what each stage would train, without training");
  plan->add_option("config", c.plan.config, "YAML file")->required();
  plan->add_option("--set", c.plan.set, kSetHelp)->allow_extra_args(false);
  plan->add_flag("--time", c.plan.time,
                 "take a few steps of each stage and say how long it would run");
  plan->add_flag("--json", c.plan.json, "as JSON");
  plan->callback([&c] { c.action = [&c] { return c.commands.plan(c.plan); }; });

  auto* list = c.app.add_subcommand("list", "what parts exist");
  list->add_option("kind", c.what, "worlds, cortices, amygdalas, losses or evals");
  list->add_flag("--json", c.json, "as JSON");
  list->callback([&c] { c.action = [&c] { return c.commands.list(c.what, c.json); }; });
}

void add_asking(CommandLine& c) {
  auto* eval = c.app.add_subcommand("eval", "run a trained brain's evals");
  eval->add_option("run", c.eval.run, "run directory")->required();
  eval->add_option("--at", c.eval.at,
                   "checkpoint of this step, or best (default: the newest good one)")
      ->transform(checkpoint());
  eval->add_option("--split", c.eval.split,
                   "train, validation or test instead of the split that each eval names");
  eval->add_option("--only", c.eval.only, "name of an eval; may be repeated")
      ->allow_extra_args(false);
  eval->add_option("--device", c.eval.device, kDeviceHelp);
  eval->add_flag("--json", c.eval.json, "as JSON");
  eval->callback([&c] { c.action = [&c] { return c.commands.eval(c.eval); }; });
}

void add_drawing(CommandLine& c) {
  auto* draw = c.app.add_subcommand(
      "draw", "episodes of a config's world as CSV, and what is exactly so of them");
  DrawOptions& options = c.draw;
  draw->add_option("config", options.config, "YAML file")->required();
  draw->add_option("--set", options.set, kSetHelp)->allow_extra_args(false);
  draw->add_option("--rows", options.rows, concat("how many (default ", options.rows, ")"))
      ->transform(number<int64_t>(config::within(1, 100'000'000)));
  draw->add_option("--regime", options.regime, "kind of episodes (default: the world's first)");
  draw->add_option("--split", options.split, "train, validation or test (default train)");
  draw->add_option("--seed", options.seed, "names the rows (default: the config's)")
      ->transform(count(0));
  draw->add_option("--given", options.given,
                   "globs of variables and cells, as 'x,theta[0]', that are known")
      ->delimiter(',')
      ->allow_extra_args(false);
  auto* samples =
      draw->add_option("--samples", options.samples,
                       "of each row, so many exact joint samples of all that is not given")
          ->transform(number<int64_t>(config::within(1, 1'000'000)));
  draw->add_flag("--floor", options.floor,
                 "instead of rows, the mean exact log p of what is not given, as JSON")
      ->excludes(samples);
  draw->add_option("--corner", options.corner, "SVG to draw the first row's samples in")
      ->needs(samples);
  draw->add_option("--out", options.out, "file to write (default stdout)");
  draw->callback([&c] {
    if (!c.draw.given.empty() && !c.draw.samples && !c.draw.floor)
      throw CLI::ValidationError("--given goes with --samples or --floor");
    c.action = [&c] { return c.commands.draw(c.draw); };
  });
}

void read_given(CommandLine& c) {
  if (c.infer.rows.empty() && c.infer.ask.empty())
    throw CLI::ValidationError("missing option '--ask': variable to imagine; may be repeated");
  for (const std::string& text : c.given) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos)
      throw CLI::ValidationError("--given", "expected variable=value, got " + quoted(text));
    if (!c.infer.given.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      throw CLI::ValidationError("--given", quoted(text.substr(0, equals)) + " is given twice");
  }
}

void add_inferring(CommandLine& c) {
  auto* infer =
      c.app.add_subcommand("infer", "tell a trained brain some variables and ask it for others");
  InferOptions& options = c.infer;
  infer->add_option("run", options.run, "run directory")->required();
  auto* given =
      infer->add_option("--given", c.given, "variable=value, or variable=FILE.png; may be repeated")
          ->allow_extra_args(false);
  auto* rows = infer
                   ->add_option("--rows", options.rows,
                                "CSV, a question a line: what is filled in is given, what is "
                                "empty and asked is filled in; columns as limbic draw writes them")
                   ->excludes(given);
  infer
      ->add_option("--ask", options.ask,
                   "variable to imagine; may be repeated (with --rows a glob of variables or "
                   "cells; default: all columns)")
      ->allow_extra_args(false);
  infer
      ->add_option("--samples", options.samples,
                   "how many (default 8; with --rows, samples in place of expected values)")
      ->transform(number<int64_t>(config::within(1, 4096)));
  infer
      ->add_option(
          "--quantiles", options.quantiles,
          "as '.05,.95': columns behind the expected values, from 100 samples or --samples")
      ->transform(number<double>(config::within(0, 1)))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->needs(rows);
  infer
      ->add_option("--where", options.where,
                   "what is known of a value that is not: 'age in 30..40', 'x[1] > 0', 'x = 1.5 +- "
                   "0.2', 'species in setosa|virginica'; may be repeated")
      ->allow_extra_args(false)
      ->excludes(rows);
  infer
      ->add_option("--prefer", options.prefer,
                   "what samples should be like, in the steering language: 'assess.flinch < 0.1' "
                   "chooses by a claim, a number weighs by its exponential")
      ->excludes(rows);
  infer
      ->add_option("--dial", options.dial,
                   "how long to think: 'reencode=1,orders=8,sweeps=2,candidates=64'")
      ->excludes(rows);
  infer->add_option("--temperature", options.temperature, "0: the likeliest; 1: as believed")
      ->transform(number<double>(config::within(0, 10)));
  infer->add_option("--seed", options.seed, "names the samples")->transform(count(0));
  infer
      ->add_option("--at", options.at,
                   "checkpoint of this step, or best (default: the newest good one)")
      ->transform(checkpoint());
  infer->add_option("--out", options.out,
                    "PNG to write (default RUN/<variable>.png); with --rows, CSV (default stdout)");
  auto* corner = infer->add_option("--corner", options.corner,
                                   "SVG of what is asked, of the first row, from 1000 samples or "
                                   "--samples");
  infer->add_option("--truth", options.truth, "CSV whose first row is marked there")->needs(corner);
  infer->add_option("--device", options.device, kDeviceHelp);
  infer->add_flag("--json", options.json, "as JSON")->excludes(rows);
  infer->callback([&c] {
    read_given(c);
    c.action = [&c] { return c.commands.infer(c.infer); };
  });
}

void add_conditioning(CommandLine& c) {
  auto* condition = c.app.add_subcommand(
      "condition", "run newborn subjects through a schedule of trials, or through the battery");
  ConditionOptions& options = c.condition;
  condition->add_option("schedule", options.schedule, "YAML or JSON file; not with --battery");
  condition->add_option("--config", options.config,
                        "the brain, a YAML file (default " + options.config + ")");
  condition->add_option("--set", options.set, kSetHelp)->allow_extra_args(false);
  condition->add_option("--out", options.out, "file for the lines, one a tick (default stdout)");
  condition->add_flag("--battery", options.battery, "run every protocol of a folder");
  condition->add_option("--protocols", options.protocols,
                        "that folder (default " + options.protocols + ")");
  condition->add_option("--only", options.only, "number or name of a protocol; may be repeated")
      ->allow_extra_args(false);
  condition->add_flag("--ablate", options.ablate,
                      "the battery without each part of the brain, one after the other");
  condition->add_option("--parts", options.parts, "these parts (default " + options.parts + ")");
  condition->add_option("--sheet", options.sheet, "file for an SVG of the battery's curves");
  condition->add_flag("--json", options.json, "the battery's table as JSON");
  condition->callback([&c] {
    const ConditionOptions& given = c.condition;
    if (!given.battery &&
        (given.ablate || given.json || !given.only.empty() || !given.sheet.empty()))
      throw CLI::ValidationError("--ablate, --json, --only and --sheet go with --battery");
    c.action = [&c] { return c.commands.condition(c.condition); };
  });
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

  auto* out =
      c.app.add_subcommand("export", "write a checkpoint's weights as one safetensors file");
  out->add_option("checkpoint", c.export_weights.checkpoint, "run, or directory of a checkpoint")
      ->required();
  out->add_option("--at", c.export_weights.at, "of a run: checkpoint of this step, or best")
      ->transform(checkpoint());
  out->add_option("--to", c.export_weights.to, "file to write")->required();
  out->callback([&c] { c.action = [&c] { return c.commands.export_weights(c.export_weights); }; });

  auto* diff = c.app.add_subcommand("diff", "what differs between two runs or checkpoints");
  diff->add_option("a", c.diff.a, "run, or directory of a checkpoint")->required();
  diff->add_option("b", c.diff.b, "run, or directory of a checkpoint")->required();
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

std::string unknown_option(const CLI::App& command, const std::string& text) {
  const std::string name = text.substr(0, text.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
  }
  return concat("unknown option ", quoted(name), did_you_mean(name, {names.begin(), names.end()}));
}

std::string unknown_command(CLI::App& app, const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  const std::string word = words.empty() ? "" : words.front();
  return concat(words.empty() ? "no command" : "unknown command " + quoted(word),
                did_you_mean(word, {names.begin(), names.end()}));
}

std::string missing_option(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    return concat("missing ", option->get_positional() ? "argument '" : "option '",
                  option->get_name(), "': ", option->get_description());
  }
  return "";
}

// A mistyped command line: what is wrong with it, and where to read on.
int refuse(CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  const std::vector<std::string> strays = app.remaining(/*recurse=*/true);
  const auto option =
      std::ranges::find_if(strays, [](const std::string& word) { return word.starts_with("-"); });
  const std::string missing = missing_option(command);
  std::string message = error.what();
  if (option != strays.end()) {
    message = unknown_option(command, *option);
  } else if (chosen.empty()) {
    message = unknown_command(app, strays);
  } else if (!missing.empty()) {
    message = missing;
  } else if (!strays.empty()) {
    message = "unexpected argument " + quoted(strays.front());
  }
  log::error(message);
  log::info(concat("see limbic ", chosen.empty() ? "" : command.get_name() + " ", "--help"));
  return static_cast<int>(ExitCode::kInput);
}

}  // namespace

int run_command_line(int argc, char** argv, const Commands& commands) {
  CommandLine c(commands);
  c.app.set_version_flag("--version", std::string("limbic ") + kVersion);
  c.app.require_subcommand(1);
  c.app.fallthrough();
  bool quiet = false;
  c.app.add_flag("-q,--quiet", quiet, "no messages but errors");
  add_training(c);
  add_configs(c);
  add_asking(c);
  add_drawing(c);
  add_inferring(c);
  add_conditioning(c);
  add_copying(c);
  add_looking(c);
  try {
    c.app.parse(argc, argv);
    if (quiet) log::set_level(log::Level::kError);
    return c.action();
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? c.app.exit(error) : refuse(c.app, error);
  } catch (const Error& error) {
    log::error(error.what());
    return static_cast<int>(error.code());
  }
}

}  // namespace limbic::app
