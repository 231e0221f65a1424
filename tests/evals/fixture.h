#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../support/fake_brain.h"
#include "../support/fake_world.h"
#include "limbic/config/structs.h"
#include "limbic/evals/eval.h"
#include "source_of.h"

namespace limbic::evals {

/// Makes an eval of some kind from YAML, checks it and runs it on the fake world and brain.
template <class Kind, class Config>
class EvalTest : public testing::Test {
 protected:
  static Kind made(const std::string& yaml) { return Kind(config::parse<Config>(yaml, "a.yaml")); }

  Results results(const std::string& yaml) {
    const Kind eval = made(yaml);
    eval.check(*brain_.brain, world_);
    Results found = eval.run(*brain_.brain, source_of(world_));
    const std::vector<config::Reported> reported = Config::reported();
    for (const auto& [key, value] : found)
      EXPECT_NE(config::reported_as(reported, key), nullptr) << "nobody says what " << key << " is";
    return found;
  }

  testing_support::FakeBrain brain_;
  testing_support::FakeWorld world_;
};

/// x = 0 1 2 3, and then nobody knows; c = 0 1 2 0 1 2 0 1 2 0.
class FirstFourAreMeasured : public testing_support::FakeWorld {
 public:
  [[nodiscard]] worlds::Episodes draw(const worlds::Draw& draw,
                                      const Stream& stream) const override {
    worlds::Episodes episodes = FakeWorld::draw(draw, stream);
    for (int64_t row = 4; row < draw.num_rows; ++row)
      testing_support::make_absent(episodes, row, testing_support::kX);
    return episodes;
  }
};

}  // namespace limbic::evals
