#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "../support/fake_brain.h"
#include "../support/fake_world.h"
#include "limbic/config/structs.h"
#include "limbic/evals/eval.h"

namespace limbic::evals {

/// Makes an eval from YAML, checks it and runs it on the fake world and brain.
class EvalTest : public testing::Test {
 protected:
  template <class Config>
  Results results(std::unique_ptr<Eval> (*make)(const Config&), const std::string& yaml) {
    const auto eval = make(config::parse<Config>(yaml, "a.yaml"));
    eval->check(*brain_.brain, world_);
    return eval->run(*brain_.brain, world_, Stream(1), at::kCPU);
  }

  testing_support::FakeBrain brain_;
  testing_support::FakeWorld world_;
};

}  // namespace limbic::evals
