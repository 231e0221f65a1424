#include "limbic/core/profile.h"

#include <atomic>
#include <iomanip>
#include <mutex>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>
#include <vector>

#include "limbic/core/clock.h"

namespace limbic::profile {
namespace {

struct Event {
  std::string name;
  int64_t thread = 0;
  double begin = 0, length = 0;  // [s]
};

std::atomic<bool> recording = false;
std::mutex mutex;
std::vector<Event> events;
double started = 0;

int64_t thread_number() {
  static std::atomic<int64_t> count = 0;
  thread_local const int64_t number = count++;
  return number;
}

}  // namespace

void start() {
  const std::lock_guard lock(mutex);
  events.clear();
  started = steady_seconds();
  recording = true;
}

void write(std::ostream& out) {
  const std::lock_guard lock(mutex);
  recording = false;
  constexpr int kDigits = 3;  // of a microsecond
  out << std::fixed << std::setprecision(kDigits) << R"({"traceEvents":[)";
  const char* separator = "\n";
  for (const Event& event : std::exchange(events, {})) {
    out << std::exchange(separator, ",\n") << R"({"name":)" << nlohmann::json(event.name).dump()
        << R"(,"ph":"X","pid":0,"tid":)" << event.thread << R"(,"ts":)" << 1e6 * event.begin
        << R"(,"dur":)" << 1e6 * event.length << "}";
  }
  out << "\n]}\n";
}

Span::Span(std::string_view name) {
  if (!recording.load(std::memory_order_relaxed)) return;
  name_ = name;
  begin_ = steady_seconds();
}

Span::~Span() {
  if (begin_ < 0) return;
  const double end = steady_seconds();
  const std::lock_guard lock(mutex);
  events.push_back({std::move(name_), thread_number(), begin_ - started, end - begin_});
}

}  // namespace limbic::profile
