#include "limbic/curriculum/merge.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "limbic/curriculum/condition.h"
#include "limbic/curriculum/schedule.h"

namespace limbic::curriculum {
namespace {

using config::Node;

// By the key alone it might be somebody's own name: a column may be called 'weight'.
bool is_condition_or_schedule(std::string_view key, const Node& value) {
  constexpr std::array<std::string_view, 4> kKeys = {"until", "when", "weight", "learning_rate"};
  return std::ranges::find(kKeys, key) != kKeys.end() &&
         (is_condition(value) || is_schedule(value));
}

}  // namespace

Node merged(const Node& base, const Node& over) {
  return config::merged(base, over, is_condition_or_schedule);
}

}  // namespace limbic::curriculum
