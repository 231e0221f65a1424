#include "limbic/training/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/refusal.h"
#include "limbic/core/error.h"

namespace limbic::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Environment laptop() {
  return {.limbic = "0.1.0",
          .libtorch = "2.11.0",
          .capability = "AVX2",
          .cpu = "a CPU",
          .cores = 2,
          .compiler = "g++ 12.2.0",
          .os = "Linux",
          .device = "cpu"};
}

TEST(EnvironmentTest, ReadsBackWhatItWrote) {
  EXPECT_EQ(parse_environment(to_json(laptop()), "e"), laptop());
}

TEST(EnvironmentTest, IsWrittenForPeople) {
  EXPECT_THAT(to_json(laptop()), testing::StartsWith("{\n  \"limbic\": \"0.1.0\",\n"));
}

TEST(EnvironmentTest, KnowsThisMachine) {
  const auto here = this_environment("0.1.0", "cpu");
  EXPECT_EQ(here.limbic, "0.1.0");
  EXPECT_THAT(here.libtorch, testing::StartsWith("2."));
  EXPECT_THAT(here.capability, testing::AnyOf("DEFAULT", "AVX2", "AVX512"));
  EXPECT_GT(here.cores, 0);
  EXPECT_THAT(here.compiler, testing::StartsWith("g++ "));
  EXPECT_THAT(here.os, HasSubstr("Linux"));
  EXPECT_EQ(parse_environment(to_json(here), "e"), here);
}

TEST(EnvironmentTest, ComparesWhatMayChangeBits) {
  Environment other = laptop();
  other.libtorch = "2.12.0";
  other.capability = "AVX512";
  other.cpu = "another CPU";
  other.device = "cuda";
  EXPECT_THAT(compare(laptop(), other),
              ElementsAre("LibTorch was 2.11.0, is 2.12.0", "CPU capability was AVX2, is AVX512",
                          "CPU was a CPU, is another CPU", "device was cpu, is cuda"));
}

TEST(EnvironmentTest, IgnoresWhatDoesNotChangeBits) {
  Environment other = laptop();
  other.cores = 64;
  other.os = other.compiler = other.limbic = "another";
  EXPECT_THAT(compare(laptop(), other), IsEmpty());
}

TEST(EnvironmentTest, RefusesDamage) {
  const auto refusal = [](const std::string& text) {
    return testing_support::refusal([&] { (void)parse_environment(text, "e"); },
                                    ExitCode::kDamaged);
  };
  EXPECT_EQ(refusal("{"), "e is not a JSON object");
  EXPECT_EQ(refusal("{}"), "e lacks 'limbic'");
  EXPECT_EQ(refusal(R"({"limbic": 1})"), "e has a 'limbic' that makes no sense: '1'");
}

}  // namespace
}  // namespace limbic::training
