#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limbic/config/reader.h"
#include "limbic/curriculum/circuit_factors.h"
#include "limbic/curriculum/condition.h"

namespace limbic::curriculum {

enum class OptimizerStart { kKeep, kReset };
constexpr auto enum_names(OptimizerStart) {
  return std::array{std::pair{"keep", OptimizerStart::kKeep},
                    std::pair{"reset", OptimizerStart::kReset}};
}

enum class OnTimeout { kFail, kAdvance };
constexpr auto enum_names(OnTimeout) {
  return std::array{std::pair{"fail", OnTimeout::kFail}, std::pair{"advance", OnTimeout::kAdvance}};
}

/// The learning rate at a stage's start: `keep`, or `rewarm 200 steps` from 0 to its full value.
struct RateStart {
  int64_t rewarm = 0;  // [steps]

  /// To multiply the learning rate with, in the stage's own steps from 0.
  [[nodiscard]] double at(int64_t step) const;

  static RateStart from(const config::Node& node, config::Reader& reader);
  [[nodiscard]] config::Node dump() const;
  static config::Shape shape();
};

struct OnEnter {
  OptimizerStart optimizer = OptimizerStart::kKeep;
  RateStart learning_rate;

  static void fields(auto& self, auto&& field) {
    field("optimizer", self.optimizer, "keep or reset the moments of the circuits that it trains");
    field("learning_rate", self.learning_rate,
          "keep: what its schedule says, which begins anew at each stage; rewarm 200 steps: that "
          "times a ramp from 0");
  }
};

struct FallBack {
  config::Located to;
  Condition when;
  int64_t at_most = 1;

  static void fields(auto& self, auto&& field) {
    field("to", self.to, config::required, "an earlier stage");
    field("when", self.when, config::required,
          "the condition to fall back on, asked before `until`");
    field("at_most", self.at_most, config::within<int64_t>(1, 1000),
          "how often in a run; after that the condition is ignored");
  }
};

/// All of a stage but its losses: what is learned, on which episodes, and when it is left.
///
/// YAML: an item of `curriculum`.
struct StagePlan {
  config::Located name;
  std::string inherit;            // used up in reading: empty afterwards
  std::vector<std::string> drop;  // likewise
  config::Map<double> episodes;
  CircuitFactors train;
  std::optional<Condition> until;  // always there after reading
  OnEnter on_enter;
  std::optional<config::Steps> at_most;
  OnTimeout on_timeout = OnTimeout::kFail;
  std::optional<FallBack> fall_back;

  static void fields(auto& self, auto&& field) {
    field("stage", self.name, "its name (required)");
    field(
        "inherit", self.inherit,
        "a stage to start from: maps merge key by key; `until`, `when` and `weight` are replaced");
    field("drop", self.drop, "names of inherited losses to leave out");
    field("episodes", self.episodes, config::at_least(0.0),
          "share of each regime; may be left out where the world has only one");
    field("train", self.train,
          "circuits that learn (required), each with a factor on its learning rate; all others are "
          "frozen");
    field("until", self.until, "the condition that ends the stage (required)");
    field("on_enter", self.on_enter, "what happens to the optimizer");
    field("at_most", self.at_most, config::at_least<int64_t>(1),
          "steps after which `on_timeout` applies; 100k steps where it is not given, or none if "
          "`until` has an `after` that surely ends the stage");
    field("on_timeout", self.on_timeout, "fail the run, or advance to the next stage");
    field("fall_back", self.fall_back, "the way back to an earlier stage");
  }
  void check(config::Reader& reader, const config::Node& node) const;

  /// Steps after which `on_timeout` applies; none where `until` surely holds at some step.
  [[nodiscard]] std::optional<int64_t> timeout() const;
  /// The step by which it is over whatever is measured.
  [[nodiscard]] int64_t sure_end() const;
  /// Share of each of the world's regimes; they sum to 1.
  [[nodiscard]] std::map<std::string, double> shares(const std::vector<std::string>& regimes) const;
};

}  // namespace limbic::curriculum
