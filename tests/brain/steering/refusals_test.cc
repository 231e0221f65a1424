#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../support/refusal.h"
#include "limbic/config/problems.h"
#include "little_world.h"

namespace limbic::brain {
namespace {

/// What a program is told, "" if nothing is wrong.
std::string told(const std::string& yaml) {
  try {
    const Program program(steering(yaml), LittleWorld().schema);
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
    return error.what();
  }
  return "";
}

std::string told_of_probe(const std::string& text) {
  const Program program(steering("variables: {flinch: {truth: face > 0.5}}"), LittleWorld().schema);
  try {
    (void)program.compile_probe(written(text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(SteeringRefusalTest, UnknownNamesComeWithTheNearestOne) {
  EXPECT_EQ(told("senses:\n  dark: mean(1 - retima)\n"),
            "a.yaml:2:18: unknown name 'retima'; did you mean 'retina'?");
  EXPECT_EQ(told("senses:\n  dark: face\n  looming: slope(dork)\n"),
            "a.yaml:3:18: unknown name 'dork'; did you mean 'dark'?");
  EXPECT_EQ(told("variables: {flinch: {truth: face}}\ndrives:\n  dread: -assess.flinh\n"),
            "a.yaml:3:11: unknown name 'assess.flinh'; did you mean 'assess.flinch'?");
  EXPECT_EQ(told("variables: {flinch: {truth: face}}\ndrives:\n  dread: asses.flinch\n"),
            "a.yaml:3:10: unknown name 'asses.flinch'; did you mean 'assess.flinch'?");
  EXPECT_EQ(told("senses:\n  near: present(fase)\n"),
            "a.yaml:2:17: unknown name 'fase'; did you mean 'face'?");
  EXPECT_EQ(told("senses:\n  near: zzzzzzzz\n"),
            "a.yaml:2:9: unknown name 'zzzzzzzz'; known: face, near, retina, smell, steps, touch, "
            "whiskers");
}

TEST(SteeringRefusalTest, HintsAtWhatIsNoNameHere) {
  EXPECT_EQ(told("senses:\n  a: mean + 1\n"), "a.yaml:2:6: 'mean' is a function; write mean(...)");
  EXPECT_EQ(told("variables:\n  a: {truth: 1, override: true}\n"),
            "a.yaml:2:27: unknown name 'true'; write 'always'");
  EXPECT_EQ(told("senses:\n  a: smell == smoke\n"),
            "a.yaml:2:15: unknown name 'smoke'; a category of 'smell' is written in quotes");
  EXPECT_EQ(told("senses:\n  a: maen(retina)\n"),
            "a.yaml:2:6: unknown function 'maen'; did you mean 'mean'?");
}

TEST(SteeringRefusalTest, SensesReadOnlyPrimitiveVariablesAndSenses) {
  const std::string rest = "\nvariables: {flinch: {truth: face}}\ndrives: {pain: -face}\n";
  const std::string rule = "; a sense may read only primitive variables and other senses";
  EXPECT_EQ(told("senses:\n  bright: mean(picture)" + rest),
            "a.yaml:2:16: sense 'bright' reads 'picture', which the cortex sees" + rule);
  EXPECT_EQ(told("senses:\n  seen: present(picture)" + rest),
            "a.yaml:2:17: sense 'seen' reads 'picture', which the cortex sees" + rule);
  EXPECT_EQ(told("senses:\n  truly: threat == 'yes'" + rest),
            "a.yaml:2:10: sense 'truly' reads 'threat', a label that only evals see" + rule);
  EXPECT_EQ(told("senses:\n  fear: assess.flinch" + rest),
            "a.yaml:2:9: sense 'fear' reads the amygdala ('assess.flinch')" + rule);
  EXPECT_EQ(told("senses:\n  fear: flinch" + rest),
            "a.yaml:2:9: sense 'fear' reads the variable 'flinch'" + rule);
  EXPECT_EQ(told("senses:\n  fear: pain" + rest),
            "a.yaml:2:9: sense 'fear' reads the drive 'pain'" + rule);
}

TEST(SteeringRefusalTest, VariablesAndDrivesSenseOnlyPrimitiveVariables) {
  const std::string rule = "; the steering subsystem senses only primitive variables";
  EXPECT_EQ(told("variables:\n  like: {truth: mean(picture)}\n"),
            "a.yaml:2:22: variable 'like' reads 'picture', which the cortex sees" + rule);
  EXPECT_EQ(told("variables:\n  like: {truth: 1, override: present(picture)}\n"),
            "a.yaml:2:38: variable 'like' reads 'picture', which the cortex sees" + rule);
  EXPECT_EQ(told("drives:\n  bite: 0 - (threat == 'yes')\n"),
            "a.yaml:2:14: drive 'bite' reads 'threat', a label that only evals see" + rule);
  EXPECT_EQ(told("variables: {flinch: {truth: face}}\ndrives:\n  pain: truth.flinch\n"),
            "a.yaml:3:9: 'truth.flinch' may be named only by evals; 'flinch' is the realised "
            "output");
}

TEST(SteeringRefusalTest, CyclesAreNamedWhereTheyClose) {
  EXPECT_EQ(told("variables:\n  flinch: {truth: pain}\ndrives:\n  pain: -1.0 * flinch\n"),
            "a.yaml:4:16: cycle: flinch -> pain -> flinch");
  EXPECT_EQ(told("senses:\n  a: a + 1\n"), "a.yaml:2:6: cycle: a -> a");
  EXPECT_EQ(told("senses:\n  a: b\n  b: c\n  c: face + b\n"), "a.yaml:4:13: cycle: b -> c -> b");
  EXPECT_EQ(told("variables:\n  x: {override: y > 0, truth: 1}\n  y: {truth: x}\n"),
            "a.yaml:3:14: cycle: x -> y -> x");
}

TEST(SteeringRefusalTest, GatesAndPredictionsMakeNoCycle) {
  EXPECT_EQ(told("variables:\n  x: {truth: assess.x + 1, gate: x}\n"), "");
  EXPECT_EQ(told("variables: {x: {truth: pain, gate: dread}}\n"
                 "drives: {pain: -face, dread: -x}\n"),
            "");
}

TEST(SteeringRefusalTest, ClaimsAndNumbersAreTwoTypes) {
  EXPECT_EQ(told("senses:\n  a: face and face > 1\n"),
            "a.yaml:2:6: expected a claim, got a number; compare it, as in face > 0.5");
  EXPECT_EQ(told("senses:\n  a: not (face + 1)\n"),
            "a.yaml:2:16: expected a claim, got a number; compare it, as in x > 0.5");
  EXPECT_EQ(told("senses: {a: 1}\nvariables:\n  x: {truth: 1, override: a}\n"),
            "a.yaml:3:27: the override of variable 'x' must be a claim, such as present(x) or "
            "x > 0.5");
}

TEST(SteeringRefusalTest, CategoriesAreOnlyCompared) {
  EXPECT_EQ(told("senses:\n  a: smell + 1\n"),
            "a.yaml:2:6: 'smell' is a category; compare it, as in smell == 'none'");
  EXPECT_EQ(told("senses:\n  a: smell\n"),
            "a.yaml:2:6: sense 'a' is a category; compare it, as in smell == 'none'");
  EXPECT_EQ(told("senses:\n  a: smell == 'smok'\n"),
            "a.yaml:2:15: 'smell' has no category 'smok'; did you mean 'smoke'?");
  EXPECT_EQ(told("senses:\n  a: smell < 'smoke'\n"),
            "a.yaml:2:12: 'smell' is a category; only == and != compare it");
  EXPECT_EQ(told("senses:\n  a: smell == 1\n"),
            "a.yaml:2:15: 'smell' is a category; compare it with one of its names in quotes");
  EXPECT_EQ(told("senses:\n  a: face == 'smoke'\n"),
            "a.yaml:2:11: text is compared with a category, and here is none");
  EXPECT_EQ(told("senses:\n  a: face + 'smoke'\n"),
            "a.yaml:2:13: text stands only beside == or !=, as a category's name");
  EXPECT_EQ(told_of_probe("smell == threat"),
            "e.yaml:1:7: 'smell' and 'threat' have different categories");
}

TEST(SteeringRefusalTest, GridsMustAgreeAndBeReduced) {
  EXPECT_EQ(told("senses:\n  a: mean(retina * whiskers)\n"),
            "a.yaml:2:18: 4 values a tick meet 3; reduce them by mean, min or max");
  EXPECT_EQ(told("senses:\n  a: 1 - retina\n"),
            "a.yaml:2:6: sense 'a' has 4 values a tick; reduce them by mean, min or max");
  EXPECT_EQ(told("variables:\n  x: {truth: retina > 0}\n"),
            "a.yaml:2:14: the truth of variable 'x' has 4 values a tick; reduce them by mean, min "
            "or max");
  EXPECT_EQ(told("senses:\n  a: mean(face)\n"),
            "a.yaml:2:6: mean of one argument goes over the values of a vector or of cells, and "
            "this is one value a tick");
  EXPECT_EQ(told_of_probe("retina"),
            "e.yaml:1:1: a probe has 4 values a tick; reduce them by mean, min or max");
}

TEST(SteeringRefusalTest, FunctionsCountTheirArguments) {
  EXPECT_EQ(told("senses:\n  a: where(face > 0, 1)\n"),
            "a.yaml:2:6: where takes 3 arguments, got 2");
  EXPECT_EQ(told("senses:\n  a: min()\n"), "a.yaml:2:6: min takes at least 1 argument, got 0");
  EXPECT_EQ(told("senses:\n  a: slope(face, 2)\n"), "a.yaml:2:6: slope takes 1 argument, got 2");
  EXPECT_EQ(told("senses:\n  a: ema(face, 0.5)\n"),
            "a.yaml:2:16: the tau of ema must be written as a number, at least 1 [ticks]");
  EXPECT_EQ(told("senses:\n  a: ema(face, face)\n"),
            "a.yaml:2:16: the tau of ema must be written as a number, at least 1 [ticks]");
  EXPECT_EQ(told("senses:\n  a: delay(face, -1)\n"),
            "a.yaml:2:18: delay goes by a whole number of ticks, at least 0");
}

TEST(SteeringRefusalTest, BoundsOfAClampThatAreWrittenGoFromLowToHigh) {
  EXPECT_EQ(told("senses:\n  a: clamp(face, 1, 0)\n"),
            "a.yaml:2:18: the bounds of clamp go from low to high: 0, 1");
  EXPECT_EQ(told("senses:\n  a: clamp(face, 2, -0.5)\n"),
            "a.yaml:2:18: the bounds of clamp go from low to high: -0.5, 2");
  EXPECT_EQ(told("senses:\n  a: clamp(face, 1, 1)\n  b: clamp(face, 1, face)\n"), "");
}

TEST(SteeringRefusalTest, CellsMustExist) {
  EXPECT_EQ(told("senses:\n  a: whiskers[3]\n"),
            "a.yaml:2:6: 'whiskers' has 3 cells, the last is whiskers[2]");
  EXPECT_EQ(told("senses:\n  a: face\n  b: a[0]\n"),
            "a.yaml:3:6: only variables of the world have cells; 'a' is a sense");
  EXPECT_EQ(told("senses:\n  a: face\n  b: present(a)\n"),
            "a.yaml:3:14: only variables of the world can be absent; 'a' is a sense");
  EXPECT_EQ(told_of_probe("present(assess.flinch)"),
            "e.yaml:1:9: only variables of the world can be absent");
}

TEST(SteeringRefusalTest, NamesMustBeSayableAndSingle) {
  EXPECT_EQ(told("senses:\n  a-b: face\n"),
            "a.yaml:2:3: no expression could name 'a-b'; use letters, digits and '_', no digit "
            "first");
  EXPECT_EQ(told("senses:\n  mean: face\n"),
            "a.yaml:2:3: 'mean' is a word of the language; choose another name");
  EXPECT_EQ(told("senses:\n  retina: face\n"),
            "a.yaml:2:3: 'retina' is already the name of a variable of the world");
  EXPECT_EQ(told("senses:\n  a: face\ndrives:\n  a: face\n"),
            "a.yaml:4:3: 'a' is already the name of a sense");
}

TEST(SteeringRefusalTest, NoVariableOfTheWorldShadowsAnAssessorOrATruth) {
  const auto told_where_there_is = [](const std::string& column) {
    const worlds::Schema schema({{.name = "face", .access = worlds::Access::kPrimitive},
                                 {.name = column, .access = worlds::Access::kLabel}},
                                1);
    return testing_support::refusal([&] {
      const Program program(steering("senses: {calm: face}\nvariables:\n  flinch: {truth: face}\n"),
                            schema);
    });
  };
  EXPECT_EQ(told_where_there_is("assess.flinch"),
            "a.yaml:3:3: 'assess.flinch' would name a variable of the world and what the amygdala "
            "predicts of variable 'flinch'; rename one of them");
  EXPECT_EQ(told_where_there_is("truth.flinch"),
            "a.yaml:3:3: 'truth.flinch' would name a variable of the world and the truth of "
            "variable 'flinch'; rename one of them");
  for (const std::string other : {"assess.calm", "truth.face", "flinch.truth"})
    EXPECT_EQ(told_where_there_is(other), "") << other << " means one thing";
}

TEST(SteeringRefusalTest, LeadsMustFitAndValuesTakeNoOverride) {
  EXPECT_EQ(told("variables:\n  x: {truth: face, lead: 4 ticks}\n"),
            "a.yaml:2:3: variable 'x' has a lead of 4 ticks, but an episode has only 4");
  EXPECT_EQ(
      told("variables:\n  x: {truth: face, discount: 0.9, lead: 1 tick, override: face > 1}\n"),
      "a.yaml:2:59: variable 'x' has a discount, so it sums and takes no override");
  EXPECT_EQ(told("variables:\n  x: {lead: 3 ticks}\n").substr(0, 7), "a.yaml:");
}

TEST(SteeringRefusalTest, LambdasBelongToValuesAndValuesHaveALead) {
  EXPECT_EQ(told("variables:\n  x: {truth: face, lead: 1 ticks, lambda: 0.5}\n"),
            "a.yaml:2:3: variable 'x' has a lambda, so it needs a discount");
  EXPECT_EQ(told("variables:\n  x: {truth: face, discount: 0.9, lambda: 0.5}\n"),
            "a.yaml:2:3: variable 'x' has a discount, so it needs a lead");
  EXPECT_EQ(told("variables:\n  x: {truth: face, discount: 0.9}\n"),
            "a.yaml:2:3: variable 'x' has a discount, so it needs a lead");
  EXPECT_EQ(told("variables:\n  x: {truth: face, discount: 0.9, lambda: 0.5, lead: 1 ticks}\n"),
            "");
  EXPECT_THAT(told("variables:\n  x: {truth: face, lambda: 1.5}\n"),
              testing::StartsWith("a.yaml:2:28: "));
}

TEST(SteeringRefusalTest, ValuesTakeNoFactorWhereTheyDefer) {
  EXPECT_EQ(told("variables:\n  x: {truth: face, discount: 0.9, defer: 0.5, lead: 1 tick}\n"),
            "a.yaml:2:3: variable 'x' has a discount, so it takes no factor 'defer'");
  EXPECT_EQ(told("variables:\n  x: {truth: face, defer: 0.5}\n"),
            "a.yaml:2:3: variable 'x' has a factor 'defer', so it needs a lead");
  EXPECT_EQ(told("variables:\n  x: {truth: face, override: never, defer: 0.5, lead: 1 tick}\n"),
            "");
  EXPECT_THAT(told("variables:\n  x: {truth: face, defer: -0.5}\n"),
              testing::StartsWith("a.yaml:2:27: "));
}

TEST(SteeringRefusalTest, AllMistakesAreToldAtOnceAndEachOnce) {
  EXPECT_EQ(told(R"(senses:
  dark: mean(1 - retima)
  looming: max(slope(dark), 0) + dark
variables:
  flinch: {truth: looming > 0.5 and dark, lead: 9 ticks, gate: dark +}
drives:
  pain: flinch * farce + maen(retina)
)"),
            R"(a.yaml:2:18: unknown name 'retima'; did you mean 'retina'?
a.yaml:5:3: variable 'flinch' has a lead of 9 ticks, but an episode has only 4
a.yaml:5:70: expected a value, got the end of the expression
a.yaml:7:18: unknown name 'farce'; did you mean 'face'?
a.yaml:7:26: unknown function 'maen'; did you mean 'mean'?)");
}

TEST(SteeringRefusalTest, ProgramsAreBounded) {
  std::string chain = "senses:\n  s0: face\n";
  for (int i = 1; i < 1024; ++i) {
    chain += "  s" + std::to_string(i) + ": s" + std::to_string(i - 1) + " + 1\n";
  }
  EXPECT_EQ(told(chain), "");
  EXPECT_EQ(told(chain + "  more: face\n"),
            "a.yaml:1026:3: more than 1024 senses, variables and drives");
}

TEST(SteeringRefusalTest, NoFigureTakesACategoryOfManyNamesForANumber) {
  const Program program({}, LittleWorld().schema);
  EXPECT_THAT([&] { (void)program.compile_figure(written("smell")); },
              testing::ThrowsMessage<ConfigError>(
                  "e.yaml:1:1: 'smell' is a category of 3 names and no number: compare it, as in "
                  "smell == 'none'"));
  EXPECT_NO_THROW((void)program.compile_figure(written("smell == 'none'")));
  EXPECT_NO_THROW((void)program.compile_figure(written("smell"), Program::Reading::kClass));
  EXPECT_NO_THROW((void)program.compile_figure(written("threat"))) << "of no and yes";
  EXPECT_NO_THROW((void)program.compile_figure(written("steps"))) << "its categories are numbers";
}

TEST(SteeringRefusalTest, ProbesAreCheckedAlike) {
  EXPECT_EQ(told_of_probe("assess.flinhc"),
            "e.yaml:1:1: unknown name 'assess.flinhc'; did you mean 'assess.flinch'?");
  EXPECT_EQ(told_of_probe("thraet"), "e.yaml:1:1: unknown name 'thraet'; did you mean 'threat'?");
  EXPECT_EQ(told_of_probe("1 +"), "e.yaml:1:4: expected a value, got the end of the expression");
  EXPECT_EQ(told_of_probe("'yes'"),
            "e.yaml:1:1: a probe is text; a category's name is compared by == or !=");
}

}  // namespace
}  // namespace limbic::brain
