#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/protocol.h"
#include "limbic/config/overrides.h"
#include "limbic/core/log.h"

namespace limbic::app {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

const std::string kConfigs = LIMBIC_SOURCE_DIR "/configs/";
const std::string kBrain = kConfigs + "brains/conditioning.yaml";

// Acquisition with one probe, in two groups.
const std::string kProtocol = R"yaml(
phenomenon: learning <fast> & slow
schedule:
  cues: [A, B, C]
  ticks: 5
  cue_ticks: [1, 4]
  us_tick: 4
  alone: 1
  trials:
    brief: {cues: {A: [1, 2]}, ticks: 3}
  groups:
    one:
      - {phase: train, trials: {A+: 6, B-: 3}}
      - {phase: test, learn: false, trials: {A: 1, B: 1, brief: 1, C: 0}}
    two:
      - {phase: train, trials: {B+: 6}}
      - {phase: test, learn: false, trials: {B: 1}}
)yaml";

class ConditionTest : public testing::Test {
 protected:
  ConditionTest() { log::set_level(log::Level::kQuiet); }

  /// The battery's brain in three subjects.
  static config::Node brain() {
    config::Node root = config::read_yaml_file(kBrain);
    config::apply_override(root, "subjects.count=3");
    return root;
  }

  static Protocol read(const std::string& path, const config::Node& brain,
                       const Changes& changes = {}) {
    config::Problems problems;
    Protocol protocol = read_protocol(path, brain, changes, problems);
    problems.raise();
    return protocol;
  }

  /// The protocol above with these measures, criterion and contrast.
  Protocol protocol(const std::string& measures, const std::string& criterion,
                    const std::string& contrast, const std::string& more = "") {
    const std::string path = directory_ / "07_toy.yaml";
    std::ofstream(path) << kProtocol << "measures:\n"
                        << measures << "criterion: " << criterion << "\ncontrast: " << contrast
                        << "\n"
                        << more;
    return read(path, brain());
  }

  /// What is said when it is checked.
  static std::string problems_of(const Protocol& protocol) {
    config::Problems problems;
    check_protocol(protocol, problems);
    return problems.text();
  }

  /// What is said when it is run; the path is left out.
  std::string refusal(const std::string& measures, const std::string& criterion = "1 > 0") {
    return testing_support::refusal(directory_ / "",
                                    [&] { run_protocol(protocol(measures, criterion, "1")); });
  }

  testing_support::TemporaryDirectory directory_;
};

TEST_F(ConditionTest, EveryProtocolThatWeShipIsReadWithoutAProblem) {
  int64_t num_read = 0;
  for (const auto* folder : {"conditioning", "conditioning/loop", "conditioning/dopamine"}) {
    for (const auto& entry : std::filesystem::directory_iterator(kConfigs + folder)) {
      if (entry.path().extension() != ".yaml") continue;
      EXPECT_EQ(problems_of(read(entry.path().string(), brain())), "") << entry.path();
      ++num_read;
    }
  }
  EXPECT_GE(num_read, 36);
}

TEST_F(ConditionTest, TheBatterysBrainIsReadWithoutAProblem) {
  const auto config = read_condition_config(kBrain, {"subjects.first=7"});
  EXPECT_EQ(config.subjects.count, 10);
  EXPECT_EQ(config.subjects.first, 7);
  EXPECT_EQ(config.amygdala.type(), "kalman");
}

TEST_F(ConditionTest, AcquisitionBlockingAndRenewalShowInThreeSubjects) {
  for (const auto* name : {"01_acquisition", "04_blocking", "12_renewal"}) {
    const auto result = run_protocol(read(kConfigs + "conditioning/" + name + ".yaml", brain()));
    EXPECT_EQ(result.name, name);
    EXPECT_EQ(result.num_passed(), 3) << name;
    EXPECT_TRUE(result.is_reached());
    EXPECT_THAT(result.contrast_S, SizeIs(3));
    EXPECT_THAT(result.contrast_S, Each(testing::Gt(0.1))) << name;
  }
}

TEST_F(ConditionTest, ARowIsReachedByNineSubjectsOfTen) {
  ProtocolResult result;
  result.holds_S.assign(10, true);
  result.holds_S[3] = false;
  EXPECT_EQ(result.num_passed(), 9);
  EXPECT_TRUE(result.is_reached());
  result.holds_S[4] = false;
  EXPECT_FALSE(result.is_reached());
}

// ---- measures

TEST_F(ConditionTest, AMeasureOfOneTypeIsACurveOverItsTrials) {
  const auto result =
      run_protocol(protocol("  A: {phase: train, trials: [A+]}\n"
                            "  B: {group: two, phase: train, trials: [B+]}\n"
                            "  test: {phase: test, trials: [A]}\n",
                            "length(A) == 6 and length(B) == 6 and last(A) > at(A, 0)", "test"));
  EXPECT_THAT(result.holds_S, Each(true));
  EXPECT_THAT(result.measures.at("A"), Each(SizeIs(6))) << "a curve of each subject";
  for (size_t s = 0; s < 3; ++s)
    EXPECT_THAT(result.measures.at("test").at(s), testing::ElementsAre(result.contrast_S[s]));
}

TEST_F(ConditionTest, AMeasureOfSeveralTypesIsACurveOverThem) {
  const auto result =
      run_protocol(protocol("  both: {phase: test, trials: [B, A]}\n"
                            "  A: {phase: test, trials: [A]}\n"
                            "  B: {phase: test, trials: [B]}\n",
                            "length(both) == 2 and at(both, 0) == B and "
                            "at(both, 1) == A and A != B",
                            "A - B"));
  EXPECT_THAT(result.holds_S, Each(true));
  EXPECT_THAT(result.contrast_S, Each(testing::Gt(0.1)));
}

TEST_F(ConditionTest, AMeasureOfSeveralTicksIsACurveOverThem) {
  const auto result =
      run_protocol(protocol("  all: {phase: test, trials: [A], ticks: [1, 4]}\n"
                            "  two: {phase: test, trials: [A], ticks: 2}\n"
                            "  A: {phase: test, trials: [A]}\n",
                            "length(all) == 4 and at(all, 1) == two and "
                            "at(all, 2) == A",
                            "A - two"));
  EXPECT_THAT(result.holds_S, Each(true)) << "without ticks: the one before us_tick";
}

TEST_F(ConditionTest, AMeasureOfCellsIsACurveOverThem) {
  const auto result = run_protocol(
      protocol("  cells: {phase: test, trials: [A], cells: true}\n"
               "  A: {phase: test, trials: [A]}\n",
               "length(cells) == 4 and abs(mean(cells) - A) < 0.000001 and max(cells) > min(cells)",
               "trend(cells)", "set: {amygdala: {type: delta, cells: 4, asymmetry: 0.8}}\n"));
  EXPECT_THAT(result.holds_S, Each(true));
}

TEST_F(ConditionTest, AMeasureReadsWhatItSays) {
  const auto result =
      run_protocol(protocol("  V: {phase: test, trials: [A]}\n"
                            "  half: {phase: test, trials: [A], what: response}\n"
                            "  error: {phase: train, trials: [A+], what: error, ticks: 4}\n"
                            "  sure: {phase: test, trials: [A], what: uncertainty}\n"
                            "  unsure: {phase: test, trials: [B], what: uncertainty}\n",
                            "sure > 0 and sure < unsure and at(error, 0) > at(error, 5)", "V"));
  EXPECT_THAT(result.holds_S, Each(true));
  for (size_t s = 0; s < 3; ++s) {
    const double v = result.measures.at("V")[s][0];
    EXPECT_DOUBLE_EQ(result.measures.at("half")[s][0], 1 / (1 + std::exp(-(v - 0.5) / 0.1)));
  }
}

TEST_F(ConditionTest, RespondedIsWhetherTheSubjectActed) {
  const std::string path = directory_ / "01_act.yaml";
  std::ofstream(path) << "{phenomenon: x, schedule: {cues: [A], trials: {t: {cues: [A], us: {us: "
                         "{when: response}}}}, phases: [{phase: p, trials: {t: 2}}]}, measures: "
                         "{acts: {phase: p, trials: [t], what: responded}}, criterion: mean(acts) "
                         "== 1, contrast: mean(acts)}";
  for (const double threshold : {-1000.0, 1000.0}) {
    config::Node changed = brain();
    config::apply_override(changed, "response.threshold=" + std::to_string(threshold));
    EXPECT_THAT(run_protocol(read(path, changed)).contrast_S, Each(threshold < 0 ? 1 : 0));
  }
}

TEST_F(ConditionTest, CurvesAreTheMeansOverSubjectsOfEachTypeWithCues) {
  const auto result =
      run_protocol(protocol("  A: {phase: train, trials: [A+]}\n", "length(A) == 6", "last(A)"));
  std::vector<std::string> drawn;
  for (const auto& curve : result.curves) {
    drawn.push_back(curve.group + " " + curve.trial);
    EXPECT_EQ(curve.index.size(), curve.mean.size());
    EXPECT_TRUE(std::ranges::is_sorted(curve.index)) << curve.trial;
  }
  EXPECT_THAT(drawn, UnorderedElementsAre("one brief", "one A+", "one B-", "one A", "one B",
                                          "two B", "two B+"));
  const auto curve = [&](const std::string& name) {
    return result.curves[std::ranges::find(drawn, name) - drawn.begin()];
  };
  const auto acquisition = curve("one A+");
  EXPECT_THAT(acquisition.mean, SizeIs(6));
  double last = 0;
  for (const double v : result.contrast_S) last += v / 3;
  EXPECT_NEAR(acquisition.mean[5], last, 1e-12);
  EXPECT_GE(curve("one A").index[0], 18) << "the test comes after 18 trials";
}

TEST_F(ConditionTest, ATrialThatEndsEarlierIsDrawnAtItsLastTick) {
  const std::string path = directory_ / "01_brief.yaml";
  std::ofstream(path)
      << "{phenomenon: brief, schedule: {cues: [A], ticks: 6, cue_ticks: [1, 5], us_tick: 5, "
         "trials: {t: {cues: {A: [1, 2]}, us: {us: {ticks: 2}}, ticks: 3}}, phases: [{phase: p, "
         "trials: {t: 6, A+: 1}}]}, measures: {V: {phase: p, trials: [t], ticks: 2}}, criterion: "
         "last(V) > 0.3, contrast: last(V)}";
  const auto result = run_protocol(read(path, brain()));
  EXPECT_EQ(result.num_passed(), 3);
  double last = 0;
  for (const double v : result.contrast_S) last += v / 3;
  const auto curve = std::ranges::find(result.curves, "t", &LearningCurve::trial);
  ASSERT_NE(curve, result.curves.end());
  EXPECT_NEAR(curve->mean[5], last, 1e-12);
}

TEST_F(ConditionTest, AScheduleMayHaveTicksBeforeItsUsTick) {
  const std::string path = directory_ / "01_short.yaml";
  std::ofstream(path)
      << "{phenomenon: short, schedule: {cues: [A], ticks: 3, trials: {t: {cues: "
         "{A: 1}, us: {us: {ticks: 2}}}}, phases: [{phase: p, trials: {t: 2}}]}, "
         "measures: {V: {phase: p, trials: [t], ticks: 1}}, criterion: length(V) == "
         "2, contrast: last(V)}";
  EXPECT_EQ(run_protocol(read(path, brain())).num_passed(), 3);
}

// ---- refusals

TEST_F(ConditionTest, NamesThatAMeasureDoesNotFindAreRefused) {
  const auto said = [&](const std::string& measure) { return refusal("  m: " + measure + "\n"); };
  EXPECT_EQ(said("{group: three, phase: test, trials: [A]}"),
            "07_toy.yaml:19:14: no group is called 'three'; known: one, two");
  EXPECT_EQ(said("{phase: tset, trials: [A]}"),
            "07_toy.yaml:19:14: no phase is called 'tset'; did you mean 'test'?");
  EXPECT_EQ(said("{phase: test, trials: [AX]}"),
            "07_toy.yaml:19:29: no trial is called 'AX'; known: brief, A+, B-, -, A, B, C, B+");
  EXPECT_EQ(said("{phase: test, trials: [A], of: expekted}"),
            "07_toy.yaml:19:37: no steering variable is called 'expekted'; did you mean "
            "'expected'?");
}

TEST_F(ConditionTest, WhatAMeasureCannotReadIsRefused) {
  const auto said = [&](const std::string& measure) { return refusal("  m: " + measure + "\n"); };
  EXPECT_EQ(said("{phase: test, trials: []}"), "07_toy.yaml:19:14: a measure needs 'trials'");
  EXPECT_EQ(said("{phase: train, trials: [A]}"),
            "07_toy.yaml:19:30: phase 'train' has no trial 'A'");
  EXPECT_EQ(said("{phase: test, trials: [C]}"), "07_toy.yaml:19:29: phase 'test' has no trial 'C'");
  EXPECT_EQ(said("{group: two, phase: test, trials: [A]}"),
            "07_toy.yaml:19:41: phase 'test' has no trial 'A'");
  EXPECT_EQ(said("{phase: test, trials: [A], ticks: 5}"),
            "07_toy.yaml:19:29: trial 'A' has no tick 5");
  EXPECT_EQ(said("{phase: test, trials: [A, brief]}"),
            "07_toy.yaml:19:32: trial 'brief' has no tick 3");
  EXPECT_EQ(said("{phase: test, trials: [A], what: responded}"),
            "07_toy.yaml:19:29: trial 'A' waits for no response");
  EXPECT_EQ(said("{phase: test, trials: [A], cells: true, what: error}"),
            "07_toy.yaml:19:14: of cells, predictions alone are read");
  EXPECT_EQ(said("{phase: test, trials: [A, B], ticks: [1, 2]}"),
            "07_toy.yaml:19:32: of cells, or of several ticks, one trial alone is read");
  EXPECT_EQ(said("{phase: test, trials: [A, B], cells: true}"),
            "07_toy.yaml:19:32: of cells, or of several ticks, one trial alone is read");
  EXPECT_EQ(said("{phase: test, trials: [A], cells: true, ticks: [1, 2]}"),
            "07_toy.yaml:19:14: of cells, one tick alone is read");
}

TEST_F(ConditionTest, ACriterionOfWhatIsNotMeasuredIsRefused) {
  EXPECT_EQ(refusal("  A: {phase: test, trials: [A]}\n", "B > 0"),
            "07_toy.yaml:20:12: nothing measured is called 'B'; known: A");
  EXPECT_EQ(refusal("  A: {phase: train, trials: [A+]}\n", "A > 0"),
            "07_toy.yaml:20:12: comes to 6 values, not to one");
}

TEST_F(ConditionTest, AllMistakesOfMeasuresAndCriteriaAreToldAtOnce) {
  EXPECT_EQ(refusal("  A: {phase: tset, trials: [AX]}\n"
                    "  B: {group: two, phase: test, trials: [A], of: expekted}\n",
                    "C > 0 and maxx(B) > 0"),
            "07_toy.yaml:19:14: no phase is called 'tset'; did you mean 'test'?\n"
            "07_toy.yaml:19:29: no trial is called 'AX'; known: brief, A+, B-, -, A, B, C, B+\n"
            "07_toy.yaml:20:41: phase 'test' has no trial 'A'\n"
            "07_toy.yaml:20:49: no steering variable is called 'expekted'; did you mean "
            "'expected'?\n"
            "07_toy.yaml:21:12: nothing measured is called 'C'; known: A, B\n"
            "07_toy.yaml:21:22: unknown function 'maxx'; did you mean 'max'?");
}

TEST_F(ConditionTest, CurvesThatDoNotFitAreFoundBeforeAnythingIsRun) {
  const std::string curves =
      "  A: {phase: train, trials: [A+]}\n"
      "  B: {phase: train, trials: [B-]}\n"
      "  none: {phase: train, trials: ['-']}\n"
      "  moments: {phase: test, trials: [A], ticks: [1, 2]}\n"
      "  both: {phase: test, trials: [A, B]}\n";
  const auto found = [&](const std::string& criterion) {
    return problems_of(protocol(curves, criterion, "1"));
  };
  EXPECT_THAT(found("max(A - B) > 0"), HasSubstr("6 values meet 3 at '-'"));
  EXPECT_THAT(found("none > 0"), HasSubstr("07_toy.yaml:24:12: comes to 9 values, not to one"));
  EXPECT_EQ(found("max(moments - both) > 0"), "");
  EXPECT_EQ(found("at(A, first(A, 2)) > last(B)"), "") << "whatever is measured";
}

TEST_F(ConditionTest, SubjectsThatWouldActTooLateAreRefused) {
  const auto late =
      protocol("  A: {phase: test, trials: [A]}\n", "A > 0", "A", "set: {response.tick: 4}\n");
  EXPECT_NO_THROW(run_protocol(late)) << "where nothing waits for it";
  const std::string path = directory_ / "08_late.yaml";
  std::ofstream(path)
      << "{set: {response.tick: 8}, phenomenon: x, schedule: {cues: [A], trials: {t: {us: {us: "
         "{when: no_response}}}}, phases: [{phase: p, trials: {t: 1}}]}, measures: {}, criterion: "
         "1 > 0, contrast: 1}";
  EXPECT_EQ(problems_of(read(path, brain())),
            "response.tick: what waits for a response in trial 't' comes at tick 7, and subjects "
            "act at 8");
}

TEST_F(ConditionTest, ABrainThatDoesNotFitIsFoundBeforeAnythingIsRun) {
  const auto found = [&](const std::string& set) {
    return problems_of(
        protocol("  A: {phase: test, trials: [A]}\n", "A > 0", "A", "set: {" + set + "}\n"));
  };
  EXPECT_THAT(found("amygdala: {type: linear}"), StartsWith("these assessors learn by gradient"));
  EXPECT_THAT(found("cortex.ticks: together"), HasSubstr("amygdala.code wants a cortex"));
  EXPECT_EQ(found("response.of: expekted"),
            "response.of: no steering variable is called 'expekted'; did you mean 'expected'?");
}

// ---- changes

TEST_F(ConditionTest, ChangesOfTheBrainAreTheProtocolsOwnThenThoseOfAnAblation) {
  const std::string path = directory_ / "01_set.yaml";
  std::ofstream(path)
      << "{set: {subjects.count: 2, response.tick: 5}, phenomenon: x, schedule: {lines: "
         "{S: {size: 3}}, phases: [{phase: p, trials: {S1: 1}}]}, measures: {}, "
         "criterion: 1 > 0, contrast: 1}";
  EXPECT_EQ(read(path, brain()).brain.subjects.count, 2);
  const auto changed = [&](const std::string& key, const std::string& value) {
    return read(path, brain(), {{key, {}, config::parse_yaml(value, "parts.yaml")}});
  };
  const auto ablated = changed("response.tick", "6");
  EXPECT_EQ(ablated.brain.response.tick, 6) << "an ablation comes last";
  EXPECT_EQ(ablated.brain.subjects.count, 2);
  EXPECT_EQ(changed("schedule.lines.S.width", "0").config.schedule.lines.find("S")->width, 0);
  EXPECT_FALSE(changed("schedule.groups.a.b", "0").config.schedule.phases.empty())
      << "of a schedule without groups, nothing is changed";
  std::ofstream(directory_ / "02_own.yaml")
      << "{set: {schedule.phases.p.trials.S1: 3, schedule.groups.a: []}, phenomenon: x, schedule: "
         "{lines: {S: {size: 3}}, phases: [{phase: p, trials: {S1: 1}}]}, measures: {}, "
         "criterion: 1 > 0, contrast: 1}";
  EXPECT_THAT([&] { (void)read(directory_ / "02_own.yaml", brain()); },
              ThrowsMessage<ConfigError>(HasSubstr("groups")))
      << "what a protocol sets itself is never left out";
  EXPECT_EQ(changed("schedule.ticks", "12").config.schedule.ticks, 12) << "it was 8 without a word";
  EXPECT_THAT([&] { (void)changed("schedule.tics", "12"); },
              ThrowsMessage<ConfigError>(HasSubstr("did you mean 'ticks'?")));
}

TEST_F(ConditionTest, ASetThatIsNoMapOrLeadsNowhereIsRefused) {
  EXPECT_THAT(
      [&] { protocol("  A: {phase: test, trials: [A]}\n", "A > 0", "A", "set: [1]\n"); },
      ThrowsMessage<ConfigError>(HasSubstr("07_toy.yaml:22:6: expected a map, got a list")));
  EXPECT_THAT(
      [&] {
        protocol("  A: {phase: test, trials: [A]}\n", "A > 0", "A",
                 "set: {amygdala.process_nois: 0}\n");
      },
      ThrowsMessage<ConfigError>(HasSubstr(
          "07_toy.yaml:22:7: unknown key 'process_nois'; did you mean 'process_noise'?")));
}

}  // namespace
}  // namespace limbic::app
