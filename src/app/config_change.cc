#include "limbic/app/config_change.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "limbic/core/error.h"

namespace limbic::app {

using config::Node;

namespace {

constexpr std::array<std::string_view, 7> kFixed = {
    "seed", "world", "cortex", "steering", "amygdala", "circuits", "optimizer.ema_decay"};
constexpr size_t kMostListed = 12;

bool is_or_is_in(std::string_view key, std::string_view part) {
  return key == part || (key.starts_with(part) && key[part.size()] == '.');
}

bool is_fixed(std::string_view key) {
  return std::ranges::any_of(kFixed, [&](std::string_view part) { return is_or_is_in(key, part); });
}

// Whether two maps have the same keys, but not in one order.
bool is_another_order(const Node& was, const Node& is) {
  const bool has_the_same = std::ranges::is_permutation(was.entries, is.entries, {},
                                                        &config::Entry::key, &config::Entry::key);
  return has_the_same &&
         !std::ranges::equal(was.entries, is.entries, {}, &config::Entry::key, &config::Entry::key);
}

// An order means nothing but in what is fixed: assessors, say, are numbered by it.
void collect(const Node& was, const Node& is, const std::string& path,
             std::vector<std::string>& keys) {
  if (was == is) return;
  if (was.kind != Node::Kind::kMap || is.kind != Node::Kind::kMap) {
    keys.push_back(path);
    return;
  }
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  const Node none;
  for (const auto& entry : was.entries) {
    const Node* const other = is.find(entry.key);
    collect(entry.value, other ? *other : none, below(entry.key), keys);
  }
  for (const auto& entry : is.entries) {
    if (was.find(entry.key) == nullptr) keys.push_back(below(entry.key));
  }
  if (is_fixed(path) && is_another_order(was, is)) keys.push_back(path);
}

bool begins_with(const std::vector<std::string>& longer, const std::vector<std::string>& shorter) {
  return longer.size() >= shorter.size() &&
         std::equal(shorter.begin(), shorter.end(), longer.begin());
}

}  // namespace

std::vector<std::string> stage_names(const Node& config) {
  std::vector<std::string> names;
  const Node* const curriculum = config.find("curriculum");
  if (curriculum == nullptr) return names;
  for (const Node& stage : curriculum->items) {
    const Node* const name = stage.find("stage");
    names.push_back(name ? name->text : "");
  }
  return names;
}

ConfigChange compare_configs(const Node& was, const Node& is) {
  ConfigChange change;
  collect(was, is, "", change.keys);
  const bool keeps_stages = begins_with(stage_names(is), stage_names(was));
  for (const std::string& key : change.keys) {
    if (is_fixed(key) || (key == "curriculum" && !keeps_stages)) change.fixed.push_back(key);
  }
  return change;
}

std::string listed(const std::vector<std::string>& keys) {
  std::string text;
  for (size_t i = 0; i < std::min(keys.size(), kMostListed); ++i) {
    text += (i > 0 ? ", " : "") + keys[i];
  }
  if (keys.size() > kMostListed) text += concat(" and ", keys.size() - kMostListed, " more");
  return text;
}

}  // namespace limbic::app
