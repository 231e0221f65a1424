#include "limbic/core/profile.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "limbic/core/clock.h"

namespace limbic::profile {
namespace {

nlohmann::json written() {
  std::ostringstream out;
  write(out);
  return nlohmann::json::parse(out.str())["traceEvents"];
}

TEST(ProfileTest, HoldsTheSpansOfAllThreadsAndNoneFromBeforeItBegan) {
  { const Span before("before"); }
  start();
  {
    const Span outer("outer \"loss\"");
    std::thread([] { const Span inner("inner"); }).join();
  }
  const auto events = written();
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[0]["name"], "inner");
  EXPECT_EQ(events[1]["name"], "outer \"loss\"");
  EXPECT_NE(events[0]["tid"], events[1]["tid"]);
  EXPECT_LE(events[1]["ts"], events[0]["ts"]);
  EXPECT_GE(events[1]["dur"], events[0]["dur"]);
}

TEST(ProfileTest, CountsMicrosecondsFromItsStart) {
  const double begun = steady_seconds();
  start();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  {
    const Span span("span");
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  const auto event = written()[0];
  EXPECT_EQ(event["ph"], "X");
  EXPECT_EQ(event["pid"], 0);
  EXPECT_GE(event["ts"], 2000);
  EXPECT_GE(event["dur"], 3000);
  EXPECT_LE(event["ts"].get<double>() + event["dur"].get<double>(),
            1e6 * (steady_seconds() - begun));
}

TEST(ProfileTest, StopsWhereItIsWritten) {
  start();
  EXPECT_TRUE(written().empty());
  { const Span after("after"); }
  EXPECT_TRUE(written().empty());
}

}  // namespace
}  // namespace limbic::profile
