#include "limbic/core/trace.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "limbic/core/file.h"

namespace limbic::trace {
namespace {

TEST(TraceTest, HoldsTheSpansOfAllThreadsAndNoneFromBeforeItBegan) {
  { const Span before("before"); }
  start();
  {
    const Span outer("outer");
    std::thread([] { const Span inner("inner"); }).join();
  }
  const std::string file = std::filesystem::temp_directory_path() / "limbic_trace_test.json";
  write(file);
  { const Span after("after"); }
  const auto events = nlohmann::json::parse(read_file(file))["traceEvents"];
  std::filesystem::remove(file);
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[0]["name"], "inner");
  EXPECT_EQ(events[1]["name"], "outer");
  EXPECT_NE(events[0]["tid"], events[1]["tid"]);
  EXPECT_LE(events[1]["ts"], events[0]["ts"]);
  EXPECT_GE(events[1]["dur"], events[0]["dur"]);
}

}  // namespace
}  // namespace limbic::trace
