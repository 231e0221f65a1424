#include "limbic/curriculum/stage_plan.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "limbic/curriculum/schedule.h"

namespace limbic::curriculum {
namespace {

constexpr int64_t kDefaultTimeout = 100'000;
constexpr std::string_view kRewarm = "rewarm ";

/// The step by which it holds whatever is measured, if there is one.
std::optional<int64_t> surely_holds_at(const Condition& condition) {
  if (condition.kind == Condition::Kind::kAfter) return condition.window;
  if (condition.is_leaf()) return std::nullopt;
  const bool is_any = condition.kind == Condition::Kind::kAny;
  std::optional<int64_t> step;
  for (const Condition& part : condition.parts) {
    const auto at = surely_holds_at(part);
    if (!at && !is_any) return std::nullopt;
    if (!at) continue;
    if (!step) {
      step = at;
    } else {
      step = is_any ? std::min(*step, *at) : std::max(*step, *at);
    }
  }
  return step;
}

}  // namespace

double RateStart::at(int64_t step) const { return Schedule(Schedule::Ramp{}, rewarm).at(step); }

RateStart RateStart::from(const config::Node& node, config::Reader& reader) {
  if (node.text == "keep") return {};
  if (!node.text.starts_with(kRewarm)) {
    reader.expected("'keep' or for example 'rewarm 200 steps'", node, {});
    return {};
  }
  config::Node count = node;
  count.text.erase(0, kRewarm.size());
  config::Steps steps;
  reader.read(count, steps, config::Facts{.key = "rewarm", .range = config::at_least<int64_t>(1)});
  return {steps.count};
}

config::Node RateStart::dump() const {
  return config::Node::word(rewarm == 0 ? "keep" : std::string(kRewarm) + steps_text(rewarm));
}

config::Shape RateStart::shape() {
  return {.type = "keep, or as 'rewarm 200 steps'",
          .schema = R"({"type": "string", "pattern": "^(keep|rewarm .*)$"})"};
}

void StagePlan::check(config::Reader& reader, const config::Node& node) const {
  const bool all_zero = std::all_of(episodes.begin(), episodes.end(),
                                    [](const auto& share) { return share.value == 0.0; });
  if (all_zero && !episodes.empty()) {
    reader.problem(node.find("episodes")->mark, "every share of 'episodes' is 0");
  }
}

std::optional<int64_t> StagePlan::timeout() const {
  if (at_most) return at_most->count;
  if (surely_holds_at(*until)) return std::nullopt;
  return kDefaultTimeout;
}

int64_t StagePlan::sure_end() const {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  return std::min(surely_holds_at(*until).value_or(kNever), timeout().value_or(kNever));
}

std::map<std::string, double> StagePlan::shares(const std::vector<std::string>& regimes) const {
  if (episodes.empty()) return {{regimes.front(), 1.0}};
  double sum = 0.0;
  for (const auto& share : episodes) sum += share.value;
  std::map<std::string, double> result;
  for (const auto& share : episodes) result[share.key] = share.value / sum;
  return result;
}

}  // namespace limbic::curriculum
