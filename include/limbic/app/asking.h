#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limbic/worlds/read_options.h"

namespace limbic::app {

// Of the commands (commands.h), those that ask a world or a trained brain. `at` is the step of a
// checkpoint, or "best" (checkpoints.best); empty: the newest good one. `set` goes over the config,
// a run's as far as it leaves its world and brain as they are.

struct EvalOptions {
  std::string run;
  std::string at;
  std::vector<std::string> set;
  std::vector<std::string> only;
  std::string split;
  std::string device = "auto";
  bool json = false;
};
int eval(const EvalOptions& options);

/// Episodes of a config's world as CSV, exact samples of its oracle beside them, or the mean of its
/// log p.
struct DrawOptions {
  std::string config = {};
  std::vector<std::string> set = {};
  int64_t rows = 10;
  std::optional<std::string> regime = {};  // none: the world's first
  std::string split = "train";
  std::optional<int64_t> seed = {};  // none: the config's
  std::string out = {};
  std::vector<std::string> given = {};  // globs of variables and cells
  std::optional<int64_t> samples = {};  // of what is not given, for each row
  bool floor = false;
  std::string corner = {};  // SVG of the first row's samples
};
int draw(const DrawOptions& options);

/// One question (given, ask), or one for each row of a CSV file.
struct InferOptions {
  std::string run = {};
  std::vector<std::string> given = {};  // place=value
  std::string rows = {};                // CSV
  worlds::ReadOptions reading = {.option = "--unknown"};
  std::vector<std::string> ask = {};   // with rows: none: the variables that have a column
  std::vector<std::string> hide = {};  // globs of what rows say and nobody is told
  std::optional<int64_t> samples = {};
  std::vector<double> quantiles = {};
  bool probabilities = false;           // of words, with rows
  std::string corner = {};              // SVG of samples of what is asked
  std::string truth = {};               // CSV whose first row it marks
  std::vector<std::string> where = {};  // evidence about hidden cells, see inference/evidence.h
  std::string prefer = {};              // an expression of the steering language
  int64_t tick = 0;                     // at which it is judged
  std::string dial = {};                // see inference/dials.h
  double temperature = 1.0;
  int64_t seed = 0;
  std::string at = {};
  std::vector<std::string> set = {};
  std::string out = {};
  std::string device = "auto";
  bool json = false;
};
int infer(const InferOptions& options);

/// A choice by what is expected of it, in one situation or in each row of a CSV file.
struct DecideOptions {
  std::string run = {};
  std::vector<std::string> given = {};  // place=value
  std::string rows = {};                // CSV
  worlds::ReadOptions reading = {.option = "--unknown"};
  std::vector<std::string> choose = {};  // globs of variables and cells
  std::string outcome = {};              // a place, or an expression of the steering language
  int64_t tick = 0;                      // at which an expression is judged
  int64_t candidates = 16, rollouts = 16;
  double temperature = 0;
  int64_t seed = 0;
  std::string at = {};
  std::vector<std::string> set = {};
  std::string out = {};
  std::string device = "auto";
  bool json = false;
};
int decide(const DecideOptions& options);

/// log p of rows of a CSV file.
struct ScoreOptions {
  std::string run = {};
  std::string rows = {};
  worlds::ReadOptions reading = {.option = "--unknown"};
  std::vector<std::string> given = {};  // globs of variables and cells, or one CSV file
  int64_t orders = 8;
  int64_t seed = 0;
  std::string at = {};
  std::vector<std::string> set = {};
  std::string out = {};
  std::string device = "auto";
  bool json = false;
};
int score(const ScoreOptions& options);

struct InspectOptions {
  std::string run;  // or checkpoint
  std::string at;
  std::vector<std::string> set;         // with assessor
  std::optional<std::string> assessor;  // what it reads; the others go with it
  std::optional<std::string> regime;    // none: the world's first
  int64_t rows = 256;
  std::optional<int64_t> tick;  // none: where the assessor's output varies most
  std::optional<int64_t> episode;
  std::string device = "auto";
  bool json = false;
};
int inspect(const InspectOptions& options);

}  // namespace limbic::app
