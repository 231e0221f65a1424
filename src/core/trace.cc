#include "limbic/core/trace.h"

#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "limbic/core/clock.h"
#include "limbic/core/file.h"

namespace limbic::trace {
namespace {

std::atomic<bool> recording = false;
std::mutex mutex;
nlohmann::json events;
double started = 0;

int64_t thread_number() {
  static std::atomic<int64_t> count = 0;
  thread_local const int64_t number = count++;
  return number;
}

}  // namespace

void start() {
  const std::lock_guard lock(mutex);
  events = nlohmann::json::array();
  started = steady_seconds();
  recording = true;
}

void write(const std::string& path) {
  const std::lock_guard lock(mutex);
  recording = false;
  write_file_durably(path,
                     nlohmann::json{{"traceEvents", std::exchange(events, {})}}.dump() + "\n");
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
  events.push_back({{"name", name_},
                    {"ph", "X"},
                    {"pid", 0},
                    {"tid", thread_number()},
                    {"ts", 1e6 * (begin_ - started)},
                    {"dur", 1e6 * (end - begin_)}});
}

}  // namespace limbic::trace
