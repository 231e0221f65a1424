#include "limbic/curriculum/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "limbic/config/reader.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::curriculum {
namespace {

using Form = Schedule::Form;

constexpr std::array kForms = {
    std::pair{"linear", Form::kLinear},
    std::pair{"cosine", Form::kCosine},
    std::pair{"exponential", Form::kExponential},
};
constexpr const char* kWarmup = "warmup";

double value_of(const Schedule::Ramp& ramp, int64_t step) {
  const double progress = static_cast<double>(step - ramp.after) / static_cast<double>(ramp.over);
  if (ramp.form == Form::kConstant || progress <= 0.0) return ramp.from;
  if (progress >= 1.0) return ramp.to;
  switch (ramp.form) {
    case Form::kCosine:
      return ramp.to + (ramp.from - ramp.to) * (1.0 + std::cos(std::numbers::pi * progress)) / 2.0;
    case Form::kExponential:
      return ramp.from * std::pow(ramp.to / ramp.from, progress);
    default:
      return ramp.from + (ramp.to - ramp.from) * progress;
  }
}

}  // namespace

double Schedule::at(int64_t step) const {
  if (step >= warmup_) return value_of(ramp_, step - warmup_);
  return ramp_.from * (static_cast<double>(step + 1) / static_cast<double>(warmup_));
}

config::Range Schedule::bounds() const {
  const auto [low, high] = std::minmax({ramp_.from, ramp_.to, at(0)});
  return config::within(low, high);
}

bool Schedule::is_constant() const { return ramp_.form == Form::kConstant && warmup_ == 0; }

bool operator==(const Schedule& a, const Schedule& b) { return config::dump(a) == config::dump(b); }

bool is_schedule(const config::Node& node) {
  return node.find(kWarmup) != nullptr || std::ranges::any_of(kForms, [&](const auto& form) {
           return node.find(form.first) != nullptr;
         });
}

}  // namespace limbic::curriculum

namespace limbic::config {
namespace {

using curriculum::Schedule;

struct RampFields {
  double from = 1.0;
  double to = 1.0;
  Steps over;
  Steps after;

  static void fields(auto& self, auto&& field) {
    field("from", self.from, required, "value at the start");
    field("to", self.to, required, "value at the end, and from then on");
    field("over", self.over, required, at_least<int64_t>(1), "how long the way takes");
    field("after", self.after, at_least<int64_t>(0), "steps before it starts");
  }
};

struct WarmupFields {
  Steps warmup;
  Schedule then{};

  static void fields(auto& self, auto&& field) {
    field("warmup", self.warmup, required, at_least<int64_t>(1), "steps to rise from 0");
    field("then", self.then, required, "the number or schedule that follows");
  }
  void check(Reader& reader, const Node& node) const {
    if (then.warmup() > 0) reader.problem(node.find("then")->mark, "a 'warmup' within a 'warmup'");
  }
};

std::optional<Schedule> read_warmup(const Node& node, Reader& reader) {
  WarmupFields read;
  if (!reader.read(node, read)) return std::nullopt;
  return Schedule(read.then.ramp(), read.warmup.count);
}

std::optional<Schedule::Form> form_named(const Entry& entry, Reader& reader) {
  std::vector<std::string_view> names;
  for (const auto& [name, form] : curriculum::kForms) {
    if (entry.key == name) return form;
    names.emplace_back(name);
  }
  names.emplace_back(curriculum::kWarmup);
  reader.problem(entry.key_mark,
                 concat("unknown schedule ", quoted(entry.key), did_you_mean(entry.key, names)));
  return std::nullopt;
}

std::optional<Schedule> read_ramp(const Entry& entry, Reader& reader) {
  const auto form = form_named(entry, reader);
  RampFields read;
  if (!form || !reader.read(entry.value, read, entry.key)) return std::nullopt;
  if (*form == Schedule::Form::kExponential && !(read.from > 0.0 && read.to > 0.0)) {
    reader.problem(entry.value.mark, "an exponential schedule needs 'from' and 'to' above 0");
    return std::nullopt;
  }
  return Schedule(Schedule::Ramp{*form, read.from, read.to, read.over.count, read.after.count});
}

std::optional<Schedule> read_schedule(const Node& node, Reader& reader, const Facts& facts) {
  if (node.kind == Node::Kind::kScalar) {
    double value = 0.0;
    return reader.read(node, value, Facts{.key = facts.key}) ? std::optional(Schedule(value))
                                                             : std::nullopt;
  }
  if (node.find(curriculum::kWarmup) != nullptr) return read_warmup(node, reader);
  if (node.kind == Node::Kind::kMap && node.entries.size() == 1) {
    return read_ramp(node.entries.front(), reader);
  }
  reader.expected("a number or a schedule", node, facts,
                  "; write for example {cosine: {from: 1.0, to: 0.3, over: 2k steps}}");
  return std::nullopt;
}

}  // namespace

void Codec<Schedule>::read(const Node& node, Reader& reader, Schedule& value, const Facts& facts) {
  const auto schedule = read_schedule(node, reader, facts);
  if (!schedule) return;
  const Range bounds = schedule->bounds();
  if (!facts.range || (facts.range->contains(bounds.low) && facts.range->contains(bounds.high))) {
    value = *schedule;
    return;
  }
  const std::string values =
      schedule->is_constant()
          ? ", got " + node.text
          : concat(", this schedule goes from ", static_cast<double>(bounds.low), " to ",
                   static_cast<double>(bounds.high));
  reader.problem(node.mark, concat(facts.key, " must be ", facts.range->text(), values));
}

Node Codec<Schedule>::dump(const Schedule& value) {
  const Schedule::Ramp& ramp = value.ramp();
  Node node = dump_leaf(ramp.from);
  for (const auto& [name, form] : curriculum::kForms) {
    if (form != ramp.form) continue;
    const RampFields fields{ramp.from, ramp.to, {ramp.over}, {ramp.after}};
    node = Node::map({Entry{name, {}, config::dump(fields)}});
  }
  if (value.warmup() == 0) return node;
  return Node::map({Entry{curriculum::kWarmup, {}, dump_count(value.warmup(), Steps::kUnit)},
                    Entry{"then", {}, std::move(node)}});
}

void Codec<Schedule>::describe(Describer& describer, Description& description, const Schedule&) {
  description.shape = {"number or schedule", R"({"type": ["number", "object"]})"};
  if (!describer.enter(typeid(Schedule))) return;
  description.form = Description::Form::kForms;
  Description& number = description.children.emplace_back();
  number.shape = leaf_shape(double{});
  number.range = description.range;
  for (const auto& [name, form] : curriculum::kForms) {
    Description ramp = described<RampFields>(describer);
    ramp.key = name;
    ramp.help = "from one value to another on a way of this form";
    ramp.is_required = true;
    Description& map = description.children.emplace_back();
    map.form = Description::Form::kStruct;
    map.children = {std::move(ramp)};
  }
  description.children.push_back(described<WarmupFields>(describer));
  describer.leave();
}

}  // namespace limbic::config
