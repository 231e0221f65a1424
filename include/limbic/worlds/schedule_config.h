#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "limbic/worlds/trial_config.h"

namespace limbic::worlds {

enum class Order { kRandom, kListed, kAlternating };

constexpr auto enum_names(Order) {
  return std::array{std::pair{"random", Order::kRandom}, std::pair{"listed", Order::kListed},
                    std::pair{"alternating", Order::kAlternating}};
}

/// YAML: an item of `phases`.
struct PhaseConfig {
  config::Located phase;
  config::Map<int64_t> trials;
  std::optional<config::Located> context = {};
  std::optional<double> alone = {};
  Order order = Order::kRandom;
  bool learn = true;
  double interval = 0.0;
  double delay = 0.0;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("phase", self.phase, config::required, "its name");
    field("trials", self.trials, within<int64_t>(0, 1'000'000),
          "number of trials of each type: AB+ shows A and B with the US, AB- without");
    field("context", self.context, "where it takes place; default: the first");
    field("alone", self.alone, within(0.0, 100.0),
          "trials of the context alone, for each listed trial; default: the schedule's, and none "
          "where `learn` is false");
    field("order", self.order,
          "of the trials: shuffled, one type after the other, or in turns; a stage that trains on "
          "several phases goes through each in its order, all of its trials before any again");
    field("learn", self.learn, "false: predictions are read and nothing is learned");
    field("interval", self.interval, within(0.0, 1e6), "time after each trial [trials]");
    field("delay", self.delay, within(0.0, 1e9), "time before the phase [trials]");
  }
};

/// YAML: an item of `lines`: cues that are points on a line, seen by units with Gaussian tuning.
struct LineConfig {
  int64_t size = 15;
  double width = 1.5;

  static void fields(auto& self, auto&& field) {
    field("size", self.size, config::within<int64_t>(2, 1024),
          "number of units, and of cues: S0, S1, ... of a line S");
    field("width", self.width, config::within(0.0, 1e3),
          "deviation of each unit's tuning; 0: each sees its own cue alone [units]");
  }
};

/// A conditioning experiment. YAML or JSON.
struct ScheduleConfig {
  std::vector<config::Located> cues;
  config::Map<LineConfig> lines;
  std::vector<config::Located> contexts;
  std::vector<config::Located> us;
  int64_t ticks = 8;
  Window cue_ticks{4, 7};
  int64_t us_tick = 7;
  double alone = 0.0;
  std::vector<std::vector<config::Located>> counterbalance;
  config::Map<TrialConfig> trials;
  std::vector<PhaseConfig> phases;
  config::Map<std::vector<PhaseConfig>> groups;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("cues", self.cues, "names of the cues");
    field("lines", self.lines, "cues that are points on a line, by the line's name");
    field("contexts", self.contexts, "names of the contexts; none: one, called 'context'");
    field("us", self.us, "names of what happens; none: one, called 'us'");
    field("ticks", self.ticks, within<int64_t>(1, 4096), "length of a trial");
    field("cue_ticks", self.cue_ticks, "when a cue is on, unless its trial says");
    field("us_tick", self.us_tick, within<int64_t>(0, 4095),
          "when a US comes, unless its trial says");
    field("alone", self.alone, within(0.0, 100.0),
          "trials of the context alone, for each listed trial, unless a phase says");
    field("counterbalance", self.counterbalance,
          "sets of cues that change places from subject to subject");
    field("trials", self.trials, "types of trials, by name, where AB+ and AB- do not say enough");
    field("phases", self.phases, "in their order");
    field("groups", self.groups, "instead of phases: those of each group");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

}  // namespace limbic::worlds
