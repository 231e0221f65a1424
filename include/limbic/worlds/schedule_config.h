#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limbic/config/reader.h"

namespace limbic::worlds {

/// Ticks first .. last of a trial. YAML: [first, last], or one tick.
struct Window {
  int64_t first = 0, last = 0;

  static Window from(const config::Node& node, config::Reader& reader);
  [[nodiscard]] config::Node dump() const;
  static config::Shape shape() {
    return {"tick, or [first, last]",
            R"({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]})"};
  }
  friend bool operator==(const Window&, const Window&) = default;
};

/// Whether an event waits for what the subject does.
enum class When { kAlways, kResponse, kNoResponse };

constexpr auto enum_names(When) {
  return std::array{std::pair{"always", When::kAlways}, std::pair{"response", When::kResponse},
                    std::pair{"no_response", When::kNoResponse}};
}

/// YAML: what happens of one US in a trial. A number is its magnitude, at the schedule's own tick.
struct EventConfig {
  std::optional<Window> ticks = {};
  double magnitude = 1.0;
  double probability = 1.0;
  When when = When::kAlways;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("ticks", self.ticks, "when it is there; default: the schedule's us_tick");
    field("magnitude", self.magnitude, within(-1e6, 1e6), "how strong it is");
    field("probability", self.probability, within(0.0, 1.0), "of its coming at all");
    field("when", self.when, "always, or only in trials with a response, or without one");
  }
};

/// A cue that a trial shows, and when. YAML: a list of names, or a map of name to window.
struct ShownCues {
  struct Shown {
    config::Located name;
    std::optional<Window> window;
  };
  std::vector<Shown> shown;

  static ShownCues from(const config::Node& node, config::Reader& reader);
  [[nodiscard]] config::Node dump() const;
  static config::Shape shape() {
    return {"list of cues, or map of cue to window",
            R"({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object"}]})"};
  }
};

/// What a trial's US do. YAML: a number (magnitude of the first US), or a map of US to number or
/// event.
struct Events {
  struct Named {
    config::Located name;  // empty: the first US
    EventConfig event;
  };
  std::vector<Named> events;

  static Events from(const config::Node& node, config::Reader& reader);
  [[nodiscard]] config::Node dump() const;
  static config::Shape shape() {
    return {"number, or map of US to number or event",
            R"({"anyOf": [{"type": "number"}, {"type": "object"}]})"};
  }
};

/// YAML: an item of `trials`: a type of trial that its name does not say.
struct TrialConfig {
  ShownCues cues;
  Events us;
  std::optional<int64_t> ticks = {};

  static void fields(auto& self, auto&& field) {
    field("cues", self.cues, "what is shown, and when");
    field("us", self.us, "what happens");
    field("ticks", self.ticks, config::within<int64_t>(1, 4096),
          "its length; default: the schedule's");
  }
};

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
          "trials of the context alone, for each listed trial; default: the schedule's");
    field("order", self.order, "of the trials: shuffled, one type after the other, or in turns");
    field("learn", self.learn, "no: predictions are read and nothing is learned");
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
