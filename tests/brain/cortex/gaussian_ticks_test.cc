#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/brain/cortex/gaussian.h"
#include "toy.h"

/// The Gaussian cortex of an experiment: of one tick, in silence, forgetful, in several subjects.
namespace limbic::brain {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using toy::distance;
using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

// Each tick as an episode of its own: row b's tick t is row b T + t.
at::Tensor apart(const at::Tensor& x_BT, int64_t num_ticks) {
  const auto padded =
      at::constant_pad_nd(x_BT.transpose(1, -1), {0, num_ticks - x_BT.size(1)}).transpose(1, -1);
  std::vector<int64_t> shape = x_BT.sizes().vec();
  shape[0] *= num_ticks;
  shape[1] = 1;
  return padded.reshape(shape);
}
Episodes apart(const Episodes& episodes) {
  const int64_t num_ticks = episodes.present_BTV.size(1);
  Episodes rows;
  for (const auto& column : episodes.value) rows.value.push_back(apart(column, num_ticks));
  rows.present_BTV = apart(episodes.present_BTV, num_ticks);
  return rows;
}

Roles apart(const Roles& roles) {
  const int64_t num_ticks = roles.asked_BTV.size(1);
  return {apart(roles.observed_BTV, num_ticks), apart(roles.asked_BTV, num_ticks)};
}

// Of two ticks, and a cortex of one tick that learned the same ticks as episodes of their own.
class TicksAloneTest : public testing::Test {
 protected:
  TicksAloneTest() {
    Episodes rows = toy::episodes(schema_, 100, 5);
    rows.value[toy::kX].select(2, 0).add_(rows.value[toy::kV].select(3, 0).select(2, 0));
    cortex_.learn({cortex_.observe(rows, {})});
    one_tick_.learn({one_tick_.observe(apart(rows), {})});
  }

  Schema schema_ = toy::schema(2), schema_of_one_ = toy::schema(1);
  Gaussian cortex_{{.ticks = TicksTaken::kAlone}, schema_}, one_tick_{{}, schema_of_one_};
  Episodes episodes_ = toy::episodes(schema_, 3), rows_ = apart(episodes_);
  Roles roles_ = toy::roles(
      schema_, {"h oh ho .. | . .. oh ..", "o ho .. .. | h .. hh ..", "o oo oo .. | h .. oo .."});
  Roles roles_of_one_ = apart(roles_);
};

TEST_F(TicksAloneTest, ItThinksAsTheCortexOfOneTickDoes) {
  const auto thought = cortex_.think(episodes_, roles_.observed_BTV);
  const auto expected = one_tick_.think(rows_, roles_of_one_.observed_BTV);  // [6, 1, 13]
  ASSERT_EQ(one_tick_.thought_size(), 1 + 6 + 6);
  ASSERT_EQ(cortex_.thought_size(), 26);
  EXPECT_EQ(thought.sizes(), at::IntArrayRef({3, 2, 26}));
  EXPECT_LT(distance(thought.narrow(2, 0, 13), expected.view({3, 2, 13})), 1e-6);
}

TEST_F(TicksAloneTest, ItPredictsAsTheCortexOfOneTickDoes) {
  const auto rank = toy::forwards(roles_);
  EXPECT_LT(
      distance(
          cortex_.log_prob(episodes_, roles_, rank),
          one_tick_.log_prob(rows_, roles_of_one_, apart(rank, 2)).view(roles_.asked_BTV.sizes())),
      1e-5);
  const auto marginals = cortex_.marginals(episodes_, roles_),
             of_one = one_tick_.marginals(rows_, roles_of_one_);
  const auto& x = std::get<GaussianMixture>(marginals[toy::kX]);
  const auto& x_of_one = std::get<GaussianMixture>(of_one[toy::kX]);
  EXPECT_LT(distance(x.mean, x_of_one.mean.view({3, 2, 1, 1, 1})), 1e-5);
  EXPECT_LT(distance(x.factor, x_of_one.factor.view({3, 2, 1, 1, 1})), 1e-5);
  const auto& c = std::get<Categorical>(marginals[toy::kC]).logits;  // at tick 0 alone
  EXPECT_EQ(c.sizes(), at::IntArrayRef({3, 1, 2, 3}));
  EXPECT_LT(distance(c.squeeze(1),
                     std::get<Categorical>(of_one[toy::kC]).logits.view({3, 2, 2, 3}).select(1, 0)),
            1e-5);
}

TEST_F(TicksAloneTest, ItDrawsAsTheCortexOfOneTickDoes) {
  const Episodes drawn = cortex_.sample(episodes_, roles_, {}, Stream(2));
  const Episodes of_one = one_tick_.sample(rows_, roles_of_one_, {}, Stream(2));
  for (const int64_t i : {toy::kX, toy::kC, toy::kV}) {
    EXPECT_EQ(drawn.value[i].sizes(), episodes_.value[i].sizes());
    EXPECT_LT(distance(apart(drawn.value[i], 2), of_one.value[i]), 1e-5) << i;
  }
  EXPECT_EQ(drawn.present_BTV.sizes(), episodes_.present_BTV.sizes());
}

TEST_F(TicksAloneTest, TheSecondHalfOfTheThoughtIsWhatIsSeen) {
  const auto thought = cortex_.think(episodes_, roles_.observed_BTV);
  const auto seen = thought.narrow(2, 13, 13);
  const float z = (episodes_.value[toy::kX][1][0][0].item<float>() - 1) / 2;
  EXPECT_NEAR(seen[1][0][0].item<float>(), z, 1e-6);
  EXPECT_EQ(seen[0][0][0].item<float>(), 0) << "not observed";
  EXPECT_EQ(seen[0][0].narrow(0, 1, 3).sum().item<float>(), 1) << "a category is one-hot";
  EXPECT_EQ(seen[0][1].narrow(0, 10, 3).abs().max().item<float>(), 0);
  EXPECT_NE(seen[0][1].narrow(0, 7, 3).abs().max().item<float>(), 0);
}

TEST_F(TicksAloneTest, TheMapNamesBeliefsAndThenSights) {
  using About = ThoughtMap::About;
  const ThoughtMap map = cortex_.thought_map();
  ASSERT_EQ(map.size(), 26);
  EXPECT_EQ(map.features[0].name, "x");
  EXPECT_EQ(map.features[5].name, "c[1].1");
  EXPECT_EQ(map.features[12].name, "v[1].2");
  EXPECT_EQ(map.features[12].variable, toy::kV);
  EXPECT_EQ(map.features[12].cell, 1);
  EXPECT_EQ(map.features[12].modality, "sound");
  EXPECT_EQ(map.features[12].about, About::kBelief);
  EXPECT_EQ(map.features[25].name, "seen v[1].2");
  EXPECT_EQ(map.features[25].about, About::kSight);
  EXPECT_EQ(map.features[25].cell, 1);
  const ThoughtMap together = Gaussian({}, schema_).thought_map();
  EXPECT_EQ(together.size(), Gaussian({}, schema_).thought_size());
  EXPECT_EQ(together.features[1].name, "x@1");
  EXPECT_EQ(together.features.back().name, "v@1[1].2") << "as a site is called everywhere";
}

// Cues a and b that are on together or not at all, at 4 ticks.
class CuesTest : public testing::Test {
 protected:
  [[nodiscard]] Episodes draw(const std::vector<double>& a, const std::vector<double>& b) const {
    Episodes rows = worlds::empty_episodes(schema_, std::ssize(a) / 4);
    rows.value[0].copy_(at::tensor(a).view({-1, 4, 1}));
    rows.value[1].copy_(at::tensor(b).view({-1, 4, 1}));
    rows.present_BTV.fill_(true);
    return rows;
  }
  static at::Tensor all(const Episodes& rows) { return at::ones_like(rows.present_BTV); }

  Schema schema_{{{.name = "a", .num_ticks = 4, .modality = "cue"},
                  {.name = "b", .num_ticks = 4, .modality = "cue"}},
                 4};
  Episodes pairs_ = draw({0, 1, 1, 0}, {0, 1, 1, 0});
};

TEST_F(CuesTest, InSilenceACueIsInferredFromTheOther) {
  const Episodes alone = draw({0, 1, 1, 0}, {0, 0, 0, 0});
  for (const bool silence : {false, true}) {
    Gaussian cortex({.ticks = TicksTaken::kAlone, .silence = silence}, schema_);
    for (int i = 0; i < 100; ++i) cortex.learn({cortex.observe(pairs_, {})});
    const auto thought = cortex.think(alone, all(alone))[0];  // [4, 4]: beliefs, sights
    EXPECT_NEAR(thought[1][0].item<double>(), 1, 0.02);
    EXPECT_NEAR(thought[1][1].item<double>(), silence ? 1 : 0, 0.02) << "b, from a";
    EXPECT_EQ(thought[1][3].item<double>(), 0) << "yet it is not seen";
    EXPECT_EQ(thought[1][2].item<double>(), 1);
    EXPECT_NEAR(thought[0][1].item<double>(), silence ? 0.5 : 0, 0.02) << "of nothing";
  }
}

TEST_F(CuesTest, SilenceIsNotLookingAtWhatIsZero) {
  for (const TicksTaken ticks : {TicksTaken::kAlone, TicksTaken::kTogether}) {
    Gaussian silent({.ticks = ticks, .silence = true}, schema_), loud({.ticks = ticks}, schema_);
    for (Gaussian* cortex : {&silent, &loud}) cortex->learn({cortex->observe(pairs_, {})});
    const Episodes rows = draw({0, 1, 2, 0}, {3, 0, 0, 0});
    const auto looked_at =
        at::stack({rows.value[0].squeeze(2).ne(0), rows.value[1].squeeze(2).ne(0)}, 2);
    EXPECT_EQ(distance(silent.think(rows, all(rows)), loud.think(rows, looked_at)), 0);
    EXPECT_GT(distance(silent.think(rows, all(rows)), loud.think(rows, all(rows))), 0.01);
  }
}

TEST_F(CuesTest, MemoryFadesByTheEpisode) {
  Gaussian cortex({.memory = 0.5}, schema_), first({}, schema_), second({}, schema_);
  const Episodes old = draw({1, 2, 3, 4}, {4, 3, 2, 1});
  const Episodes two = draw({1, 0, 1, 0, 0, 1, 0, 1}, {1, 1, 1, 1, 0, 0, 0, 0});
  first.learn({first.observe(old, {})});
  second.learn({second.observe(two, {})});
  cortex.learn({cortex.observe(old, {}), cortex.observe(two, {})});
  for (const char* sums : {"sum", "product", "count"}) {
    const auto expected = 0.25 * first.named_buffers()[sums] + second.named_buffers()[sums];
    EXPECT_LT(distance(cortex.named_buffers()[sums], expected), 1e-12) << sums;
  }
}

TEST_F(CuesTest, SubjectsAreAsTheyWouldBeAlone) {
  const std::vector<double> a{1, 2, 0, 1, 0, 0, 1, 1, 2, 2, 0, 1, 0, 1, 1, 3},
      b{1, 1, 0, 2, 0, 1, 0, 1, 0, 2, 2, 1, 1, 0, 1, 1};
  const Episodes rows = draw(a, b);  // subjects 0, 1, 0, 1
  for (const TicksTaken ticks : {TicksTaken::kAlone, TicksTaken::kTogether}) {
    const GaussianConfig config{.memory = 0.5, .ticks = ticks};
    Gaussian both(config, schema_);
    both.divide({Stream(1), Stream(2)});
    both.learn({both.observe(rows, {})});
    const auto seen = toy::roles(schema_, std::vector<std::string>(4, "o. .o oo .."));
    const Roles asked = toy::roles(schema_, std::vector<std::string>(4, "oh ho oo hh"));
    const auto log_prob = both.log_prob(rows, asked, toy::forwards(asked));
    const auto thought = both.think(rows, seen.observed_BTV);
    for (const int64_t subject : {0, 1}) {
      Gaussian alone(config, schema_);
      const Episodes own = worlds::concatenate(
          {rows.rows(subject, subject + 1), rows.rows(subject + 2, subject + 3)});
      alone.learn({alone.observe(own, {})});
      const Roles half = asked.rows(0, 2);
      const auto of = [&](const at::Tensor& x) { return x.slice(0, subject, 4, 2); };
      EXPECT_LT(distance(of(thought), alone.think(own, seen.observed_BTV.narrow(0, 0, 2))), 1e-6);
      EXPECT_LT(distance(of(log_prob), alone.log_prob(own, half, toy::forwards(half))), 1e-5);
      for (const char* sums : {"sum", "product", "count"})
        EXPECT_EQ(distance(both.named_buffers()[sums][subject], alone.named_buffers()[sums][0]), 0);
    }
  }
}

TEST_F(CuesTest, RefusesRowsThatSubjectsCannotShare) {
  Gaussian cortex({}, schema_);
  cortex.divide({Stream(1), Stream(2)});
  EXPECT_THAT([&] { (void)cortex.observe(pairs_, {}); },
              ThrowsMessage<c10::Error>(HasSubstr("1 rows of 2 subjects")));
}

}  // namespace
}  // namespace limbic::brain
