#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "limbic/app/asking.h"

namespace limbic::app {

// One function a command. Data goes to stdout, messages to stderr; each returns the process's exit
// code and throws limbic::Error on what a person can mend. `at`: see asking.h.

struct TrainOptions {
  std::string config;
  std::string run;  // directory; empty: runs/<name of the config>
  std::vector<std::string> set;
  std::string device = "auto";
  std::optional<int64_t> steps;  // stop and save after so many in all
  std::string profile;           // file for a Chrome trace; empty: none
  bool accept_config_change = false;
};
int train(const TrainOptions& options);

struct ResumeOptions {
  std::string run;
  std::string at;
  std::vector<std::string> set;
  std::string device = "auto";
  std::optional<int64_t> steps;
  std::optional<int64_t> workers;
};
int resume(const ResumeOptions& options);

struct CheckOptions {
  std::string config;
  std::vector<std::string> set;
  bool schema = false;
  bool markdown = false;
  bool resolved = false;
  bool steering = false;
};
int check(const CheckOptions& options);

struct PlanOptions {
  std::string config;
  std::vector<std::string> set;
  bool time = false;
  bool json = false;
};
int plan(const PlanOptions& options);

/// Subjects through a schedule, or through all protocols of a folder.
struct ConditionOptions {
  std::string schedule = {};  // YAML or JSON
  std::string config = "configs/brains/conditioning.yaml";
  std::vector<std::string> set = {};
  std::string out = {};
  bool battery = false, ablate = false, json = false;
  std::string protocols = "configs/conditioning";
  std::string parts = "configs/brains/conditioning_parts.yaml";
  std::vector<std::string> only = {};
  std::string sheet = {};
};
int condition(const ConditionOptions& options);

/// A new run from a moment of an old one.
struct ForkOptions {
  std::string run;
  std::string at;
  std::string to;
  std::vector<std::string> set;
};
int fork(const ForkOptions& options);

/// Weights alone, as one safetensors file.
struct ExportOptions {
  std::string checkpoint;  // or run
  std::string at;
  std::string to;
};
int export_weights(const ExportOptions& options);

/// Two runs or checkpoints. Exit code 0 if nothing differs, else 1, as diff(1) has it.
struct DiffOptions {
  std::string a = {}, b = {};
  bool tensors = false;  // each that differs, beside the counts
  bool json = false;
};
int diff(const DiffOptions& options);

int explain(const std::string& run);

struct VerifyOptions {
  std::string run;
  bool json = false;
};
int verify(const VerifyOptions& options);

/// What runs measured, side by side.
struct MetricsOptions {
  std::vector<std::string> runs = {};
  std::vector<std::string> metric = {};  // globs; none: all
  std::string out = {};                  // SVG of their curves
  bool json = false;
};
int metrics(const MetricsOptions& options);

/// What: worlds, cortices, amygdalas, losses, evals; empty: all.
int list(const std::string& what, bool json);

/// What the command line can call.
struct Commands {
  std::function<int(const TrainOptions&)> train;
  std::function<int(const ResumeOptions&)> resume;
  std::function<int(const CheckOptions&)> check;
  std::function<int(const PlanOptions&)> plan;
  std::function<int(const EvalOptions&)> eval;
  std::function<int(const DrawOptions&)> draw;
  std::function<int(const InferOptions&)> infer;
  std::function<int(const DecideOptions&)> decide;
  std::function<int(const ScoreOptions&)> score;
  std::function<int(const ConditionOptions&)> condition;
  std::function<int(const ForkOptions&)> fork;
  std::function<int(const ExportOptions&)> export_weights;
  std::function<int(const DiffOptions&)> diff;
  std::function<int(const InspectOptions&)> inspect;
  std::function<int(const VerifyOptions&)> verify;
  std::function<int(const std::string& run)> explain;
  std::function<int(const MetricsOptions&)> metrics;
  std::function<int(const std::string& what, bool json)> list;
};

}  // namespace limbic::app
