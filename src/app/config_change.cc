#include "limbic/app/config_change.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "limbic/app/parts.h"
#include "limbic/config/differences.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/evals/eval.h"
#include "limbic/training/origin.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

using config::Node;

namespace {

constexpr std::array<std::string_view, 6> kFixed = {"seed",     "world",    "cortex",
                                                    "steering", "amygdala", "circuits"};
constexpr std::array<std::string_view, 2> kData = {
    "world.file", "world.data"};  // may move: what they say is compared
constexpr std::string_view kAverage = "optimizer.ema_decay";
constexpr size_t kMostListed = 12;

bool is_or_is_in(std::string_view key, std::string_view part) {
  return key == part || (key.starts_with(part) && key[part.size()] == '.');
}

bool is_in_any(std::string_view key, std::span<const std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return is_or_is_in(key, part); });
}

bool is_fixed(std::string_view key) { return is_in_any(key, kFixed) && !is_in_any(key, kData); }

// Whether checkpoints hold a moving average of the weights.
bool keeps_average(const Node& config) {
  const Node* const optimizer = config.find("optimizer");
  const Node* const decay = optimizer ? optimizer->find("ema_decay") : nullptr;
  return decay && std::stod(decay->text) > 0;
}

// An order means nothing but in what is fixed: assessors, say, are numbered by it.
bool is_no_change(const config::Difference& found) {
  const auto is_map = [](const Node* node) { return node && node->kind == Node::Kind::kMap; };
  return is_map(found.a) && is_map(found.b) && !is_fixed(found.path);
}

// What stands where a stage was that has begun; nothing where they all stay.
std::string other_stage(const Node& was, const Node& is, int64_t num_begun) {
  const auto before = stage_names(was), now = stage_names(is);
  for (size_t i = 0; i < std::min<size_t>(num_begun, before.size()); ++i) {
    const bool is_there = i < now.size();
    if (is_there && now[i] == before[i]) continue;
    return concat("has begun stage ", quoted(before[i]), ", in whose place this config has ",
                  is_there ? quoted(now[i]) : "none");
  }
  return {};
}

// Those before the present one of which something differs.
std::vector<std::string> changed_before(const Node& was, const Node& is, int64_t present) {
  std::vector<std::string> changed;
  const auto names = stage_names(was);
  const auto& before = was.find("curriculum")->items;
  const auto& now = is.find("curriculum")->items;
  const size_t num_past = std::min({static_cast<size_t>(present), before.size(), now.size()});
  for (size_t i = 0; i < num_past; ++i) {
    if (!(before[i] == now[i])) changed.push_back(quoted(names[i]));
  }
  return changed;
}

// Up to the last that a run has been in: it may have fallen back from that. If no step was taken of
// that one, another of the `num_stages` that there are now may stand in its place.
int64_t num_stages_begun(const training::RunState& state, int64_t num_stages) {
  const curriculum::State& now = state.curriculum;
  const auto been_in = [](int64_t visits) { return visits > 0; };
  const auto last = std::ranges::find_if(now.visits.rbegin(), now.visits.rend(), been_in);
  const int64_t num_entered = now.visits.rend() - last;
  const bool is_only_entered =
      num_entered == now.stage + 1 && *last == 1 && now.entered_at == state.step;
  return is_only_entered && now.stage < num_stages ? num_entered - 1 : num_entered;
}

// Where the eval of a metric, eval/NAME or eval/NAME.KEY, stands in a config.
std::string eval_key(std::string_view metric) {
  const std::string_view name = metric.substr(evals::metric_name("", "").size());
  return concat("evals.", name.substr(0, name.find('.')));
}

bool touch_metric(const std::vector<std::string>& keys, std::string_view metric) {
  const std::string eval = eval_key(metric);
  return std::ranges::any_of(
      keys, [&](const std::string& key) { return key == "evals" || is_or_is_in(key, eval); });
}

bool touch_conditions(const std::vector<std::string>& keys, const curriculum::StagePlan& stage) {
  const auto touch_leaf = [&](const curriculum::Condition* leaf) {
    return leaf->kind != curriculum::Condition::Kind::kAfter &&
           touch_metric(keys, leaf->metric.text);
  };
  const auto touch = [&](const curriculum::Condition& condition) {
    return std::ranges::any_of(curriculum::leaves(condition), touch_leaf);
  };
  const auto is_of_curriculum = [](const std::string& key) {
    return is_or_is_in(key, "curriculum");
  };
  return std::ranges::any_of(keys, is_of_curriculum) || touch(*stage.until) ||
         (stage.fall_back && touch(stage.fall_back->when));
}

bool touch_best(const std::vector<std::string>& keys,
                const std::optional<training::BestConfig>& best) {
  const auto is_of_rule = [](const std::string& key) {
    return is_or_is_in(key, "checkpoints.best");
  };
  if (std::ranges::any_of(keys, is_of_rule)) return true;
  if (!best) return false;
  const std::string eval = eval_key(best->of.text);
  std::vector<std::string> measured = keys;  // when, is no matter of how
  std::erase_if(measured, [&](const std::string& key) {
    return key == eval + ".every" || key == eval + ".at_start";
  });
  return touch_metric(measured, best->of.text);
}

// Its checkpoint is a copy then, until the run goes on by a config of its own.
bool was_just_forked_at(const training::RunPaths& paths, int64_t step) {
  const training::CheckpointStore store(paths.checkpoints());
  return exists(paths.origin()) && store.list().back() == step &&
         training::parse_origin(read_file(paths.origin()), paths.origin()).step == step;
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

std::vector<std::string> ConfigChange::keys() const {
  std::vector<std::string> all;
  for (const curriculum::ChangedValue& value : values) all.push_back(value.key);
  return all;
}

bool ConfigChange::moves_data() const {
  const auto is_of_data = [](const std::string& key) { return is_in_any(key, kData); };
  return !empty() && std::ranges::all_of(keys(), is_of_data);
}

ConfigChange compare_configs(const Node& was, const Node& is, int64_t num_begun) {
  auto found = config::differences(was, is, config::Depth::kValues);
  std::erase_if(found, is_no_change);
  ConfigChange change{.values = curriculum::changed_values(found), .fixed = {}};
  std::ranges::copy_if(change.keys(), std::back_inserter(change.fixed), is_fixed);
  if (keeps_average(was) != keeps_average(is)) change.fixed.emplace_back(kAverage);
  change.stages = other_stage(was, is, num_begun);
  return change;
}

ConfigChange compare_configs(const std::string& was, const std::string& file, const std::string& is,
                             const training::RunState& state) {
  const auto config = config::parse<RunConfig>(was, file, parts());
  const Node before = config::dump(config);
  const Node now = config::parse_yaml(is, "config");
  const int64_t num_begun = num_stages_begun(state, std::ssize(stage_names(now)));
  ConfigChange change = compare_configs(before, now, num_begun);
  if (change.stages.empty())
    change.past_stages = changed_before(before, now, state.curriculum.stage);
  const std::vector<std::string> keys = change.keys();
  const auto& stages = config.curriculum.stages;
  const auto present = static_cast<size_t>(state.curriculum.stage);
  change.touches_conditions =
      present >= stages.size() ||  // of a fork whose config.yaml was cut by hand
      touch_conditions(keys, stages[present].plan);
  change.touches_best = touch_best(keys, config.checkpoints.best);
  return change;
}

ConfigChange change_since(const training::Snapshot& snapshot, const std::string& is,
                          const training::RunState& state) {
  return compare_configs(snapshot.config_yaml, snapshot.directory + "/config.yaml", is, state);
}

void warn_of_past_stages(const ConfigChange& change, const std::string& run) {
  if (change.past_stages.empty()) return;
  log::warn(run, ": stage ", listed(change.past_stages),
            " is over: what has changed there counts only if the run falls back to it");
}

ConfigText config_at(const std::string& run, const training::Snapshot& snapshot) {
  const training::RunPaths paths{run};
  if (was_just_forked_at(paths, snapshot.step)) return {read_file(paths.config()), paths.config()};
  return {snapshot.config_yaml, snapshot.directory + "/config.yaml"};
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
