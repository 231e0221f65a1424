#include "limbic/config/differences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace limbic::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Each as "path: a -> b".
std::vector<std::string> told(const std::string& a, const std::string& b, Depth depth) {
  const Node left = parse_yaml(a, "a"), right = parse_yaml(b, "b");
  const auto text = [](const Node* node) { return node ? to_flow_yaml(*node) : "nothing"; };
  std::vector<std::string> all;
  for (const auto& found : differences(left, right, depth))
    all.push_back(found.path + ": " + text(found.a) + " -> " + text(found.b));
  return all;
}

TEST(DifferencesTest, AreToldInTheOrderOfTheFirstThenWhatOnlyTheSecondHas) {
  EXPECT_THAT(
      told("{z: 1, m: {x: 2, y: 3}, a: {b: 4}}", "{n: {o: 5}, m: {y: 6, x: 2}, z: 7}",
           Depth::kLeaves),
      ElementsAre("z: 1 -> 7", "m.y: 3 -> 6", "a: {b: 4} -> nothing", "n: nothing -> {o: 5}"));
}

TEST(DifferencesTest, NullIsSomething) {
  EXPECT_THAT(told("{a: null, b: 1}", "{b: null}", Depth::kLeaves),
              ElementsAre("a: null -> nothing", "b: 1 -> null"));
}

TEST(DifferencesTest, AListIsOneValueUnlessLeavesAreAskedFor) {
  const std::string a = "{c: [{stage: s, x: 1}, {stage: t}], d: [1, 2]}";
  const std::string b = "{c: [{stage: s, x: 2}, {stage: u}, {z: 3}], d: [1]}";
  EXPECT_THAT(told(a, b, Depth::kValues), ElementsAre("c: [{stage: s, x: 1}, {stage: t}] -> "
                                                      "[{stage: s, x: 2}, {stage: u}, {z: 3}]",
                                                      "d: [1, 2] -> [1]"));
  EXPECT_THAT(told(a, b, Depth::kLeaves),
              ElementsAre("c.s.x: 1 -> 2", "c.1.stage: t -> u", "c.2: nothing -> {z: 3}",
                          "d: [1, 2] -> [1]"));
}

TEST(DifferencesTest, TheOrderOfKeysIsAValueAfterThoseInTheMap) {
  const std::string a = "{m: {x: 1, w: 2}}", b = "{m: {w: 3, x: 1}}";
  EXPECT_THAT(told(a, b, Depth::kValues),
              ElementsAre("m.w: 2 -> 3", "m: {x: 1, w: 2} -> {w: 3, x: 1}"));
  EXPECT_THAT(told(a, b, Depth::kLeaves), ElementsAre("m.w: 2 -> 3"));
  EXPECT_THAT(told(a, "{m: {w: 2, z: 1}}", Depth::kValues),
              ElementsAre("m.x: 1 -> nothing", "m.z: nothing -> 1"))
      << "of other keys there is no order";
}

TEST(DifferencesTest, EqualTreesHaveNone) {
  EXPECT_THAT(told("{a: [1, {b: 2}]}", "{a: [1, {b: '2'}]}", Depth::kLeaves), IsEmpty());
}

}  // namespace
}  // namespace limbic::config
