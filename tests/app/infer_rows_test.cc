#include "limbic/app/infer_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "../training/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/trainer.h"
#include "small_run.h"

namespace limbic::app {
namespace {

TEST(InferRowsTest, NamesOfQuantilesAreQuotedAsThoseOfTheirColumns) {
  log::set_level(log::Level::kQuiet);
  const training::TemporaryDirectory directory;
  const std::string config = directory / "config.yaml", table = directory / "table.csv";
  std::ofstream(table) << "\"a,b\",c\n1,2\n3,5\n5,6\n7,9\n";
  std::ofstream(config) << kOneStep;
  const std::string world = "world={type: table, file: " + table + ", validation: 0, test: 0}";
  training::Trainer(build_parts(read_config(config, {world}), directory / "run", at::kCPU)).run();
  std::ofstream(directory / "rows.csv") << "c,\"a,b\"\n2,\n";
  const InferOptions options{.run = directory / "run",
                             .rows = directory / "rows.csv",
                             .samples = 9,
                             .quantiles = {0.5},
                             .out = directory / "out.csv",
                             .device = "cpu"};
  EXPECT_EQ(infer(options), 0);
  EXPECT_THAT(read_file(options.out), testing::StartsWith("\"a,b\",c,\"a,b.q50\",c.q50\n"));
}

}  // namespace
}  // namespace limbic::app
