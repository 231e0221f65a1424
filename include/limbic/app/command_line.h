#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "limbic/app/commands.h"
#include "limbic/config/fields.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::app {

using Action = std::function<int()>;

/// Commands share these options; each registers its action with its subcommand.
struct CommandLine {
  explicit CommandLine(const Commands& all) : commands(all) {}

  const Commands& commands;
  CLI::App app{
      "limbic trains brains: a cortex that learns to predict, a steering subsystem that is innate, "
      "an amygdala between them",
      "limbic"};
  Action action;
  TrainOptions train;
  ResumeOptions resume;
  CheckOptions check;
  PlanOptions plan;
  EvalOptions eval;
  DrawOptions draw;
  InferOptions infer;
  DecideOptions decide;
  ScoreOptions score;
  ConditionOptions condition;
  ForkOptions fork;
  ExportOptions export_weights;
  DiffOptions diff;
  InspectOptions inspect;
  VerifyOptions verify;
  MetricsOptions metrics;
  std::string run;   // of explain
  std::string what;  // of list
  bool json = false;
};

// Refuses what is no number, and numbers out of range.
template <class T>
CLI::Validator number(config::Range range) {
  // Leaves the number in its plainest form: CLI11 would read a leading 0 as octal.
  const auto check = [range](std::string& text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    constexpr bool kIsWhole = std::is_integral_v<T>;
    if (!is_number || !range.contains(value)) {
      const bool is_beyond = kIsWhole && error == std::errc::result_out_of_range;
      return concat("expected ", kIsWhole ? "a whole number " : "a number ",
                    (is_beyond ? config::cut_to_int64(range) : range).text(), ", got ",
                    quoted(text));
    }
    if constexpr (kIsWhole) text = std::to_string(value);
    return std::string();
  };
  return {check, range.text()};
}

inline CLI::Validator count(int64_t least) { return number<int64_t>(config::at_least(least)); }

// A checkpoint of a run: a step, or the best one.
inline CLI::Validator checkpoint() {
  const auto check = [](std::string& text) {
    const std::string given = text;
    if (given == "best" || count(0)(text).empty()) return std::string();
    return concat("expected a step or best, got ", quoted(given));
  };
  return {check, "STEP|best"};
}

inline constexpr const char* kSetHelp = "path.to.key=value, over the config; may be repeated";
inline constexpr const char* kSetOfRunHelp =
    "path.to.key=value, over the run's config, of what makes no other brain or world: "
    "world.file=PATH or world.data=FOLDER where its data have moved; may be repeated";
inline constexpr const char* kDeviceHelp = "cpu, cuda, or auto: a GPU if one answers";

/// The commands that ask a world or a trained brain: eval, draw, infer, decide, score.
void add_asking(CommandLine& c);

}  // namespace limbic::app
