#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"

namespace limbic::app {
namespace {

using nlohmann::json;

TEST(CheckTest, ByTheSchemaAFileWithABaseNeedsNothingElseAndNoTypeOfAPart) {
  CheckOptions options;
  options.schema = true;
  testing::internal::CaptureStdout();
  EXPECT_EQ(check(options), 0);
  const json root = json::parse(testing::internal::GetCapturedStdout());
  ASSERT_EQ(root["anyOf"].size(), 2);
  const json &alone = root["anyOf"][0], &over = root["anyOf"][1];
  EXPECT_EQ(alone["required"], json::array({"world", "cortex", "curriculum"}));
  EXPECT_FALSE(alone["properties"].contains("base"));
  EXPECT_EQ(alone["properties"]["world"]["oneOf"][0]["required"][0], "type");
  EXPECT_EQ(over["required"], json::array({"base"}));
  EXPECT_EQ(over["properties"]["base"]["type"], "string");
  EXPECT_EQ(over["properties"]["world"]["anyOf"].size(),
            alone["properties"]["world"]["oneOf"].size());
  EXPECT_THAT(over["properties"].dump(), testing::Not(testing::HasSubstr("\"required\"")));
}

}  // namespace
}  // namespace limbic::app
