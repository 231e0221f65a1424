#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limbic/worlds/trial_schedule.h"
#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// YAML: `world` with `type: conditioning`.
struct ConditioningConfig {
  std::string file;
  std::optional<ScheduleConfig> schedule = {};
  double salience_deviation = 0.0;
  int64_t subject = 0;

  static void fields(auto& self, auto&& field) {
    field("file", self.file, "the schedule, YAML or JSON");
    field("schedule", self.schedule, "or the schedule itself");
    field("salience_deviation", self.salience_deviation, config::within(0.0, 1.0),
          "of how strong each cue is to a subject, around 1 and never below 0");
    field("subject", self.subject, config::at_least<int64_t>(0),
          "which subject lives here: its cue strengths, and its place in counterbalanced sets");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

/// Trials of cues, contexts and what happens, from a schedule.
///
/// Episodes are trials. A cue is as strong as it is salient to the subject while it is on, else 0;
/// points on a line are seen by units with Gaussian tuning. A context is 1 all the time. Primitive,
/// so that the cortex can't see them: each US's magnitude, `outcome`, their sum, and `cued`, 1 from
/// the first cue's onset to the trial's end. After a trial's last tick there is one without cues
/// and US; what comes later, in trials shorter than the longest, is ABSENT.
///
/// Regimes are the phases that have trials, called group/phase where there are groups. Row r of a
/// regime is trial r % length of its phase, epoch by epoch, whatever other regimes are drawn beside
/// it. Drawn by whatever stream, they are met by one subject, the config's.
class Conditioning final : public World {
 public:
  /// Errors  input: a schedule without any trial, two phases of one regime, or what its file gets
  ///         wrong.
  explicit Conditioning(const ConditioningConfig& config);

  [[nodiscard]] const Schema& schema() const override { return schema_; }
  [[nodiscard]] const std::vector<std::string>& regimes() const override { return regimes_; }
  [[nodiscard]] Episodes draw(const Draw& draw, const Stream& stream) const override;
  /// Of a schedule that stands in a file.
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string fingerprint() const override { return fingerprint_; }

  [[nodiscard]] const TrialSchedule& schedule() const { return schedule_; }

  /// Who meets a trial: their number decides on places that cues change, their stream on all that
  /// is random.
  struct Subject {
    int64_t number = 0;
    Stream stream{0};
  };
  /// One subject's trial.
  struct Meeting {
    int64_t type = 0, context = 0;
    Stream stream{0};       // of this trial's chances
    bool responded = true;  // for events that wait for it
  };
  /// Row r is subject r's.
  [[nodiscard]] Episodes meet(const std::vector<Meeting>& meetings,
                              const std::vector<Subject>& subjects) const;

 private:
  Conditioning(const ConditioningConfig& config, const ScheduleConfig& schedule);
  void fill(Episodes& episodes, int64_t row, const Meeting& meeting, const Subject& subject) const;
  void fill_cues(Episodes& episodes, int64_t row, const TrialSchedule::TrialType& type,
                 const Subject& subject) const;
  [[nodiscard]] int64_t place_of(int64_t cue, int64_t subject_number) const;
  [[nodiscard]] double salience(int64_t cell, const Subject& subject) const;

  ConditioningConfig config_;
  std::string fingerprint_;
  TrialSchedule schedule_;
  Schema schema_;
  std::vector<std::string> regimes_;
};

/// A schedule out of a YAML or JSON file, with path.to.key=value put in. Errors: ConfigError with
/// all its mistakes.
ScheduleConfig read_schedule(const std::string& path,
                             const std::vector<std::string>& assignments = {});

}  // namespace limbic::worlds
