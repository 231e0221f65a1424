#include "limbic/losses/mask_law.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limbic/config/reader.h"
#include "limbic/losses/any_subset.h"
#include "limbic/losses/assess.h"
#include "limbic/losses/distil.h"

namespace limbic::losses {
namespace {

using testing::ThrowsMessage;

template <class Config>
auto reads(const std::string& yaml) {
  return [yaml] { (void)config::parse<Config>(yaml, "a.yaml"); };
}

TEST(MaskLawConfigTest, RefusesKeysOfAnotherLaw) {
  EXPECT_THAT(
      reads<AnySubsetConfig>("masks: [{law: budget, alpha: 2}]"),
      ThrowsMessage<ConfigError>("a.yaml:1:30: alpha is of the law bernoulli, and this is budget"));
  EXPECT_THAT(reads<AnySubsetConfig>("masks: [{beta: 2}]"),
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:16: beta is of the law bernoulli, and this is cardinality"));
  EXPECT_THAT(
      reads<AnySubsetConfig>("masks: [{law: observe, observe: [c], most: 0.5}]"),
      ThrowsMessage<ConfigError>("a.yaml:1:44: most is of the law budget, and this is observe"));
  EXPECT_NO_THROW(reads<AnySubsetConfig>(
      "masks: [{law: bernoulli, alpha: 2, beta: 6}, {law: budget, most: 0}]")());
  const auto plain = config::parse<AnySubsetConfig>("masks: [{}]", "a.yaml");
  EXPECT_NO_THROW(reads<AnySubsetConfig>(config::to_yaml(config::dump(plain)))())
      << "as a run writes it down";
}

TEST(MaskLawConfigTest, RefusesLawsOfWhichNoneIsEverDrawn) {
  constexpr auto kMessage = "a.yaml:1:8: every share is 0, so none of these is ever drawn";
  constexpr auto kIdle = "masks: [{share: 0}, {law: observe, share: 0}]";
  EXPECT_THAT(reads<AnySubsetConfig>(kIdle), ThrowsMessage<ConfigError>(kMessage));
  EXPECT_THAT(reads<DistilConfig>(kIdle), ThrowsMessage<ConfigError>(kMessage));
  EXPECT_THAT(reads<AssessConfig>(kIdle), ThrowsMessage<ConfigError>(kMessage));
  EXPECT_NO_THROW(reads<AssessConfig>("masks: [{share: 0}, {}]")());
}

constexpr auto kAsksNothing =
    ": this law observes all that it might ask about, so it teaches nothing";

TEST(MaskLawConfigTest, RefusesALawThatAsksNothing) {
  EXPECT_THAT(reads<AnySubsetConfig>("echo: 0\nmasks: [{law: observe}]"),
              ThrowsMessage<ConfigError>(concat("a.yaml:2:9", kAsksNothing)));
  EXPECT_THAT(reads<DistilConfig>("masks: [{law: observe}]"),
              ThrowsMessage<ConfigError>(concat("a.yaml:1:9", kAsksNothing)));
  EXPECT_THAT(reads<DistilConfig>("masks: [{share: 1}, {law: observe, observe: [x, c], ask: [c]}]"),
              ThrowsMessage<ConfigError>(concat("a.yaml:1:21", kAsksNothing)));
}

TEST(MaskLawConfigTest, TakesALawThatAsksOrEchoesSomething) {
  for (const auto* const law :
       {"{law: observe, observe: [x], ask: [x, c]}", "{law: observe, observe: [x]}",
        "{observe: [x], ask: [x]}", "{law: observe, share: 0}, {}"})
    EXPECT_NO_THROW(reads<DistilConfig>(concat("masks: [", law, "]"))()) << law;
  EXPECT_NO_THROW(reads<AnySubsetConfig>("masks: [{law: observe}]")()) << "its echo is asked";
}

TEST(MaskLawConfigTest, RefusesToAskForATaughtThought) {
  EXPECT_THAT(
      reads<AssessConfig>("masks: [{ask: [c]}]"),
      ThrowsMessage<ConfigError>(
          "a.yaml:1:15: assess asks about no cell: its masks say what the thought observes"));
  EXPECT_NO_THROW(reads<AssessConfig>("masks: [{law: observe}]")());
}

}  // namespace
}  // namespace limbic::losses
