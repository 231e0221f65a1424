#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "limbic/brain/amygdala/online_readout.h"
#include "limbic/brain/brain.h"
#include "limbic/inference/response.h"
#include "limbic/worlds/conditioning.h"

namespace limbic::training {

/// YAML: `subjects`.
struct SubjectsConfig {
  int64_t count = 10;
  int64_t first = 0;
  double salience_deviation = 0.1;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("count", self.count, within<int64_t>(1, 1 << 20), "how many live through a schedule");
    field("first", self.first, within<int64_t>(0, 1LL << 40),
          "number of the first: it names all that is random in a subject");
    field("salience_deviation", self.salience_deviation, within(0.0, 1.0),
          "of how strong each cue is to a subject, around 1");
  }
};

/// Newborn brains that live through a schedule, all side by side: what a trial teaches is learned
/// before the next.
///
///   thought -> scorecard, truth, override, gate; the amygdala learns tick by tick, then the cortex
///
/// State   of all subjects, in one brain's buffers.
/// Errors  limbic::Error (input) if the amygdala learns by gradient.
/// Threads one at a time on one object.
class Subjects {
 public:
  Subjects(std::shared_ptr<brain::Brain> brain, std::shared_ptr<const worlds::Conditioning> world,
           std::vector<worlds::Conditioning::Subject> subjects);

  /// One trial of each, as it went.
  struct Lived {
    std::vector<int64_t> type_S;    // of the schedule
    std::vector<bool> responded_S;  // true where nothing depended on it
    worlds::Episodes episodes;
    brain::OnlineReadout::Record record;
    at::Tensor uncertainty_BTN;  // what the record comes to
    at::Tensor reward_BTR;       // of each drive, by what was predicted before the lesson
  };
  /// Begins a phase: time goes by, and each gets an order of trials.
  void enter(const worlds::TrialSchedule::Phase& phase, int64_t index);
  /// The next trial of the phase. REQUIRES: require_time_to_act(response, schedule).
  Lived live(const inference::ResponseConfig& response);

  [[nodiscard]] const std::vector<worlds::Conditioning::Subject>& subjects() const {
    return subjects_;
  }
  [[nodiscard]] brain::OnlineReadout& amygdala() const { return *amygdala_; }
  [[nodiscard]] const brain::Program& program() const { return brain_->program(); }

 private:
  using Meetings = std::vector<worlds::Conditioning::Meeting>;
  void decide(Meetings& meetings, const inference::ResponseConfig& response) const;

  std::shared_ptr<brain::Brain> brain_;
  std::shared_ptr<const worlds::Conditioning> world_;
  std::vector<worlds::Conditioning::Subject> subjects_;
  brain::OnlineReadout* amygdala_ = nullptr;
  brain::OwnRule* cortex_ = nullptr;  // none where the cortex does not learn by its own rule
  const worlds::TrialSchedule::Phase* phase_ = nullptr;
  int64_t phase_index_ = 0, trial_ = 0;
  std::vector<std::vector<int64_t>> sequence_S_;
};

/// Index of the assessor that a response is about. Errors: limbic::Error (input), with the nearest.
int64_t assessor_of(const inference::ResponseConfig& response, const brain::Program& program);

/// Errors  limbic::Error (input) if something waits for what subjects do, and they act after it, or
///         by a rule that is no probability.
void require_time_to_act(const inference::ResponseConfig& response,
                         const worlds::TrialSchedule& schedule);

}  // namespace limbic::training
