#include "limbic/curriculum/merge.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "limbic/core/error.h"

namespace limbic::curriculum {
namespace {

using config::parse_yaml;

std::string laid_over(const std::string& base, const std::string& over) {
  return config::to_flow_yaml(merged(parse_yaml(base, "base.yaml"), parse_yaml(over, "over.yaml")));
}

// Each laid over each under a key leaves nothing of what was below.
void expect_replaced_whole(const std::string& key, const std::vector<std::string>& values) {
  for (const std::string& base : values) {
    for (const std::string& over : values) {
      EXPECT_EQ(laid_over(concat(key, ": ", base), concat(key, ": ", over)),
                concat("{", key, ": ", over, "}"));
    }
  }
}

TEST(MergeTest, AConditionOfAnyKindIsReplacedWhole) {
  for (const char* key : {"until", "when"}) {
    expect_replaced_whole(key, {"{any: [{after: 1 step}, {after: 2 steps}]}",
                                "{all: [{after: 3 steps}]}", "{metric: m, below: 1, for: 1 eval}",
                                "{plateau: m, patience: 2 evals}", "{after: 4 steps}"});
  }
}

TEST(MergeTest, AScheduleOfAnyFormIsReplacedWhole) {
  for (const char* key : {"weight", "learning_rate"}) {
    expect_replaced_whole(
        key, {"{linear: {from: 1, to: 2, over: 3 steps}}", "{cosine: {from: 4, to: 5}}",
              "{exponential: {from: 6, to: 7}}", "{warmup: 8 steps, then: 9}"});
  }
}

TEST(MergeTest, HalfAConditionIsNone) {
  EXPECT_EQ(laid_over("when: {plateau: m, patience: 1 eval}", "when: {patience: 2 evals}"),
            "{when: {patience: 2 evals}}");
}

TEST(MergeTest, SomebodysOwnNamesMayBeWordsOfTheGrammar) {
  EXPECT_EQ(laid_over("columns: {weight: {low: 0, access: label}, when: {low: 1}}",
                      "columns: {weight: {high: 500}, when: {high: 2}}"),
            "{columns: {weight: {low: 0, access: label, high: 500}, when: {low: 1, high: 2}}}");
}

}  // namespace
}  // namespace limbic::curriculum
