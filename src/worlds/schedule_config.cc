#include "limbic/worlds/schedule_config.h"

#include <algorithm>
#include <utility>

#include "limbic/core/suggest.h"

namespace limbic::worlds {

using config::Node;
using config::Reader;

namespace {

constexpr long double kLastTick = 4095;
constexpr config::Range kMagnitudes{.low = -1e6, .high = 1e6};

config::Facts tick_facts() {
  return {.key = "tick", .range = config::Range{.low = 0, .high = kLastTick}};
}

Node located(const config::Located& name) { return Node::word(name.text); }

config::Description magnitude() {
  config::Description number;
  number.shape = config::leaf_shape(double{});
  number.range = kMagnitudes;
  return number;
}

}  // namespace

Window Window::from(const Node& node, Reader& reader) {
  Window window;
  if (node.kind == Node::Kind::kSequence && node.items.size() == 2) {
    const bool begins = reader.read(node.items[0], window.first, tick_facts());
    const bool ends = reader.read(node.items[1], window.last, tick_facts());
    if (begins && ends && window.last < window.first)
      reader.problem(node.mark, "ends before it begins");
  } else if (node.kind == Node::Kind::kScalar) {
    reader.read(node, window.first, tick_facts());
    window.last = window.first;
  } else {
    reader.problem(node.mark, "expected a tick, or [first, last], got " + node.described());
  }
  return window;
}

Node Window::dump() const {
  const auto tick = [](int64_t t) { return Node::scalar(std::to_string(t)); };
  return first == last ? tick(first) : Node::sequence({tick(first), tick(last)});
}

ShownCues ShownCues::from(const Node& node, Reader& reader) {
  ShownCues cues;
  if (node.kind == Node::Kind::kSequence) {
    for (const Node& item : node.items) {
      config::Located name;
      if (reader.read(item, name, "cue")) cues.shown.push_back({name, std::nullopt});
    }
  } else if (node.kind == Node::Kind::kMap) {
    for (const config::Entry& entry : node.entries) {
      Window window;
      reader.read(entry.value, window, entry.key);
      cues.shown.push_back({{entry.key, entry.key_mark}, window});
    }
  } else {
    reader.problem(node.mark,
                   "expected a list of cues, or a map of cue to window, got " + node.described());
  }
  return cues;
}

Node ShownCues::dump() const {
  const bool have_windows =
      std::ranges::any_of(shown, [](const Shown& s) { return s.window.has_value(); });
  std::vector<Node> items;
  std::vector<config::Entry> entries;
  for (const Shown& each : shown) {
    if (have_windows)
      entries.push_back({each.name.text, {}, each.window ? each.window->dump() : Node{}});
    else
      items.push_back(located(each.name));
  }
  return have_windows ? Node::map(std::move(entries)) : Node::sequence(std::move(items));
}

Events Events::from(const Node& node, Reader& reader) {
  Events all;
  const auto read_event = [&](const Node& value, const std::string& key) {
    EventConfig event;
    if (value.kind == Node::Kind::kMap)
      reader.read(value, event, key);
    else
      reader.read(value, event.magnitude, {.key = key, .range = kMagnitudes});
    return event;
  };
  if (node.kind == Node::Kind::kMap) {
    for (const config::Entry& entry : node.entries)
      all.events.push_back({{entry.key, entry.key_mark}, read_event(entry.value, entry.key)});
  } else if (node.kind == Node::Kind::kScalar) {
    all.events.push_back({{"", node.mark}, read_event(node, "us")});
  } else {
    reader.problem(node.mark,
                   "expected a number, or a map of US to number or event, got " + node.described());
  }
  return all;
}

std::vector<config::Description> Events::forms(config::Describer& describer) {
  config::Description event;
  event.form = config::Description::Form::kForms;
  event.shape.type = "number or event";
  event.children = {magnitude(), config::described<EventConfig>(describer)};
  config::Description by_name;
  by_name.form = config::Description::Form::kMap;
  by_name.children = {std::move(event)};
  return {magnitude(), std::move(by_name)};
}

Node Events::dump() const {
  if (events.size() == 1 && events[0].name.text.empty())
    return config::dump(events[0].event.magnitude);
  std::vector<config::Entry> entries;
  for (const Named& each : events)
    entries.push_back({each.name.text, {}, config::dump(each.event)});
  return Node::map(std::move(entries));
}

void ScheduleConfig::check(Reader& reader, const Node& node) const {
  if (cues.empty() && lines.empty())
    reader.problem(node.mark, "a schedule needs 'cues' or 'lines'");
  if (phases.empty() == groups.empty()) {
    reader.problem(node.mark, phases.empty() ? "a schedule needs 'phases', or 'groups' of phases"
                                             : "a schedule has 'phases' or 'groups', not both");
  }
}

}  // namespace limbic::worlds
