#pragma once

#include <cstdint>

#include "limbic/config/codec.h"

namespace limbic::curriculum {

/// A number that may change with the steps of its stage. In YAML
///   0.3
///   {linear: {from: 1.0, to: 0.3, over: 2k steps, after: 100 steps}}   also cosine, exponential
///   {warmup: 200 steps, then: 0.3}                                     `then` is any of the above
///
///   linear       from + (to - from) * p           p = clamp((step - after) / over, 0, 1)
///   cosine       to + (from - to) * (1 + cos(pi * p)) / 2
///   exponential  from * (to / from)^p
///   warmup       then(0) * (step + 1) / n for n steps, after which the clock of `then` starts
///
/// Units   steps count from 0 at the stage's start.
class Schedule {
 public:
  enum class Form { kConstant, kLinear, kCosine, kExponential };
  struct Ramp {
    Form form = Form::kConstant;
    double from = 1.0;
    double to = 1.0;
    int64_t over = 1;
    int64_t after = 0;
  };

  explicit Schedule(double value = 1.0) : Schedule(Ramp{.from = value, .to = value}) {}
  explicit Schedule(const Ramp& ramp, int64_t warmup = 0) : ramp_(ramp), warmup_(warmup) {}

  [[nodiscard]] double at(int64_t step) const;
  /// The smallest and the largest value that it takes.
  [[nodiscard]] config::Range bounds() const;
  [[nodiscard]] bool is_constant() const;

  [[nodiscard]] const Ramp& ramp() const { return ramp_; }
  [[nodiscard]] int64_t warmup() const { return warmup_; }

 private:
  Ramp ramp_;
  int64_t warmup_;
};

bool operator==(const Schedule& a, const Schedule& b);

/// Whether a map has a key by which it is a schedule, sound or not.
bool is_schedule(const config::Node& node);

}  // namespace limbic::curriculum

/// A range given to a field of this type bounds every value that the schedule takes.
template <>
struct limbic::config::Codec<limbic::curriculum::Schedule> {
  static void read(const Node& node, Reader& reader, curriculum::Schedule& value,
                   const Facts& facts);
  static Node dump(const curriculum::Schedule& value);
  static void describe(Describer& describer, Description& description,
                       const curriculum::Schedule& preset);
};
