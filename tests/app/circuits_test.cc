#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/log.h"
#include "limbic/training/trainer.h"
#include "small_run.h"

namespace limbic::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::Key;
using training::NamedTensor;

// What an amygdala has learned, its slower weights among it.
using Learned = std::map<std::string, at::Tensor>;

// Circuits that are not the default ones, of assessors with slower weights behind theirs.
class CircuitsTest : public testing::Test {
 protected:
  CircuitsTest() {
    log::set_level(log::Level::kQuiet);
    std::ofstream(directory_ / "config.yaml") << kSmallRun;
  }

  [[nodiscard]] Learned train(const std::string& run, std::vector<std::string> set,
                              std::optional<int64_t> last_step = {}) const {
    set.emplace_back("amygdala={type: linear, chain: {levels: 3, rate: 0.25}}");
    training::Trainer trainer(
        build_parts(read_config(directory_ / "config.yaml", set), directory_ / run, at::kCPU));
    trainer.run(last_step);
    const brain::Amygdala& amygdala = trainer.replicas().brain(0).amygdala();
    Learned learned;
    for (const auto& parameter : amygdala.named_parameters())
      learned[parameter.key()] = parameter.value().detach().clone();
    for (const auto& buffer : amygdala.named_buffers())
      learned[buffer.key()] = buffer.value().clone();
    return learned;
  }

  const testing_support::TemporaryDirectory directory_;
  const std::vector<std::string> two_assessors_{
      "steering.variables.squint={override: present(retina), truth: dark < 0.4, lead: 3 ticks}",
      "circuits={cortex: {parameters: [cortex.*]}, flinch: {parameters: [amygdala.flinch.*]}, "
      "amygdala: {parameters: [amygdala.squint.*]}}",
      "curriculum.see.train=[cortex, flinch, amygdala]",
      "curriculum.see.losses.assess={type: assess, trains: [flinch, amygdala]}",
      "curriculum.fear.train=[amygdala]",
      "curriculum.fear.drop=[predict]"};
};

TEST_F(CircuitsTest, AssessorsConsolidateWhateverTheirCircuitIsCalled) {
  const Learned usual = train("usual", {});
  const Learned renamed =
      train("renamed",
            {"circuits={assessors: {parameters: [amygdala.*]}, cortex: {parameters: [cortex.*]}}",
             "curriculum.fear.train=[assessors, cortex*0.5]",
             "curriculum.fear.losses.assess.trains={assessors: 1, cortex: 0.1}"});
  EXPECT_TRUE(usual.at("flinch.weight_chain").ne(0).any().item<bool>());
  for (const auto& [name, value] : usual) EXPECT_TRUE(renamed.at(name).equal(value)) << name;
}

TEST_F(CircuitsTest, AFrozenAssessorDoesNotConsolidateWhileAnotherLearns) {
  const Learned before = train("run", two_assessors_, 6), after = train("run", two_assessors_);
  EXPECT_FALSE(before.at("flinch.weight").equal(before.at("flinch.weight_chain")[0]));
  for (const char* name : {"weight", "bias", "weight_chain", "bias_chain"}) {
    const std::string frozen = std::string("flinch.") + name,
                      taught = std::string("squint.") + name;
    EXPECT_TRUE(after.at(frozen).equal(before.at(frozen))) << frozen;
    EXPECT_FALSE(after.at(taught).equal(before.at(taught))) << taught;
  }
}

// Where a loss has masks, it asks for a thought of its own.
TEST_F(CircuitsTest, AFrozenCortexThinksWithAllItsUnits) {
  const std::vector<std::string> frozen{
      "curriculum.see.train=[amygdala]",
      "curriculum.see.losses={assess: {type: assess, trains: [amygdala], masks: [{}]}}"};
  std::vector<std::string> drops_units = frozen;
  drops_units.emplace_back("cortex.dropout=0.5");
  const Learned whole = train("whole", frozen, 4), dropped = train("dropped", drops_units, 4);
  EXPECT_FALSE(whole.at("flinch.weight").equal(train("born", frozen, 0).at("flinch.weight")));
  for (const auto& [name, value] : whole) EXPECT_TRUE(dropped.at(name).equal(value)) << name;
}

TEST_F(CircuitsTest, SlowerWeightsAreSavedInTheCircuitOfTheirWeight) {
  (void)train("run", two_assessors_, 0);
  const auto saved = training::CheckpointStore(directory_ / "run/checkpoints").load(0).circuits;
  EXPECT_THAT(saved, ElementsAre(Key("amygdala"), Key("cortex"), Key("flinch")));
  EXPECT_THAT(saved.at("flinch"),
              Contains(Field(&NamedTensor::name, "rule/amygdala.flinch.weight_chain")));
}

}  // namespace
}  // namespace limbic::app
