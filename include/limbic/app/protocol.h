#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limbic/app/condition_config.h"
#include "limbic/evals/criterion.h"

namespace limbic::app {

/// Which of the numbers of a tick.
enum class Quantity { kPrediction, kError, kUncertainty, kResponse, kResponded };

constexpr auto enum_names(Quantity) {
  return std::array{
      std::pair{"prediction", Quantity::kPrediction}, std::pair{"error", Quantity::kError},
      std::pair{"uncertainty", Quantity::kUncertainty}, std::pair{"response", Quantity::kResponse},
      std::pair{"responded", Quantity::kResponded}};
}

/// YAML: an item of `measures`: a number of each subject, or a curve.
struct MeasureConfig {
  std::optional<config::Located> group = {};
  config::Located phase;
  std::vector<config::Located> trials;
  Quantity what = Quantity::kPrediction;
  std::optional<config::Located> of = {};
  std::optional<worlds::Window> ticks = {};
  bool cells = false;

  static void fields(auto& self, auto&& field) {
    field("group", self.group, "default: the first");
    field("phase", self.phase, config::required, "in which it is read");
    field("trials", self.trials, config::required,
          "types of trials: one, for a curve over its trials; several, for one over types");
    field("what", self.what, "what is read of a tick");
    field("of", self.of, "the assessor; default: that of the response");
    field("ticks", self.ticks,
          "when; several: a curve over the ticks of the first trial; default: the tick before the "
          "schedule's us_tick");
    field("cells", self.cells, "a curve over the assessor's cells, in the first trial");
  }
};

/// Changes of the brain's config by dotted path; kSchedule leads into the protocol.
using Changes = std::vector<config::Entry>;
inline constexpr std::string_view kSchedule = "schedule.";

/// YAML: an experiment whose result is known, configs/conditioning/*.yaml.
struct ProtocolConfig {
  Changes set;
  std::string phenomenon;
  std::string source;
  worlds::ScheduleConfig schedule;
  config::Map<MeasureConfig> measures;
  config::Located criterion;
  config::Located contrast;

  static void fields(auto& self, auto&& field) {
    field("set", self.set,
          "single values by dotted path to put into the brain's config for this protocol; a path "
          "that begins with schedule. leads into its own schedule");
    field("phenomenon", self.phenomenon, config::required, "what it is called");
    field("source", self.source, "who showed it");
    field("schedule", self.schedule, config::required, "the experiment");
    field("measures", self.measures, config::required, "what is read, by name");
    field("criterion", self.criterion, config::required, "what must hold of each subject");
    field("contrast", self.contrast, config::required, "a number that says how clearly");
  }
};

/// What a curve is over.
enum class Axis { kTrials, kTicks, kTypes, kCells };

/// A curve that the sheet draws: of one group and type of trial in a phase, over its trials; or a
/// measure's, over what that is over.
struct LearningCurve {
  std::string group, trial;         // trial: or the measure
  std::vector<double> index, mean;  // where on the axis, and of the subjects
};

/// What an experiment came to.
struct ProtocolResult {
  std::string name, phenomenon, criterion;
  std::vector<bool> holds_S;
  std::vector<double> contrast_S;
  // By subject; a number is a curve of one.
  std::map<std::string, std::vector<std::vector<double>>> measures;
  Axis axis = Axis::kTrials;
  std::vector<LearningCurve> curves;

  [[nodiscard]] int64_t num_passed() const;
  /// At least 90 % of the subjects.
  [[nodiscard]] bool is_reached() const { return 10 * num_passed() >= 9 * std::ssize(holds_S); }
};

/// A protocol file, with keys of the brain to `set` and those of an ablation over both.
struct Protocol {
  std::string name;  // of the file
  ConditionConfig brain;
  ProtocolConfig config;
};

/// What tables call a protocol: the number before its name, 07 of 07_latent_inhibition and T1 of
/// T1_steady; the whole name where no number is there.
std::string number_of(const std::string& name);

/// Of a file's name and tree. What is wrong with it is noted.
Protocol protocol_of(std::string name, config::Node tree, config::Node brain,
                     const Changes& changes, config::Problems& problems);
/// The same of a file.
Protocol read_protocol(const std::string& path, const config::Node& brain, const Changes& changes,
                       config::Problems& problems);
/// Notes mistakes that only show once its schedule and brain are made: names of measures and
/// criteria, curves where a number is wanted, a brain that does not fit the schedule.
void check_protocol(const Protocol& protocol, config::Problems& problems);

/// Errors  ConfigError with what check_protocol notes.
ProtocolResult run_protocol(const Protocol& protocol);

}  // namespace limbic::app
