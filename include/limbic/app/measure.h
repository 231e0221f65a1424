#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limbic/app/protocol.h"
#include "limbic/brain/steering/program.h"
#include "limbic/training/subjects.h"
#include "limbic/worlds/trial_schedule.h"

namespace limbic::app {

/// A group's trials as its subjects lived through them.
struct Diary {
  std::string group;
  int64_t assessor;  // by which they act
  std::vector<std::vector<training::Subjects::Lived>> phases;
};

/// A measure of a protocol with its names resolved; those that are not there are noted, and it
/// reads nothing then.
///
/// State   holds on to the protocol's brain.
class Measure {
 public:
  Measure(const MeasureConfig& config, const Protocol& protocol,
          const worlds::TrialSchedule& schedule, const brain::Program& program,
          config::Problems& problems);

  /// One value, or a curve.
  [[nodiscard]] std::vector<double> of(const std::vector<Diary>& diaries, size_t subject) const;
  /// How many values it has, where its schedule says so.
  [[nodiscard]] std::optional<size_t> length(const worlds::TrialSchedule& schedule) const;
  /// What its curve is over, if it is one of many points.
  [[nodiscard]] Axis axis() const;

  /// Of one tick, whatever the measure is about.
  static double prediction(const training::Subjects::Lived& trial, size_t subject, int64_t tick,
                           int64_t assessor);

 private:
  [[nodiscard]] bool is_over_ticks() const { return ticks_.first != ticks_.last; }
  void resolve(const MeasureConfig& config, const worlds::TrialSchedule& schedule,
               config::Problems& problems);
  void refuse_what_cannot_be_read(const MeasureConfig& config, config::Problems& problems) const;
  [[nodiscard]] double value(const training::Subjects::Lived& trial, size_t subject,
                             int64_t tick) const;

  Quantity what_;
  bool by_cell_;
  const inference::ResponseConfig& response_;
  int64_t group_ = 0, phase_ = 0, assessor_ = 0;
  std::vector<int64_t> types_;
  worlds::Window ticks_;
};

}  // namespace limbic::app
