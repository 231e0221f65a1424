#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/checkpoint.h"
#include "limbic/training/safetensors.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

TEST(ExportTest, WritesTheMovingAveragesByTheNamesOfTheirParametersAndNothingElse) {
  log::set_level(log::Level::kQuiet);
  const testing_support::TemporaryDirectory directory;
  const std::string run = directory / "run", file = directory / "weights.safetensors";
  train_run(directory.write("config.yaml", kOneStep), run, {"optimizer.ema_decay=0.9"});
  EXPECT_EQ(export_weights({run, "", file}), 0);

  const std::string kind = "average/";
  std::map<std::string, at::Tensor> averages;
  const auto saved = training::CheckpointStore(run + "/checkpoints").load(1).circuits;
  for (const auto& [circuit, tensors] : saved) {
    for (const training::NamedTensor& tensor : tensors)
      if (tensor.name.starts_with(kind)) averages[tensor.name.substr(kind.size())] = tensor.value;
  }
  const auto written = training::decode(read_file(file), file);
  EXPECT_GT(written.size(), 0);
  EXPECT_EQ(written.size(), averages.size());
  for (const training::NamedTensor& weight : written)
    EXPECT_TRUE(weight.value.equal(averages.at(weight.name))) << weight.name;
}

}  // namespace
}  // namespace limbic::app
