#include "limbic/training/origin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limbic/core/error.h"

namespace limbic::training {
namespace {

using testing::ThrowsMessage;

TEST(OriginTest, ReadsBackWhatItWrote) {
  const Origin origin{.run = "/runs/a", .step = 200};
  EXPECT_EQ(to_json(origin), "{\n  \"run\": \"/runs/a\",\n  \"step\": 200\n}\n");
  EXPECT_EQ(parse_origin(to_json(origin), "o"), origin);
}

TEST(OriginTest, RefusesDamage) {
  const auto reading = [](const std::string& text) {
    return [text] { (void)parse_origin(text, "o"); };
  };
  EXPECT_THAT(reading("{\"run\": "), ThrowsMessage<Error>("o is not a JSON object"));
  EXPECT_THAT(reading("{\"run\": \"a\"}"), ThrowsMessage<Error>("o lacks 'step'"));
  EXPECT_THAT(reading("{\"run\": \"a\", \"step\": -1}"),
              ThrowsMessage<Error>("o has a 'step' that makes no sense: '-1'"));
}

}  // namespace
}  // namespace limbic::training
