#include "limbic/core/cores.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

namespace limbic {
namespace {

// Of cgroup v2, as a container sees its own; nothing where there is none.
std::string quota_of_container() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string line;
  std::getline(file, line);
  return line;
}

int64_t cores_to_run_on() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof(cores), &cores) == 0) return CPU_COUNT(&cores);
  return std::max(1U, std::thread::hardware_concurrency());  // more cores than a cpu_set_t holds
}

}  // namespace

int64_t usable_cores() {
  const int64_t cores = cores_to_run_on();
  return std::min(cores, cores_of_quota(quota_of_container()).value_or(cores));
}

std::optional<int64_t> cores_of_quota(const std::string& cpu_max) {
  std::istringstream words(cpu_max);
  int64_t quota = 0, period = 0;
  if (!(words >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return (quota - 1) / period + 1;
}

}  // namespace limbic
