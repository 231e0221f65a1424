#include "limbic/curriculum/config_switch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limbic/core/error.h"

namespace limbic::curriculum {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

ConfigSwitch some_switch() {
  return {.step = 200,
          .values = {{"optimizer.learning_rate", "0.003", "0.0005"},
                     {"evals.word.every", "2 steps", "4 steps"},
                     {"checkpoints.keep_every", "null", "\"7\""}}};
}

const std::string kLine =
    R"({"step":200,"changed":{"optimizer.learning_rate":{"was":0.003,"is":0.0005},)"
    R"("evals.word.every":{"was":"2 steps","is":"4 steps"},)"
    R"("checkpoints.keep_every":{"was":null,"is":"\"7\""}}})";

TEST(ConfigSwitchTest, IsOneLineOfJsonInWhichPlainValuesAreThemselves) {
  EXPECT_EQ(to_json_line(some_switch()), kLine);
  EXPECT_TRUE(is_config_switch(kLine));
  EXPECT_FALSE(is_config_switch(R"({"step":200,"stage":"changed"})"));
}

TEST(ConfigSwitchTest, ReadsBackAsItWas) {
  EXPECT_EQ(to_json_line(config_switch_from_json_line(kLine, "d")), kLine);
}

TEST(ConfigSwitchTest, RefusesADamagedLineByItsPlace) {
  const auto expect = [](const std::string& line, const std::string& message) {
    EXPECT_THAT([&] { config_switch_from_json_line(line, "d:3"); },
                ThrowsMessage<Error>(StrEq(message)));
  };
  expect(R"({"changed":{}})", "d:3 lacks 'step'");
  expect(R"({"step":1,"changed":{"a":{"was":1}}})", "d:3: 'a' lacks 'is'");
  expect(R"({"step":1,"changed":{"a":1}})", "d:3: 'a' is not a JSON object");
  expect(R"({"step":1,"changed":{},"more":1})", "d:3 has keys that are not known");
}

TEST(ConfigSwitchTest, TellsAPersonWhatIsShortAndNamesTheRest) {
  ConfigSwitch config_switch{200, {{"optimizer.beta2", "0.999", "0.99"}}};
  EXPECT_EQ(text(config_switch), "from step 200: optimizer.beta2 0.999 -> 0.99");
  config_switch.values.push_back({"curriculum", std::string(30, 'a'), std::string(31, 'b')});
  EXPECT_EQ(text(config_switch),
            "from step 200: optimizer.beta2 0.999 -> 0.99, curriculum has changed");
}

}  // namespace
}  // namespace limbic::curriculum
