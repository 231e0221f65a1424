#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>

#include "../support/learned.h"
#include "../support/recorder.h"
#include "../training/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/evals/eval.h"
#include "limbic/training/metrics_log.h"
#include "limbic/training/trainer.h"
#include "small_run.h"

namespace limbic::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// An eval that a signal comes before, the n-th time that it is run.
class InterruptedEval : public evals::Eval {
 public:
  InterruptedEval(std::shared_ptr<const evals::Eval> eval, int64_t n)
      : eval_(std::move(eval)), n_(n) {}

  void check(const brain::Brain& brain, const worlds::World& world) const override {
    eval_->check(brain, world);
  }
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override {
    return eval_->keys(world);
  }
  evals::Results run(brain::Brain& brain, const worlds::World& world, const Stream& stream,
                     at::Device device) const override {
    if (--n_ == 0) std::raise(SIGTERM);
    return eval_->run(brain, world, stream, device);
  }

 private:
  std::shared_ptr<const evals::Eval> eval_;
  mutable int64_t n_;
};

class RunTest : public testing::Test {
 protected:
  RunTest() { log::set_level(log::Level::kQuiet); }

  // Trains in directory `run` until `last_step`, or to the end; returns the hash of everything it
  // learned.
  std::string train(const std::string& run, std::optional<int64_t> last_step = {},
                    const std::vector<std::string>& set = {}) {
    const std::string config = directory_ + "/config.yaml";
    std::ofstream(config) << kSmallRun;
    training::Parts parts = build_parts(read_config(config, set), directory_ + "/" + run, at::kCPU);
    if (is_on_device_) parts.recorder = std::make_shared<testing_support::FakeRecorder>();
    for (training::ScheduledEval& eval : parts.evals) {
      if (eval.name == interrupted_.name)
        eval.eval = std::make_shared<InterruptedEval>(eval.eval, interrupted_.number);
    }
    training::Trainer trainer(std::move(parts));
    trainer.run(last_step);
    return testing_support::learned(trainer.replicas());
  }
  [[nodiscard]] std::string logs(const std::string& run) const {
    return read_file(directory_ + "/" + run + "/metrics.jsonl") +
           read_file(directory_ + "/" + run + "/decisions.jsonl");
  }

  void expect_resumes_equal_the_unbroken_run() {
    const std::string unbroken = train("unbroken");
    for (const int64_t stop : {1, 5, 6, 7, 11}) {  // around the stage boundary too
      const std::string run = "stopped" + std::to_string(stop);
      train(run, stop);
      EXPECT_EQ(train(run), unbroken) << "stopped after step " << stop;
      EXPECT_EQ(logs(run), logs("unbroken")) << "stopped after step " << stop;
    }
  }
  void expect_evals_that_were_cut_short_are_done_later();
  [[nodiscard]] std::string weights(const std::string& run, int64_t step) const {
    return read_file(
        concat(directory_, "/", run, "/checkpoints/step-00000000", step, "/cortex.safetensors"));
  }

  // But for the length of a log that holds times.
  [[nodiscard]] std::string state(const std::string& run, int64_t step) const {
    const std::string text =
        read_file(concat(directory_, "/", run, "/checkpoints/step-00000000", step, "/state.json"));
    return std::regex_replace(text, std::regex("\"timings\": [0-9]+"), "");
  }
  // What a checkpoint knows of the steps since the last line of the log.
  [[nodiscard]] std::string window(const std::string& run, int64_t step) const {
    const std::string state = this->state(run, step);
    return state.substr(state.find("\"step\": 1"));
  }

  const training::TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.path();
  bool is_on_device_ = false;  // whose reports are late
  struct {
    std::string name;
    int64_t number;
  } interrupted_ = {};
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
  const std::string unbroken = train("unbroken", {}, set);
  for (const auto& [name, number] : {std::pair{"word", 1}, {"word", 3}, {"rare", 1}, {"rare", 2}}) {
    const std::string run = concat(name, number);
    for (const int64_t next : {number, 1}) {
      interrupted_ = {name, next};
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
  interrupted_ = {"word", 1};
  train("a");
  interrupted_ = {};
  train("a", 2);
  EXPECT_THAT(logs("a"), HasSubstr("\"step\":2,\"eval/word.auroc\""));
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
  const std::string unbroken = train("unbroken", {}, set);
  EXPECT_NE(unbroken, train("undropped", {}, {set[0]}));
  const auto steps = [&](const std::string& run) {
    return training::CheckpointStore(directory_ + "/" + run + "/checkpoints").list();
  };
  for (const int64_t stop : {1, 2, 3, 5, 6, 7, 8, 11}) {
    const std::string run = "stopped" + std::to_string(stop);
    train(run, stop, set);
    EXPECT_EQ(train(run, {}, set), unbroken) << "stopped after step " << stop;
    EXPECT_EQ(logs(run), logs("unbroken")) << "stopped after step " << stop;
    EXPECT_EQ(steps(run), steps("unbroken")) << "stopped after step " << stop;
  }
  EXPECT_EQ(train("workers", {}, {set[0], set[1], "training.workers=1"}), unbroken);
}

TEST_F(RunTest, ResumedRunOfWhatLearnsByItsOwnRuleEqualsTheUnbrokenOneBitForBit) {
  const auto set = [](const std::string& rate) {
    return std::vector<std::string>{
        "amygdala={type: kalman, code: null, chain: {levels: 2, rate: " + rate + "}}",
        "curriculum.fear.losses={}"};
  };
  const std::string unbroken = train("unbroken", {}, set("0.2"));
  for (const int64_t stop : {5, 6, 7, 11}) {
    const std::string run = "stopped" + std::to_string(stop);
    train(run, stop, set("0.2"));
    EXPECT_EQ(train(run, {}, set("0.2")), unbroken) << "stopped after step " << stop;
    EXPECT_EQ(logs(run), logs("unbroken")) << "stopped after step " << stop;
  }
  EXPECT_NE(train("slower", {}, set("0.1")), unbroken) << "its chain sinks at the end of a step";
}

TEST_F(RunTest, KeepsACheckpointOfTheStepAtWhichAnEvalWasBest) {
  train("run", {},
        {"checkpoints={every: 100 steps, keep_last: 1, best: {of: eval/word.auroc, direction: "
         "higher}}"});
  std::optional<double> best;
  int64_t best_step = 0;
  for (const auto& row : training::read_metrics(directory_ + "/run/metrics.jsonl")) {
    const auto found = row.values.find("eval/word.auroc");
    if (found == row.values.end() || (best && found->second <= *best)) continue;
    best = found->second;
    best_step = row.step;
  }
  ASSERT_TRUE(best);
  const training::CheckpointStore store(directory_ + "/run/checkpoints");
  const auto state = training::parse_run_state(store.load(12).state_json, "state.json");
  EXPECT_EQ(state.best.step, best_step);
  EXPECT_EQ(state.best.value, best);
  EXPECT_EQ(store.load(best_step).step, best_step) << "whatever keep_last says";
}

TEST_F(RunTest, NumberOfWorkersDoesNotMoveABit) {
  const std::string one = train("one", {}, {"training.workers=1"});
  EXPECT_EQ(train("two", {}, {"training.workers=2"}), one);
  EXPECT_EQ(train("three", {}, {"training.workers=3"}), one);
  EXPECT_EQ(logs("three"), logs("one"));
}

TEST_F(RunTest, ResumesWithAnotherNumberOfWorkers) {
  const std::string unbroken = train("unbroken");
  train("moved", 4, {"training.workers=1"});
  training::Parts parts =
      build_parts(read_config(directory_ + "/config.yaml", {}), directory_ + "/moved", at::kCPU);
  parts.training.workers = 3;
  training::Trainer trainer(std::move(parts));
  trainer.run();
  EXPECT_EQ(testing_support::learned(trainer.replicas()), unbroken);
}

TEST_F(RunTest, CircuitThatIsNotTrainedStaysBitIdenticalAcrossTheSwap) {
  const std::string born = train("born", 0);
  const std::string seen = train("seen", 6);
  const auto amygdala = [](const std::string& all) {
    return all.substr(all.find("amygdala:"), 24);
  };
  EXPECT_EQ(amygdala(seen), amygdala(born));
  EXPECT_NE(seen, born);
  EXPECT_THAT(
      train("swapped", {}, {"curriculum.fear.train=[amygdala]", "curriculum.fear.drop=[predict]"}),
      testing::Not(HasSubstr(amygdala(seen))));
  const auto cortex = [](const std::string& all) { return all.substr(all.find("cortex:"), 24); };
  EXPECT_EQ(cortex(train("swapped", {},
                         {"curriculum.fear.train=[amygdala]", "curriculum.fear.drop=[predict]"})),
            cortex(seen));
}

// A step that teaches an assessor nothing must not move it by momentum or decay either.
TEST_F(RunTest, AssessorIsUntouchedByStepsThatDrawNoneOfItsEpisodes) {
  const std::vector<std::string> rare = {
      "curriculum.see.train=[cortex, amygdala]",
      "curriculum.see.episodes={book: 0.9999, live: 0.0001}",
      "curriculum.see.losses.assess={type: assess, trains: [amygdala], regimes: [live]}"};
  const auto amygdala = [](const std::string& all) {
    return all.substr(all.find("amygdala:"), 24);
  };
  EXPECT_EQ(amygdala(train("taught", 4, rare)), amygdala(train("born", 0, rare)));
}

TEST_F(RunTest, DrawsNothingFromGlobalGenerators) {
  const auto state = [] { return at::globalContext().defaultGenerator(at::kCPU).get_state(); };
  const at::Tensor before = state();
  train("quiet");
  EXPECT_TRUE(state().equal(before));
}

TEST_F(RunTest, EveryStepsLossIsInTheLogAlsoTheLastOfAStage) {
  train("logged");
  const std::string metrics = read_file(directory_ + "/logged/metrics.jsonl");
  EXPECT_THAT(metrics, HasSubstr(R"({"step":6,"loss/predict":)"));
  EXPECT_THAT(metrics, HasSubstr(R"({"step":12,"loss/assess":)"));
}

TEST_F(RunTest, LogsWithoutACheckpointAreRefusedAndKept) {
  train("gone");
  std::filesystem::remove_all(directory_ + "/gone/checkpoints");
  const std::string before = logs("gone");
  EXPECT_THAT([&] { train("gone"); },
              ThrowsMessage<Error>(HasSubstr("has logs but no checkpoint")));
  EXPECT_EQ(logs("gone"), before);
}

TEST_F(RunTest, AnEarlierCheckpointThatCannotBeGoneOnWithCostsNoLaterOne) {
  train("kept");
  training::Parts parts = build_parts(read_config(directory_ + "/config.yaml", {"cortex.width=32"}),
                                      directory_ + "/kept", at::kCPU);
  EXPECT_THAT([&] { training::Trainer trainer(std::move(parts), 6); },
              ThrowsMessage<Error>(HasSubstr("has shape")));
  EXPECT_EQ(training::CheckpointStore(directory_ + "/kept/checkpoints").list().back(), 12);
}

TEST_F(RunTest, NorDoesOneWhoseLogsAreLost) {
  train("kept");
  std::filesystem::resize_file(directory_ + "/kept/metrics.jsonl", 0);
  EXPECT_THAT(
      [&] {
        training::Trainer trainer(build_parts(read_config(directory_ + "/config.yaml", {}),
                                              directory_ + "/kept", at::kCPU),
                                  6);
      },
      ThrowsMessage<Error>(HasSubstr("when the checkpoint was taken")));
  EXPECT_EQ(training::CheckpointStore(directory_ + "/kept/checkpoints").list().back(), 12);
}

TEST_F(RunTest, FromStepZeroAnotherSeedBeginsAnew) {
  const std::string seven = train("seven", {}, {"seed=7"});
  train("zero");
  training::Trainer trainer(build_parts(read_config(directory_ + "/config.yaml", {"seed=7"}),
                                        directory_ + "/zero", at::kCPU),
                            0);
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
  std::ofstream(directory_ + "/longer.yaml") << text;
  training::Trainer trainer(
      build_parts(read_config(directory_ + "/longer.yaml", {}), directory_ + "/longer", at::kCPU));
  EXPECT_EQ(trainer.run().step, 16);
  EXPECT_THAT(logs("longer"), HasSubstr(R"("stage":"more")"));
}

TEST_F(RunTest, SeedsAreDifferentRuns) { EXPECT_NE(train("a", 2), train("b", 2, {"seed=1"})); }

TEST_F(RunTest, DivergenceStopsTheRunAndSavesTheLastGoodState) {
  const std::vector<std::string> blow = {
      "curriculum.see.losses.blow={type: l2, of: cortex.*, trains: [cortex], weight: 1e300}"};
  EXPECT_THAT([&] { train("blown", {}, blow); },
              ThrowsMessage<Error>(AllOf(HasSubstr("stage 'see', step 0: "), HasSubstr("cortex"),
                                         HasSubstr("not finite"), HasSubstr("are saved in"))));
  EXPECT_TRUE(
      std::filesystem::exists(directory_ + "/blown/checkpoints/step-000000000/MANIFEST.json"));
}

TEST_F(RunTest, NewReflexIsThreeLinesOfYaml) {
  const std::vector<std::string> reflex = {
      "steering.senses.bright=mean(retina)",
      "steering.variables.squint={truth: bright > 0.6, lead: 3 ticks}",
      "steering.drives.glare=-0.1 * squint"};
  std::string config = directory_ + "/config.yaml";
  std::ofstream(config) << kSmallRun;
  const Subject subject = build_subject(read_config(config, reflex));
  EXPECT_EQ(subject.program->variables()[1].name, "squint");
  EXPECT_TRUE(subject.make_brain()->named_parameters().contains("amygdala.squint.weight"));
  EXPECT_EQ(subject.program->drives(), std::vector<std::string>{"glare"});
}

TEST_F(RunTest, CaptionNeverMeetsARetina) {
  const std::string config = directory_ + "/config.yaml";
  std::ofstream(config) << kSmallRun;
  training::Trainer trainer(
      build_parts(read_config(config, {}), directory_ + "/audited", at::kCPU));
  trainer.run();
  EXPECT_EQ(trainer.state().audit.at("captions_with_retina"), 0);
}

}  // namespace
}  // namespace limbic::app
