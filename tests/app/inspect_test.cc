#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "../training/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/training/trainer.h"
#include "small_run.h"

namespace limbic::app {
namespace {

TEST(InspectTest, ACheckpointOfAStageThatItsConfigLacksIsDamaged) {
  log::set_level(log::Level::kQuiet);
  const training::TemporaryDirectory directory;
  const std::string config = directory / "config.yaml", run = directory / "run";
  std::ofstream(config) << kOneStep;
  training::Trainer(build_parts(read_config(config, {}), run, at::kCPU)).run();
  training::CheckpointStore store(run + "/checkpoints");
  training::Snapshot snapshot = store.load(1);
  training::RunState state = training::state_of(snapshot);
  state.curriculum.stage = 1;
  snapshot.state_json = to_json(state);
  store.save(snapshot);
  InspectOptions options;
  options.run = run;
  try {
    inspect(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kDamaged);
    EXPECT_EQ(error.what(), store.path(1) + "/state.json: stage 1 of 1");
  }
}

}  // namespace
}  // namespace limbic::app
