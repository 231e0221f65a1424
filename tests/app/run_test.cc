#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>

#include "../support/learned.h"
#include "../support/recorder.h"
#include "../support/temporary_directory.h"
#include "interrupted_eval.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/metrics_log.h"
#include "limbic/training/trainer.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;
using testing_support::Learned;

class RunTest : public testing::Test {
 protected:
  RunTest() {
    log::set_level(log::Level::kQuiet);
    std::ofstream(config_) << kSmallRun;
  }

  [[nodiscard]] training::Parts parts(const std::string& run,
                                      const std::vector<std::string>& set = {}) const {
    return build_parts(read_config(config_, set), directory_ / run, at::kCPU);
  }

  // Trains in directory `run` until `last_step`, or to the end; returns what it has learned.
  Learned train(const std::string& run, std::optional<int64_t> last_step = {},
                const std::vector<std::string>& set = {}) {
    training::Parts of_run = parts(run, set);
    if (is_on_device_) of_run.recorder = std::make_shared<testing_support::FakeRecorder>();
    for (training::ScheduledEval& eval : of_run.evals) {
      if (eval.name == interrupted_.name)
        eval.eval = std::make_shared<InterruptedEval>(eval.eval, interrupted_);
    }
    training::Trainer trainer(std::move(of_run));
    const int stopped_by = interrupted_.signal == SIGUSR1 ? 0 : interrupted_.signal;
    EXPECT_EQ(trainer.run(last_step).signal, stopped_by);
    return testing_support::learned(trainer.replicas());
  }
  // The same by way of each of these steps, at which it is stopped and gone on with.
  Learned train_by_way_of(const std::vector<int64_t>& stops,
                          const std::vector<std::string>& set = {}) {
    for (const int64_t stop : stops) train("stopped", stop, set);
    return train("stopped", {}, set);
  }
  [[nodiscard]] std::string logs(const std::string& run) const {
    return read_file(directory_ / (run + "/metrics.jsonl")) +
           read_file(directory_ / (run + "/decisions.jsonl"));
  }
  [[nodiscard]] training::CheckpointStore store(const std::string& run) const {
    return training::CheckpointStore(directory_ / (run + "/checkpoints"));
  }
  [[nodiscard]] std::vector<int64_t> checkpoints(const std::string& run) const {
    return store(run).list();
  }

  void expect_resumes_equal_the_unbroken_run() {
    const Learned unbroken = train("unbroken");
    EXPECT_EQ(train_by_way_of({1, 5, 6, 7, 11}), unbroken);  // around the stage boundary too
    EXPECT_EQ(logs("stopped"), logs("unbroken"));
  }
  void expect_evals_that_were_cut_short_are_done_later();
  [[nodiscard]] std::string weights(const std::string& run, int64_t step) const {
    return read_file(store(run).path(step) + "/cortex.safetensors");
  }

  // But for the length of a log that holds times.
  [[nodiscard]] std::string state(const std::string& run, int64_t step) const {
    const std::string text = read_file(store(run).path(step) + "/state.json");
    return std::regex_replace(text, std::regex("\"timings\": [0-9]+"), "");
  }
  // What a checkpoint knows of the steps since the last line of the log.
  [[nodiscard]] std::string window(const std::string& run, int64_t step) const {
    const std::string state = this->state(run, step);
    return state.substr(state.find("\"step\": 1"));
  }

  const testing_support::TemporaryDirectory directory_;
  const std::string config_ = directory_ / "config.yaml";
  bool is_on_device_ = false;  // whose reports are late
  Interruption interrupted_;
};

TEST_F(RunTest, ResumedRunEqualsTheUnbrokenOneBitForBit) {
  expect_resumes_equal_the_unbroken_run();
}

TEST_F(RunTest, SoDoesOneWhoseReportsAreLate) {
  is_on_device_ = true;
  expect_resumes_equal_the_unbroken_run();
}

// On a schedule, at the end of a stage, and at the run's; and twice at the same place.
void RunTest::expect_evals_that_were_cut_short_are_done_later() {
  const std::vector<std::string> set = {
      "evals.rare={type: auroc, regime: live, of: assess.flinch, against: threat, rows: 64, every: "
      "100 steps}",
      "checkpoints={every: 2 steps, keep_last: 9, best: {of: eval/word.auroc}}"};
  const Learned unbroken = train("unbroken", {}, set);
  for (const auto& [name, number] : {std::pair{"word", 1}, {"word", 3}, {"rare", 1}, {"rare", 2}}) {
    const std::string run = concat(name, number);
    for (const int64_t next : {number, 1}) {
      interrupted_ = {name, next, SIGTERM};
      train(run, {}, set);
      EXPECT_NE(logs(run), logs("unbroken")) << run;
    }
    interrupted_ = {};
    EXPECT_EQ(train(run, {}, set), unbroken) << run;
    EXPECT_EQ(logs(run), logs("unbroken")) << run;
    for (const int64_t step : {6, 8})
      EXPECT_EQ(state(run, step), state("unbroken", step)) << run << " at " << step;
  }
}

TEST_F(RunTest, AnEvalThatASignalCutsShortIsDoneWhenTheRunGoesOn) {
  expect_evals_that_were_cut_short_are_done_later();
}

TEST_F(RunTest, SoIsOneWhoseStepsReportLate) {
  is_on_device_ = true;
  expect_evals_that_were_cut_short_are_done_later();
}

TEST_F(RunTest, ARunToTheStepOfSuchAnEvalDoesIt) {
  interrupted_ = {"word", 1, SIGTERM};
  train("a");
  interrupted_ = {};
  train("a", 2);
  EXPECT_THAT(logs("a"), HasSubstr("\"step\":2,\"eval/word.auroc\""));
}

TEST_F(RunTest, ASignalToSaveSavesAndTheRunGoesOnAsIfNothingWere) {
  const std::vector<std::string> set = {"checkpoints={every: 100 steps, keep_last: 9}"};
  const Learned unbroken = train("unbroken", {}, set);
  interrupted_ = {"word", 1, SIGUSR1};
  EXPECT_EQ(train("saved", {}, set), unbroken);
  EXPECT_EQ(logs("saved"), logs("unbroken"));
  EXPECT_THAT(checkpoints("unbroken"), ElementsAre(0, 6, 12));
  EXPECT_THAT(checkpoints("saved"), ElementsAre(0, 2, 6, 12));
}

// No condition sees it: decisions are what they are without.
TEST_F(RunTest, AnEvalMayAlsoRunBeforeTheFirstStep) {
  const std::vector<std::string> set = {"evals.word.at_start=true"};
  const Learned without = train("without");
  EXPECT_EQ(train("with", {}, set), without);
  const auto row = training::read_metrics(directory_ / "with/metrics.jsonl").front();
  EXPECT_EQ(row.step, 0);
  EXPECT_THAT(row.values, ElementsAre(Pair("eval/word.auroc", 0.5))) << "untaught";
  EXPECT_EQ(logs("with"), concat(training::to_line(row), "\n", logs("without")));
  interrupted_ = {"word", 1, SIGTERM};
  train("cut", {}, set);
  EXPECT_EQ(logs("cut"), "");
  interrupted_ = {};
  EXPECT_EQ(train("cut", {}, set), without);
  EXPECT_EQ(logs("cut"), logs("with"));
}

TEST_F(RunTest, ABrainThatWasBestUntaughtIsKept) {
  train("run", 6,  // until then no assessor learns
        {"evals.word.at_start=true",
         "checkpoints={every: 100 steps, keep_last: 1, best: {of: eval/word.auroc, direction: "
         "lower}}"});
  EXPECT_EQ(training::state_of(store("run").load(6)).best.step, 0);
  EXPECT_FALSE(training::state_of(store("run").load(0)).awaits_evals);
}

// A weight of 0 at step 0 and of more than any float at step 1.
TEST_F(RunTest, DivergenceSeenLateGoesBackToItsStep) {
  is_on_device_ = true;
  const std::string blow =
      "curriculum.see.losses.blow={type: l2, of: cortex.*, trains: [cortex], weight: {linear: "
      "{from: 0, to: 1e300, over: 2 steps}}}";
  const std::string rare = "evals.word.every=100 steps";
  train("whole", 1, {blow, rare});
  for (const char* const end :
       {"6 steps", "2 steps"}) {  // seen at a line of the log, at a stage's end
    const std::string run = concat("blown after ", end);
    const std::string until = concat("curriculum.see.until={after: ", end, "}");
    EXPECT_THAT(
        [&] {
          train(run, {}, {blow, rare, until});
        },
        ThrowsMessage<Error>(AllOf(HasSubstr("stage 'see', step 1: "),
                                   HasSubstr("circuit cortex is not finite"),
                                   HasSubstr("are saved in"))));
    EXPECT_EQ(weights(run, 1), weights("whole", 1)) << end;
    EXPECT_EQ(window(run, 1), window("whole", 1)) << end;
  }
}

// One that keeps its best checkpoint and drops units.
TEST_F(RunTest, ResumedRunDropsTheSameUnitsAndKeepsTheSameCheckpoints) {
  const std::vector<std::string> set = {
      "checkpoints={every: 5 steps, keep_last: 1, best: {of: "
      "eval/word.auroc, direction: higher}}",
      "cortex.dropout=0.3"};
  const Learned unbroken = train("unbroken", {}, set);
  EXPECT_NE(unbroken, train("undropped", {}, {set[0]}));
  EXPECT_EQ(train_by_way_of({1, 2, 3, 5, 6, 7, 8, 11}, set), unbroken);
  EXPECT_EQ(logs("stopped"), logs("unbroken"));
  EXPECT_EQ(checkpoints("stopped"), checkpoints("unbroken"));
  EXPECT_EQ(train("workers", {}, {set[0], set[1], "training.workers=1"}), unbroken);
}

TEST_F(RunTest, ResumedRunOfWhatLearnsByItsOwnRuleEqualsTheUnbrokenOneBitForBit) {
  const auto set = [](const std::string& rate) {
    return std::vector<std::string>{
        "amygdala={type: kalman, code: null, chain: {levels: 2, rate: " + rate + "}}",
        "curriculum.fear.losses={}"};
  };
  const Learned unbroken = train("unbroken", {}, set("0.2"));
  EXPECT_EQ(train_by_way_of({5, 6, 7, 11}, set("0.2")), unbroken);
  EXPECT_EQ(logs("stopped"), logs("unbroken"));
  EXPECT_NE(train("slower", {}, set("0.1")), unbroken) << "its chain sinks at the end of a step";
}

TEST_F(RunTest, KeepsACheckpointOfTheStepAtWhichAnEvalWasBest) {
  train("run", {},
        {"checkpoints={every: 100 steps, keep_last: 1, best: {of: eval/word.auroc, direction: "
         "higher}}"});
  std::optional<double> best;
  int64_t best_step = 0;
  for (const auto& row : training::read_metrics(directory_ / "run/metrics.jsonl")) {
    const auto found = row.values.find("eval/word.auroc");
    if (found == row.values.end() || (best && found->second <= *best)) continue;
    best = found->second;
    best_step = row.step;
  }
  ASSERT_TRUE(best);
  const auto state = training::state_of(store("run").load(12));
  EXPECT_EQ(state.best.step, best_step);
  EXPECT_EQ(state.best.value, best);
  EXPECT_THAT(checkpoints("run"), testing::Contains(best_step)) << "whatever keep_last says";
}

TEST_F(RunTest, NumberOfWorkersDoesNotMoveABit) {
  const Learned one = train("one", {}, {"training.workers=1"});
  EXPECT_EQ(train("two", {}, {"training.workers=2"}), one);
  EXPECT_EQ(train("three", {}, {"training.workers=3"}), one);
  EXPECT_EQ(logs("three"), logs("one"));
}

TEST_F(RunTest, ResumesWithAnotherNumberOfWorkers) {
  const Learned unbroken = train("unbroken");
  train("moved", 4, {"training.workers=1"});
  training::Parts moved = parts("moved");
  moved.training.workers = 3;
  training::Trainer trainer(std::move(moved));
  trainer.run();
  EXPECT_EQ(testing_support::learned(trainer.replicas()), unbroken);
}

TEST_F(RunTest, CircuitThatIsNotTrainedStaysBitIdenticalAcrossTheSwap) {
  const Learned born = train("born", 0), seen = train("seen", 6);
  EXPECT_EQ(seen.at("amygdala"), born.at("amygdala"));
  EXPECT_NE(seen.at("cortex"), born.at("cortex"));
  const Learned swapped =
      train("swapped", {}, {"curriculum.fear.train=[amygdala]", "curriculum.fear.drop=[predict]"});
  EXPECT_NE(swapped.at("amygdala"), seen.at("amygdala"));
  EXPECT_EQ(swapped.at("cortex"), seen.at("cortex"));
}

// A step that teaches an assessor nothing must not move it by momentum or decay either.
TEST_F(RunTest, AssessorIsUntouchedByStepsThatDrawNoneOfItsEpisodes) {
  const std::vector<std::string> rare = {
      "curriculum.see.train=[cortex, amygdala]",
      "curriculum.see.episodes={book: 0.9999, live: 0.0001}",
      "curriculum.see.losses.assess={type: assess, trains: [amygdala], regimes: [live]}"};
  EXPECT_EQ(train("taught", 4, rare).at("amygdala"), train("born", 0, rare).at("amygdala"));
}

TEST_F(RunTest, DrawsNothingFromGlobalGenerators) {
  const auto state = [] { return at::globalContext().defaultGenerator(at::kCPU).get_state(); };
  const at::Tensor before = state();
  train("quiet");
  EXPECT_TRUE(state().equal(before));
}

TEST_F(RunTest, EveryStepsLossIsInTheLogAlsoTheLastOfAStage) {
  train("logged");
  const std::string metrics = read_file(directory_ / "logged/metrics.jsonl");
  EXPECT_THAT(metrics, HasSubstr(R"({"step":6,"loss/predict":)"));
  EXPECT_THAT(metrics, HasSubstr(R"({"step":12,"loss/assess":)"));
}

TEST_F(RunTest, LogsWithoutACheckpointAreRefusedAndKept) {
  train("gone");
  std::filesystem::remove_all(directory_ / "gone/checkpoints");
  const std::string before = logs("gone");
  EXPECT_THAT([&] { train("gone"); },
              ThrowsMessage<Error>(HasSubstr("has logs but no checkpoint")));
  EXPECT_EQ(logs("gone"), before);
}

TEST_F(RunTest, AnEarlierCheckpointThatCannotBeGoneOnWithCostsNoLaterOne) {
  train("kept");
  EXPECT_THAT([&] { training::Trainer trainer(parts("kept", {"cortex.width=32"}), 6); },
              ThrowsMessage<Error>(HasSubstr("has shape")));
  EXPECT_EQ(checkpoints("kept").back(), 12);
}

TEST_F(RunTest, NorDoesOneWhoseLogsAreLost) {
  train("kept");
  std::filesystem::resize_file(directory_ / "kept/metrics.jsonl", 0);
  EXPECT_THAT([&] { training::Trainer trainer(parts("kept"), 6); },
              ThrowsMessage<Error>(HasSubstr("when the checkpoint was taken")));
  EXPECT_EQ(checkpoints("kept").back(), 12);
}

TEST_F(RunTest, FromStepZeroAnotherSeedBeginsAnew) {
  const Learned seven = train("seven", {}, {"seed=7"});
  train("zero");
  training::Trainer trainer(parts("zero", {"seed=7"}), 0);
  trainer.run();
  EXPECT_EQ(testing_support::learned(trainer.replicas()), seven);
  EXPECT_EQ(logs("zero"), logs("seven"));
}

TEST_F(RunTest, AFinishedRunGoesOnWithAStageThatWasAdded) {
  train("longer");
  const std::string stage =
      "- {stage: more, inherit: fear, fall_back: null, until: {after: 4 steps}}\n";
  std::string text = kSmallRun;
  text.insert(text.find("evals:"), "  " + stage);
  EXPECT_EQ(train_run(directory_.write("longer.yaml", text), directory_ / "longer").step, 16);
  EXPECT_THAT(logs("longer"), HasSubstr(R"("stage":"more")"));
}

TEST_F(RunTest, SeedsAreDifferentRuns) { EXPECT_NE(train("a", 2), train("b", 2, {"seed=1"})); }

TEST_F(RunTest, DivergenceStopsTheRunAndSavesTheLastGoodState) {
  const std::vector<std::string> blow = {
      "curriculum.see.losses.blow={type: l2, of: cortex.*, trains: [cortex], weight: 1e300}"};
  EXPECT_THAT([&] { train("blown", {}, blow); },
              ThrowsMessage<Error>(AllOf(HasSubstr("stage 'see', step 0: "), HasSubstr("cortex"),
                                         HasSubstr("not finite"), HasSubstr("are saved in"))));
  EXPECT_EQ(store("blown").load(0).step, 0);
}

TEST_F(RunTest, NewReflexIsThreeLinesOfYaml) {
  const std::vector<std::string> reflex = {
      "steering.senses.bright=mean(retina)",
      "steering.variables.squint={truth: bright > 0.6, lead: 3 ticks}",
      "steering.drives.glare=-0.1 * squint"};
  const app::Setup setup = build_setup(read_config(config_, reflex));
  EXPECT_EQ(setup.program->variables()[1].name, "squint");
  EXPECT_TRUE(setup.make_brain()->named_parameters().contains("amygdala.squint.weight"));
  EXPECT_EQ(setup.program->drives(), std::vector<std::string>{"glare"});
}

TEST_F(RunTest, CaptionNeverMeetsARetina) {
  training::Trainer trainer(parts("audited"));
  trainer.run();
  EXPECT_EQ(trainer.state().audit.at("captions_with_retina"), 0);
}

}  // namespace
}  // namespace limbic::app
