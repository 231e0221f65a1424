#include "limbic/worlds/trial_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "../support/refusal.h"
#include "limbic/config/structs.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::ThrowsMessage;

ScheduleConfig read(const std::string& yaml) {
  return config::parse<ScheduleConfig>(yaml, "a.yaml");
}

TrialSchedule made(const std::string& yaml) { return TrialSchedule(read(yaml)); }

/// What is said of a schedule with mistakes.
std::string refusal(const std::string& yaml) {
  return testing_support::refusal([&] { made(yaml); });
}

/// Names of the cues that a type shows, as it names them.
std::vector<std::string> shown(const TrialSchedule& schedule, size_t type) {
  std::vector<std::string> names;
  for (const auto& cue : schedule.types()[type].cues)
    names.push_back(schedule.cues()[cue.cue].name);
  return names;
}

std::vector<std::string> names_of(const TrialSchedule& schedule,
                                  const std::vector<int64_t>& types) {
  std::vector<std::string> names;
  for (const int64_t type : types) names.push_back(schedule.types()[type].name);
  return names;
}

const std::string kPhase = "phases: [{phase: p, trials: {A+: 1}}]\n";

TEST(ScheduleTest, ANameIsSpelledFromCuesTheLongestFirst) {
  const auto schedule = made(
      "cues: [AB, A, B, light, tone, lights]\n"
      "phases: [{phase: p, trials: {AB+: 1, BA-: 1, ABB: 1, light&tone-: 1, A B: 1, B & A+: 1, "
      "lights+: 1}}]");
  EXPECT_THAT(shown(schedule, 0), ElementsAre("AB"));
  EXPECT_THAT(shown(schedule, 1), ElementsAre("B", "A"));
  EXPECT_THAT(shown(schedule, 2), ElementsAre("AB", "B"));
  EXPECT_THAT(shown(schedule, 3), ElementsAre("light", "tone"));
  EXPECT_THAT(shown(schedule, 4), ElementsAre("A", "B")) << "a blank parts as & does";
  EXPECT_THAT(shown(schedule, 5), ElementsAre("B", "A"));
  EXPECT_THAT(shown(schedule, 6), ElementsAre("lights")) << "wherever the longest is listed";
}

TEST(ScheduleTest, PlusIsTheFirstUsAndMinusAndNothingAreNone) {
  const auto schedule =
      made("{cues: [A], us: [food, shock], phases: [{phase: p, trials: {A+: 1, A-: 1, A: 1}}]}");
  const auto& types = schedule.types();
  ASSERT_EQ(types.size(), 3);
  ASSERT_EQ(types[0].events.size(), 1);
  EXPECT_EQ(types[0].events[0].us, 0);
  EXPECT_EQ(types[0].events[0].ticks, (Window{7, 7}));
  EXPECT_EQ(types[0].events[0].magnitude, 1);
  EXPECT_EQ(types[0].events[0].probability, 1);
  EXPECT_EQ(types[0].cues[0].window, (Window{4, 7}));
  EXPECT_EQ(types[0].ticks, 8);
  EXPECT_THAT(types[1].events, IsEmpty());
  EXPECT_THAT(types[2].events, IsEmpty());
}

TEST(ScheduleTest, PlusAloneIsTheUsAloneAndMinusTheContextAlone) {
  const auto schedule = made("{cues: [A], phases: [{phase: p, trials: {+: 1, '-': 1}}]}");
  EXPECT_THAT(shown(schedule, 0), IsEmpty());
  EXPECT_EQ(schedule.types()[0].events.size(), 1);
  EXPECT_THAT(shown(schedule, 1), IsEmpty());
  EXPECT_THAT(schedule.types()[1].events, IsEmpty());
}

TEST(ScheduleTest, OneNameIsOneTypeInAllPhases) {
  const auto schedule = made(
      "cues: [A, B]\n"
      "phases: [{phase: p, trials: {A+: 1}}, {phase: q, trials: {B: 2, A+: 3}}]");
  EXPECT_EQ(schedule.types().size(), 2);
  EXPECT_EQ(schedule.groups()[0].phases[1].trials[1].type, 0);
  EXPECT_EQ(schedule.groups()[0].phases[1].trials[1].count, 3);
  EXPECT_EQ(schedule.groups()[0].phases[1].num_trials(), 5);
}

TEST(ScheduleTest, ANamedTypeSaysCuesWindowsEventsAndLength) {
  const auto schedule = made(
      "cues: [A, B]\n"
      "us: [food, shock]\n"
      "trials:\n"
      "  serial: {cues: {A: 2, B: [3, 5]}, us: {shock: 2.5, food: {ticks: [8, 9], probability: 0.5,"
      " magnitude: -1, when: no_response}}, ticks: 12}\n"
      "  plain: {cues: [B], us: 0.5}\n"
      "  A+: {cues: [B]}\n"
      "phases: [{phase: p, trials: {serial: 1, plain: 1, A+: 1}}]");
  const auto& serial = schedule.types()[0];
  EXPECT_EQ(serial.cues[0].window, (Window{2, 2}));
  EXPECT_EQ(serial.cues[1].window, (Window{3, 5}));
  EXPECT_EQ(serial.events[0].us, 1);
  EXPECT_EQ(serial.events[0].magnitude, 2.5);
  EXPECT_EQ(serial.events[0].ticks, (Window{7, 7}));
  EXPECT_EQ(serial.events[1].us, 0);
  EXPECT_EQ(serial.events[1].ticks, (Window{8, 9}));
  EXPECT_EQ(serial.events[1].magnitude, -1);
  EXPECT_EQ(serial.events[1].probability, 0.5);
  EXPECT_EQ(serial.events[1].when, When::kNoResponse);
  EXPECT_EQ(schedule.num_ticks(), 12);
  EXPECT_EQ(schedule.types()[1].events[0].us, 0);
  EXPECT_EQ(schedule.types()[1].events[0].magnitude, 0.5);
  EXPECT_EQ(schedule.types()[1].cues[0].window, (Window{4, 7}));
  EXPECT_THAT(shown(schedule, 2), ElementsAre("B")) << "what is written wins over what a name says";
  EXPECT_EQ(schedule.types().size(), 3);
}

TEST(ScheduleTest, ALineIsOneVariableAndACueForEachUnit) {
  const auto schedule = made(
      "{cues: [A], lines: {S: {size: 12, width: 2}}, phases: [{phase: p, trials: {S11+: 1, S1: "
      "1}}]}");
  ASSERT_EQ(schedule.cues().size(), 13);
  EXPECT_THAT(shown(schedule, 0), ElementsAre("S11")) << "not S1 and a 1";
  const auto& point = schedule.cues()[schedule.find_cue("S11")];
  EXPECT_EQ(point.variable, 1);
  EXPECT_EQ(point.unit, 11);
  EXPECT_EQ(point.width, 2);
  EXPECT_EQ(schedule.cues()[0].width, -1);
  EXPECT_EQ(schedule.find_cue("S12"), -1);
}

TEST(ScheduleTest, TheSchemaHasCuesContextsAndWhatOnlySteeringSees) {
  const auto schedule =
      made("{cues: [A], lines: {S: {size: 3}}, contexts: [K1, K2], us: [food, shock], ticks: 9, " +
           kPhase + "}");
  const Schema schema = schedule.schema();
  EXPECT_THAT(schema.names(),
              ElementsAre("A", "S", "K1", "K2", "food", "shock", "outcome", "cued"));
  EXPECT_THAT(schema.modalities(), ElementsAre("cue", "context"));
  EXPECT_EQ(schema.num_ticks(), 10) << "one more than a trial has";
  for (const Variable& variable : schema.variables()) {
    EXPECT_EQ(variable.num_ticks, 10) << variable.name;
    EXPECT_EQ(variable.num_cells, variable.name == "S" ? 3 : 1) << variable.name;
    EXPECT_EQ(variable.access == Access::kPrimitive, schema.find(variable.name) >= 4)
        << variable.name;
  }
}

TEST(ScheduleTest, ContextAndUsHaveNamesWhereNoneIsGiven) {
  const auto schedule = made("cues: [A]\n" + kPhase);
  EXPECT_THAT(schedule.contexts(), ElementsAre("context"));
  EXPECT_THAT(schedule.us(), ElementsAre("us"));
  EXPECT_THAT(schedule.groups()[0].name, IsEmpty());
}

TEST(ScheduleTest, AloneAddsTrialsOfTheContextForEachListedOne) {
  const auto schedule = made(
      "cues: [A]\n"
      "alone: 1.5\n"
      "phases:\n"
      "  - {phase: own, trials: {A+: 4}, alone: 0.4}\n"
      "  - {phase: schedule's, trials: {A+: 2, A-: 1}}\n"
      "  - {phase: test, trials: {A: 4}, learn: false}\n"
      "  - {phase: asked, trials: {A: 4}, learn: false, alone: 1}\n");
  const auto& phases = schedule.groups()[0].phases;
  const auto alone = [&](size_t phase) {
    const auto& last = phases[phase].trials.back();
    return schedule.types()[last.type].name == "-" ? last.count : 0;
  };
  EXPECT_EQ(alone(0), 2) << "1.6, rounded";
  EXPECT_EQ(alone(1), 5) << "4.5, rounded";
  EXPECT_EQ(alone(2), 0) << "none where nothing is learned";
  EXPECT_EQ(alone(3), 4) << "unless the phase says so";
}

TEST(ScheduleTest, PhasesKeepWhatTheySay) {
  const auto schedule = made(
      "cues: [A]\n"
      "contexts: [K1, K2]\n"
      "phases: [{phase: p, trials: {A: 0}, context: K2, order: listed, learn: false, interval: 2, "
      "delay: 30}, {phase: q}]");
  const auto& phase = schedule.groups()[0].phases[0];
  EXPECT_EQ(phase.name, "p");
  EXPECT_EQ(phase.context, 1);
  EXPECT_EQ(phase.order, Order::kListed);
  EXPECT_FALSE(phase.learn);
  EXPECT_EQ(phase.interval, 2);
  EXPECT_EQ(phase.delay, 30);
  EXPECT_EQ(phase.num_trials(), 0);
  EXPECT_EQ(schedule.groups()[0].phases[1].context, 0);
  EXPECT_EQ(schedule.groups()[0].phases[1].num_trials(), 0);
}

TEST(ScheduleTest, GroupsStandInTheirOrderWithTheirPhases) {
  const auto schedule = made(
      "cues: [A]\n"
      "groups:\n"
      "  paired: [{phase: p, trials: {A+: 1}}, {phase: test, trials: {A: 1}}]\n"
      "  alone: [{phase: p, trials: {A-: 2}}]\n");
  ASSERT_EQ(schedule.groups().size(), 2);
  EXPECT_EQ(schedule.groups()[0].name, "paired");
  EXPECT_EQ(schedule.groups()[0].phases.size(), 2);
  EXPECT_EQ(schedule.groups()[1].name, "alone");
  EXPECT_EQ(schedule.groups()[1].phases[0].trials[0].count, 2);
}

// ---- orders

TrialSchedule in_order(const std::string& order) {
  return made("{cues: [A, B], phases: [{phase: p, order: " + order +
              ", trials: {A: 2, B: 3}, alone: 0.2}]}");
}

TEST(ScheduleTest, ListedTrialsComeTypeByType) {
  const auto schedule = in_order("listed");
  EXPECT_THAT(names_of(schedule, schedule.groups()[0].phases[0].sequence(Stream(1))),
              ElementsAre("A", "A", "B", "B", "B", "-"));
}

TEST(ScheduleTest, AlternatingTrialsComeInTurnsUntilTheyRunOut) {
  const auto schedule = in_order("alternating");
  EXPECT_THAT(names_of(schedule, schedule.groups()[0].phases[0].sequence(Stream(1))),
              ElementsAre("A", "B", "-", "A", "B", "B"));
}

TEST(ScheduleTest, ARandomOrderIsAPermutationThatTheStreamAloneDecides) {
  const auto schedule = made("{cues: [A, B], phases: [{phase: p, trials: {A: 30, B: 30}}]}");
  const auto& phase = schedule.groups()[0].phases[0];
  const auto order = phase.sequence(Stream(1));
  EXPECT_EQ(std::ranges::count(order, 0), 30);
  EXPECT_EQ(std::ranges::count(order, 1), 30);
  EXPECT_FALSE(std::ranges::is_sorted(order));
  EXPECT_EQ(phase.sequence(Stream(1)), order);
  EXPECT_NE(phase.sequence(Stream(2)), order);
}

TEST(ScheduleTest, EachPlaceOfARandomOrderIsAsLikely) {
  const auto schedule = made("{cues: [A, B], phases: [{phase: p, trials: {A: 1, B: 3}}]}");
  std::vector<int> places(4);
  for (int64_t i = 0; i < 2000; ++i) {
    const auto order = schedule.groups()[0].phases[0].sequence(Stream(1).at(i));
    ++places[std::ranges::find(order, 0) - order.begin()];
  }
  for (const int count : places) EXPECT_NEAR(count, 500, 80);  // 4 deviations of 19.4
}

// ---- refusals

TEST(ScheduleTest, UnknownNamesAreRefusedWithTheirPlaces) {
  EXPECT_EQ(refusal("cues: [light, tone]\n"
                    "contexts: [home, away]\n"
                    "us: [food]\n"
                    "counterbalance: [[light, tome]]\n"
                    "trials:\n"
                    "  a: {cues: [ligth]}\n"
                    "  b: {cues: {noise: 3}, us: {foot: 1}}\n"
                    "phases:\n"
                    "  - {phase: p, trials: {ligt+: 1}, context: hom}\n"),
            "a.yaml:4:26: no cue is called 'tome'; did you mean 'tone'?\n"
            "a.yaml:6:14: no cue is called 'ligth'; did you mean 'light'?\n"
            "a.yaml:7:14: no cue is called 'noise'; known: light, tone\n"
            "a.yaml:7:30: no US is called 'foot'; did you mean 'food'?\n"
            "a.yaml:9:25: no trial is called 'ligt+', nor is it cues and + or -; did you mean "
            "'light'?\n"
            "a.yaml:9:45: no context is called 'hom'; did you mean 'home'?");
}

TEST(ScheduleTest, UnknownNamesInGroupsAreRefusedToo) {
  EXPECT_EQ(refusal("cues: [A]\n"
                    "groups:\n"
                    "  g: [{phase: p, trials: {AB+: 1}}]\n"),
            "a.yaml:3:27: no trial is called 'AB+', nor is it cues and + or -; known: A");
}

TEST(ScheduleTest, AWindowPastTheEndOfItsTrialIsRefused) {
  EXPECT_EQ(refusal("cues: [A]\n"
                    "trials: {long: {cues: {A: [2, 8]}}, late: {us: {us: {ticks: 8}}},\n"
                    "         short: {cues: [A], us: 1, ticks: 7}}\n"
                    "phases: [{phase: p, trials: {A+: 1}}]\n"),
            "a.yaml:2:24: cue 'A' ends at tick 8, but trial 'long' has ticks 0 to 7\n"
            "a.yaml:2:49: US 'us' ends at tick 8, but trial 'late' has ticks 0 to 7\n"
            "a.yaml:3:25: cue 'A' ends at tick 7, but trial 'short' has ticks 0 to 6\n"
            "a.yaml:3:33: US 'us' ends at tick 7, but trial 'short' has ticks 0 to 6");
  EXPECT_EQ(refusal("cues: [A]\n"
                    "ticks: 6\n"
                    "phases: [{phase: p, trials: {A+: 1}}]\n"),
            "a.yaml:3:30: cue 'A' ends at tick 7, but trial 'A+' has ticks 0 to 5\n"
            "a.yaml:3:30: US 'us' ends at tick 7, but trial 'A+' has ticks 0 to 5")
      << "of a name that is spelled as well";
}

TEST(ScheduleTest, ACueIsInATrialOnce) {
  EXPECT_EQ(refusal("cues: [A, B]\n"
                    "trials: {t: {cues: [A, B, A]}}\n"
                    "phases: [{phase: p, trials: {ABA+: 1, AB+: 1}}]\n"),
            "a.yaml:2:27: cue 'A' is in trial 't' twice\n"
            "a.yaml:3:30: cue 'A' is in trial 'ABA+' twice");
}

TEST(ScheduleTest, ANameThatStandsForTwoThingsIsRefusedAtTheSecond) {
  EXPECT_EQ(refusal("cues: [A, S1, A, cued]\n"
                    "lines: {S: {size: 2}}\n"
                    "contexts: [S, K]\n"
                    "us: [K, outcome]\n" +
                    kPhase),
            "a.yaml:1:15: 'A' already stands for something\n"
            "a.yaml:1:18: 'cued' already stands for something\n"
            "a.yaml:2:9: 'S1' already stands for something\n"
            "a.yaml:3:12: 'S' already stands for something\n"
            "a.yaml:4:6: 'K' already stands for something\n"
            "a.yaml:4:9: 'outcome' already stands for something");
}

TEST(ScheduleTest, ASecondPhaseOfOneNameIsRefusedWithinItsGroup) {
  EXPECT_EQ(refusal("cues: [A]\n"
                    "phases: [{phase: p, trials: {A+: 1}}, {phase: q}, {phase: p}]\n"),
            "a.yaml:2:59: a second phase is called 'p'");
  EXPECT_EQ(refusal("cues: [A]\n"
                    "groups: {g: [{phase: p}], h: [{phase: p}, {phase: p}]}\n"),
            "a.yaml:2:51: a second phase is called 'p'");
}

TEST(ScheduleTest, ACueThatIsCalledAsAContextOrUsWithoutAName) {
  EXPECT_EQ(refusal("cues: [context, us, A]\n" + kPhase),
            "a.yaml:1:8: 'context' already stands for something\n"
            "a.yaml:1:17: 'us' already stands for something");
  EXPECT_EQ(refusal("{cues: [context, us, A], contexts: [K], us: [food], " + kPhase + "}"), "");
}

TEST(ScheduleTest, APointOnALineKeepsItsPlace) {
  EXPECT_EQ(refusal("cues: [A]\n"
                    "lines: {S: {size: 2}}\n"
                    "counterbalance: [[A, S1]]\n" +
                    kPhase),
            "a.yaml:3:22: 'S1' is a point on a line and keeps its place");
}

TEST(ScheduleTest, WithoutCuesThereIsNoSchedule) {
  EXPECT_EQ(refusal("{contexts: [K], counterbalance: [[A]], phases: [{phase: p, trials: {+: 1}}]}"),
            "a.yaml:1:1: a schedule needs 'cues' or 'lines'");
  ScheduleConfig config;
  config.counterbalance = {{{"A", {}}}};
  EXPECT_THAT([&] { TrialSchedule{config}; }, ThrowsMessage<ConfigError>("no cue is called 'A'"))
      << "made without a file";
}

TEST(ScheduleTest, EitherPhasesOrGroups) {
  EXPECT_EQ(refusal("cues: [A]"), "a.yaml:1:1: a schedule needs 'phases', or 'groups' of phases");
  EXPECT_EQ(refusal("cues: [A]\ngroups: {g: [{phase: p}]}\n" + kPhase),
            "a.yaml:1:1: a schedule has 'phases' or 'groups', not both");
  EXPECT_EQ(refusal("cues: [A]\ngroups: {g: []}\n"),
            "a.yaml:2:10: a group needs at least one phase");
}

TEST(ScheduleTest, ValuesThatMakeNoSenseAreRefused) {
  EXPECT_EQ(refusal("cues: [A]\n"
                    "cue_ticks: [5, 4]\n"
                    "ticks: 0\n"
                    "us_tick: -1\n"
                    "alone: 101\n"
                    "phases: [{trials: {A: -1}, order: shuffled, learn: maybe, interval: -2}]\n"),
            "a.yaml:2:12: ends before it begins\n"
            "a.yaml:3:8: ticks must be in [1, 4096], got 0\n"
            "a.yaml:4:10: us_tick must be in [0, 4095], got -1\n"
            "a.yaml:5:8: alone must be in [0, 100], got 101\n"
            "a.yaml:6:10: missing key 'phase'\n"
            "a.yaml:6:23: A must be in [0, 1000000], got -1\n"
            "a.yaml:6:35: unknown order 'shuffled'; known: random, listed, alternating\n"
            "a.yaml:6:52: expected a truth value, got 'maybe'; write true or false\n"
            "a.yaml:6:69: interval must be in [0, 1000000], got -2");
}

}  // namespace
}  // namespace limbic::worlds
