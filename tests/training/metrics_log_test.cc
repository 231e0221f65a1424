#include "limbic/training/metrics_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "../support/temporary_directory.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"

namespace limbic::training {
namespace {

using testing::ThrowsMessage;
using testing_support::TemporaryDirectory;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(MetricsLogTest, WritesStepFirstThenNamesInOrder) {
  EXPECT_EQ(to_line({3, {{"loss/b", 2}, {"eval/a", -0.5}}}),
            R"({"step":3,"eval/a":-0.5,"loss/b":2})");
}

TEST(MetricsLogTest, WritesTheFewestDigitsThatReadBack) {
  EXPECT_EQ(to_line({0, {{"x", 0.1}}}), R"({"step":0,"x":0.1})");
  EXPECT_EQ(to_line({0, {{"x", 1.0 / 3}}}), R"({"step":0,"x":0.3333333333333333})");
  EXPECT_EQ(to_line({0, {{"x", 1e300}}}), R"({"step":0,"x":1e+300})");
  EXPECT_EQ(to_line({0, {{"x", -0.0}}}), R"({"step":0,"x":-0.0})");
}

TEST(MetricsLogTest, WritesWhatIsNoNumberAsText) {
  EXPECT_EQ(to_line({0, {{"a", NAN}, {"b", kInfinity}, {"c", -kInfinity}}}),
            R"({"step":0,"a":"NaN","b":"Infinity","c":"-Infinity"})");
}

TEST(MetricsLogTest, EscapesNames) {
  EXPECT_EQ(to_line({0, {{"a\"b\n", 1}}}), R"({"step":0,"a\"b\n":1})");
}

TEST(MetricsLogTest, ReadsBackTheSameBits) {
  const TemporaryDirectory base;
  const std::vector<MetricsRow> rows{
      {1, {{"a", 0.1 + 0.2}, {"b", 0x1p-1022}}}, {2, {}}, {3, {{"c", -0.0}, {"d", kInfinity}}}};
  AppendFile file(base / "m");
  for (const auto& row : rows) file.append(to_line(row));
  const auto read = read_metrics(base / "m");
  EXPECT_EQ(read, rows);
  EXPECT_TRUE(std::signbit(read[2].values.at("c")));
}

TEST(MetricsLogTest, ReadsBackNan) {
  const TemporaryDirectory base;
  write_file_durably(base / "m", to_line({1, {{"a", NAN}}}) + "\n");
  EXPECT_TRUE(std::isnan(read_metrics(base / "m")[0].values.at("a")));
}

TEST(MetricsLogTest, LeavesOutALineThatIsStillBeingWritten) {
  const TemporaryDirectory base;
  write_file_durably(base / "m", "{\"step\":1}\n{\"step\":2}");
  EXPECT_EQ(read_metrics(base / "m").size(), 1);
}

TEST(MetricsLogTest, NamesTheLineThatIsDamaged) {
  const TemporaryDirectory base;
  const std::string path = base / "m";
  const auto refuses = [&](const std::string& line, const std::string& problem) {
    write_file_durably(path, "{\"step\":1}\n" + line + "\n");
    EXPECT_THAT([&] { (void)read_metrics(path); }, ThrowsMessage<Error>(path + ":2: " + problem));
  };
  refuses("{\"step\":", "not a JSON object");
  refuses("[1]", "not a JSON object");
  refuses("{\"a\":1}", "has no step");
  refuses("{\"step\":1.5}", "has no step");
  refuses("{\"step\":2,\"a\":\"b\"}", "'a' is not a number");
  refuses("{\"step\":2,\"a\":[]}", "'a' is not a number");
  refuses(std::string((1 << 20) + 1, '['), "a line of 1048577 bytes");
  refuses(std::string(1 << 20, '['), "not a JSON object");
}

}  // namespace
}  // namespace limbic::training
