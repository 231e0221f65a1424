#include "limbic/core/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

namespace limbic::log {
namespace {

std::atomic<Level>& current_level() {
  static std::atomic<Level> level = Level::kInfo;
  return level;
}

spdlog::logger make_logger(const std::string& pattern) {
  spdlog::logger logger("limbic", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger.set_pattern(pattern);
  logger.flush_on(spdlog::level::trace);
  return logger;
}

/// News stands alone; warnings and errors say what they are.
spdlog::logger& logger_of(Level level) {
  static spdlog::logger plain = make_logger("%v");
  static spdlog::logger named = make_logger("%^%l:%$ %v");
  return level == Level::kInfo ? plain : named;
}

spdlog::level::level_enum spdlog_level(Level level) {
  if (level == Level::kInfo) return spdlog::level::info;
  return level == Level::kWarn ? spdlog::level::warn : spdlog::level::err;
}

}  // namespace

void set_level(Level level) { current_level() = level; }
Level level() { return current_level(); }

void write(Level level, std::string_view text) {
  if (level < current_level() || level == Level::kQuiet) return;
  while (true) {
    const size_t end = std::min(text.find('\n'), text.size());
    logger_of(level).log(spdlog_level(level), "{}", text.substr(0, end));
    if (end == text.size()) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace limbic::log
