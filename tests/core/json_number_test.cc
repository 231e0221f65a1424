#include "limbic/core/json_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace limbic {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string written(const std::optional<double>& value) {
  return number_to_json<json>(value).dump();
}
std::optional<double> read(const json& value) { return number_from_json(value); }

TEST(JsonNumberTest, WhatIsNotFiniteIsAWordThatPythonAndJavaScriptRead) {
  EXPECT_EQ(written(NAN), R"("NaN")");
  EXPECT_EQ(written(kInfinity), R"("Infinity")");
  EXPECT_EQ(written(-kInfinity), R"("-Infinity")");
  EXPECT_EQ(written(0.5), "0.5");
  EXPECT_EQ(written(std::nullopt), "null");
}

TEST(JsonNumberTest, PeopleReadTheSameWords) {
  EXPECT_EQ(number_words(-NAN), "NaN");
  EXPECT_EQ(number_words(kInfinity, "%.0f"), "Infinity");
  EXPECT_EQ(number_words(-kInfinity), "-Infinity");
  EXPECT_EQ(number_words(1.0 / 3), "0.333333");
  EXPECT_EQ(number_words(2.0 / 3, "%.3f"), "0.667");
  EXPECT_EQ(number_words(-std::numeric_limits<double>::max(), "%.3f").size(), 1 + 309 + 4);
}

TEST(JsonNumberTest, ReadsWhatItWritesAndTheWordsOfEarlierRuns) {
  EXPECT_EQ(read(0.5), 0.5);
  EXPECT_EQ(read(3), 3.0);
  for (const char* word : {"NaN", "nan"}) EXPECT_TRUE(std::isnan(read(word).value())) << word;
  for (const char* word : {"Infinity", "inf"}) EXPECT_EQ(read(word), kInfinity) << word;
  for (const char* word : {"-Infinity", "-inf"}) EXPECT_EQ(read(word), -kInfinity) << word;
}

TEST(JsonNumberTest, AnythingElseIsNoNumber) {
  EXPECT_EQ(read(nullptr), std::nullopt);
  EXPECT_EQ(read("0.5"), std::nullopt);
  EXPECT_EQ(read(true), std::nullopt);
  EXPECT_EQ(read(json::array({1})), std::nullopt);
}

}  // namespace
}  // namespace limbic
