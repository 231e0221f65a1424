#include "limbic/training/gradient_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../support/recorder.h"
#include "limbic/brain/amygdala/readout.h"
#include "toy_parts.h"

namespace limbic::training {
namespace {

using testing::IsEmpty;
using testing_support::FakeRecorder;

/// What learns by the parts of a run, from its first stage on.
struct Learner {
  explicit Learner(Parts of_run) : parts(std::move(of_run)) {
    replicas.prepare(parts.num_gradient_buffers(), parts.optimizer);
    step.enter(0);
  }
  StepReport learn(int64_t at) { return step.run(at, at, parts.optimizer.learning_rate.at(at)); }
  [[nodiscard]] at::Tensor saved(const std::string& circuit, const std::string& name) const {
    return training::saved(replicas, circuit, name);
  }
  [[nodiscard]] uint64_t hash(const std::string& circuit) const {
    return replicas.circuits()[replicas.find(circuit)].hash();
  }

  Parts parts;
  WorkerPool pool{1};
  Replicas replicas{parts.make_brain, parts.circuits, 1, parts.device};
  GradientStep step{parts, replicas, pool};
};

Parts one_stage() { return toy_parts({toy_stage("both", 100, {"cortex", "amygdala"})}); }

// ---- limits of gradients, of norms 6 and 8, which together are of norm 10

struct Norms {
  double cortex, amygdala;
};

/// Of the gradients that AdamW is given: its first moments, where those forget at once.
Norms norms_given(Parts parts) {
  parts.optimizer.beta1 = 0;
  Learner learner(std::move(parts));
  learner.learn(0);
  const auto norm = [&](const std::string& circuit, const std::vector<std::string>& names) {
    std::vector<at::Tensor> moments;
    for (const auto& name : names) moments.push_back(learner.saved(circuit, "moment1/" + name));
    return at::cat(moments).norm().item<double>();
  };
  return {norm("cortex", {"cortex.gain"}), norm("amygdala", {"amygdala.flinch", "amygdala.calm"})};
}

Norms norms_within(double own, double global) {
  Parts parts = one_stage();
  parts.losses[0] = toy_losses(6, 8);
  parts.optimizer.max_grad_norm = own;
  parts.optimizer.max_global_grad_norm = global;
  return norms_given(std::move(parts));
}

void expect_near(const Norms& norms, const Norms& wanted) {
  EXPECT_NEAR(norms.cortex, wanted.cortex, 1e-4);
  EXPECT_NEAR(norms.amygdala, wanted.amygdala, 1e-4);
}

TEST(GradientStepTest, EachLimitIsKeptAndNoGradientIsMadeSmallerThanThat) {
  expect_near(norms_within(0, 0), {6, 8});
  expect_near(norms_within(7, 0), {6, 7});
  expect_near(norms_within(0, 5), {3, 4});
  expect_near(norms_within(1, 1000), {1, 1});
  expect_near(norms_within(3.5, 5), {3, 3.5});
}

TEST(GradientStepTest, ALossGivesACircuitItsShareOfTheGradient) {
  Parts parts = one_stage();
  parts.losses[0] = toy_losses(6, 8);
  parts.losses[0][0].targets["cortex"] = 0.5;
  expect_near(norms_given(std::move(parts)), {3, 8});
}

TEST(GradientStepTest, ALossIsAMeanOverTheChunksThatItAppliesTo) {
  Parts parts = one_stage();
  parts.plan[0].episodes.entries = {{"live", {}, 0.5}, {"book", {}, 0.5}};
  parts.training.batch_size = 4;
  parts.training.chunks = 2;  // one of each
  parts.losses[0] = toy_losses(6, 8);
  parts.losses[0][0].regimes = {"live"};
  expect_near(norms_given(std::move(parts)), {6, 8});
}

TEST(GradientStepTest, ACircuitsFactorIsOfItsRate) {
  Parts parts = one_stage();
  parts.plan[0].train.items[1].factor = 0.5;
  Learner learner(std::move(parts));
  learner.learn(0);
  EXPECT_NEAR(learner.saved("cortex", "cortex.gain")[0].item<double>(), 1 - 0.1, 1e-5);
  EXPECT_NEAR(learner.saved("amygdala", "amygdala.flinch")[0].item<double>(), 1 - 0.05, 1e-5);
}

// ---- gates

/// Opens gates of flinch and calm, whatever it teaches.
class Gated : public Slope {
 public:
  Gated(Of part, std::vector<float> gate_N) : Slope(part, 1), gate_N_(std::move(gate_N)) {}

  [[nodiscard]] bool teaches_assessors() const override { return true; }
  [[nodiscard]] losses::GateSums gate_sums(const brain::Brain& /*brain*/,
                                           const worlds::Episodes& /*episodes*/,
                                           const brain::Signals& /*signals*/,
                                           const losses::Lesson& /*lesson*/) const override {
    return {at::tensor(gate_N_), at::ones({2})};
  }

 private:
  std::vector<float> gate_N_;
};

std::shared_ptr<brain::Brain> brain_with_readout() {
  const testing_support::FakeBrain fake;
  const auto cortex = std::make_shared<testing_support::FakeCortex>();
  const auto amygdala = std::make_shared<brain::Readout>(
      brain::LinearConfig{}, cortex->thought_map(), *fake.program, Stream(0));
  return std::make_shared<brain::Brain>(cortex, amygdala, fake.program);
}

// Their weights begin at 0, and go down by the rate times the mean gate.
TEST(GradientStepTest, ALossOpensGatesOfTheAssessorsThatItTrainsAlone) {
  Parts parts = toy_parts({toy_stage("all", 100, {"cortex", "flinch", "calm"})});
  parts.make_brain = brain_with_readout;
  parts.losses[0].clear();
  const auto add = [&](const std::string& circuit, const std::string& parameters, Slope::Of part,
                       const std::vector<float>& gate_N) {
    parts.circuits.entries.push_back({circuit, {}, {.parameters = {{parameters, {}}}}});
    parts.losses[0].push_back({circuit,
                               std::make_shared<Gated>(part, gate_N),
                               {{circuit, 1.0}},
                               curriculum::Schedule(1.0),
                               {}});
  };
  add("cortex", "cortex.*", Slope::Of::kCortex, {1, 1});
  add("flinch", "amygdala.flinch.*", Slope::Of::kAmygdala, {0.5, 0.25});
  add("calm", "amygdala.calm.*", Slope::Of::kAmygdala, {0.25, 0.75});
  Learner learner(std::move(parts));
  learner.learn(0);
  EXPECT_NEAR(learner.saved("flinch", "amygdala.flinch.bias")[0].item<double>(), -0.05, 1e-5);
  EXPECT_NEAR(learner.saved("calm", "amygdala.calm.bias")[0].item<double>(), -0.075, 1e-5);
}

// ---- circuits that rest

/// Each loss has a regime of its own, so that a step of one chunk teaches one circuit.
Parts by_turns() {
  Parts parts = one_stage();
  parts.plan[0].episodes.entries = {{"live", {}, 0.5}, {"book", {}, 0.5}};
  parts.losses[0][0].regimes = {"live"};
  parts.losses[0][1].regimes = {"book"};
  return parts;
}

void expect_circuits_rest_where_no_loss_teaches_them(Parts parts) {
  Learner learner(std::move(parts));
  std::map<std::string, int64_t> taught;
  for (int64_t step = 0; step < 30; ++step) {
    std::map<std::string, uint64_t> before;
    for (const char* circuit : {"cortex", "amygdala"}) before[circuit] = learner.hash(circuit);
    const StepReport report = learner.learn(step);
    for (size_t loss = 0; loss < report.applied.size(); ++loss) {
      const std::string& circuit = learner.step.losses()[loss].name;
      taught[circuit] += report.applied[loss];
      EXPECT_EQ(learner.hash(circuit) != before[circuit], report.applied[loss])
          << circuit << " at step " << step;
    }
  }
  EXPECT_GT(taught["cortex"], 2);
  EXPECT_GT(taught["amygdala"], 2);
}

TEST(GradientStepTest, ACircuitStaysAsItIsInStepsInWhichNoLossOfItsApplies) {
  expect_circuits_rest_where_no_loss_teaches_them(by_turns());
}

TEST(GradientStepTest, SoItDoesWhereStepsAreReplayedAndNoneWaits) {
  const auto recorder = std::make_shared<FakeRecorder>();
  Parts parts = by_turns();
  parts.recorder = recorder;
  expect_circuits_rest_where_no_loss_teaches_them(std::move(parts));
  EXPECT_THAT(recorder->waits, IsEmpty());
}

TEST(GradientStepTest, TheAverageOfAFrozenCircuitGoesOnToItsValues) {
  Parts parts = toy_parts(
      {toy_stage("both", 100, {"cortex", "amygdala"}), toy_stage("cortex", 100, {"cortex"})});
  parts.optimizer.ema_decay = 0.5;
  Learner learner(std::move(parts));
  const auto behind = [&] {
    const auto value = learner.saved("amygdala", "amygdala.calm");
    return (learner.saved("amygdala", "average/amygdala.calm") - value).abs().max().item<double>();
  };
  for (int64_t step = 0; step < 20; ++step) learner.learn(step);
  EXPECT_GT(behind(), 0.05);
  const auto frozen_at = learner.saved("amygdala", "amygdala.calm");
  learner.step.enter(1);
  for (int64_t step = 0; step < 30; ++step) learner.learn(step);
  EXPECT_LT(behind(), 1e-6);
  EXPECT_TRUE(learner.saved("amygdala", "amygdala.calm").equal(frozen_at));
}

}  // namespace
}  // namespace limbic::training
