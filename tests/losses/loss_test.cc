#include "limbic/losses/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "../support/fake_brain.h"
#include "limbic/brain/amygdala/delta.h"
#include "limbic/core/error.h"

namespace limbic::losses {
namespace {

using testing::ThrowsMessage;

/// Teaches assessors, of a brain that has whiskers; none has.
class OfWhiskers : public Loss {
 public:
  at::Tensor operator()(brain::Brain& /*brain*/, const worlds::Episodes& /*episodes*/,
                        const brain::Signals& /*signals*/,
                        const Lesson& /*lesson*/) const override {
    return at::zeros({});
  }
  [[nodiscard]] bool teaches_assessors() const override { return true; }

 private:
  void check_needs(const brain::Brain& /*brain*/) const override {
    throw input_error("this brain has no whiskers");
  }
};

TEST(LossTest, WhatTeachesAssessorsTeachesNoneThatLearnByARuleOfTheirOwnWhateverElseItNeeds) {
  const testing_support::FakeBrain fake;
  const auto amygdala = std::make_shared<brain::Delta>(
      brain::DeltaConfig{.code = {}}, fake.cortex->thought_map(), *fake.program, Stream(1));
  const brain::Brain brain(fake.cortex, amygdala, fake.program);
  const OfWhiskers loss;
  EXPECT_THAT([&] { loss.check(brain); },
              ThrowsMessage<Error>("this amygdala learns by a rule of its own, and from no loss"));
  EXPECT_THAT([&] { loss.check(*fake.brain); }, ThrowsMessage<Error>("this brain has no whiskers"));
}

}  // namespace
}  // namespace limbic::losses
