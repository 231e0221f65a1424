#include "limbic/training/subjects.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/named_enum.h"
#include "limbic/core/suggest.h"

namespace limbic::training {

using worlds::Conditioning;
using worlds::TrialSchedule;

namespace {

/// The tick of the first event that waits for what the subject does. REQUIRES: type.waits().
int64_t first_that_waits(const TrialSchedule::TrialType& type) {
  int64_t first = type.ticks;
  for (const TrialSchedule::Event& event : type.events) {
    if (event.when != worlds::When::kAlways) first = std::min(first, event.ticks.first);
  }
  return first;
}

}  // namespace

int64_t assessor_of(const inference::ResponseConfig& response, const brain::Program& program) {
  const auto& names = program.names();
  if (names.empty()) throw input_error("the steering subsystem has no variable to predict");
  if (response.of.empty()) return 0;
  const auto found = std::ranges::find(names, response.of);
  if (found == names.end()) {
    throw input_error("response.of: no steering variable is called ", quoted(response.of),
                      did_you_mean(response.of, names));
  }
  return found - names.begin();
}

void require_time_to_act(const inference::ResponseConfig& response, const TrialSchedule& schedule) {
  for (const auto& type : schedule.types()) {
    if (!type.waits()) continue;
    if (response.rule != inference::ResponseRule::kApproach) {
      throw input_error("response.rule: trial ", quoted(type.name), " waits for a response, and ",
                        name_of(response.rule), " is no probability of one; write approach");
    }
    const int64_t first = first_that_waits(type);
    if (response.tick.value_or(first) <= first) continue;
    throw input_error("response.tick: what waits for a response in trial ", quoted(type.name),
                      " comes at tick ", first, ", and subjects act at ", *response.tick);
  }
}

Subjects::Subjects(std::shared_ptr<brain::Brain> brain, std::shared_ptr<const Conditioning> world,
                   std::vector<Conditioning::Subject> subjects)
    : brain_(std::move(brain)),
      world_(std::move(world)),
      subjects_(std::move(subjects)),
      amygdala_(dynamic_cast<brain::OnlineReadout*>(&brain_->amygdala())),
      cortex_(brain_->cortex_rule()) {
  if (amygdala_ == nullptr) {
    throw input_error(
        "these assessors learn by gradient, and a trial at a time wants such as learn by a rule of "
        "their own: amygdala of type kalman or delta");
  }
  std::vector<Stream> streams;
  for (const Conditioning::Subject& subject : subjects_) streams.push_back(subject.stream);
  amygdala_->divide(streams);
  if (cortex_ != nullptr) cortex_->divide(streams);
}

void Subjects::enter(const TrialSchedule::Phase& phase, int64_t index) {
  phase_ = &phase;
  phase_index_ = index;
  trial_ = 0;
  sequence_S_.clear();
  for (const Conditioning::Subject& subject : subjects_)
    sequence_S_.push_back(phase.sequence(subject.stream.child("order").at(index)));
  if (phase.delay > 0) amygdala_->rest(phase.delay);
}

// Those whose trial depends on it respond or not, by what they predict at the tick of acting.
void Subjects::decide(Meetings& meetings, const inference::ResponseConfig& response) const {
  const auto& types = world_->schedule().types();
  const auto depends = [&](const Conditioning::Meeting& meeting) {
    return types[meeting.type].waits();
  };
  if (std::ranges::none_of(meetings, depends)) return;
  const auto episodes = world_->meet(meetings, subjects_);
  const auto signals = brain_->signals(episodes, worlds::visible(episodes, world_->schema()));
  const int64_t n = assessor_of(response, brain_->program());
  for (size_t s = 0; s < meetings.size(); ++s) {
    if (!depends(meetings[s])) continue;
    const int64_t before = std::max<int64_t>(first_that_waits(types[meetings[s].type]) - 1, 0);
    const int64_t tick = response.tick.value_or(before);
    const auto raw = signals.scorecard.raw_BTN[static_cast<int64_t>(s)][tick][n].item<double>();
    meetings[s].responded =
        meetings[s].stream.child("response").uniform(0) < inference::respond(response, raw);
  }
}

Subjects::Lived Subjects::live(const inference::ResponseConfig& response) {
  const at::NoGradGuard no_grad;
  Lived lived;
  Meetings meetings;
  for (size_t s = 0; s < subjects_.size(); ++s) {
    lived.type_S.push_back(sequence_S_[s][trial_]);
    meetings.push_back({lived.type_S.back(), phase_->context,
                        subjects_[s].stream.child("trial").at(phase_index_).at(trial_)});
  }
  decide(meetings, response);
  for (const Conditioning::Meeting& meeting : meetings)
    lived.responded_S.push_back(meeting.responded);
  lived.episodes = world_->meet(meetings, subjects_);
  const auto signals =
      brain_->signals(lived.episodes, worlds::visible(lived.episodes, world_->schema()));
  const auto lesson = amygdala_->observe(lived.episodes, signals);
  lived.record = phase_->learn ? amygdala_->live(lesson) : amygdala_->recall(lesson);
  if (phase_->learn && cortex_ != nullptr)
    cortex_->learn({cortex_->observe(lived.episodes, signals)});
  lived.uncertainty_BTN = lived.record.uncertainty_BTN();
  lived.reward_BTR = signals.steer.reward_BTR;
  if (phase_->interval > 0) amygdala_->rest(phase_->interval);
  ++trial_;
  return lived;
}

}  // namespace limbic::training
