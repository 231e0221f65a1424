#include "limbic/core/cores.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace limbic {
namespace {

TEST(CoresTest, AreThoseThatTheThreadMayRunOn) {
  cpu_set_t all;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(all), &all), 0);
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    int core = 0;
    while (!CPU_ISSET(core, &all)) ++core;
    CPU_SET(core, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(usable_cores(), 1);
  }).join();
}

TEST(CoresTest, OfAQuotaAreRoundedUp) {
  EXPECT_EQ(cores_of_quota("200000 100000\n"), 2);
  EXPECT_EQ(cores_of_quota("150000 100000"), 2);
  EXPECT_EQ(cores_of_quota("1000 100000"), 1);
}

TEST(CoresTest, AreNotLimitedByAFileThatSetsNoQuota) {
  for (const char* text : {"max 100000", "", "100000", "0 100000", "100000 0", "all of them"})
    EXPECT_EQ(cores_of_quota(text), std::nullopt) << text;
}

}  // namespace
}  // namespace limbic
