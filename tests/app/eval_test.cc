#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/core/log.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

TEST(EvalTest, ASplitThatIsAskedForReplacesThatOfEachEval) {
  log::set_level(log::Level::kQuiet);
  const testing_support::TemporaryDirectory directory;
  train_run(directory.write("config.yaml", kOneStep), directory / "run",
            {"evals.predict={type: nll, regime: rows, rows: 64, given: [x]}"});
  const auto found = [&](const std::vector<std::string>& set, const std::string& split) {
    const EvalOptions options{.run = directory / "run",
                              .at = {},
                              .set = set,
                              .only = {},
                              .split = split,
                              .device = "cpu",
                              .json = true};
    return answer([&] { return eval(options); });
  };
  EXPECT_EQ(found({}, "test"), found({"evals.predict.split=test"}, ""));
  EXPECT_NE(found({}, "test"), found({}, ""));
}

}  // namespace
}  // namespace limbic::app
