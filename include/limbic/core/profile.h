#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

/// Where the time goes: spans of all threads, as a Chrome trace (chrome://tracing, Perfetto).
/// Threads any; start and write while no span is open.
namespace limbic::profile {

/// Records from here on.
void start();
/// Stops, and writes what was recorded as JSON.
void write(std::ostream& out);

/// Names the time that it lives.
/// Cost    one look at a flag while nothing is recorded; else some 60 bytes until write().
class Span {
 public:
  explicit Span(std::string_view name);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  std::string name_;
  double begin_ = -1;  // [s]; negative: not recorded
};

}  // namespace limbic::profile
