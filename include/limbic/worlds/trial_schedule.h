#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/config/problems.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/schedule_config.h"
#include "limbic/worlds/schema.h"

namespace limbic::worlds {

/// A conditioning experiment with all its names resolved.
///
/// Errors  ConfigError with all mistakes at once, each with its place: unknown cues, contexts, US
///         and types of trials, windows past a trial's end, names that stand for two things, among
///         them two phases of a group.
class TrialSchedule {
 public:
  struct Cue {
    std::string name;
    int64_t variable = 0;  // of the schema
    int64_t unit = 0;      // on its line; else 0
    double width = -1;     // of its line's tuning; -1: no line
  };
  struct Shown {
    int64_t cue = 0;
    Window window;
  };
  struct Event {
    int64_t us = 0;
    Window ticks;
    double magnitude = 1, probability = 1;
    When when = When::kAlways;
  };
  struct TrialType {
    std::string name;
    std::vector<Shown> cues;
    std::vector<Event> events;
    int64_t ticks = 0;

    /// Whether some of its events wait for what the subject does.
    [[nodiscard]] bool waits() const;
  };
  struct Share {
    int64_t type = 0, count = 0;
  };
  struct Phase {
    std::string name;
    std::vector<Share> trials;  // those of the context alone are the last
    int64_t context = 0;
    Order order = Order::kRandom;
    bool learn = true;
    double interval = 0, delay = 0;

    [[nodiscard]] int64_t num_trials() const;
    /// Types of its trials as a subject meets them.
    [[nodiscard]] std::vector<int64_t> sequence(const Stream& stream) const;
  };
  struct Group {
    std::string name;  // empty where there is only one
    std::vector<Phase> phases;
  };

  explicit TrialSchedule(const ScheduleConfig& config);

  [[nodiscard]] const std::vector<Cue>& cues() const { return cues_; }
  [[nodiscard]] const std::vector<std::string>& contexts() const { return contexts_; }
  [[nodiscard]] const std::vector<std::string>& us() const { return us_; }
  [[nodiscard]] const std::vector<TrialType>& types() const { return types_; }
  [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
  /// Sets of cues that change places.
  [[nodiscard]] const std::vector<std::vector<int64_t>>& counterbalance() const {
    return counterbalance_;
  }
  /// Of the longest trial.
  [[nodiscard]] int64_t num_ticks() const;
  /// Variables: cues and lines (modality cue), contexts, and primitive: each US, `outcome`, `cued`.
  [[nodiscard]] Schema schema() const;

  /// Index of a cue by name, or -1.
  [[nodiscard]] int64_t find_cue(const std::string& name) const;

 private:
  class Builder;

  std::vector<Variable> cue_variables_;
  std::vector<Cue> cues_;
  std::vector<std::string> contexts_, us_;
  std::vector<TrialType> types_;
  std::vector<Group> groups_;
  std::vector<std::vector<int64_t>> counterbalance_;
};

}  // namespace limbic::worlds
