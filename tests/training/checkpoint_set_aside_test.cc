#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "../support/temporary_directory.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/checkpoint.h"
#include "toy_snapshot.h"

namespace limbic::training {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::TemporaryDirectory;

/// A run that has to go back from checkpoints that can't be read, for now or for good.
class CheckpointSetAsideTest : public testing::Test {
 protected:
  CheckpointSetAsideTest() { log::set_level(log::Level::kQuiet); }
  ~CheckpointSetAsideTest() override { log::set_level(log::Level::kInfo); }

  void damage(int64_t step, const std::string& state) const {
    std::ofstream(store_.path(step) + "/state.json") << state;
  }

  TemporaryDirectory root_;
  CheckpointStore store_{root_ / "checkpoints"};
};

TEST_F(CheckpointSetAsideTest, IsReadByNothingAndNotLost) {
  for (const int64_t step : {1, 2, 3}) store_.save(snapshot_of(step));
  damage(3, "broken");
  store_.set_aside_after(2);
  store_.recover();
  EXPECT_THAT(store_.list(), ElementsAre(1, 2));
  EXPECT_THAT(store_.verify(), IsEmpty());
  EXPECT_EQ(read_file(store_.path(3) + ".damaged/state.json"), "broken");
}

TEST_F(CheckpointSetAsideTest, IsWarnedOf) {
  store_.save(snapshot_of(1));
  log::set_level(log::Level::kWarn);
  testing::internal::CaptureStderr();
  store_.set_aside_after(0);
  const std::string was = store_.path(1);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr(was + " is kept as " + was + ".damaged, which nothing reads\n"));
}

TEST_F(CheckpointSetAsideTest, OutlivesANewOneOfItsStep) {
  store_.save(snapshot_of(1));
  damage(1, "broken");
  store_.set_aside_after(0);
  store_.save(snapshot_of(1, 7));
  EXPECT_EQ(value_of(store_.load(1)), 7);
  EXPECT_TRUE(fs::exists(store_.path(1) + ".damaged"));
}

TEST_F(CheckpointSetAsideTest, GivesWayToALaterOneOfItsStep) {
  for (const char* state : {"first", "second"}) {
    store_.save(snapshot_of(1));
    damage(1, state);
    store_.set_aside_after(0);
  }
  EXPECT_EQ(read_file(store_.path(1) + ".damaged/state.json"), "second");
}

}  // namespace
}  // namespace limbic::training
