#include "limbic/curriculum/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "limbic/core/error.h"

namespace limbic::curriculum {
namespace {

using Json = nlohmann::json;
using testing::StrEq;
using testing::ThrowsMessage;

State some_state() {
  return {.status = Status::kRunning,
          .stage = 1,
          .entered_at = 1200,
          .visits = {2, 2, 0},
          .fall_backs = {0, 1, 0},
          .until = {{3, 0.1 + 0.2, 1e-300}, {0, std::nullopt, std::nullopt}},
          .fall_back = {{0, std::nullopt, std::numeric_limits<double>::quiet_NaN()},
                        {0, std::nullopt, -std::numeric_limits<double>::infinity()}}};
}

void expect_damaged(const Json& json, const std::string& message) {
  const auto read = [&] { state_from_json(json, "curriculum state"); };
  EXPECT_THAT(read, ThrowsMessage<Error>(StrEq(message)));
  try {
    read();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kDamaged);
  }
}

TEST(StateTest, GoesThroughJsonExactly) {
  const State back = state_from_json(Json::parse(to_json(some_state()).dump()), "s");
  EXPECT_EQ(back.stage, 1);
  EXPECT_EQ(back.entered_at, 1200);
  EXPECT_EQ(back.visits, some_state().visits);
  EXPECT_EQ(back.fall_backs, some_state().fall_backs);
  ASSERT_EQ(back.until.size(), 2U);
  EXPECT_EQ(back.until[0].streak, 3);
  EXPECT_EQ(back.until[0].best, 0.1 + 0.2);
  EXPECT_EQ(back.until[0].last, 1e-300);
  EXPECT_EQ(back.until[1].best, std::nullopt);
  EXPECT_TRUE(std::isnan(*back.fall_back[0].last));
  EXPECT_EQ(back.fall_back[1].last, -std::numeric_limits<double>::infinity());
}

TEST(StateTest, RefusesNonsense) {
  const Json good = Json::parse(to_json(some_state()).dump());
  const auto with = [&](const char* key, const Json& value) {
    Json json = good;
    json[key] = value;
    return json;
  };
  expect_damaged(Json::array(), "curriculum state is not a JSON object");
  expect_damaged(with("status", "sleeping"),
                 R"(curriculum state has a 'status' that makes no sense: '"sleeping"')");
  expect_damaged(with("stage", -1), "curriculum state has a 'stage' that makes no sense: '-1'");
  expect_damaged(with("stage", 1.5), "curriculum state has a 'stage' that makes no sense: '1.5'");
  expect_damaged(with("visits", Json{1, "two"}),
                 R"(curriculum state has a 'visits' that makes no sense: '[1,"two"]')");
  expect_damaged(with("until", nullptr),
                 "curriculum state has a 'until' that makes no sense: 'null'");
  expect_damaged(with("entered_at", uint64_t{1} << 63),
                 "curriculum state has a 'entered_at' that makes no sense: '9223372036854775808'");
  expect_damaged(with("until", {{{"streak", 1}, {"best", "huge"}, {"last", nullptr}}}),
                 R"(curriculum state: a condition has a 'best' that makes no sense: '"huge"')");
  expect_damaged(with("mood", "good"), "curriculum state has keys that are not known");
  Json lacking = good;
  lacking.erase("fall_backs");
  expect_damaged(lacking, "curriculum state lacks 'fall_backs'");
}

}  // namespace
}  // namespace limbic::curriculum
