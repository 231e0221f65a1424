#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "../support/learned.h"
#include "../support/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/stream.h"
#include "limbic/training/metrics_log.h"
#include "limbic/training/trainer.h"

namespace limbic::app {
namespace {

using testing_support::Learned;

// A table of three columns that nearly agree, and a word that says whether they are above 0.
constexpr const char* kConfig = R"yaml(
cortex: {type: transformer, width: 16, blocks: 1, heads: 2, scalar_mixture: 2, base_density: {components: 8}}
curriculum:
  - stage: fit
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {after: 6 steps}
evals:
  predict: {type: nll, regime: rows, split: validation, rows: 40, every: 3 steps}
optimizer: {ema_decay: 0.9}
training: {batch_size: 16, chunks: 3, log_every: 3 steps}
)yaml";

class BaseDensityRunTest : public testing::Test {
 protected:
  BaseDensityRunTest() {
    log::set_level(log::Level::kQuiet);
    std::ofstream table(directory_ + "/table.csv");
    table << "a:scalar,b:scalar,c:scalar,sign:category\n";
    for (int64_t i = 0; i < 200; ++i) {
      const double common = Stream(1).normal(i);
      table << common + 0.1 * Stream(2).normal(i) << ',' << common + 0.1 * Stream(3).normal(i)
            << ',' << common + 0.1 * Stream(4).normal(i) << ',' << (common > 0 ? "up" : "down")
            << '\n';
    }
    std::ofstream(directory_ + "/config.yaml")
        << "world: {type: table, file: " << directory_ << "/table.csv}\n"
        << kConfig;
  }

  // What it has learned by `last_step`, or in the end.
  Learned train(const std::string& run, std::optional<int64_t> last_step = {},
                const std::vector<std::string>& set = {}) {
    training::Parts parts = build_parts(read_config(directory_ + "/config.yaml", set),
                                        directory_ + "/" + run, at::kCPU);
    training::Trainer trainer(std::move(parts));
    trainer.run(last_step);
    return testing_support::learned(trainer.replicas());
  }
  [[nodiscard]] double first_nll(const std::string& run) const {
    for (const auto& row : training::read_metrics(directory_ + "/" + run + "/metrics.jsonl")) {
      const auto found = row.values.find("eval/predict");
      if (found != row.values.end()) return found->second;
    }
    return NAN;
  }

  const testing_support::TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.path();
};

TEST_F(BaseDensityRunTest, WhatIsFittedIsInTheCircuitOfTheCortexWhateverThatIsCalled) {
  const std::string circuits = "circuits={mind: {parameters: ['cortex.*']}}";
  EXPECT_THAT([&] { train("cortex", {}, {circuits}); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("no circuit matches 'cortex'")));
  const std::vector<std::string> set{
      circuits, "curriculum.fit.train=[mind]",
      "curriculum.fit.losses.predict={type: any_subset, trains: [mind]}"};
  const Learned unbroken = train("unbroken", {}, set);
  train("stopped", 4, set);
  EXPECT_EQ(train("stopped", {}, set), unbroken);
}

TEST_F(BaseDensityRunTest, ResumedRunEqualsTheUnbrokenOneBitForBitWithAnyNumberOfWorkers) {
  const Learned unbroken = train("unbroken");
  for (const int64_t stop : {0, 1, 4}) train("stopped", stop);
  EXPECT_EQ(train("stopped"), unbroken);
  EXPECT_EQ(train("workers", {}, {"training.workers=1"}), unbroken);
}

TEST_F(BaseDensityRunTest, KnowsWhatColumnsHaveInCommonFromTheFirstSteps) {
  train("with", 3);
  train("without", 3, {"cortex.base_density.components=0"});
  EXPECT_LT(first_nll("with"), first_nll("without") - 0.5);
}

}  // namespace
}  // namespace limbic::app
