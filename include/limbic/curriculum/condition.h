#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limbic/config/reader.h"
#include "limbic/config/reported.h"

namespace limbic::curriculum {

/// When to leave a stage: a tree over measured metrics and steps. In YAML
///   {any: [...]}   {all: [...]}
///   {metric: eval/predict, below: 0.7, for: 3 evals}             or above
///   {plateau: eval/predict, patience: 5 evals, min_delta: 0.01}  and direction: lower or higher
///   {after: 4k steps}
///
///   below, above  holds while each of the last `for` evaluations of the metric was there
///   plateau       holds once `patience` evaluations in a row did not better the best one by more
///                 than min_delta
///   after         holds from that many steps in the stage on
///
/// Units   evals: evaluations of the metric in question since the stage was entered.
struct Condition {
  enum class Kind { kAny, kAll, kBelow, kAbove, kPlateau, kAfter };

  Kind kind = Kind::kAny;
  std::vector<Condition> parts = {};                // kAny, kAll
  config::Located metric = {};                      // kBelow, kAbove, kPlateau
  double threshold = 0.0;                           // kBelow, kAbove
  double min_delta = 0.0;                           // kPlateau
  std::optional<config::Direction> direction = {};  // kPlateau; none: its metric's own
  int64_t window = 0;                               // [evals]; kAfter: [steps]

  [[nodiscard]] bool is_leaf() const { return kind != Kind::kAny && kind != Kind::kAll; }
  /// "eval/predict below 0.7 for 3 evals".
  [[nodiscard]] std::string text() const;

  static Condition from(const config::Node& node, config::Reader& reader);
  [[nodiscard]] config::Node dump() const;
  static config::Shape shape();
  static std::vector<config::Description> forms(config::Describer& describer);
};

/// Whether a map has a key by which it is a condition, sound or not.
bool is_condition(const config::Node& node);

/// The conditions without parts of their own, in the order in which they were written.
std::vector<const Condition*> leaves(const Condition& condition);

/// "1 step", "200 steps", "4k steps".
std::string steps_text(int64_t count);
/// A whole number as it is, any other by 4 significant digits; exactly: see config::dump.
std::string number_text(double value);

}  // namespace limbic::curriculum
