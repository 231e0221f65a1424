#include "limbic/worlds/conditioning.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "fixture.h"
#include "limbic/config/structs.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

Conditioning world_of(const std::string& yaml, double salience_deviation = 0) {
  return Conditioning({.file = {},
                       .schedule = config::parse<ScheduleConfig>(yaml, "a.yaml"),
                       .salience_deviation = salience_deviation});
}

/// The trial called `type` as subject `number` meets it.
Episodes met(const Conditioning& world, const std::string& type, int64_t number = 0,
             Conditioning::Meeting meeting = {}) {
  const auto& types = world.schedule().types();
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i].name == type) meeting.type = static_cast<int64_t>(i);
  }
  return world.meet({meeting}, {{number, Stream(5).at(number)}});
}

/// Values of row `row` at each tick, of one cell.
std::vector<float> values(const Conditioning& world, const Episodes& episodes,
                          const std::string& name, int64_t cell = 0, int64_t row = 0) {
  const int64_t variable = world.schema().require(name);
  const auto column = episodes.value[variable][row].select(1, cell).contiguous();
  const auto* begin = column.const_data_ptr<float>();
  return {begin, begin + column.numel()};
}

TEST(ConditioningTest, ATrialIsItsCuesItsContextAndWhatHappens) {
  const auto world = world_of(
      "{cues: [A, B], contexts: [K1, K2], us: [food, shock], ticks: 4, cue_ticks: [1, 2], us_tick: "
      "2,"
      " trials: {t: {cues: {A: [1, 2], B: 3}, us: {food: 0.5, shock: {ticks: [2, 3], magnitude: "
      "-2}}}},"
      " phases: [{phase: p, trials: {t: 1}}]}");
  const auto trial = met(world, "t", 0, {.context = 1});
  const auto of = [&](const std::string& name) { return values(world, trial, name); };
  EXPECT_THAT(of("A"), ElementsAre(0, 1, 1, 0, 0));
  EXPECT_THAT(of("B"), ElementsAre(0, 0, 0, 1, 0));
  EXPECT_THAT(of("K1"), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(of("K2"), ElementsAre(1, 1, 1, 1, 1)) << "the closing tick too";
  EXPECT_THAT(of("food"), ElementsAre(0, 0, 0.5, 0, 0));
  EXPECT_THAT(of("shock"), ElementsAre(0, 0, -2, -2, 0));
  EXPECT_THAT(of("outcome"), ElementsAre(0, 0, -1.5, -2, 0)) << "their sum";
  EXPECT_THAT(of("cued"), ElementsAre(0, 1, 1, 1, 0)) << "from the first cue to the trial's end";
  EXPECT_TRUE(trial.present_BTV.all().item<bool>());
}

TEST(ConditioningTest, NothingIsCuedWithoutACue) {
  const auto world = world_of("{cues: [A], phases: [{phase: p, trials: {+: 1}}]}");
  const auto trial = met(world, "+");
  EXPECT_THAT(values(world, trial, "cued"), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(values(world, trial, "us"), ElementsAre(0, 0, 0, 0, 0, 0, 0, 1, 0));
}

TEST(ConditioningTest, WhatComesAfterAShorterTrialIsAbsent) {
  const auto world = world_of(
      "{cues: [A], ticks: 6, cue_ticks: [1, 2], us_tick: 2, trials: {short: {cues: [A], us: 1, "
      "ticks: 3}},"
      " phases: [{phase: p, trials: {short: 1, A+: 1}}]}");
  const auto trial = met(world, "short");
  EXPECT_EQ(world.schema().num_ticks(), 7);
  for (int64_t tick = 0; tick < 7; ++tick) {
    const bool is_present = tick <= 3;  // 0 to 2, and the closing one
    EXPECT_EQ(trial.present_BTV[0][tick].any().item<bool>(), is_present) << tick;
    EXPECT_EQ(trial.present_BTV[0][tick].all().item<bool>(), is_present) << tick;
  }
  EXPECT_THAT(values(world, trial, "context"), ElementsAre(1, 1, 1, 1, 0, 0, 0));
  EXPECT_THAT(values(world, trial, "cued"), ElementsAre(0, 1, 1, 0, 0, 0, 0));
  EXPECT_TRUE(met(world, "A+").present_BTV.all().item<bool>());
}

TEST(ConditioningTest, UnitsOfALineSeeAPointByTheirDistance) {
  const auto world =
      world_of("{lines: {S: {size: 4, width: 2}}, phases: [{phase: p, trials: {S1: 1}}]}");
  const auto trial = met(world, "S1");
  EXPECT_NEAR(values(world, trial, "S", 0)[4], 0.8824969, 1e-6);  // exp(-1/8)
  EXPECT_EQ(values(world, trial, "S", 1)[4], 1);
  EXPECT_NEAR(values(world, trial, "S", 2)[7], 0.8824969, 1e-6);
  EXPECT_NEAR(values(world, trial, "S", 3)[7], 0.6065307, 1e-6);  // exp(-4/8)
  EXPECT_EQ(values(world, trial, "S", 1)[3], 0);
  EXPECT_EQ(values(world, trial, "S", 1)[8], 0);
}

TEST(ConditioningTest, UnitsOfNoWidthSeeTheirOwnPointAlone) {
  const auto world =
      world_of("{lines: {S: {size: 3, width: 0}}, phases: [{phase: p, trials: {S1: 1}}]}");
  const auto trial = met(world, "S1");
  EXPECT_EQ(values(world, trial, "S", 0)[4], 0);
  EXPECT_EQ(values(world, trial, "S", 1)[4], 1);
  EXPECT_EQ(values(world, trial, "S", 2)[4], 0);
}

TEST(ConditioningTest, TwoPointsOfALineAddUp) {
  const auto world =
      world_of("{lines: {S: {size: 3, width: 1}}, phases: [{phase: p, trials: {S0&S2: 1}}]}");
  const auto trial = met(world, "S0&S2");
  EXPECT_NEAR(values(world, trial, "S", 1)[4], 2 * std::exp(-0.5), 1e-6);
  EXPECT_NEAR(values(world, trial, "S", 0)[4], 1 + std::exp(-2.0), 1e-6);
}

TEST(ConditioningTest, CuesOfASetGoRoundFromSubjectToSubject) {
  const auto world = world_of(
      "{cues: [A, B, C, D], counterbalance: [[A, B, C]], phases: [{phase: p, trials: {AD: 1}}]}");
  const std::vector<std::string> place{"A", "B", "C", "A"};
  for (int64_t subject = 0; subject < 4; ++subject) {
    const auto trial = met(world, "AD", subject);
    for (const std::string name : {"A", "B", "C", "D"}) {
      EXPECT_EQ(values(world, trial, name)[4], name == place[subject] || name == "D")
          << name << " of subject " << subject;
    }
  }
}

TEST(ConditioningTest, AnEventComesWithItsProbabilityByTheTrialsOwnStream) {
  const auto world = world_of(
      "{cues: [A], us: [food, shock], trials: {t: {us: {food: {probability: 0.3}, shock: "
      "{probability: 0.3}}}, sure: {us: {food: {probability: 1}, shock: {probability: 0}}}},"
      " phases: [{phase: p, trials: {t: 1}}]}");
  double food = 0, shock = 0, both = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    const auto trial = met(world, "t", 0, {.stream = Stream(1).at(i)});
    food += values(world, trial, "food")[7];
    shock += values(world, trial, "shock")[7];
    both += values(world, trial, "food")[7] * values(world, trial, "shock")[7];
  }
  EXPECT_NEAR(food, 300, 58);  // 4 deviations of 14.5
  EXPECT_NEAR(shock, 300, 58);
  EXPECT_NEAR(both, 90, 36) << "each by a chance of its own";
  for (int64_t i = 0; i < 50; ++i) {
    const auto trial = met(world, "sure", 0, {.stream = Stream(1).at(i)});
    EXPECT_EQ(values(world, trial, "food")[7], 1);
    EXPECT_EQ(values(world, trial, "shock")[7], 0);
  }
}

TEST(ConditioningTest, EventsThatWaitForAResponseFollowIt) {
  const auto world = world_of(
      "{cues: [A], us: [food, shock, bell], trials: {t: {us: {food: {when: response}, shock: "
      "{when: "
      "no_response}, bell: 1}}}, phases: [{phase: p, trials: {t: 1}}]}");
  for (const bool responded : {false, true}) {
    const auto trial = met(world, "t", 0, {.responded = responded});
    EXPECT_EQ(values(world, trial, "food")[7], responded);
    EXPECT_EQ(values(world, trial, "shock")[7], !responded);
    EXPECT_EQ(values(world, trial, "bell")[7], 1);
  }
}

TEST(ConditioningTest, SalienceIsTheSubjectsOwnAndTheSameInAllItsTrials) {
  const auto world = world_of(
      "{cues: [A, B], lines: {S: {size: 2, width: 0}}, contexts: [K], phases: [{phase: p, trials: "
      "{A+: 1, AB: 1, S1: 1}}]}",
      0.1);
  const auto trial = met(world, "A+", 3);
  const Stream salience = Stream(5).at(3).child("salience");
  EXPECT_FLOAT_EQ(values(world, trial, "A")[4], 1 + 0.1 * salience.normal(0));
  EXPECT_EQ(values(world, met(world, "AB", 3, {.stream = Stream(9)}), "A")[6],
            values(world, trial, "A")[4]);
  EXPECT_FLOAT_EQ(values(world, met(world, "AB", 3), "B")[4], 1 + 0.1 * salience.normal(1));
  EXPECT_FLOAT_EQ(values(world, met(world, "S1", 3), "S", 1)[4], 1 + 0.1 * salience.normal(3));
  EXPECT_NE(values(world, met(world, "A+", 4), "A")[4], values(world, trial, "A")[4]);
  EXPECT_EQ(values(world, trial, "K")[4], 1) << "a context is as it is";
  EXPECT_EQ(values(world, trial, "us")[7], 1);
}

TEST(ConditioningTest, ACueMayBeNothingToASubjectAndNoLess) {
  const auto world = world_of("{cues: [A], phases: [{phase: p, trials: {A+: 1}}]}", 1);
  int64_t subject = 0;
  while (Stream(5).at(subject).child("salience").normal(0) > -1) ++subject;
  EXPECT_EQ(values(world, met(world, "A+", subject), "A")[4], 0);
}

TEST(ConditioningTest, SubjectsDoNotDependOnWhoElseIsThere) {
  const auto world = world_of(
      "{cues: [A, B], counterbalance: [[A, B]], phases: [{phase: p, trials: {A+: 1, B: 1}}]}", 0.2);
  const auto subject = [](int64_t number) {
    return Conditioning::Subject{number, Stream(5).at(number)};
  };
  const auto both = world.meet({{.type = 0}, {.type = 1}}, {subject(2), subject(3)});
  const auto one = world.meet({{.type = 1}}, {subject(3)});
  for (size_t i = 0; i < one.value.size(); ++i)
    EXPECT_TRUE(both.value[i][1].equal(one.value[i][0])) << i;
}

// ---- as a world

const std::string kTwoGroups =
    "{cues: [A, B], groups: {g: [{phase: p, order: listed, trials: {A+: 2, B: 1}}, {phase: test, "
    "trials: "
    "{B: 1}}], h: [{phase: p, trials: {A: 4, B: 4}}]}}";

TEST(ConditioningTest, RegimesArePhasesByTheirGroups) {
  EXPECT_THAT(world_of(kTwoGroups).regimes(), ElementsAre("g/p", "g/test", "h/p"));
  EXPECT_THAT(world_of("{cues: [A], phases: [{phase: wait, delay: 9}, {phase: p, trials: {A: 1}}, "
                       "{phase: none, trials: {A: 0}}]}")
                  .regimes(),
              ElementsAre("p"))
      << "those in which there is something to draw";
}

TEST(ConditioningTest, ADrawGoesThroughItsPhaseEpochByEpoch) {
  const auto world = world_of(kTwoGroups);
  const auto draw = world.draw({.regime = "g/p", .first_row = 2, .num_rows = 5}, Stream(1));
  std::vector<float> a;
  for (int64_t row = 0; row < 5; ++row) a.push_back(values(world, draw, "A", 0, row)[4]);
  EXPECT_THAT(a, ElementsAre(0, 1, 1, 0, 1)) << "B, then A A B, then A";
}

TEST(ConditioningTest, EachEpochHasAnOrderOfItsOwn) {
  const auto world = world_of(kTwoGroups);
  const auto draw = world.draw({.regime = "h/p", .num_rows = 80}, Stream(1));
  const auto a = draw.value[0].select(1, 4).view({10, 8});
  EXPECT_TRUE(a.sum(1).eq(4).all().item<bool>());
  EXPECT_FALSE(a.eq(a[0]).all().item<bool>());
}

TEST(ConditioningTest, NorDoPhasesShareAnOrder) {
  const auto world = world_of(
      "{cues: [A, B], phases: [{phase: p, trials: {A: 8, B: 8}}, {phase: q, trials: {A: 8, B: "
      "8}}]}");
  const auto of = [&](const char* phase) {
    return world.draw({.regime = phase, .num_rows = 16}, Stream(1)).value[0].select(1, 4);
  };
  EXPECT_FALSE(of("p").equal(of("q")));
}

TEST(ConditioningTest, ADrawIsAPieceOfOneEndlessSequence) {
  const auto world = world_of(
      "{cues: [A, B], trials: {t: {cues: [A], us: {us: {probability: 0.5}}}}, phases: [{phase: p, "
      "trials: {t: 3, B: 4}}]}",
      0.1);
  const auto piece = [&](int64_t first, int64_t count) {
    return world.draw({.regime = "p", .first_row = first, .num_rows = count}, Stream(3));
  };
  const auto whole = piece(0, 20), cut = concatenate({piece(0, 6), piece(6, 9), piece(15, 5)});
  for (size_t i = 0; i < whole.value.size(); ++i)
    EXPECT_TRUE(whole.value[i].equal(cut.value[i])) << i;
  EXPECT_TRUE(whole.present_BTV.equal(cut.present_BTV));
  const auto other = world.draw({.regime = "p", .num_rows = 20}, Stream(4));
  EXPECT_FALSE(whole.value[0].equal(other.value[0]));
  const auto test = world.draw({.regime = "p", .split = Split::kTest, .num_rows = 20}, Stream(3));
  EXPECT_FALSE(whole.value[0].gt(0).equal(test.value[0].gt(0)))
      << "splits have orders of their own";
}

// Training, evals and people who look each draw by streams of their own.
TEST(ConditioningTest, WhoeverDrawsMeetsTheSubjectOfTheConfig) {
  const auto strength_in_a = [](int64_t subject, uint64_t seed) {
    const Conditioning world(
        {.file = {},
         .schedule = config::parse<ScheduleConfig>(
             "{cues: [A, B], counterbalance: [[A, B]], phases: [{phase: p, trials: {A: 1}}]}",
             "a.yaml"),
         .salience_deviation = 0.1,
         .subject = subject});
    return values(world, world.draw({.regime = "p", .num_rows = 1}, Stream(seed)), "A")[4];
  };
  EXPECT_NE(strength_in_a(0, 1), 0);
  EXPECT_EQ(strength_in_a(0, 1), strength_in_a(0, 2));
  EXPECT_NE(strength_in_a(2, 1), strength_in_a(0, 1));
  EXPECT_EQ(strength_in_a(1, 1), 0) << "B stands in A's place";
}

TEST(ConditioningTest, AScheduleWithoutTrialsIsRefused) {
  EXPECT_THAT([] { world_of("{cues: [A], phases: [{phase: p, trials: {A: 0}}]}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:30: no phase of this schedule has a trial"));
  EXPECT_THAT([] { world_of("{cues: [A], groups: {g: [{phase: p, trials: {A: 0}}]}}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:22: no phase of this schedule has a trial"));
  const auto world = world_of("{cues: [A], phases: [{phase: p, trials: {A: 1}}]}");
  EXPECT_THAT([&] { (void)world.draw({.regime = "q", .num_rows = 1}, Stream(1)); },
              ThrowsMessage<std::exception>(HasSubstr("conditioning has no regime 'q'")));
}

TEST(ConditioningTest, TwoPhasesOfOneRegimeAreRefused) {
  for (const std::string trials : {"{A: 1}", "{A: 0}"}) {
    EXPECT_THAT(
        [&] {
          world_of(
              "{cues: [A], groups: {a/b: [{phase: c, trials: {A: 2}}], a: [{phase: b/c, "
              "trials: " +
              trials + "}]}}");
        },
        ThrowsMessage<Error>("two phases of this schedule make one regime 'a/b/c'; rename a group "
                             "or a phase"))
        << trials;
  }
}

// ---- from a file

TEST(ConditioningTest, AScheduleComesFromYamlOrJson) {
  const TemporaryDirectory folder;
  const auto yaml = folder.write("a.yaml", "cues: [A]\nphases: [{phase: p, trials: {A+: 2}}]\n");
  const auto json =
      folder.write("a.json", R"({"cues": ["A"], "phases": [{"phase": "p", "trials": {"A+": 2}}]})");
  EXPECT_EQ(config::dump(read_schedule(json)), config::dump(read_schedule(yaml)));
  EXPECT_THAT(Conditioning({.file = json}).regimes(), ElementsAre("p"));
}

TEST(ConditioningTest, AFilesFingerprintTellsItsScheduleFromAnyOther) {
  const TemporaryDirectory folder;
  const auto of = [&](const std::string& text) {
    return Conditioning({.file = folder.write("a.yaml", text)}).fingerprint();
  };
  const auto first = of("cues: [A]\nphases: [{phase: p, trials: {A+: 2}}]\n");
  EXPECT_EQ(of("cues: [A]\n# the same\nphases:\n  - phase: p\n    trials: {A+: 2}\n"), first);
  EXPECT_NE(of("cues: [A]\nphases: [{phase: p, trials: {A-: 2}}]\n"), first);
  EXPECT_EQ(world_of("{cues: [A], phases: [{phase: p, trials: {A+: 2}}]}").fingerprint(), "")
      << "the config says it all";
}

TEST(ConditioningTest, AFileThatIsNoScheduleIsRefused) {
  const TemporaryDirectory folder;
  const auto wrong = folder.write("a.yaml", "cues: A\nphases: [{phase: p}]\n");
  EXPECT_THAT([&] { read_schedule(wrong); },
              ThrowsMessage<ConfigError>(wrong + ":1:7: expected a list, got 'A'; write [A]"));
  const auto cut = folder.write("b.json", R"({"cues": ["A"], "phases": [{"phase")");
  EXPECT_THAT([&] { read_schedule(cut); }, ThrowsMessage<ConfigError>(HasSubstr(cut + ":1:")));
  const auto none = folder / "none.yaml";
  EXPECT_THAT([&] { read_schedule(none); },
              ThrowsMessage<Error>("cannot read " + none + ": No such file or directory"));
}

TEST(ConditioningTest, AFileThatIsNotThereIsRefusedWithHowToSayWhereItIs) {
  EXPECT_THAT([] { Conditioning({.file = "no_such.yaml"}); },
              ThrowsMessage<Error>("cannot read no_such.yaml: No such file or directory in the "
                                   "working directory; say where it is with --set "
                                   "world.file=PATH"));
}

TEST(ConditioningTest, ItIsGivenAFileOrASchedule) {
  const auto said = [](const std::string& yaml) {
    return [yaml] { config::parse<ConditioningConfig>(yaml, "a.yaml"); };
  };
  const std::string message = "a.yaml:1:1: give the conditioning world a 'file' or a 'schedule'";
  EXPECT_THAT(said("{}"), ThrowsMessage<ConfigError>(message));
  EXPECT_THAT(said("{file: b.yaml, schedule: {cues: [A], phases: [{phase: p}]}}"),
              ThrowsMessage<ConfigError>(message + ", not both"));
  EXPECT_NO_THROW(said("{file: b.yaml}")());
}

}  // namespace
}  // namespace limbic::worlds
