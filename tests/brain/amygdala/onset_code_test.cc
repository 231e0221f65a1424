#include "limbic/brain/amygdala/onset_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conditioning.h"
#include "limbic/core/error.h"

namespace limbic::brain {
namespace {

using conditioning::thoughts;
using testing::DoubleEq;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::StrEq;
using testing::ThrowsMessage;

constexpr const char* kNoCue =
    "amygdala.code wants a cortex whose thoughts name what it sees of modality 'cue', tick by "
    "tick: gaussian with 'ticks: alone'; 'code: null' reads any thought as it is";

/// Cues A and B and a context K at each tick; what is seen is believed.
struct Tick {
  double a = 0, b = 0, k = 0;
};

std::vector<double> seen(const std::vector<Tick>& ticks) {
  std::vector<double> thought;
  for (const Tick& t : ticks) thought.insert(thought.end(), {t.a, t.b, t.k, t.a, t.b, t.k});
  return thought;
}

std::vector<Moment> encode(const OnsetCode& code, const std::vector<double>& thought) {
  return code.encode(thought.data(), std::ssize(thought) / 6);
}

class OnsetCodeTest : public testing::Test {
 protected:
  // Features of 4 ticks: A 0 .. 3, B 4 .. 7, A&B 8 .. 11, K 12.
  static constexpr int64_t kA = 0, kB = 4, kAB = 8, kK = 12;
  OnsetCodeConfig config_;
  ThoughtMap map_ = thoughts({"A", "B"}, {"K"});
};

TEST_F(OnsetCodeTest, EachLineHasAFeatureForEachTickAndEachContextOne) {
  const OnsetCode code(config_, map_, 2);
  EXPECT_EQ(code.size(), 7);
  EXPECT_EQ(code.num_cue_features(), 6);
  EXPECT_EQ(code.num_contexts(), 1);
}

TEST_F(OnsetCodeTest, ACueIsWhereItsClockStandsAndFadesAfterItsEnd) {
  const OnsetCode code(config_, map_, 4);
  const auto moments = encode(code, seen({{}, {.a = 0.5}, {.a = 0.5}, {}}));
  EXPECT_THAT(moments[0].seen, IsEmpty());
  EXPECT_THAT(moments[1].seen, ElementsAre(Pair(kA, 0.5)));
  EXPECT_THAT(moments[2].seen, ElementsAre(Pair(kA + 1, 0.5)));
  EXPECT_THAT(moments[3].seen, ElementsAre(Pair(kA + 2, DoubleEq(0.5 * 0.97))));
}

TEST_F(OnsetCodeTest, ACueThatComesAgainBeginsAnew) {
  const OnsetCode code(config_, map_, 4);
  const auto moments = encode(code, seen({{.a = 1}, {}, {.a = 0.5}, {.a = 0.5}}));
  EXPECT_THAT(moments[1].seen, ElementsAre(Pair(kA + 1, 0.97)));
  EXPECT_THAT(moments[2].seen, ElementsAre(Pair(kA, 0.5)));
  EXPECT_THAT(moments[3].seen, ElementsAre(Pair(kA + 1, 0.5)));
}

TEST_F(OnsetCodeTest, APairIsAsStrongAsItsProductFromTheOnsetOfBothTogether) {
  const OnsetCode code(config_, map_, 4);
  const auto moments = encode(code, seen({{.a = 1}, {.a = 1, .b = 0.5}, {.a = 1, .b = 0.5}, {}}));
  EXPECT_THAT(moments[0].seen, ElementsAre(Pair(kA, 1)));
  EXPECT_THAT(moments[1].seen, ElementsAre(Pair(kA + 1, 1), Pair(kB, 0.5), Pair(kAB, 0.4)));
  EXPECT_THAT(moments[2].seen, ElementsAre(Pair(kA + 2, 1), Pair(kB + 1, 0.5), Pair(kAB + 1, 0.4)));
  EXPECT_THAT(moments[3].seen[2], Pair(kAB + 2, DoubleEq(0.4 * 0.97)));
}

TEST_F(OnsetCodeTest, OneAfterTheOtherAreNoPair) {
  const OnsetCode code(config_, map_, 4);
  const auto moments = encode(code, seen({{.a = 1}, {.b = 1}, {}, {}}));
  EXPECT_THAT(moments[1].seen, ElementsAre(Pair(kA + 1, 0.97), Pair(kB, 1)));
}

TEST_F(OnsetCodeTest, CellsOfOneVariableMakeNoPair) {
  for (auto& feature : map_.features) {
    if (feature.name == "B") {
      feature.variable = 0;
      feature.cell = 1;
    }
  }
  EXPECT_EQ(OnsetCode(config_, map_, 1).num_cue_features(), 2) << "A and B";
}

TEST_F(OnsetCodeTest, WithoutSalienceThereAreNoPairs) {
  config_.pairs = 0;
  EXPECT_EQ(OnsetCode(config_, map_, 1).num_cue_features(), 2) << "A and B";
}

TEST_F(OnsetCodeTest, AContextIsThereAsMuchAsItIs) {
  const OnsetCode code(config_, map_, 4);
  const auto moments = encode(code, seen({{.k = 1}, {.k = 0.5}, {}, {.a = 1, .k = 1}}));
  EXPECT_THAT(moments[0].seen, ElementsAre(Pair(kK, 0.3)));
  EXPECT_THAT(moments[1].seen, ElementsAre(Pair(kK, 0.15)));
  EXPECT_THAT(moments[2].seen, IsEmpty());
  EXPECT_THAT(moments[3].seen, ElementsAre(Pair(kA, 1), Pair(kK, 0.3)));
  EXPECT_EQ(moments[3].read, moments[3].seen);
}

TEST_F(OnsetCodeTest, AContextOfNoSalienceIsThereAllTheSame) {
  config_.context = 0;
  const OnsetCode code(config_, map_, 4);
  const auto moments = encode(code, seen({{.a = 1, .k = 0.5}, {.a = 1}}));
  EXPECT_THAT(moments[0].seen, ElementsAre(Pair(kA, 1), Pair(kK, 0)));
  EXPECT_EQ(moments[0].read, moments[0].seen);
  EXPECT_THAT(moments[1].seen, ElementsAre(Pair(kA + 1, 1)));
}

TEST_F(OnsetCodeTest, AContextThatIsOnlyBelievedInIsNotThere) {
  const OnsetCode code(config_, map_, 4);
  std::vector<double> thought = seen({{.k = 1}, {}});
  thought[2] = 0.9;
  thought[8] = 0.1;
  const auto moments = encode(code, thought);
  EXPECT_THAT(moments[0].seen, ElementsAre(Pair(kK, 0.3)));
  EXPECT_THAT(moments[1].read, IsEmpty());
}

TEST_F(OnsetCodeTest, AnInferredCueIsReadButNothingIsLearnedAboutIt) {
  const OnsetCode code(config_, map_, 4);
  std::vector<double> thought = seen({{}, {.a = 1}, {.a = 1}, {}});
  for (int64_t tick = 0; tick < 4; ++tick) thought[6 * tick + 1] = 0.5;  // belief in B
  const auto moments = encode(code, thought);
  EXPECT_THAT(moments[0].read, IsEmpty()) << "before any cue is seen, none is inferred";
  EXPECT_THAT(moments[1].read, ElementsAre(Pair(kA, 1), Pair(kB, 0.09)));
  EXPECT_THAT(moments[2].read, ElementsAre(Pair(kA + 1, 1), Pair(kB + 1, 0.09)));
  EXPECT_THAT(moments[1].seen, ElementsAre(Pair(kA, 1)));
  EXPECT_THAT(moments[2].seen, ElementsAre(Pair(kA + 1, 1)));
}

TEST_F(OnsetCodeTest, AnInferredCueFadesOnceNoCueIsSeenWhateverIsBelieved) {
  const OnsetCode code(config_, map_, 4);
  std::vector<double> thought = seen({{.a = 1}, {}, {}});
  thought[1] = 0.5;        // belief in B
  thought[6 * 2 + 1] = 1;  // and again, two ticks later
  const auto moments = encode(code, thought);
  EXPECT_THAT(moments[0].read, ElementsAre(Pair(kA, 1), Pair(kB, 0.09)));
  EXPECT_THAT(moments[1].read,
              ElementsAre(Pair(kA + 1, 0.97), Pair(kB + 1, DoubleEq(0.09 * 0.97))));
  EXPECT_THAT(moments[2].read, ElementsAre(Pair(kA + 2, DoubleEq(0.97 * 0.97)),
                                           Pair(kB + 2, DoubleEq(0.09 * 0.97 * 0.97))));
}

TEST_F(OnsetCodeTest, BeliefsCountAsSharesOfACue) {
  const OnsetCode code(config_, map_, 4);
  for (const auto& [belief, salience] : {std::pair{7.0, 0.18}, {1.0, 0.18}, {0.5, 0.09}}) {
    std::vector<double> thought = seen({{.a = 1}});
    thought[1] = belief;
    EXPECT_THAT(encode(code, thought)[0].read, ElementsAre(Pair(kA, 1), Pair(kB, salience)));
  }
  std::vector<double> thought = seen({{.a = 1}});
  thought[1] = -0.5;
  EXPECT_THAT(encode(code, thought)[0].read, ElementsAre(Pair(kA, 1)));
}

TEST_F(OnsetCodeTest, OnceItIsSeenACueIsNotInferred) {
  const OnsetCode code(config_, map_, 4);
  std::vector<double> thought = seen({{.a = 1}, {.a = 1, .b = 1}, {.a = 1}});
  for (int64_t tick = 0; tick < 3; ++tick) thought[6 * tick + 1] = 1;
  const auto moments = encode(code, thought);
  EXPECT_THAT(moments[0].read, ElementsAre(Pair(kA, 1), Pair(kB, 0.18)));
  EXPECT_THAT(moments[1].read, ElementsAre(Pair(kA + 1, 1), Pair(kB, 1), Pair(kAB, 0.8)));
  EXPECT_EQ(moments[2].read, moments[2].seen);
  EXPECT_THAT(moments[2].read[1], Pair(kB + 1, 0.97));
}

TEST_F(OnsetCodeTest, WithoutInferenceWhatIsNotSeenSaysNothing) {
  config_.inferred = 0;
  const OnsetCode code(config_, map_, 4);
  std::vector<double> thought = seen({{.a = 1}});
  thought[1] = 1;
  EXPECT_THAT(encode(code, thought)[0].read, ElementsAre(Pair(kA, 1)));
}

TEST_F(OnsetCodeTest, WithoutOnsetsACueIsOneFeature) {
  config_.onsets = false;
  const OnsetCode code(config_, map_, 4);
  EXPECT_EQ(code.num_cue_features(), 3) << "A, B, A&B";
  const auto moments = encode(code, seen({{}, {.a = 1}, {.a = 1, .b = 1}, {}}));
  EXPECT_THAT(moments[1].seen, ElementsAre(Pair(0, 1)));
  EXPECT_THAT(moments[2].seen, ElementsAre(Pair(0, 1), Pair(1, 1), Pair(2, 0.8)));
  EXPECT_THAT(moments[3].seen[0], Pair(0, 0.97));
}

TEST_F(OnsetCodeTest, RefusesThoughtsThatSeeNoCue) {
  const auto refused = ThrowsMessage<Error>(StrEq(kNoCue));
  EXPECT_THAT([&] { OnsetCode(config_, opaque_thought(3), 4); }, refused);
  EXPECT_THAT([&] { OnsetCode(config_, thoughts({}, {"K"}), 4); }, refused);
  map_.features.resize(3);  // beliefs alone
  EXPECT_THAT([&] { OnsetCode(config_, map_, 4); }, refused);
}

TEST_F(OnsetCodeTest, ANovelCueIsSampledMoreUntilItIsFamiliar) {
  config_.orienting = OrientingConfig{.gain = 1, .rate = 0.5, .recovery = 0.1};
  const OnsetCode code(config_, map_, 4);
  const auto thought = seen({{}, {.a = 0.5}, {.a = 0.5}, {}});
  std::vector<double> familiar{0, 0.8};
  const auto at_onset = [&] { return code.encode(thought.data(), 4, familiar.data())[1].seen; };
  EXPECT_THAT(at_onset(), ElementsAre(Pair(kA, DoubleEq(0.5 * 2))));
  code.habituate(thought.data(), 4, familiar.data());
  EXPECT_THAT(familiar, ElementsAre(DoubleEq(0.5), DoubleEq(0.8 * 0.9))) << "B was away";
  EXPECT_THAT(at_onset(), ElementsAre(Pair(kA, DoubleEq(0.5 * 1.5))));
}

}  // namespace
}  // namespace limbic::brain
