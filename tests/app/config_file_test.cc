#include "limbic/app/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <regex>
#include <string>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/battery.h"
#include "limbic/app/build.h"
#include "limbic/app/condition_config.h"
#include "limbic/app/config_change.h"
#include "small_run.h"

namespace limbic::app {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ConfigFileTest, TheRecordNamesTheAmygdalaThatNobodyNamed) {
  const testing_support::TemporaryDirectory directory;
  const auto config = read_config(directory.write("config.yaml", kOneStep), {});
  const std::string recorded = build_parts(config, directory / "run", at::kCPU).config_yaml;
  EXPECT_THAT(recorded, HasSubstr("\namygdala:\n  type: linear\n"));
  const std::string older =
      std::regex_replace(recorded, std::regex("\namygdala:\n(  .*\n)+"), "\namygdala: null\n");
  EXPECT_THAT(older, HasSubstr("\namygdala: null\n"));
  EXPECT_TRUE(compare_configs(older, "older", recorded, training::RunState{}).empty());
}

TEST(ConfigFileTest, OfAFileOfAnotherKindItIsSaidWhatItIsAndNotWhatItLacks) {
  const testing_support::TemporaryDirectory directory;
  const std::string schedule = directory.write("s.yaml", "{cues: [A], cues: [B]}");
  const auto said = [&](const std::function<void()>& read) {
    return testing_support::refusal(directory / "", read);
  };
  const std::string is_a_schedule = "s.yaml is a schedule; limbic condition s.yaml runs it";
  EXPECT_EQ(said([&] { (void)read_config(schedule, {}); }), is_a_schedule);
  EXPECT_EQ(said([&] { (void)read_condition_config(schedule, {}); }), is_a_schedule);
  EXPECT_EQ(said([&] { (void)read_parts(schedule); }), is_a_schedule);
  const std::string config = directory.write("c.yaml", kOneStep);
  const std::string is_a_config = "c.yaml is a config; limbic train c.yaml trains it";
  EXPECT_EQ(said([&] { (void)read_condition_config(config, {}); }), is_a_config);
  EXPECT_EQ(said([&] { require_kind(config, FileKind::kSchedule); }), is_a_config);
}

TEST(ConfigFileTest, WhatCouldBeOfAnyKindIsReadAsWhatItIsTakenFor) {
  const testing_support::TemporaryDirectory directory;
  const std::string path = directory.write("x.yaml", "{sead: 1}");
  EXPECT_EQ(kind_of(path), std::nullopt);
  const auto unknown = HasSubstr("x.yaml:1:2: unknown key 'sead'; did you mean 'seed'?");
  EXPECT_THAT(testing_support::refusal([&] { (void)read_config(path, {}); }), unknown);
  EXPECT_THAT(testing_support::refusal([&] { (void)read_condition_config(path, {}); }), unknown);
}

TEST(ConfigFileTest, OnlyARecordMayHaveANullAmygdala) {
  const testing_support::TemporaryDirectory directory;
  const std::string path =
      directory.write("config.yaml", std::string(kOneStep) + "amygdala: null\n");
  EXPECT_EQ(testing_support::refusal(directory / "", [&] { (void)read_config(path, {}); }),
            "config.yaml:11:1: amygdala: null is no type; take steering.variables away to have no "
            "assessor, or leave the key out for the default, linear");
  EXPECT_EQ(read_recorded_config(path, {}).amygdala.type(), "linear");
  EXPECT_THAT(
      testing_support::refusal([&] { (void)read_recorded_config(path, {"amygdala=null"}); }),
      StartsWith("<command line>: amygdala: null is no type"));
}

}  // namespace
}  // namespace limbic::app
