#include "limbic/training/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "limbic/core/clock.h"
#include "limbic/core/error.h"

namespace limbic::training {
namespace {

constexpr std::string_view kGap = "  ";
constexpr size_t kDefaultWidth = 80;
constexpr double kRedrawSeconds = 0.1;
constexpr double kLineSeconds = 10;
constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 86400;
constexpr std::string_view kEraseLine = "\r\x1b[2K";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

std::string formatted(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string rate_text(double rate) {
  return formatted(rate < 10 ? "%.2f" : rate < 1000 ? "%.1f" : "%.0f", rate) + " steps/s";
}

std::string duration_text(double seconds) {
  const auto total = static_cast<int64_t>(std::ceil(seconds));
  if (total >= kDay) return concat(total / kDay, "d", total % kDay / kHour, "h");
  if (total >= kHour) return concat(total / kHour, "h", total % kHour / kMinute, "m");
  if (total >= kMinute) return concat(total / kMinute, "m", total % kMinute, "s");
  return concat(total, "s");
}

std::string time_left(const ProgressState& state) {
  if (!state.last_step || state.steps_per_second <= 0) return {};
  const auto steps = static_cast<double>(std::max<int64_t>(*state.last_step - state.step, 0));
  const double seconds = steps / state.steps_per_second;
  constexpr double kForever = 1e9;
  return seconds < kForever ? duration_text(seconds) + " left" : std::string();
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

size_t columns(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, std::not_fn(is_continuation)));
}

std::string cut_to(std::string text, size_t width) {
  while (columns(text) > width) text.pop_back();
  return text;
}

/// `bold` on the stage's name, which begins the line.
std::string with_stage_bold(const std::string& line, const std::string& stage) {
  const size_t end = std::min(line.size(), stage.size());
  return concat(kBold, line.substr(0, end), kPlain, line.substr(end));
}

size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultWidth;
  return size.ws_col;
}

}  // namespace

std::string render(const ProgressState& state, size_t width) {
  std::string line = concat(state.stage, kGap, state.step);
  if (state.last_step) line += concat("/", *state.last_step);
  std::vector<std::string> parts;
  if (state.steps_per_second > 0) parts.push_back(rate_text(state.steps_per_second));
  for (const auto& [name, value] : state.losses) {
    parts.push_back(concat(name, " ", formatted("%.4g", value)));
  }
  const std::string left = time_left(state);
  const auto size = [](const std::string& part) {
    return part.empty() ? 0 : kGap.size() + columns(part);
  };
  size_t room = width - std::min(width, columns(line));
  const bool shows_left = size(left) <= room;
  if (shows_left) room -= size(left);
  for (const auto& part : parts) {
    if (size(part) > room) break;
    room -= size(part);
    line += concat(kGap, part);
  }
  if (shows_left && !left.empty()) line += concat(kGap, left);
  return cut_to(std::move(line), width);
}

ProgressOptions ProgressOptions::for_stderr() {
  const char* kind = std::getenv("TERM");
  const bool terminal = ::isatty(STDERR_FILENO) == 1 && kind && std::string_view(kind) != "dumb";
  return {.terminal = terminal,
          .seconds = terminal ? kRedrawSeconds : kLineSeconds,
          .clock = steady_seconds,
          .width = terminal_width};
}

Progress::Progress(std::ostream& out, ProgressOptions options)
    : out_(out), options_(std::move(options)) {}

Progress::~Progress() { clear(); }

void Progress::update(const ProgressState& state) {
  const double now = options_.clock();
  if (drawn_at_ && now - *drawn_at_ < options_.seconds) return;
  drawn_at_ = now;
  const std::string line = render(state, options_.width());
  if (options_.terminal) {
    out_ << kEraseLine << with_stage_bold(line, state.stage) << std::flush;
    is_drawn_ = true;
  } else {
    out_ << line << std::endl;
  }
}

void Progress::clear() {
  if (std::exchange(is_drawn_, false)) out_ << kEraseLine << std::flush;
}

}  // namespace limbic::training
