#include "limbic/training/circuit.h"

#include <ATen/ATen.h>
#include <ATen/ops/_fused_adamw.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "limbic/core/error.h"
#include "limbic/core/stream.h"
#include "limbic/training/worker_pool.h"

namespace limbic::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;

// Two assessors and a trunk: a matrix and a bias each.
struct Toy : torch::nn::Module {
  Toy() {
    for (const std::string name : {"trunk", "amygdala"}) {
      const auto part = register_module(name, std::make_shared<torch::nn::Module>());
      if (name == "trunk") {
        part->register_parameter("weight", at::full({2, 3}, 0.5));
        part->register_parameter("bias", at::full({3}, 0.25));
        continue;
      }
      for (const std::string assessor : {"flinch", "smile"}) {
        const auto own = part->register_module(assessor, std::make_shared<torch::nn::Module>());
        own->register_parameter("weight", at::ones({1, 2}));
      }
    }
  }
};

const std::vector<std::string> kTrunk{"trunk.weight", "trunk.bias"};
const std::vector<std::string> kAssessors{"amygdala.flinch.weight", "amygdala.smile.weight"};

Circuit make(const torch::nn::Module& module, const std::vector<std::string>& parameters,
             const OptimizerConfig& config = {}) {
  Circuit circuit("toy", module, parameters, {}, {"flinch", "smile"});
  circuit.prepare(2, config);
  return circuit;
}

WorkerPool& workers() {
  static WorkerPool pool(2);
  return pool;
}

at::Tensor scalar(double value) { return at::full({}, value); }

// One AdamW update by the textbook, in double.
double adamw(double value, double gradient, double rate, const OptimizerConfig& o, double decay) {
  const double m = (1 - o.beta1) * gradient / (1 - o.beta1);
  const double v = (1 - o.beta2) * gradient * gradient / (1 - o.beta2);
  return value * (1 - rate * decay) - rate * m / (std::sqrt(v) + o.eps);
}

TEST(CircuitTest, ParametersOfAdoptedModulesAreViewsOfOneBuffer) {
  Toy first, second;
  const Circuit circuit = make(first, kTrunk);
  auto leaves = circuit.adopt(first);  // bias first: vectors before matrices
  circuit.adopt(second);
  {
    const at::NoGradGuard no_grad;
    leaves[0].fill_(7);
  }
  EXPECT_TRUE(second.named_parameters()["trunk.bias"].eq(7).all().item<bool>());
  for (const auto& parameter : first.named_parameters()) {
    EXPECT_TRUE(parameter.value().equal(second.named_parameters()[parameter.key()]));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(parameter.value().const_data_ptr()) % 64, 0U);
  }
}

TEST(CircuitTest, StepsAsAdamWDoesAndSparesVectorsFromDecay) {
  Toy toy;
  OptimizerConfig config;
  config.weight_decay = 0.1;
  Circuit circuit = make(toy, kTrunk, config);
  const auto leaves = circuit.adopt(toy);
  circuit.add_gradient(0, {at::full({3}, 0.2), at::full({2, 3}, 0.3)}, 1.0);
  circuit.reduce(workers());
  circuit.step({scalar(0.01), {}, {}, {}, scalar(0)}, workers());
  EXPECT_NEAR(toy.named_parameters()["trunk.bias"][0].item<double>(),
              adamw(0.25, 0.2, 0.01, config, 0.0), 1e-6);
  EXPECT_NEAR(toy.named_parameters()["trunk.weight"][0][0].item<double>(),
              adamw(0.5, 0.3, 0.01, config, 0.1), 1e-6);
}

TEST(CircuitTest, SumsChunksWithTheirFactors) {
  Toy toy;
  Circuit circuit = make(toy, {"trunk.bias"});
  circuit.adopt(toy);
  circuit.add_gradient(0, {at::full({3}, 1.0)}, 1.0);
  circuit.add_gradient(1, {at::full({3}, 10.0)}, 0.1);
  circuit.add_gradient(1, {at::Tensor()}, 1.0);
  EXPECT_NEAR(circuit.reduce(workers()).item<double>(), 2.0 * std::sqrt(3.0), 1e-6);
}

TEST(CircuitTest, AssessorWithoutAnOpenGateStaysBitIdentical) {
  Toy toy;
  Circuit circuit = make(toy, kAssessors);
  circuit.adopt(toy);
  const auto push = [&](double smile_count) {
    circuit.add_gradient(0, {at::ones({1, 2}), at::ones({1, 2})}, 1.0);
    circuit.reduce(workers());
    const auto count_N = at::tensor({2.0F, static_cast<float>(smile_count)});
    circuit.step({scalar(0.1), {}, count_N, count_N, scalar(0)}, workers());
  };
  push(2);
  const auto before = toy.named_parameters()["amygdala.smile.weight"].clone();
  push(0);
  EXPECT_TRUE(toy.named_parameters()["amygdala.smile.weight"].equal(before));
  EXPECT_FALSE(toy.named_parameters()["amygdala.flinch.weight"].equal(before));
}

TEST(CircuitTest, AnAssessorThatBeginsLateIsSteppedAsInAFirstStep) {
  Toy toy;
  const OptimizerConfig config;
  Circuit circuit = make(toy, kAssessors, config);
  circuit.adopt(toy);
  for (const float smile_count : {0.0F, 0.0F, 0.0F, 2.0F}) {
    circuit.add_gradient(0, {at::ones({1, 2}), at::ones({1, 2})}, 1.0);
    circuit.reduce(workers());
    const auto count_N = at::tensor({2.0F, smile_count});
    circuit.step({scalar(0.1), {}, count_N, count_N, scalar(0)}, workers());
  }
  EXPECT_NEAR(toy.named_parameters()["amygdala.smile.weight"][0][0].item<double>(),
              adamw(1.0, 1.0, 0.1, config, config.weight_decay), 1e-6);
}

TEST(CircuitTest, AStepLeavesNoGradientEvenIfItIsSkipped) {
  Toy toy;
  Circuit circuit = make(toy, {"trunk.bias"});
  for (const float skip : {0.0F, 1.0F}) {
    for (const int64_t chunk : {0, 1}) circuit.add_gradient(chunk, {at::full({3}, 2.0)}, 1.0);
    EXPECT_GT(circuit.reduce(workers()).item<float>(), 0);
    circuit.step({scalar(0.1), {}, {}, {}, scalar(skip)}, workers());
    EXPECT_EQ(circuit.reduce(workers()).item<float>(), 0) << skip;
  }
}

TEST(CircuitTest, GateScalesTheUpdateNotJustTheLoss) {
  const auto moved = [](double gate) {
    Toy toy;
    OptimizerConfig config;
    config.weight_decay = 0;
    Circuit circuit = make(toy, {"amygdala.flinch.weight"}, config);
    circuit.adopt(toy);
    circuit.add_gradient(0, {at::full({1, 2}, gate)}, 1.0);
    circuit.reduce(workers());
    circuit.step({scalar(0.1),
                  {},
                  at::tensor({gate * 4, 0.0}).to(at::kFloat),
                  at::tensor({4.0F, 0.0F}),
                  scalar(0)},
                 workers());
    return 1.0 - toy.named_parameters()["amygdala.flinch.weight"][0][0].item<double>();
  };
  EXPECT_NEAR(moved(0.25), 0.25 * moved(1.0), 1e-5);
}

// Long enough for several pieces, the last of them short; no end of it within a vector register,
// where one call would compute number by number.
struct Long : torch::nn::Module {
  Long() { register_parameter("weight", Stream(2).normal({8, 13002})); }
};

TEST(CircuitTest, PiecesGiveTheBitsOfStepsOfTheWhole) {
  Long module;
  auto value = module.named_parameters()["weight"].detach().clone();
  auto moment1 = at::zeros_like(value), moment2 = at::zeros_like(value);
  Circuit circuit = make(module, {"weight"});
  circuit.adopt(module);
  const OptimizerConfig config;
  for (const int64_t step : {1, 2}) {
    const auto gradient = Stream(4).at(step).normal({8, 13002});
    circuit.add_gradient(0, {gradient}, 1.0);
    circuit.reduce(workers());
    circuit.step({scalar(0.1), scalar(0.5), {}, {}, scalar(0)}, workers());
    at::_fused_adamw_({value}, {gradient * 0.5}, {moment1}, {moment2}, {},
                      {scalar(static_cast<double>(step))}, scalar(0.1), config.beta1, config.beta2,
                      config.weight_decay, config.eps, false, false);
    EXPECT_TRUE(module.named_parameters()["weight"].equal(value)) << step;
  }
}

TEST(CircuitTest, SkippedStepChangesNothing) {
  Toy toy;
  Circuit circuit = make(toy, kTrunk);
  circuit.adopt(toy);
  const uint64_t before = circuit.hash();
  circuit.add_gradient(0, {at::full({3}, NAN), at::ones({2, 3})}, 1.0);
  circuit.reduce(workers());
  circuit.step({scalar(0.1), {}, {}, {}, scalar(1)}, workers());
  EXPECT_EQ(circuit.hash(), before);
}

TEST(CircuitTest, LoadGivesBackWhatSaveTook) {
  Toy toy, other;
  Circuit circuit = make(toy, kTrunk);
  circuit.adopt(toy);
  circuit.add_gradient(0, {at::ones({3}), at::ones({2, 3})}, 1.0);
  circuit.reduce(workers());
  circuit.step({scalar(0.1), {}, {}, {}, scalar(0)}, workers());
  Circuit fresh = make(other, kTrunk);
  EXPECT_NE(fresh.hash(), circuit.hash());
  fresh.load(circuit.save(), "x.safetensors");
  EXPECT_EQ(fresh.hash(), circuit.hash());
}

TEST(CircuitTest, LoadNamesTheTensorThatDoesNotFit) {
  Toy toy;
  Circuit circuit = make(toy, kTrunk);
  auto tensors = circuit.save();
  for (NamedTensor& tensor : tensors) {
    if (tensor.name == "trunk.weight") tensor.value = at::zeros({2, 4});
  }
  EXPECT_THAT([&] { circuit.load(tensors, "x.safetensors"); },
              ThrowsMessage<Error>("x.safetensors: tensor 'trunk.weight' of circuit 'toy' has "
                                   "shape [2, 4], this brain's has [2, 3]"));
  tensors = circuit.save();
  tensors.push_back({"extra", at::zeros({1})});
  EXPECT_THAT([&] { circuit.load(tensors, "x.safetensors"); },
              ThrowsMessage<Error>(HasSubstr("tensor 'extra' is none of circuit 'toy'")));
}

/// A circuit with a moving average that has taken one step.
struct Averaged {
  Averaged() {
    circuit.adopt(toy);
    circuit.adopt_average(judge);
    circuit.add_gradient(0, {at::ones({3})}, 1.0);
    circuit.reduce(workers());
    circuit.step({scalar(0.1), {}, {}, {}, scalar(0)}, workers());
  }
  static OptimizerConfig config() {
    OptimizerConfig config;
    config.ema_decay = 0.75;
    config.weight_decay = 0;
    return config;
  }
  [[nodiscard]] double value() const {
    return toy.named_parameters()["trunk.bias"][0].item<double>();
  }
  [[nodiscard]] double average() const {
    return judge.named_parameters()["trunk.bias"][0].item<double>();
  }

  Toy toy, judge;
  Circuit circuit = make(toy, {"trunk.bias"}, config());
};

TEST(CircuitTest, AverageFollowsTheValuesAndForgetsTheFirstOnesSoon) {
  Averaged of;
  const double first = 2.0 / 11 * 0.25 + 9.0 / 11 * of.value();  // decay (1 + n) / (10 + n), n = 1
  EXPECT_NEAR(of.average(), first, 1e-6);
  of.circuit.step({scalar(0.1), {}, {}, {}, scalar(1)}, workers());
  EXPECT_NEAR(of.average(), first, 1e-6) << "a skipped step moves nothing";
}

TEST(CircuitTest, AverageGoesOnTowardsValuesThatRest) {
  Averaged of;
  const double rests_at = of.value(), before = of.average();
  of.circuit.rest(scalar(0), workers());
  const double frozen = 3.0 / 12 * before + 9.0 / 12 * rests_at;  // n = 2
  EXPECT_NEAR(of.average(), frozen, 1e-6);
  of.circuit.step({scalar(0.1), {}, {}, {}, scalar(0), /*rests=*/scalar(1)}, workers());
  const double untaught = 4.0 / 13 * frozen + 9.0 / 13 * rests_at;  // n = 3
  EXPECT_NEAR(of.average(), untaught, 1e-6);
  EXPECT_EQ(of.value(), rests_at) << "for all its momentum";
  of.circuit.rest(/*skip=*/scalar(1), workers());
  EXPECT_NEAR(of.average(), untaught, 1e-6) << "a skipped step moves nothing";
}

TEST(CircuitTest, WeightsAreTheAveragesWhereThereAreAnyAndWhatAnOwnRuleLearned) {
  const auto found = weights_of({{"average/b", scalar(2)},
                                 {"b", scalar(1)},
                                 {"moment1/b", scalar(5)},
                                 {"moment2/b", scalar(6)},
                                 {"rule/c", scalar(3)},
                                 {"steps/0", scalar(7)},
                                 {"steps/average", scalar(8)},
                                 {"d", scalar(4)}});
  std::map<std::string, double> weights;
  for (const NamedTensor& weight : found) weights[weight.name] = weight.value.item<double>();
  EXPECT_THAT(weights, ElementsAre(Pair("b", 2), Pair("c", 3), Pair("d", 4)));
}

// So that its own first steps still forget the initial weights.
TEST(CircuitTest, OneThatHasNotLearnedYetCountsNoSteps) {
  Toy toy;
  Circuit circuit = make(toy, kTrunk, Averaged::config());
  circuit.adopt(toy);
  const uint64_t born = circuit.hash();
  circuit.rest(scalar(0), workers());
  circuit.step({scalar(0.1), {}, {}, {}, scalar(0), /*rests=*/scalar(1)}, workers());
  EXPECT_EQ(circuit.hash(), born);
}

}  // namespace
}  // namespace limbic::training
