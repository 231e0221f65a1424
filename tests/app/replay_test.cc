#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "../support/recorder.h"
#include "../support/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/log.h"
#include "limbic/core/stream.h"
#include "limbic/training/gradient_step.h"

namespace limbic::app {
namespace {

using testing::IsEmpty;
using testing_support::FakeRecorder;

// Rates and weights that change at each step, masks of all sizes, orders, echoes, words that are
// not there, senses that the cortex never sees, a second stage, clipping and a moving average.
constexpr const char* kConfig = R"yaml(
world: {type: spider}
cortex: {type: transformer, width: 16, blocks: 2, heads: 2, vector_mixture: 2, vector_rank: 1, fused: false}
steering:
  senses: {dark: mean(1 - retina), looming: "max(slope(dark), 0)"}
  variables:
    flinch: {override: present(retina), truth: looming > 0.02 and dark > 0.54, lead: 3 ticks}
    calm: {truth: "where(dark > 0.5, 0.25, 0.75)"}
amygdala: {type: linear}
curriculum:
  - stage: see
    episodes: {book: 0.5, live: 0.5}
    train: [cortex]
    losses:
      predict: {type: any_subset, trains: [cortex], weight: {linear: {from: 1, to: 2, over: 50 steps}}}
    until: {after: 50 steps}
  - stage: fear
    inherit: see
    train: [amygdala, cortex*0.5]
    losses:
      assess: {type: assess, trains: {amygdala: 1, cortex: 0.1}}
      alike: {type: consistency, trains: [cortex]}
    until: {after: 50 steps}
optimizer: {learning_rate: {cosine: {from: 0.01, to: 0.001, over: 100 steps}}, max_grad_norm: 1, ema_decay: 0.9}
training: {batch_size: 12, chunks: 2}
)yaml";

constexpr const char* kOverABase = R"yaml(
world: {type: gaussian_linear, dimensions: 2}
cortex: {type: transformer, width: 16, blocks: 1, heads: 2, scalar_mixture: 2, fused: false, base_density: {components: 4, rows: 200}}
curriculum:
  - stage: fit
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {after: 50 steps}
training: {batch_size: 12, chunks: 2}
)yaml";

struct Ran {
  std::vector<uint64_t> hashes;            // of each circuit
  std::vector<std::vector<float>> losses;  // of each step
  training::Replayer::Counts counts;
  std::map<std::string, int> waits;
};

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() { log::set_level(log::Level::kQuiet); }

  // So many steps of each stage.
  [[nodiscard]] Ran run(int64_t steps, std::vector<std::string> set, bool records = true) const {
    const std::string config = directory_ / "config.yaml";
    std::ofstream(config) << config_;
    training::Parts parts = build_parts(read_config(config, set), directory_ / "run", at::kCPU);
    const auto recorder = std::make_shared<FakeRecorder>();
    recorder->most_recordings = most_recordings_;
    if (records) parts.recorder = recorder;
    training::WorkerPool pool(2);
    training::Replicas replicas(parts.make_brain, parts.circuits, 2, at::kCPU);
    replicas.prepare(parts.num_gradient_buffers(), parts.optimizer);
    replicas.initialise_from(*parts.world, parts.plan[0].shares(parts.world->regimes()), Stream(1));
    training::GradientStep step(parts, replicas, pool);
    training::ReportQueue reports(at::kCPU);
    Ran ran;
    for (size_t stage = 0; stage < parts.plan.size(); ++stage) {
      step.enter(stage);
      for (int64_t s = 0; s < steps; ++s)
        reports.push(s, step.run(s, s, parts.optimizer.learning_rate.at(s)));
      for (const auto& numbers : reports.take_all()) ran.losses.push_back(numbers.loss_L);
    }
    for (const auto& circuit : replicas.circuits()) ran.hashes.push_back(circuit.hash());
    ran.counts = step.replays();
    ran.waits = recorder->waits;
    return ran;
  }

  // Replayed, after a look that computing anew comes to the same.
  [[nodiscard]] Ran run_as_anew(int64_t steps, std::vector<std::string> set) const {
    Ran replayed = run(steps, set);
    set.emplace_back("training.graphs=0");
    const Ran anew = run(steps, set);
    EXPECT_EQ(anew.counts.replayed, 0);
    EXPECT_EQ(replayed.hashes, anew.hashes);
    EXPECT_EQ(replayed.losses, anew.losses);
    return replayed;
  }

  const testing_support::TemporaryDirectory directory_;
  std::string config_ = kConfig;
  int64_t most_recordings_ = std::numeric_limits<int64_t>::max();
};

TEST_F(ReplayTest, AHundredReplayedStepsEqualThoseComputedAnewBitForBit) {
  const Ran anew = run(50, {"training.graphs=0"}), replayed = run(50, {});
  EXPECT_EQ(replayed.hashes, anew.hashes);
  EXPECT_EQ(replayed.losses, anew.losses);
  EXPECT_EQ(anew.counts.eager, 2 * 50 * 3);
  EXPECT_EQ(replayed.counts.eager, 0);
  EXPECT_EQ(replayed.counts.first + replayed.counts.replayed, 2 * 50 * 3);
  EXPECT_GT(replayed.counts.replayed, 2 * 50 * 2) << replayed.counts.first << " kinds of work";
}

TEST_F(ReplayTest, TheDirectPathIsReplayedToo) {
  EXPECT_THAT(run_as_anew(10, {"cortex.direct.width=16"}).waits, IsEmpty());
}

TEST_F(ReplayTest, SoAreOtherLossesAndChainsOfWeights) {
  const std::vector<std::string> set{
      "amygdala={type: linear, chain: {levels: 2}}", "optimizer.max_global_grad_norm=1",
      "curriculum.see.losses.same={type: contrastive, between: [picture, caption], trains: "
      "[cortex]}",
      "curriculum.see.losses.word={type: kl, of: caption, between: [picture, place], trains: "
      "[cortex]}",
      "curriculum.fear.losses.told={type: mse, of: assess.calm, against: truth.calm, trains: "
      "[amygdala]}"};
  const Ran replayed = run_as_anew(10, set);
  EXPECT_EQ(replayed.counts.eager, 0);
  EXPECT_THAT(replayed.waits, IsEmpty());
}

TEST_F(ReplayTest, NoWorkWaitsForTheDevice) { EXPECT_THAT(run(10, {}).waits, IsEmpty()); }

TEST_F(ReplayTest, ADeviceComputesWhatWorkersDo) {
  const Ran device = run(3, {}), workers = run(3, {}, /*records=*/false);
  ASSERT_EQ(device.losses.size(), workers.losses.size());
  for (size_t s = 0; s < device.losses.size(); ++s) {
    for (size_t i = 0; i < device.losses[s].size(); ++i)
      EXPECT_NEAR(device.losses[s][i], workers.losses[s][i], 1e-3 * std::abs(workers.losses[s][i]))
          << "step " << s << ", loss " << i;
  }
}

// Infinite weights at steps 0 and 1, none later.
TEST_F(ReplayTest, AfterAStepThatIsNotFiniteNothingMoves) {
  const std::vector<std::string> set{
      "curriculum.see.losses.blow={type: l2, of: cortex.*, trains: [cortex], weight: {linear: "
      "{from: 1e300, to: 0, over: 2 steps}}}"};
  for (const bool records : {false, true})
    EXPECT_EQ(run(4, set, records).hashes, run(0, set, records).hashes) << records;
}

// A frozen one too: it reads thoughts on the host.
TEST_F(ReplayTest, WhereAnAssessorLearnsByItsOwnRuleEverythingIsComputedAnew) {
  const Ran ran = run(3, {"amygdala={type: kalman, code: null}", "curriculum.fear.losses={}"});
  EXPECT_EQ(ran.counts.eager, 2 * 3 * 3);
}

TEST_F(ReplayTest, ABaseIsAskedAnew) {
  config_ = kOverABase;
  const Ran ran = run_as_anew(5, {});
  EXPECT_EQ(ran.counts.eager, 5 * 2);
  EXPECT_EQ(ran.counts.first + ran.counts.replayed, 5) << "of updates";
  EXPECT_THAT(ran.waits, IsEmpty());
}

// Of at least two: each stage's update is one.
TEST_F(ReplayTest, AfterARecordingThatFailsStepsEqualThoseComputedAnew) {
  most_recordings_ = 1;
  const Ran ran = run_as_anew(10, {});
  EXPECT_EQ(ran.counts.recorded, 1);
  EXPECT_EQ(ran.counts.failed, 1);
  EXPECT_GT(ran.counts.replayed, 0);
  EXPECT_GT(ran.counts.eager, 0);
}

TEST_F(ReplayTest, DropoutIsDrawnAnew) {
  const Ran ran = run(5, {"cortex.dropout=0.1"});
  EXPECT_EQ(ran.counts.eager, 2 * 5 * 2);
  EXPECT_EQ(ran.counts.first + ran.counts.replayed, 2 * 5) << "of updates";
}

}  // namespace
}  // namespace limbic::app
