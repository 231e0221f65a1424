#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
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

TEST(ExportTest, SaysInTheHeaderWhatUnitsTheBrainComputesIn) {
  log::set_level(log::Level::kQuiet);
  const testing_support::TemporaryDirectory directory;
  const std::string run = directory / "run", file = directory / "weights.safetensors";
  train_run(directory.write("config.yaml", kOneStep), run);
  EXPECT_EQ(export_weights({run, "", file}), 0);

  const std::string bytes = read_file(file);
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  const auto header = nlohmann::json::parse(bytes.substr(sizeof(length), length));
  const auto world =
      nlohmann::json::parse(header["__metadata__"]["world"].get<std::string>())["variables"];
  const app::Setup setup = build_setup(read_config(directory / "config.yaml", {}));
  const worlds::Schema& schema = setup.world->schema();
  ASSERT_EQ(std::ssize(world), schema.size());
  for (int64_t i = 0; i < schema.size(); ++i) {
    EXPECT_EQ(world[i]["name"].get<std::string>(), schema[i].name);
    EXPECT_EQ(world[i]["center"], schema[i].center);
    EXPECT_EQ(world[i]["scale"], schema[i].scale);
  }
}

}  // namespace
}  // namespace limbic::app
