#include <filesystem>

#include "limbic/app/command_line.h"
#include "limbic/core/named_enum.h"

namespace limbic::app {
namespace {

// Which brain of a run, and by what config.
void add_at(CLI::App& command, std::string& at, std::vector<std::string>& set) {
  command.add_option("--at", at, "checkpoint of this step, or best (default: the newest good one)")
      ->transform(checkpoint());
  command.add_option("--set", set, kSetOfRunHelp)->allow_extra_args(false);
}

// What is known: once, or in each row of a file, whose option comes back.
CLI::Option* add_given(CLI::App& command, std::vector<std::string>& given, std::string& rows,
                       const char* about_rows) {
  auto* once =
      command
          .add_option("--given", given,
                      "variable=value, or variable=FILE.png; a tick, or a cell apart: word@2=on, "
                      "x[1]=0.5 (tick 0 where none is named); may be repeated")
          ->allow_extra_args(false);
  return command.add_option("--rows", rows, about_rows)->excludes(once);
}

// What becomes of cells of such a file that are unknown.
CLI::Option* add_unknown(CLI::App& command, worlds::ReadOptions& reading) {
  using worlds::UnknownCells;
  // Leaves the value's number: that is what CLI11 reads an enum from.
  const auto check = [](std::string& text) {
    const auto known = value_named<UnknownCells>(text);
    if (!known)
      return concat("unknown choice ", quoted(text), did_you_mean(text, names_of<UnknownCells>()));
    text = std::to_string(static_cast<int>(*known));
    return std::string();
  };
  return command
      .add_option(reading.option, reading.unknown,
                  "what becomes of a CSV's cells with a word that training never saw, or a number "
                  "out of its column's bounds: refuse (default), or missing, as if they were empty")
      ->transform(CLI::Validator(check, "refuse|missing"))
      ->type_name("TEXT");
}

void require_two_files(const std::filesystem::path& out, const std::filesystem::path& corner) {
  if (!out.empty() && out.lexically_normal() == corner.lexically_normal())
    throw CLI::ValidationError("--out and --corner name one file");
}

void add_eval(CommandLine& c) {
  auto* eval = c.app.add_subcommand("eval", "run a trained brain's evals");
  eval->add_option("run", c.eval.run, "run directory")->required();
  add_at(*eval, c.eval.at, c.eval.set);
  eval->add_option("--split", c.eval.split,
                   "train, validation or test instead of the split that each eval names");
  eval->add_option("--only", c.eval.only, "name of an eval; may be repeated")
      ->allow_extra_args(false);
  eval->add_option("--device", c.eval.device, kDeviceHelp);
  eval->add_flag("--json", c.eval.json,
                 "as JSON; what is no finite number as text, as in metrics.jsonl: \"NaN\", "
                 "\"Infinity\", \"-Infinity\"");
  eval->callback([&c] { c.action = [&c] { return c.commands.eval(c.eval); }; });
}

void add_draw(CommandLine& c) {
  auto* draw = c.app.add_subcommand(
      "draw", "episodes of a config's world as CSV, and what is exactly so of them");
  DrawOptions& options = c.draw;
  draw->add_option("config", options.config, "YAML file")->required();
  draw->add_option("--set", options.set, kSetHelp)->allow_extra_args(false);
  draw->add_option("--rows", options.rows, concat("how many (default ", options.rows, ")"))
      ->transform(number<int64_t>(config::within(1, 100'000'000)));
  draw->add_option("--regime", options.regime, "kind of episodes (default: the world's first)");
  draw->add_option("--split", options.split,
                   "train (default; with a run's seed the rows that it trains on), validation or "
                   "test");
  draw->add_option("--seed", options.seed, "names the rows (default: the config's)")
      ->transform(count(0));
  draw->add_option("--given", options.given,
                   "globs of variables and cells, as 'x,theta[0]', that are known")
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
    require_two_files(c.draw.out, c.draw.corner);
    c.action = [&c] { return c.commands.draw(c.draw); };
  });
}

// A name may hold a '=' too: where it ends, the schema tells (inference::parse_given).
void require_values(const std::vector<std::string>& given) {
  for (const std::string& text : given)
    if (text.find('=') == std::string::npos)
      throw CLI::ValidationError("--given", "expected variable=value, got " + quoted(text));
}

// What is known of hidden values, and how to think about them.
void add_thinking(CLI::App& infer, InferOptions& options) {
  infer
      .add_option("--where", options.where,
                  "what is known of a value that is not: 'age in 30..40', 'x[1] > 0', 'x = 1.5 +- "
                  "0.2', 'species in setosa|virginica'; may be repeated")
      ->allow_extra_args(false);
  auto* prefer = infer.add_option(
      "--prefer", options.prefer,
      "what samples should be like, in the steering language: 'assess.flinch < 0.1' chooses by a "
      "claim, a number weighs by its exponential, and rules out where it is none or infinite");
  infer.add_option("--tick", options.tick, "at which --prefer is judged (default 0)")
      ->transform(count(0))
      ->needs(prefer);
  infer.add_option("--dial", options.dial,
                   "how long to think, as 'reencode=1,orders=8,sweeps=2,candidates=64'; by "
                   "default reencode=0 (one encoding for all cells), orders=1, sweeps=0, "
                   "candidates=1 (64 with --where or --prefer)");
  infer.add_option("--temperature", options.temperature, "0: the likeliest; 1: as believed")
      ->transform(number<double>(config::within(0, 10)));
  infer.add_option("--seed", options.seed, "names the samples")->transform(count(0));
}

// What is told beside expected values.
void add_spread(CLI::App& infer, InferOptions& options, CLI::Option* rows) {
  infer
      .add_option(
          "--quantiles", options.quantiles,
          "as '.05,.95': of each scalar that is asked; with --rows, columns behind the expected "
          "values, from 100 samples or --samples")
      ->transform(number<double>(config::within(0, 1)))
      ->delimiter(',')
      ->allow_extra_args(false);
  infer
      .add_flag("--probabilities", options.probabilities,
                "behind the expected values a column for each word of each category that is "
                "asked, as 'species=setosa': how likely it is, or 1 or 0 where the row says the "
                "word; with --where, --prefer, --temperature, or candidates or sweeps of "
                "--dial, its share of 100 samples or --samples")
      ->needs(rows);
}

void add_infer(CommandLine& c) {
  auto* infer =
      c.app.add_subcommand("infer", "tell a trained brain some variables and ask it for others");
  InferOptions& options = c.infer;
  infer->add_option("run", options.run, "run directory")->required();
  auto* rows = add_given(*infer, options.given, options.rows,
                         "CSV, a question a line: what is filled in is given, what is empty and "
                         "asked is filled in; columns as limbic draw writes them");
  infer
      ->add_option("--ask", options.ask,
                   "variable to imagine, or a tick or a cell of it, as with --given, or several as "
                   "'age,x[1]'; of a scalar also its mean and deviation; may be repeated (with "
                   "--rows globs of variables or cells, at all ticks where none is named; default: "
                   "all columns)")
      ->allow_extra_args(false);
  infer
      ->add_option("--hide", options.hide,
                   "globs of variables and cells, as 'x,theta[0]': what rows say of them is taken "
                   "as not given, and what is asked of it is filled in")
      ->allow_extra_args(false)
      ->needs(rows);
  infer
      ->add_option("--samples", options.samples,
                   "how many (default 8; with --rows, samples in place of expected values)")
      ->transform(number<int64_t>(config::within(1, 1'000'000)));
  add_spread(*infer, options, rows);
  auto* unknown = add_unknown(*infer, options.reading);
  add_thinking(*infer, options);
  add_at(*infer, options.at, options.set);
  infer->add_option("--out", options.out,
                    "PNG to write (default RUN/<variable>.png); with --rows, CSV (default stdout)");
  auto* corner = infer->add_option("--corner", options.corner,
                                   "SVG of what is asked, of the first row, from 1000 samples or "
                                   "--samples");
  infer->add_option("--truth", options.truth, "CSV whose first row is marked there")->needs(corner);
  infer->add_option("--device", options.device, kDeviceHelp);
  infer->add_flag("--json", options.json, "as JSON")->excludes(rows);
  infer->callback([&c, unknown] {
    if (c.infer.rows.empty() && c.infer.ask.empty())
      throw CLI::ValidationError("missing option '--ask': variable to imagine; may be repeated");
    if (unknown->count() > 0 && c.infer.rows.empty() && c.infer.truth.empty())
      throw CLI::ValidationError("--unknown goes with --rows or --truth");
    require_values(c.infer.given);
    require_two_files(c.infer.out, c.infer.corner);
    c.action = [&c] { return c.commands.infer(c.infer); };
  });
}

void add_decide(CommandLine& c) {
  auto* decide = c.app.add_subcommand(
      "decide", "choose what a trained brain expects most of, not what goes with good luck");
  DecideOptions& options = c.decide;
  decide->add_option("run", options.run, "run directory")->required();
  decide
      ->add_option("--choose", options.choose,
                   "globs of variables or cells whose values are chosen: 'arm', 'action@3,arm' "
                   "(tick 0 where none is named); may be repeated")
      ->required()
      ->allow_extra_args(false);
  decide
      ->add_option("--outcome", options.outcome,
                   "what is to be large: a variable or cells of it, as 'return@3' (numbers as they "
                   "are, other categories by their index), or an expression of the steering "
                   "language: '-assess.flinch'")
      ->required();
  decide->add_option("--tick", options.tick, "at which an expression is judged (default 0)")
      ->transform(count(0));
  auto* rows = add_given(*decide, options.given, options.rows,
                         "CSV, a situation a line: what is filled in is given, but for what is "
                         "chosen; columns as limbic draw writes them");
  add_unknown(*decide, options.reading)->needs(rows);
  decide
      ->add_option("--candidates", options.candidates,
                   concat("choices drawn from what is likely (default ", options.candidates,
                          "); one cell with categories is tried out in full instead"))
      ->transform(number<int64_t>(config::within(1, 1 << 20)));
  decide
      ->add_option("--rollouts", options.rollouts,
                   concat("imagined outcomes of a choice over which an expression is averaged "
                          "(default ",
                          options.rollouts, ")"))
      ->transform(number<int64_t>(config::within(1, 1 << 20)));
  decide
      ->add_option("--temperature", options.temperature,
                   "units of the outcome that make a choice e times likelier; 0: the best")
      ->transform(number<double>(config::within(0.0, 1e6)));
  decide->add_option("--seed", options.seed, "names candidates, rollouts and soft choices")
      ->transform(count(0));
  add_at(*decide, options.at, options.set);
  decide->add_option("--out", options.out, "with --rows, CSV to write (default stdout)")
      ->needs(rows);
  decide->add_option("--device", options.device, kDeviceHelp);
  decide->add_flag("--json", options.json, "as JSON")->excludes(rows);
  decide->callback([&c] {
    require_values(c.decide.given);
    c.action = [&c] { return c.commands.decide(c.decide); };
  });
}

void add_score(CommandLine& c) {
  auto* score = c.app.add_subcommand(
      "score", "log p of a CSV's rows by a trained brain, averaged over orders of their cells");
  ScoreOptions& options = c.score;
  score->add_option("run", options.run, "run directory")->required();
  score->add_option("rows", options.rows, "CSV, columns as limbic draw writes them")->required();
  add_unknown(*score, options.reading);
  score
      ->add_option("--given", options.given,
                   "what is known already: globs of variables and cells, as 'x,theta[0]', or a CSV "
                   "of as many rows, where it is filled in; log p is of the rest")
      ->allow_extra_args(false);
  score
      ->add_option("--orders", options.orders,
                   concat("random orders to average over (default ", options.orders, ")"))
      ->transform(number<int64_t>(config::within(1, 4096)));
  score->add_option("--seed", options.seed, "names the orders")->transform(count(0));
  add_at(*score, options.at, options.set);
  score->add_option("--out", options.out, "file to write (default stdout)");
  score->add_option("--device", options.device, kDeviceHelp);
  score->add_flag("--json", options.json, "a JSON line a row instead of CSV");
  score->callback([&c] { c.action = [&c] { return c.commands.score(c.score); }; });
}

}  // namespace

void add_asking(CommandLine& c) {
  add_eval(c);
  add_draw(c);
  add_infer(c);
  add_decide(c);
  add_score(c);
}

}  // namespace limbic::app
