#include "limbic/curriculum/circuit_factors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace limbic::curriculum {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::StrEq;
using testing::ThrowsMessage;

const std::vector<std::string> kCircuits = {"amygdala.flinch", "amygdala.friend", "cortex"};

CircuitFactors factors(const std::string& yaml) {
  return config::parse<CircuitFactors>(yaml, "a.yaml");
}

void expect_refused(const std::string& yaml, const std::string& message) {
  EXPECT_THAT([&] { factors(yaml); }, ThrowsMessage<ConfigError>(StrEq(message)));
}

TEST(CircuitFactorsTest, AListAndAMapSayTheSame) {
  const auto expected = ElementsAre(Pair("amygdala.flinch", 1.0), Pair("cortex", 0.1));
  EXPECT_THAT(factors("[amygdala.flinch, cortex*0.1]").resolve(kCircuits), expected);
  EXPECT_THAT(factors("[amygdala.flinch, 'cortex * 0.1']").resolve(kCircuits), expected);
  EXPECT_THAT(factors("{amygdala.flinch: 1, cortex: 0.1}").resolve(kCircuits), expected);
}

TEST(CircuitFactorsTest, AStarBeforeANumberMultipliesAnyOtherIsAGlob) {
  EXPECT_THAT(factors("['amygdala.*']").resolve(kCircuits),
              ElementsAre(Pair("amygdala.flinch", 1.0), Pair("amygdala.friend", 1.0)));
  EXPECT_THAT(factors("['amygdala.*nch*0.5']").resolve(kCircuits),
              ElementsAre(Pair("amygdala.flinch", 0.5)));
  EXPECT_THAT(factors("[basal_ganglia]").resolve(kCircuits), IsEmpty());
}

TEST(CircuitFactorsTest, DumpReadsBackExactly) {
  for (const char* yaml : {"[amygdala, cortex*0.1]", "{'cortex*2': 0.3}", "[]"}) {
    const config::Node dumped = config::dump(factors(yaml));
    EXPECT_EQ(config::dump(factors(config::to_yaml(dumped))), dumped) << yaml;
  }
}

TEST(CircuitFactorsTest, RefusesFactorsThatMeanNothing) {
  expect_refused("[cortex*0]",
                 "a.yaml:1:2: the factor of 'cortex' must be above 0 and at most 1000, got 0; "
                 "leave the circuit out to freeze it");
  expect_refused("{cortex: -1}",
                 "a.yaml:1:2: the factor of 'cortex' must be above 0 and at most 1000, got -1");
  expect_refused("{cortex: fast}", "a.yaml:1:10: expected a number, got 'fast'");
  expect_refused("['*0.1']",
                 "a.yaml:1:2: a factor without a circuit; write for example cortex*0.1");
  expect_refused("[cortex, cortex*0.1]", "a.yaml:1:10: 'cortex' is named twice");
  expect_refused("cortex",
                 "a.yaml:1:1: expected a list of circuits, got 'cortex'; write for example "
                 "[amygdala, cortex*0.1]");
}

}  // namespace
}  // namespace limbic::curriculum
