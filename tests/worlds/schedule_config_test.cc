#include "limbic/worlds/schedule_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "../support/refusal.h"
#include "limbic/config/reader.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ScheduleConfig read(const std::string& yaml) {
  return config::parse<ScheduleConfig>(yaml, "a.yaml");
}

std::string refusal(const std::string& yaml) {
  return testing_support::refusal([&] { read(yaml); });
}

const std::string kPhase = "phases: [{phase: p, trials: {A+: 1}}]\n";
const std::string kEverything = R"yaml(
cues: [A, B, light]
lines: {S: {size: 5, width: 0.25}}
contexts: [K1, K2]
us: [food, shock]
ticks: 12
cue_ticks: [3, 6]
us_tick: 6
alone: 0.5
counterbalance: [[A, B], [light]]
trials:
  serial: {cues: {A: 2, B: [3, 5]}, us: {food: 2, shock: {ticks: [6, 7], probability: 0.5, when: response}}}
  plain: {cues: [A, light], us: -0.1, ticks: 8}
  nothing: {}
  "-+ odd: name": {cues: [], us: {}}
groups:
  a:
    - {phase: p, trials: {AB+: 40, "-": 1}, context: K2, alone: 2, order: alternating, interval: 0.5}
    - {phase: q, learn: false, delay: 500, order: listed}
  b: [{phase: r, trials: {A-: 0}}]
)yaml";

TEST(ScheduleConfigTest, ADumpedScheduleReadsBackAsItself) {
  const ScheduleConfig config = read(kEverything);
  const config::Node dumped = config::dump(config);
  const std::string yaml = config::to_yaml(dumped);
  const auto back = config::parse<ScheduleConfig>(yaml, "dumped.yaml");
  EXPECT_EQ(config::dump(back), dumped);
  EXPECT_EQ(config::parse<ScheduleConfig>(dumped).groups.size(), 2);

  const auto& serial = back.trials.entries[0].value;
  EXPECT_EQ(serial.cues.shown[0].name.text, "A");
  EXPECT_EQ(*serial.cues.shown[0].window, (Window{2, 2}));
  EXPECT_EQ(*serial.cues.shown[1].window, (Window{3, 5}));
  EXPECT_EQ(serial.us.events[0].name.text, "food");
  EXPECT_EQ(serial.us.events[0].event.magnitude, 2);
  EXPECT_FALSE(serial.us.events[0].event.ticks);
  EXPECT_EQ(*serial.us.events[1].event.ticks, (Window{6, 7}));
  EXPECT_EQ(serial.us.events[1].event.when, When::kResponse);
  const auto& plain = back.trials.entries[1].value;
  EXPECT_FALSE(plain.cues.shown[1].window);
  EXPECT_EQ(plain.us.events[0].name.text, "");
  EXPECT_EQ(plain.us.events[0].event.magnitude, -0.1);
  EXPECT_EQ(*plain.ticks, 8);
  EXPECT_EQ(back.trials.entries[3].key, "-+ odd: name");
  EXPECT_EQ(back.groups.entries[0].value[0].order, Order::kAlternating);
  EXPECT_EQ(back.groups.entries[0].value[1].delay, 500);
  EXPECT_EQ(back.cue_ticks, (Window{3, 6}));
  EXPECT_EQ(back.counterbalance[1][0].text, "light");
}

TEST(ScheduleConfigTest, JsonReadsAsYamlDoes) {
  const auto yaml = read(
      "cues: [A]\ntrials: {a: {cues: {A: [1, 2]}, us: {us: {ticks: 3}}}}\n"
      "phases: [{phase: p, trials: {a: 3, A+: 2}, learn: false}]");
  const auto json = read(R"json({"cues": ["A"],
  "trials": {"a": {"cues": {"A": [1, 2]}, "us": {"us": {"ticks": 3}}}},
  "phases": [{"phase": "p", "trials": {"a": 3, "A+": 2}, "learn": false}]})json");
  EXPECT_EQ(config::dump(json), config::dump(yaml));
}

TEST(ScheduleConfigTest, TheDefaultsAreAnEightTickTrialPaidAtItsEnd) {
  const auto config = read("cues: [A]\n" + kPhase);
  EXPECT_EQ(config.ticks, 8);
  EXPECT_EQ(config.cue_ticks, (Window{4, 7}));
  EXPECT_EQ(config.us_tick, 7);
  EXPECT_EQ(config.alone, 0);
  EXPECT_TRUE(config.phases[0].learn);
  EXPECT_EQ(config.phases[0].order, Order::kRandom);
  EXPECT_FALSE(config.phases[0].alone);
}

TEST(ScheduleConfigTest, ATickIsAWindowOfOne) {
  EXPECT_EQ(read("cues: [A]\ncue_ticks: 3\n" + kPhase).cue_ticks, (Window{3, 3}));
  EXPECT_EQ(config::to_flow_yaml(Window{3, 3}.dump()), "3");
  EXPECT_EQ(config::to_flow_yaml(Window{3, 5}.dump()), "[3, 5]");
}

TEST(ScheduleConfigTest, AWindowThatIsNoneIsRefusedOnce) {
  const auto said = [](const std::string& window) {
    return refusal("cues: [A]\ncue_ticks: " + window + "\n" + kPhase);
  };
  EXPECT_EQ(said("[1, 2, 3]"), "a.yaml:2:12: expected a tick, or [first, last], got a list");
  EXPECT_EQ(said("{first: 1}"), "a.yaml:2:12: expected a tick, or [first, last], got a map");
  EXPECT_EQ(said("soon"), "a.yaml:2:12: expected a whole number, got 'soon'");
  EXPECT_EQ(said("[2, soon]"), "a.yaml:2:16: expected a whole number, got 'soon'");
  EXPECT_EQ(said("[2, 4096]"), "a.yaml:2:16: tick must be in [0, 4095], got 4096");
  EXPECT_EQ(said("[2, 1]"), "a.yaml:2:12: ends before it begins");
}

TEST(ScheduleConfigTest, CuesAndEventsOfAnotherKindAreRefused) {
  const auto said = [](const std::string& trial) {
    return refusal("cues: [A]\ntrials: {t: {" + trial + "}}\n" + kPhase);
  };
  EXPECT_EQ(said("cues: A"),
            "a.yaml:2:20: expected a list of cues, or a map of cue to window, got 'A'");
  EXPECT_EQ(said("us: [us]"),
            "a.yaml:2:18: expected a number, or a map of US to number or event, got a list");
  EXPECT_EQ(said("us: {us: {tick: 3}}"), "a.yaml:2:24: unknown key 'tick'; did you mean 'ticks'?");
  EXPECT_EQ(said("us: {us: {when: paid}}"),
            "a.yaml:2:30: unknown when 'paid'; known: always, response, no_response");
  EXPECT_EQ(said("us: {us: {probability: 1.5}}"),
            "a.yaml:2:37: probability must be in [0, 1], got 1.5");
}

TEST(ScheduleConfigTest, AMagnitudeHasItsBoundsInEachOfItsForms) {
  const auto said = [](const std::string& us) {
    return refusal("cues: [A]\ntrials: {t: {us: " + us + "}}\n" + kPhase);
  };
  EXPECT_EQ(said("1e7"), "a.yaml:2:18: us must be in [-1000000, 1000000], got 1e7");
  EXPECT_EQ(said("{us: 1e7}"), "a.yaml:2:23: us must be in [-1000000, 1000000], got 1e7");
  EXPECT_EQ(said("{us: {magnitude: -1e7}}"),
            "a.yaml:2:35: magnitude must be in [-1000000, 1000000], got -1e7");
}

TEST(ScheduleConfigTest, TheReferenceHasTheKeysOfAnEvent) {
  const std::string reference = config::markdown(config::describe<ScheduleConfig>({}), "Schedules");
  EXPECT_THAT(
      reference,
      HasSubstr("\n## A value that is a number or event\n\n"
                "| key | value | default | what it does |\n|---|---|---|---|\n"
                "| `ticks` | tick, or [first, last], or null |  | when it is there; default: "
                "the schedule's us_tick |\n"
                "| `magnitude` | number in [-1000000, 1000000] | `1` | how strong it is |\n"
                "| `probability` | number in [0, 1] | `1` | of its coming at all |\n"
                "| `when` | one of always, response, no_response | `always` | "));
}

TEST(ScheduleConfigTest, TheSchemaHasTheKeysOfAnEvent) {
  const auto schema =
      nlohmann::json::parse(config::json_schema(config::describe<ScheduleConfig>({}), "schedule"));
  const auto& us = schema["properties"]["trials"]["additionalProperties"]["properties"]["us"];
  const auto& event = us["anyOf"][1]["additionalProperties"]["anyOf"][1];
  EXPECT_EQ(us["anyOf"][0]["type"], "number");
  EXPECT_EQ(event["properties"]["when"]["enum"],
            nlohmann::json::array({"always", "response", "no_response"}));
  EXPECT_EQ(event["additionalProperties"], false);
}

TEST(ScheduleConfigTest, UnknownKeysAreRefusedWhereTheyStand) {
  EXPECT_EQ(refusal("cue: [A]\ncues: [A]\nlines: {S: {sise: 3}}\ntrials: {t: {tick: 3}}\n"
                    "phases: [{phase: p, context: K, trial: {}}]\n"),
            "a.yaml:1:1: unknown key 'cue'; did you mean 'cues'?\n"
            "a.yaml:3:13: unknown key 'sise'; did you mean 'size'?\n"
            "a.yaml:4:14: unknown key 'tick'; did you mean 'ticks'?\n"
            "a.yaml:5:33: unknown key 'trial'; did you mean 'trials'?");
}

}  // namespace
}  // namespace limbic::worlds
