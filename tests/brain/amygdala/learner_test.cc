#include "limbic/brain/amygdala/learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace limbic::brain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kRate = 0.5;

/// Predicts a number of its own at each tick, moves it by half of the error, and keeps a diary.
class FakeLearner : public Learner {
 public:
  explicit FakeLearner(std::vector<double> says) : says_(std::move(says)) {}

  double read(const Moment& moment) const override { return says_[tick_of(moment)]; }
  double variance(const Moment& moment) const override {
    return 10 + static_cast<double>(tick_of(moment));
  }
  void learn(const Moment& moment, double error, double weight) override {
    says_[tick_of(moment)] += kRate * weight * error;
    lessons.push_back({tick_of(moment), error, weight});
  }
  void end_trial(bool something_happened) override {
    ends.emplace_back(something_happened ? "something" : "nothing");
  }
  void rest(double /*num_trials*/) override { ends.emplace_back("rest"); }

  struct Lesson {
    int64_t tick;
    double error, weight;
    bool operator==(const Lesson&) const = default;
  };
  std::vector<Lesson> lessons;
  std::vector<std::string> ends;

 private:
  static int64_t tick_of(const Moment& moment) { return moment.seen.front().first; }
  std::vector<double> says_;
};

using Lesson = FakeLearner::Lesson;
void PrintTo(const Lesson& lesson, std::ostream* out) {
  *out << "tick " << lesson.tick << ", error " << lesson.error << ", weight " << lesson.weight;
}

std::vector<Moment> moments_of(const std::vector<Statement>& statements) {
  std::vector<Moment> moments;
  for (int64_t tick = 0; tick < std::ssize(statements); ++tick)
    moments.push_back({{{tick, 1.0}}, {{tick, 1.0}}});
  return moments;
}

std::vector<Note> live(const std::vector<Statement>& statements, const SteeringVariable& variable,
                       FakeLearner& learner) {
  return live_through(moments_of(statements), statements, variable, learner, &learner).notes;
}

std::vector<double> errors(const std::vector<Note>& notes) {
  std::vector<double> all;
  for (const Note& note : notes) all.push_back(note.error);
  return all;
}

Statement states(double truth, double gate = 1) { return {truth, true, gate}; }
Statement defers(double gate = 1) { return {99, false, gate}; }  // what is not stated counts not

TEST(LearnerTest, LearnsWhatIsStatedALeadLater) {
  FakeLearner learner({1, 2, 3, 4});
  const auto notes =
      live({states(9), states(0), states(5), states(7)}, {.name = "x", .lead = 2}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{0, 4, 1}, Lesson{1, 5, 1}));
  EXPECT_THAT(errors(notes), ElementsAre(0, 0, 4, 5)) << "known when it is stated";
  EXPECT_THAT(learner.ends, ElementsAre("something"));
}

TEST(LearnerTest, WithoutALeadItLearnsWhatIsStatedNow) {
  FakeLearner learner({1, 2});
  const auto notes = live({states(3), states(0)}, {}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{0, 2, 1}, Lesson{1, -2, 1}));
  EXPECT_THAT(errors(notes), ElementsAre(2, -2));
}

TEST(LearnerTest, NotesWhatWasPredictedBeforeAnythingWasLearnedOfTheTick) {
  FakeLearner learner({1, 2});
  const auto notes = live({states(3), states(0)}, {}, learner);
  EXPECT_EQ(notes[0].prediction, 1);
  EXPECT_EQ(notes[1].prediction, 2);
  EXPECT_EQ(notes[1].variance, 11);
}

TEST(LearnerTest, WhereItDefersTheLaterPredictionStands) {
  FakeLearner learner({1, 2, 8});
  (void)live({defers(), defers(), defers()}, {.name = "x", .lead = 1}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{0, 1, 1}, Lesson{1, 6, 1}));
  EXPECT_THAT(learner.ends, ElementsAre("nothing"));
}

TEST(LearnerTest, DeferScalesThePredictionThatStands) {
  FakeLearner learner({1, 2, 8});
  (void)live({defers(), defers(), states(3)}, {.name = "x", .lead = 1, .defer = 0.25}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{0, -0.5, 1}, Lesson{1, 1, 1}));
}

// What stands is 1 of 1.5 and 0 of -.25; what is learned about is the prediction as it is.
TEST(LearnerTest, AClaimLearnsFromNoMoreThanAProbability) {
  FakeLearner learner({0.5, 1.5, -0.25});
  (void)live({defers(), defers(), defers()}, {.name = "x", .binary = true, .lead = 1}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{0, 0.5, 1}, Lesson{1, -1.5, 1}));
}

TEST(LearnerTest, DeferringWithoutALeadTeachesNothing) {
  FakeLearner learner({1, 2});
  const auto notes = live({defers(), states(3)}, {}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{1, 1, 1}));
  EXPECT_THAT(errors(notes), ElementsAre(0, 1));
}

TEST(LearnerTest, AShutGateTeachesNothingAndAnOpenOneAsMuchAsItIsOpen) {
  FakeLearner learner({0, 0, 0});
  const auto notes = live({states(1, 0), states(1, 0.5), states(1, 2)}, {}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{1, 1, 0.5}, Lesson{2, 1, 2}));
  EXPECT_THAT(errors(notes), ElementsAre(0, 1, 1));
}

TEST(LearnerTest, TheGateIsThatOfTheStatementNotOfThePrediction) {
  FakeLearner learner({0, 0});
  (void)live({states(1, 0), states(1, 1)}, {.name = "x", .lead = 1}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{0, 1, 1}));
}

TEST(LearnerTest, ATrialWhoseGatesAreShutLeavesNoTrace) {
  FakeLearner learner({1, 2});
  const auto notes = live({states(3, 0), states(3, -1)}, {}, learner);
  EXPECT_THAT(learner.lessons, IsEmpty());
  EXPECT_THAT(learner.ends, IsEmpty());
  EXPECT_EQ(notes[1].prediction, 2) << "yet it predicts";
}

TEST(LearnerTest, WithoutAPupilErrorsAreNotedAndNothingIsLearned) {
  FakeLearner learner({1, 2});
  const std::vector<Statement> statements{states(3), states(0)};
  const Life life = live_through(moments_of(statements), statements, {}, learner, nullptr);
  EXPECT_THAT(errors(life.notes), ElementsAre(2, -2));
  EXPECT_TRUE(life.has_learned) << "as it would have";
  EXPECT_THAT(learner.lessons, IsEmpty());
  EXPECT_THAT(learner.ends, IsEmpty());
}

TEST(LearnerTest, NothingHappenedWhereZerosWereStatedOrNothingWasLearned) {
  FakeLearner learner({1, 2});
  (void)live({states(0), states(0)}, {}, learner);
  (void)live({states(1, 0), states(0)}, {}, learner);
  (void)live({states(0), states(-1)}, {}, learner);
  EXPECT_THAT(learner.ends, ElementsAre("nothing", "nothing", "something"));
}

// Told at 1: 5 + .5 * 2 = 6, at 2: 6 + .5 * 8 = 10, and nothing after the end.
TEST(LearnerTest, AValueLearnsTheTruthAndTheDiscountedNextPrediction) {
  FakeLearner learner({1, 2, 8});
  (void)live({states(4), states(5), states(6)}, {.name = "x", .lead = 1, .discount = 0.5}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{0, 5, 1}, Lesson{1, 8, 1}));
}

TEST(LearnerTest, AValueSumsWhetherOrNotTheTruthOverrides) {
  FakeLearner learner({1, 2});
  (void)live({{4, false, 1}, {5, false, 1}}, {.name = "x", .discount = 0.5}, learner);
  EXPECT_THAT(learner.lessons, ElementsAre(Lesson{0, 3.5, 1}, Lesson{1, 4, 1}));
}

// g(3) = 7 + .5 * 4 = 9; g(2) = 6 + .5 (.75 * 8 + .25 * g(3)) = 10.125;
// g(1) = 5 + .5 (.75 * 2 + .25 * g(2)) = 7.015625. The third lesson meets the weights of now.
TEST(LearnerTest, LambdaMixesInWhatIsLearnedLater) {
  FakeLearner learner({1, 2, 8, 4});
  (void)live({states(4), states(5), states(6), states(7)},
             {.name = "x", .lead = 1, .discount = 0.5, .lambda = 0.25}, learner);
  EXPECT_THAT(learner.lessons,
              ElementsAre(Lesson{0, 6.015625, 1}, Lesson{1, 8.125, 1}, Lesson{2, 1, 1}));
}

// 5 + .5 (6 + .5 (7 + .5 * 4)) = 10.25, whatever ticks 1 and 2 predict.
TEST(LearnerTest, WithALambdaOfOneTheReturnItselfIsLearned) {
  FakeLearner learner({1, 200, -800, 4});
  (void)live({states(4), states(5), states(6), states(7)},
             {.name = "x", .lead = 1, .discount = 0.5, .lambda = 1}, learner);
  EXPECT_EQ(learner.lessons[0], (Lesson{0, 9.25, 1}));
}

TEST(LearnerTest, ALeadBeyondTheEndTeachesNothing) {
  FakeLearner learner({1, 2});
  const auto notes = live({states(4), states(5)}, {.name = "x", .lead = 2}, learner);
  EXPECT_THAT(learner.lessons, IsEmpty());
  EXPECT_THAT(learner.ends, IsEmpty());
  EXPECT_EQ(notes[0].prediction, 1);
}

}  // namespace
}  // namespace limbic::brain
