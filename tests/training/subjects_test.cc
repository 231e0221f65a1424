#include "limbic/training/subjects.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "limbic/brain/amygdala/kalman.h"
#include "limbic/brain/amygdala/readout.h"
#include "limbic/brain/cortex/gaussian.h"
#include "limbic/config/structs.h"
#include "limbic/core/error.h"

namespace limbic::training {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::ThrowsMessage;
using worlds::Conditioning;
using worlds::TrialSchedule;

constexpr const char* kSchedule = R"yaml(
cues: [A, B]
us: [food, shock]
ticks: 5
cue_ticks: [1, 4]
us_tick: 4
counterbalance: [[A, B]]
trials:
  chosen: {cues: [A], us: {food: {when: response}, shock: {when: no_response}}}
phases:
  - {phase: learn, trials: {A+: 3, AB-: 3}, alone: 0.5}
  - {phase: test, trials: {A: 1, AB: 1}, learn: false}
  - {phase: late, trials: {A: 1}, learn: false, delay: 40}
  - {phase: slow, trials: {A+: 2, A: 2}, interval: 7}
  - {phase: choose, trials: {chosen: 4, A+: 4}}
)yaml";

std::shared_ptr<const Conditioning> make_world(const std::string& schedule) {
  return std::make_shared<const Conditioning>(worlds::ConditioningConfig{
      .file = {},
      .schedule = config::parse<worlds::ScheduleConfig>(schedule, "a.yaml"),
      .salience_deviation = 0.1});
}

using MakeAmygdala = std::function<std::shared_ptr<brain::Amygdala>(
    const brain::ThoughtMap& thought, const brain::Program& program)>;

std::shared_ptr<brain::Amygdala> kalman(const brain::ThoughtMap& thought,
                                        const brain::Program& program) {
  return std::make_shared<brain::Kalman>(brain::KalmanConfig{}, thought, program, Stream(1));
}

std::shared_ptr<brain::Brain> make_brain(const Conditioning& world, const MakeAmygdala& make) {
  const auto program = std::make_shared<const brain::Program>(
      config::parse<brain::SteeringConfig>("variables:\n"
                                           "  harm: {lead: 1 tick, truth: shock}\n"
                                           "  good: {lead: 1 tick, truth: outcome}\n",
                                           "steering.yaml"),
      world.schema());
  const auto cortex = std::make_shared<brain::Gaussian>(
      brain::GaussianConfig{.memory = 0.98, .ticks = brain::TicksTaken::kAlone, .silence = true},
      world.schema());
  return std::make_shared<brain::Brain>(cortex, make(cortex->thought_map(), *program), program);
}

using Buffers = std::map<std::string, at::Tensor>;

/// Subjects with these numbers and the brain that they share.
struct Litter {
  explicit Litter(const std::vector<int64_t>& numbers, const MakeAmygdala& make = kalman,
                  const std::string& schedule = kSchedule)
      : world(make_world(schedule)),
        brain(make_brain(*world, make)),
        subjects(brain, world, subjects_of(numbers)) {}

  static std::vector<Conditioning::Subject> subjects_of(const std::vector<int64_t>& numbers) {
    std::vector<Conditioning::Subject> subjects;
    for (const int64_t number : numbers) subjects.push_back({number, Stream(7).at(number)});
    return subjects;
  }

  /// All trials of phase `index`.
  std::vector<Subjects::Lived> live(int64_t index, const inference::ResponseConfig& response = {}) {
    const TrialSchedule::Phase& phase = world->schedule().groups()[0].phases[index];
    subjects.enter(phase, index);
    std::vector<Subjects::Lived> lived;
    for (int64_t trial = 0; trial < phase.num_trials(); ++trial)
      lived.push_back(subjects.live(response));
    return lived;
  }

  [[nodiscard]] Buffers buffers() const {
    Buffers all;
    for (const auto& item : brain->named_buffers()) all[item.key()] = item.value().clone();
    return all;
  }

  std::shared_ptr<const Conditioning> world;
  std::shared_ptr<brain::Brain> brain;
  Subjects subjects;
};

void expect_equal(const Buffers& a, const Buffers& b) {
  ASSERT_FALSE(a.empty());
  for (const auto& [name, value] : a) EXPECT_TRUE(value.equal(b.at(name))) << name;
}

bool are_equal(const Buffers& a, const Buffers& b) {
  return std::ranges::all_of(a,
                             [&](const auto& item) { return item.second.equal(b.at(item.first)); });
}

constexpr inference::ResponseConfig kMaybe{
    .of = "good", .threshold = 0.2, .temperature = 1, .tick = 1};

TEST(SubjectsTest, ASubjectDoesNotDependOnWhoElseLivesBesideIt) {
  Litter alone({3}), together({0, 1, 2, 3, 4});
  for (const int64_t phase : {0, 1, 2, 3, 4}) {
    const auto one = alone.live(phase, kMaybe), five = together.live(phase, kMaybe);
    for (size_t trial = 0; trial < one.size(); ++trial) {
      EXPECT_EQ(one[trial].type_S[0], five[trial].type_S[3]);
      EXPECT_EQ(one[trial].responded_S[0], five[trial].responded_S[3]) << phase << " " << trial;
      const auto& a = one[trial].record;
      const auto& b = five[trial].record;
      EXPECT_TRUE(a.prediction_BTNC[0].equal(b.prediction_BTNC[3])) << phase << " " << trial;
      EXPECT_TRUE(a.variance_BTNC[0].equal(b.variance_BTNC[3])) << phase << " " << trial;
      EXPECT_TRUE(a.error_BTNC[0].equal(b.error_BTNC[3])) << phase << " " << trial;
    }
  }
  const auto five = together.buffers();
  for (const auto& [name, value] : alone.buffers())
    EXPECT_TRUE(value[0].equal(five.at(name)[3])) << name;
}

TEST(SubjectsTest, SubjectsDifferInOrderAndSalience) {
  Litter litter({0, 1, 2, 3, 4});
  const auto lived = litter.live(0);
  bool same_order = true;
  for (const auto& trial : lived)
    same_order &= trial.type_S == std::vector<int64_t>(5, trial.type_S[0]);
  EXPECT_FALSE(same_order);
  const auto test = litter.live(1);
  EXPECT_FALSE(test[0].record.prediction_BTNC[0].equal(test[0].record.prediction_BTNC[2]));
}

TEST(SubjectsTest, WhatATrialTeachesIsLearnedBeforeTheNext) {
  Litter litter({0});
  const auto& phase = litter.world->schedule().groups()[0].phases[0];
  litter.subjects.enter(phase, 0);
  auto before = litter.buffers();
  for (int64_t trial = 0; trial < phase.num_trials(); ++trial) {
    const auto lived = litter.subjects.live({});
    const auto after = litter.buffers();
    EXPECT_FALSE(before.at("cortex.product").equal(after.at("cortex.product"))) << trial;
    EXPECT_EQ(lived.record.prediction_BTNC.sizes(), at::IntArrayRef({1, 6, 2, 1}));
    before = after;
  }
  EXPECT_GT(litter.live(1)[0].record.prediction_BTNC[0][3][1].item<double>(), 0.05)
      << "of what is good, the tick before it comes";
}

TEST(SubjectsTest, SlowerWeightsTakeTheirShareAtTheEndOfATrial) {
  Litter litter({0, 1}, [](const brain::ThoughtMap& thought, const brain::Program& program) {
    brain::KalmanConfig config{.initial = 0};
    config.chain = brain::ChainConfig{.levels = 2, .rate = 0.2};
    return std::make_shared<brain::Kalman>(config, thought, program, Stream(1));
  });
  litter.live(0);
  EXPECT_GT(litter.buffers().at("amygdala.weight_chain").max().item<double>(), 0);
}

TEST(SubjectsTest, WithoutLearningEveryBufferStaysAsItIs) {
  Litter litter({0, 1});
  litter.live(0);
  const auto before = litter.buffers();
  const auto lived = litter.live(1);
  expect_equal(before, litter.buffers());
  EXPECT_TRUE(lived[0].record.error_BTNC.ne(0).any().item<bool>())
      << "errors are read all the same";
  EXPECT_TRUE(lived[0].record.variance_BTNC.gt(0).any().item<bool>());
}

TEST(SubjectsTest, TimeGoesByBeforeAPhaseWithADelay) {
  Litter litter({0, 1}), by_hand({0, 1});
  litter.live(0);
  by_hand.live(0);
  const auto before = litter.buffers();
  litter.subjects.enter(litter.world->schedule().groups()[0].phases[2], 2);
  by_hand.subjects.amygdala().rest(40);
  EXPECT_FALSE(are_equal(before, litter.buffers()));
  expect_equal(by_hand.buffers(), litter.buffers());
}

TEST(SubjectsTest, TimeGoesByAfterEachTrialOfAPhaseWithAnInterval) {
  Litter litter({0, 1}), by_hand({0, 1}), without({0, 1});
  litter.live(3);
  auto phase = by_hand.world->schedule().groups()[0].phases[3];
  phase.interval = 0;
  by_hand.subjects.enter(phase, 3);
  without.subjects.enter(phase, 3);
  for (int64_t trial = 0; trial < phase.num_trials(); ++trial) {
    by_hand.subjects.live({});
    by_hand.subjects.amygdala().rest(7);
    without.subjects.live({});
  }
  expect_equal(by_hand.buffers(), litter.buffers());
  EXPECT_FALSE(are_equal(without.buffers(), litter.buffers()));
}

TEST(SubjectsTest, TimeGoesByAfterTrialsOfWhichNothingIsLearnedToo) {
  Litter litter({0, 1}), by_hand({0, 1});
  for (Litter* each : {&litter, &by_hand}) each->live(0);
  const auto& phase = by_hand.world->schedule().groups()[0].phases[1];
  auto slow = phase;
  slow.interval = 7;
  by_hand.subjects.enter(phase, 1);
  litter.subjects.enter(slow, 1);
  const auto before = litter.buffers();
  for (int64_t trial = 0; trial < phase.num_trials(); ++trial) {
    const auto lived = litter.subjects.live({}), same = by_hand.subjects.live({});
    by_hand.subjects.amygdala().rest(7);
    EXPECT_TRUE(lived.record.prediction_BTNC.equal(same.record.prediction_BTNC)) << trial;
  }
  expect_equal(by_hand.buffers(), litter.buffers());
  EXPECT_FALSE(are_equal(before, litter.buffers()));
}

// ---- responses

/// What came of `us` in the one trial of each subject.
std::vector<bool> came(const Litter& litter, const Subjects::Lived& lived, const char* us) {
  std::vector<bool> came_S;
  const auto& value_BTC = lived.episodes.value[litter.world->schema().require(us)];
  for (int64_t s = 0; s < value_BTC.size(0); ++s)
    came_S.push_back(value_BTC[s].ne(0).any().item<bool>());
  return came_S;
}

TEST(SubjectsTest, EventsThatWaitForAResponseFollowWhatEachSubjectDoes) {
  Litter litter({0, 1, 2, 3, 4, 5});
  int64_t num_responses = 0, num_chosen = 0;
  for (const auto& trial : litter.live(4, kMaybe)) {
    const auto food = came(litter, trial, "food"), shock = came(litter, trial, "shock");
    for (size_t s = 0; s < trial.type_S.size(); ++s) {
      const bool is_chosen = litter.world->schedule().types()[trial.type_S[s]].name == "chosen";
      num_chosen += is_chosen;
      num_responses += is_chosen && trial.responded_S[s];
      EXPECT_EQ(food[s], !is_chosen || trial.responded_S[s]);
      EXPECT_EQ(shock[s], is_chosen && !trial.responded_S[s]);
      EXPECT_TRUE(is_chosen || trial.responded_S[s]) << "nothing depended on it";
    }
  }
  EXPECT_EQ(num_chosen, 24);
  EXPECT_GT(num_responses, 4) << "some did";
  EXPECT_LT(num_responses, 20) << "and some did not";
}

TEST(SubjectsTest, TheRuleDecidesWhoResponds) {
  Litter all({0, 1}), none({0, 1});
  for (const auto& trial : all.live(4, {.threshold = -1e3, .tick = 1}))
    EXPECT_THAT(trial.responded_S, Each(true));
  for (const auto& trial : none.live(4, {.threshold = 1e3, .tick = 1})) {
    for (size_t s = 0; s < 2; ++s) {
      EXPECT_EQ(trial.responded_S[s],
                none.world->schedule().types()[trial.type_S[s]].name != "chosen");
    }
  }
}

// A learned two ticks after its onset what comes a tick later, and nothing at other ticks.
TEST(SubjectsTest, UnlessToldASubjectActsTheTickBeforeTheFirstEventThatWaits) {
  Litter litter({0, 1}, kalman, R"yaml(
cues: [A]
us: [food, shock, bell]
ticks: 6
cue_ticks: [2, 5]
us_tick: 5
trials:
  late: {cues: [A], us: {food: {when: response}}}
  early:
    cues: {A: [1, 5]}
    us: {food: {ticks: 5, when: response}, shock: {ticks: 4, when: no_response}, bell: {ticks: 0}}
phases:
  - {phase: learn, trials: {A+: 20}, alone: 1}
  - {phase: choose, trials: {late: 3, early: 3}, learn: false}
)yaml");
  inference::ResponseConfig sure{.of = "good", .threshold = 0.3, .temperature = 1e-6};
  litter.live(0);
  for (const auto& trial : litter.live(1, sure)) EXPECT_THAT(trial.responded_S, Each(true));
  sure.tick = 3;
  const auto& types = litter.world->schedule().types();
  for (const auto& trial : litter.live(1, sure)) {
    for (size_t s = 0; s < 2; ++s)
      EXPECT_EQ(trial.responded_S[s], types[trial.type_S[s]].name == "early");
  }
}

constexpr const char* kWaiting = R"yaml(
cues: [A]
trials:
  free: {cues: [A], us: {us: {ticks: 0}}}
  brief: {cues: {A: 1}, us: {us: {ticks: [2, 3], when: response}}, ticks: 4}
phases: [{phase: p, trials: {free: 1, brief: 1}}]
)yaml";

TEST(SubjectsTest, NobodyActsAfterWhatWaitsForIt) {
  const TrialSchedule schedule = make_world(kWaiting)->schedule();
  EXPECT_NO_THROW(require_time_to_act({}, schedule));
  EXPECT_NO_THROW(require_time_to_act({.tick = 2}, schedule));
  EXPECT_THAT([&] { require_time_to_act({.tick = 3}, schedule); },
              ThrowsMessage<Error>("response.tick: what waits for a response in trial 'brief' "
                                   "comes at tick 2, and subjects act at 3"));
}

TEST(SubjectsTest, WhatWaitsIsDecidedByAProbability) {
  const inference::ResponseConfig ratio{.rule = inference::ResponseRule::kRatio};
  EXPECT_THAT([&] { require_time_to_act(ratio, make_world(kWaiting)->schedule()); },
              ThrowsMessage<Error>("response.rule: trial 'brief' waits for a response, and ratio "
                                   "is no probability of one; write approach"));
  const auto unasked = make_world("{cues: [A], phases: [{phase: p, trials: {A+: 1}}]}");
  EXPECT_NO_THROW(require_time_to_act(ratio, unasked->schedule())) << "where nothing waits";
}

TEST(SubjectsTest, AResponseIsAboutOneAssessor) {
  const Litter litter({0});
  EXPECT_EQ(assessor_of({}, litter.brain->program()), 0);
  EXPECT_EQ(assessor_of({.of = "good"}, litter.brain->program()), 1);
  EXPECT_THAT([&] { assessor_of({.of = "hram"}, litter.brain->program()); },
              ThrowsMessage<Error>("response.of: no steering variable is called 'hram'; did you "
                                   "mean 'harm'?"));
}

TEST(SubjectsTest, AssessorsThatLearnByGradientAreRefused) {
  const auto linear = [](const brain::ThoughtMap& thought, const brain::Program& program) {
    return std::make_shared<brain::Readout>(brain::LinearConfig{}, thought, program, Stream(1));
  };
  EXPECT_THAT([&] { Litter({0}, linear); },
              ThrowsMessage<Error>(
                  "these assessors learn by gradient, and a trial at a time wants such as learn by "
                  "a rule of their own: amygdala of type kalman or delta"));
}

}  // namespace
}  // namespace limbic::training
