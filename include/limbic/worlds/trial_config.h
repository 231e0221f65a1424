#pragma once

#include <array>
#include <cstdint>
#include <optional>
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
  static std::vector<config::Description> forms(config::Describer& describer);
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

}  // namespace limbic::worlds
