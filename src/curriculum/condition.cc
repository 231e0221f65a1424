#include "limbic/curriculum/condition.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/suggest.h"

namespace limbic::curriculum {
namespace {

using config::Node;
using config::Reader;
using Kind = Condition::Kind;

/// The keys that say what kind of condition a map is.
constexpr std::array<std::string_view, 5> kKinds = {"any", "all", "metric", "plateau", "after"};

struct ThresholdFields {
  config::Located metric;
  std::optional<double> below, above;
  config::Evals for_evals;

  static void fields(auto& self, auto&& field) {
    field("metric", self.metric, config::required, "what is measured");
    field("below", self.below, "holds while the metric is below this");
    field("above", self.above, "holds while the metric is above this");
    field("for", self.for_evals, config::required, config::at_least<int64_t>(1),
          "so often in a row");
  }
  void check(Reader& reader, const Node& node) const {
    if (below && above) {
      reader.problem(
          node.mark,
          "both 'below' and 'above'; write two conditions within {all: [...]} or {any: [...]}");
    } else if (!below && !above) {
      reader.problem(node.mark, "missing key 'below' or 'above'");
    }
  }
};

struct PlateauFields {
  config::Located plateau;
  config::Evals patience;
  double min_delta = 0.0;
  std::optional<config::Direction> direction = {};

  static void fields(auto& self, auto&& field) {
    field("plateau", self.plateau, config::required, "the metric that no longer gets better");
    field("patience", self.patience, config::required, config::at_least<int64_t>(1),
          "so often in a row");
    field("min_delta", self.min_delta, config::at_least(0.0),
          "what counts as better [the metric's unit]");
    field("direction", self.direction,
          "which is better; default: what the metric's eval says, if it says");
  }
};

struct AfterFields {
  config::Steps after;

  static void fields(auto& self, auto&& field) {
    field("after", self.after, config::required, config::at_least<int64_t>(1),
          "steps in the stage");
  }
};

struct AnyFields {
  std::vector<Condition> any;
  static void fields(auto& self, auto&& field) {
    field("any", self.any, config::required, "one of them must hold");
  }
};

struct AllFields {
  std::vector<Condition> all;
  static void fields(auto& self, auto&& field) {
    field("all", self.all, config::required, "each of them must hold");
  }
};

template <class Fields>
Fields read_fields(const Node& node, Reader& reader) {
  Fields fields;
  reader.read(node, fields);
  return fields;
}

Condition group(Kind kind, std::vector<Condition> parts, const Node& node, Reader& reader) {
  const std::string_view key = kKinds[kind == Kind::kAny ? 0 : 1];
  const Node* list = node.find(key);
  if (list->kind == Node::Kind::kSequence && list->items.empty()) {
    reader.problem(list->mark, concat("an empty '", key, "' says nothing"));
  }
  return {.kind = kind, .parts = std::move(parts)};
}

Condition threshold_of(ThresholdFields read) {
  return {.kind = read.below ? Kind::kBelow : Kind::kAbove,
          .metric = std::move(read.metric),
          .threshold = read.below ? *read.below : read.above.value_or(0.0),
          .window = read.for_evals.count};
}

Condition plateau_of(PlateauFields read) {
  return {.kind = Kind::kPlateau,
          .metric = std::move(read.plateau),
          .min_delta = read.min_delta,
          .direction = read.direction,
          .window = read.patience.count};
}

/// The one key that says what kind of condition it is; a problem where there is none, or two.
std::optional<std::string_view> kind_of(const Node& node, Reader& reader) {
  std::optional<std::string_view> found;
  for (const config::Entry& entry : node.entries) {
    for (const std::string_view kind : kKinds) {
      if (entry.key != kind) continue;
      if (found) {
        reader.problem(entry.key_mark,
                       concat("both '", *found, "' and '", kind,
                              "' in one condition; write two within {all: [...]} or {any: [...]}"));
        return std::nullopt;
      }
      found = kind;
    }
  }
  if (found) return found;
  const std::vector<std::string_view> known(kKinds.begin(), kKinds.end());
  for (const config::Entry& entry : node.entries) {
    if (!nearest_word(entry.key, known)) continue;
    reader.problem(entry.key_mark,
                   concat("unknown key ", quoted(entry.key), did_you_mean(entry.key, known)));
    return std::nullopt;
  }
  reader.expected("a condition", node, {}, "; known keys: any, all, metric, plateau, after");
  return std::nullopt;
}

std::string evals_text(int64_t count) {
  return config::dump_count(count, config::Evals::kUnit).text;
}

std::string exact(double value) { return config::dump_leaf(value).text; }

std::string plateau_text(const Condition& condition) {
  const std::string way = condition.direction ? name_of(*condition.direction) : "better";
  const std::string by = condition.min_delta > 0.0 ? " by " + exact(condition.min_delta) : "";
  return concat(condition.metric.text, " not ", way, by, " in ", evals_text(condition.window));
}

std::string joined_parts(const Condition& condition) {
  std::string result;
  for (const Condition& part : condition.parts) {
    if (!result.empty()) result += condition.kind == Kind::kAny ? " or " : " and ";
    result += part.is_leaf() ? part.text() : concat("(", part.text(), ")");
  }
  return result;
}

Node list_of(const std::vector<Condition>& parts) {
  std::vector<Node> items;
  for (const Condition& part : parts) items.push_back(part.dump());
  return Node::sequence(std::move(items));
}

}  // namespace

Condition Condition::from(const Node& node, Reader& reader) {
  if (node.kind != Node::Kind::kMap) {
    reader.expected("a condition", node, {}, "; write for example {after: 4k steps}");
    return {};
  }
  const auto found = kind_of(node, reader);
  if (!found) return {};
  if (*found == "any") {
    return group(Kind::kAny, read_fields<AnyFields>(node, reader).any, node, reader);
  }
  if (*found == "all") {
    return group(Kind::kAll, read_fields<AllFields>(node, reader).all, node, reader);
  }
  if (*found == "metric") return threshold_of(read_fields<ThresholdFields>(node, reader));
  if (*found == "plateau") return plateau_of(read_fields<PlateauFields>(node, reader));
  return {.kind = Kind::kAfter, .window = read_fields<AfterFields>(node, reader).after.count};
}

Node Condition::dump() const {
  switch (kind) {
    case Kind::kAny:
      return Node::map({{"any", {}, list_of(parts)}});
    case Kind::kAll:
      return Node::map({{"all", {}, list_of(parts)}});
    case Kind::kPlateau:
      return config::dump(PlateauFields{metric, {window}, min_delta, direction});
    case Kind::kAfter:
      return config::dump(AfterFields{{window}});
    default:
      return Node::map({{"metric", {}, config::dump(metric)},
                        {kind == Kind::kBelow ? "below" : "above", {}, config::dump(threshold)},
                        {"for", {}, config::dump(config::Evals{window})}});
  }
}

config::Shape Condition::shape() {
  return {
      .type = "condition",
      .schema =
          R"({"type": "object", "properties": {"any": {"type": "array"}, "all": )"
          R"({"type": "array"}, "metric": {"type": "string"}, "below": )"
          R"({"type": "number"}, "above": {"type": "number"}, "for": {"type": "string"}, )"
          R"("plateau": {"type": "string"}, "patience": {"type": "string"}, )"
          R"("min_delta": {"type": "number"}, "direction": {"enum": ["lower", "higher", null]}, )"
          R"("after": {"type": "string"}}, "additionalProperties": false})"};
}

std::vector<config::Description> Condition::forms(config::Describer& describer) {
  return {config::described<AfterFields>(describer), config::described<ThresholdFields>(describer),
          config::described<PlateauFields>(describer), config::described<AnyFields>(describer),
          config::described<AllFields>(describer)};
}

std::string Condition::text() const {
  switch (kind) {
    case Kind::kBelow:
      return concat(metric.text, " below ", exact(threshold), " for ", evals_text(window));
    case Kind::kAbove:
      return concat(metric.text, " above ", exact(threshold), " for ", evals_text(window));
    case Kind::kPlateau:
      return plateau_text(*this);
    case Kind::kAfter:
      return "after " + steps_text(window);
    default:
      return joined_parts(*this);
  }
}

bool is_condition(const Node& node) {
  return std::ranges::any_of(kKinds, [&](auto kind) { return node.find(kind) != nullptr; });
}

std::vector<const Condition*> leaves(const Condition& condition) {
  if (condition.is_leaf()) return {&condition};
  std::vector<const Condition*> found;
  for (const Condition& part : condition.parts) {
    const auto below = leaves(part);
    found.insert(found.end(), below.begin(), below.end());
  }
  return found;
}

std::string steps_text(int64_t count) {
  return config::dump_count(count, config::Steps::kUnit).text;
}

std::string number_text(double value) {
  constexpr double kExact = 1e15;  // below it a double holds every whole number
  const bool is_count = std::abs(value) < kExact && value == std::trunc(value);
  return number_words(value, is_count ? "%.0f" : "%.4g");
}

}  // namespace limbic::curriculum
