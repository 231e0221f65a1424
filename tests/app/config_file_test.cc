#include "limbic/app/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/build.h"
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
