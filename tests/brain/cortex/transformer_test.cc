#include "limbic/brain/cortex/transformer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "../../support/wait_counter.h"
#include "limbic/worlds/selection.h"
#include "toy_cortex.h"

namespace limbic::brain {
namespace {

using toy::distance;
using toy::loud;
using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

class TransformerTest : public testing::TestWithParam<const char*> {
 protected:
  static constexpr int64_t kRows = 2;
  Schema schema_ = toy::schema();
  Transformer cortex_ = loud(toy::named(GetParam()), schema_);
  Episodes episodes_ = toy::episodes(schema_, kRows);
  // x hidden, c[0] observed, c[1] absent, v[0] hidden, v[1] an echo; and another row alike.
  Roles roles_ = toy::roles(schema_, {"h o. he ..", "h .e oh .."});
  at::Tensor rank_ = toy::forwards(roles_);  // x, then v
  at::NoGradGuard no_grad_;
};

TEST(TransformerNamesTest, ADotAndASlashMakeParametersOfTheirOwn) {
  const std::map<std::string, std::string> weights{{"temp.c", "temp/c"}, {"temp/c", "temp%/c"},
                                                   {"a/.", "a%//"},      {"a./", "a/%/"},
                                                   {"b/", "b%/"},        {"b%.", "b%%/"}};
  std::vector<worlds::Variable> variables;
  for (const auto& [name, weight] : weights) variables.push_back({.name = name});
  const Schema schema{variables, 1};
  const Transformer cortex(toy::tiny(), schema, Stream(1));
  const auto names = cortex.named_parameters().keys();
  for (const auto& [name, weight] : weights)
    EXPECT_THAT(names, testing::Contains("heads.weight_" + weight)) << name;
}

TEST(TransformerBaseTest, IsFittedToAsManyRowsAsItsConfigSays) {
  TransformerConfig config = toy::tiny();
  config.base_density = {.components = 4, .rows = 7};
  EXPECT_EQ(Transformer(config, toy::schema(), Stream(1)).num_initial_rows(), 7);
}

TEST_P(TransformerTest, AbsentValuesMoveNothing) {
  Episodes other = toy::moved(episodes_, toy::kC, 1, 0, /*row=*/0);
  other = toy::moved(other, toy::kC, 0, 0, /*row=*/1);
  other = toy::moved(toy::moved(other, toy::kEye, 0), toy::kLabel, 0);
  EXPECT_EQ(distance(cortex_.marginals(other, roles_), cortex_.marginals(episodes_, roles_)), 0);
  EXPECT_EQ(distance(cortex_.log_prob(other, roles_, {}), cortex_.log_prob(episodes_, roles_, {})),
            0);
  EXPECT_EQ(
      distance(cortex_.log_prob(other, roles_, rank_), cortex_.log_prob(episodes_, roles_, rank_)),
      0);
  EXPECT_EQ(distance(cortex_.think(other, roles_.observed_BTV),
                     cortex_.think(episodes_, roles_.observed_BTV)),
            0);
}

TEST_P(TransformerTest, ObservedValuesMoveEverything) {
  const Episodes other = toy::moved(episodes_, toy::kC, 0, 0, /*row=*/0);
  const auto change =
      (cortex_.log_prob(other, roles_, {}) - cortex_.log_prob(episodes_, roles_, {})).abs();
  for (const int64_t cell : {0, 3, 4}) EXPECT_GT(change[0][0][cell].item<float>(), 1e-4) << cell;
  EXPECT_GT(distance(cortex_.think(other, roles_.observed_BTV)[0],
                     cortex_.think(episodes_, roles_.observed_BTV)[0]),
            1e-3);
}

TEST_P(TransformerTest, HiddenValuesMoveNoMarginalNoThoughtAndNoLogProbButTheirOwn) {
  const Episodes other = toy::moved(episodes_, toy::kX, 0);
  EXPECT_EQ(distance(cortex_.marginals(other, roles_), cortex_.marginals(episodes_, roles_)), 0);
  EXPECT_EQ(distance(cortex_.think(other, roles_.observed_BTV),
                     cortex_.think(episodes_, roles_.observed_BTV)),
            0);
  const auto change =
      (cortex_.log_prob(other, roles_, {}) - cortex_.log_prob(episodes_, roles_, {})).abs();
  EXPECT_GT(change.select(2, 0).min().item<float>(), 1e-4);
  EXPECT_EQ(change.narrow(2, 1, 6).max().item<float>(), 0);
}

TEST_P(TransformerTest, InAnOrderARealisedValueMovesItselfAndWhatComesLaterAlone) {
  const Roles roles = toy::roles(schema_, {"h hh eh ..", "h hh eh .."});
  const at::Tensor rank = toy::rank(roles, {2, 3, 1, 9, 4, 7, 8});  // c[1], x, c[0], v[1]
  const auto log_prob = [&](const Episodes& e) { return cortex_.log_prob(e, roles, rank); };
  const auto change = (log_prob(toy::moved(episodes_, toy::kX, 0)) - log_prob(episodes_)).abs();
  EXPECT_EQ(change.select(2, 2).max().item<float>(), 0) << "c[1] comes before";
  EXPECT_EQ(change.select(2, 3).max().item<float>(), 0) << "v[0] is an echo";
  for (const int64_t cell : {0, 1, 4}) {
    EXPECT_GT(change.select(2, cell).min().item<float>(), 1e-5) << cell;
  }
  const auto last = (log_prob(toy::moved(episodes_, toy::kV, 1)) - log_prob(episodes_)).abs();
  EXPECT_EQ(last.narrow(2, 0, 4).max().item<float>(), 0) << "nothing comes after v[1]";
}

TEST_P(TransformerTest, TheFirstOfAnOrderAndEveryEchoAreMarginals) {
  const auto joint = cortex_.log_prob(episodes_, roles_, rank_);
  const auto alone = cortex_.log_prob(episodes_, roles_, {});
  for (const auto& [row, cell] : {std::pair{0, 0}, {0, 4}, {1, 0}, {1, 2}}) {
    EXPECT_NEAR(joint[row][0][cell].item<float>(), alone[row][0][cell].item<float>(), 1e-5);
  }
  EXPECT_GT(std::abs((joint - alone)[0][0][3].item<float>()), 1e-4) << "v[0] has read x";
}

TEST_P(TransformerTest, LogProbIsThatOfTheMarginals) {
  const auto log_prob = cortex_.log_prob(episodes_, roles_, {});
  const auto marginals = cortex_.marginals(episodes_, roles_);
  const auto logits = std::get<Categorical>(marginals[toy::kC]).logits[1][0][1].log_softmax(0);
  const auto c = episodes_.value[toy::kC][1][0][1].item<int64_t>();
  EXPECT_NEAR(log_prob[1][0][2].item<float>(), logits[c].item<float>(), 1e-5);

  const auto& m = std::get<GaussianMixture>(marginals[toy::kX]);  // [B, 1, 1, K, 1]
  const auto z = (episodes_.value[toy::kX].unsqueeze(3) - m.mean.squeeze(-1)) / m.scale.squeeze(-1);
  const auto density = (m.logits.log_softmax(-1) - 0.5 * z.square() - m.scale.squeeze(-1).log() -
                        0.5 * std::log(2 * M_PI))
                           .logsumexp(-1);
  EXPECT_LT(distance(density.flatten(), log_prob.select(2, 0).flatten()), 1e-4);
}

TEST_P(TransformerTest, ADensityIntegratesToOneInRawUnits) {
  constexpr int64_t kSteps = 40001;
  const Episodes one = episodes_.rows(0, 1);
  Episodes grid = worlds::repeat_rows(one, kSteps);
  grid.value[toy::kX].copy_(at::linspace(-200, 200, kSteps).view({-1, 1, 1}));
  const Roles roles{roles_.observed_BTV.narrow(0, 0, 1).expand({kSteps, -1, -1}),
                    toy::roles(schema_, {"h .. .. .."}).asked_BTV.expand({kSteps, -1, -1})};
  const auto density = cortex_.log_prob(grid, roles, {}).select(2, 0).exp();
  EXPECT_NEAR(density.sum().item<double>() * 400 / (kSteps - 1), 1, 1e-3);
}

TEST_P(TransformerTest, RowsDoNotInfluenceEachOther) {
  Episodes other = episodes_;
  for (const auto& [i, cell] : {std::pair{toy::kX, 0}, {toy::kC, 0}, {toy::kV, 0}, {toy::kV, 1}}) {
    other = toy::moved(other, i, cell, 0, /*row=*/0);
  }
  const auto second = [](const at::Tensor& x) { return x[1]; };
  EXPECT_EQ(distance(second(cortex_.log_prob(other, roles_, rank_)),
                     second(cortex_.log_prob(episodes_, roles_, rank_))),
            0);
  EXPECT_EQ(distance(second(cortex_.think(other, roles_.observed_BTV)),
                     second(cortex_.think(episodes_, roles_.observed_BTV))),
            0);
}

// Rows of all counts: everything observed, nothing, one of each.
TEST_P(TransformerTest, PaddingChangesNothing) {
  const Roles roles = toy::roles(schema_, {"e ee ee ..", "h hh hh ..", "o .h eh ..", ". .. .. .."});
  const Episodes episodes = toy::episodes(schema_, 4);
  const at::Tensor rank = worlds::random_order(roles.asked_BTV, Stream(3));
  const auto joint = cortex_.log_prob(episodes, roles, rank);
  const auto alone = cortex_.log_prob(episodes, roles, {});
  const auto thought = cortex_.think(episodes, roles.observed_BTV);
  const auto marginals = toy::tensors(cortex_.marginals(episodes, roles));
  for (int64_t b = 0; b < 4; ++b) {
    const Episodes row = episodes.rows(b, b + 1);
    const Roles own = roles.rows(b, b + 1);
    EXPECT_LT(distance(cortex_.log_prob(row, own, rank.slice(0, b, b + 1))[0], joint[b]), 1e-5)
        << b;
    EXPECT_LT(distance(cortex_.log_prob(row, own, {})[0], alone[b]), 1e-5) << b;
    EXPECT_LT(distance(cortex_.think(row, own.observed_BTV)[0], thought[b]), 1e-5) << b;
    const auto single = toy::tensors(cortex_.marginals(row, own));
    for (size_t i = 0; i < single.size(); ++i) {
      EXPECT_LT(distance(single[i][0], marginals[i][b]), 1e-4) << b << ", tensor " << i;
    }
  }
}

TEST_P(TransformerTest, AllOrNothingObservedAndNothingAskedAreLegal) {
  for (const std::string row : {"o oo oo ..", "h hh hh ..", "e ee ee ..", ". .. .. .."}) {
    const Roles roles = toy::roles(schema_, {row, row});
    for (const at::Tensor& rank : {at::Tensor(), toy::forwards(roles)}) {
      const auto log_prob = cortex_.log_prob(episodes_, roles, rank);
      EXPECT_TRUE(log_prob.isfinite().all().item<bool>()) << row;
      EXPECT_TRUE(log_prob.ne(0).equal(roles.asked_BTV)) << row;
    }
    EXPECT_TRUE(cortex_.think(episodes_, roles.observed_BTV).isfinite().all().item<bool>()) << row;
    for (const at::Tensor& part : toy::tensors(cortex_.marginals(episodes_, roles))) {
      EXPECT_TRUE(part.isfinite().all().item<bool>()) << row;
    }
    const Episodes drawn = cortex_.sample(episodes_, roles, {}, Stream(1));
    EXPECT_TRUE(drawn.value[toy::kV].isfinite().all().item<bool>()) << row;
  }
}

TEST_P(TransformerTest, GradientReachesEveryParameterOfWhatIsSeenAndAsked) {
  const at::AutoGradMode with_grad(true);
  const Roles roles = toy::roles(schema_, {"h oh oe ..", "o he he .."});
  cortex_.log_prob(episodes_, roles, toy::forwards(roles)).sum().backward();
  for (const auto& item : cortex_.named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_GT(item.value().grad().abs().max().item<float>(), 0) << item.key();
  }
}

// log p of a question, and its gradient by every parameter, 0 by one that is not looked at.
std::vector<at::Tensor> answer(Transformer& cortex, const Episodes& episodes,
                               const Question& question) {
  const at::AutoGradMode with_grad(true);
  const auto log_prob = cortex.log_prob(episodes, question);
  auto all = torch::autograd::grad({log_prob.sum()}, cortex.parameters(), {}, {}, false,
                                   /*allow_unused=*/true);
  const auto parameters = cortex.parameters();
  for (size_t i = 0; i < all.size(); ++i)
    if (!all[i].defined()) all[i] = at::zeros_like(parameters[i]);
  all.push_back(log_prob.detach());
  return all;
}

TEST_P(TransformerTest, QuestionsOfEvenSizeGetTheAnswersOfExactOnes) {
  for (const at::Tensor& rank : {at::Tensor(), rank_}) {
    Transformer even = loud(toy::named(GetParam()), schema_);
    even.even_out_questions();
    const auto exact = answer(cortex_, episodes_, cortex_.ask(roles_, rank));
    const auto found = answer(even, episodes_, even.ask(roles_, rank));
    for (size_t i = 0; i < exact.size(); ++i) {
      // A narrow Gaussian's slope magnifies what a product of other size rounds otherwise.
      EXPECT_LT(distance(found[i], exact[i]), 1e-3 * (1 + exact[i].abs().max().item<double>()))
          << i;
    }
    EXPECT_LT(distance(even.marginals(episodes_, even.ask(roles_, {})),
                       cortex_.marginals(episodes_, roles_)),
              1e-4);
    EXPECT_LT(distance(even.think(episodes_, even.ask_thought(roles_.observed_BTV)),
                       cortex_.think(episodes_, roles_.observed_BTV)),
              1e-4);
  }
}

TEST_P(TransformerTest, EvenQuestionsOfAboutTheSameSizeHandOverAlike) {
  cortex_.even_out_questions();
  const auto key = [&](const std::vector<std::string>& rows) {
    Upload upload;
    cortex_.ask(toy::roles(schema_, rows), rank_).hand_over(upload);
    return upload.key();
  };
  EXPECT_EQ(key({"h o. oh ..", "h .o hh .."}), key({"o ho h. ..", ". .h ho .."}));
  EXPECT_NE(key({"h o. oh ..", "h .o hh .."}), key({"o oo oh ..", ". .h ho .."}));  // 4 observed
}

// As on a device, where nothing is by hand and a mixture has factors.
TEST_P(TransformerTest, AnAnswerWaitsForNoDevice) {
  TransformerConfig config = toy::named(GetParam());
  config.fused = false;
  Transformer cortex = loud(config, schema_);
  for (const auto& tensors : {cortex.parameters(), cortex.buffers()}) {
    for (at::Tensor tensor : tensors) {
      if (tensor.is_floating_point()) tensor.set_data(tensor.detach().to(at::kDouble));
    }
  }
  for (at::Tensor& column : episodes_.value) {
    if (column.is_floating_point()) column = column.to(at::kDouble);
  }
  const Question joint = cortex.ask(roles_, rank_), each = cortex.ask(roles_, {});
  const Question thought = cortex.ask_thought(roles_.observed_BTV);
  const testing_support::WaitCounter counter;
  answer(cortex, episodes_, joint);
  cortex.marginals(episodes_, each);
  cortex.think(episodes_, thought);
  EXPECT_TRUE(counter.counts().empty()) << counter.counts().begin()->first;
}

TEST(TransformerDropoutTest, UnitsAreDrawnWhileTheAnswerIsComputed) {
  const Schema schema = toy::schema();
  TransformerConfig config = toy::tiny();
  for (const double rate : {0.0, 0.1}) {
    config.dropout = rate;
    Upload upload;
    Transformer(config, schema, Stream(1))
        .ask(toy::roles(schema, {"h oh oh .."}), {})
        .hand_over(upload);
    EXPECT_EQ(upload.is_repeatable(), rate == 0);
  }
}

TEST_P(TransformerTest, PermutingVariablesPermutesOutputs) {
  const std::vector<int64_t> from{toy::kV, toy::kLabel, toy::kC, toy::kEye, toy::kX};
  const std::vector<int64_t> cells{3, 4, 6, 1, 2, 5, 0};
  std::vector<worlds::Variable> variables;
  Episodes episodes{.value = {}, .present_BTV = episodes_.present_BTV};
  for (const int64_t i : from) {
    variables.push_back(schema_[i]);
    episodes.value.push_back(episodes_.value[i]);
  }
  const Schema schema(variables, 1);
  Transformer cortex = loud(toy::named(GetParam()), schema);
  const auto permuted = [&](const at::Tensor& x) { return x.index_select(2, at::tensor(cells)); };
  const Roles roles{permuted(roles_.observed_BTV), permuted(roles_.asked_BTV)};
  const auto marginals = cortex.marginals(episodes, roles);
  const auto expected = cortex_.marginals(episodes_, roles_);
  for (size_t i = 0; i < from.size(); ++i) {
    EXPECT_LT(distance(Marginals{marginals[i]}, Marginals{expected[from[i]]}), 1e-4) << from[i];
  }
  for (const at::Tensor& rank : {at::Tensor(), rank_}) {
    const at::Tensor order = rank.defined() ? permuted(rank) : rank;
    EXPECT_LT(distance(cortex.log_prob(episodes, roles, order),
                       permuted(cortex_.log_prob(episodes_, roles_, rank))),
              1e-4);
  }
  EXPECT_LT(distance(cortex.think(episodes, roles.observed_BTV),
                     cortex_.think(episodes_, roles_.observed_BTV)),
            1e-4);
}

TEST_P(TransformerTest, SameStreamMakesTheSameCortexAndAnotherStreamAnother) {
  Transformer again = loud(toy::named(GetParam()), schema_);
  EXPECT_EQ(distance(again.marginals(episodes_, roles_), cortex_.marginals(episodes_, roles_)), 0);
  Transformer other(toy::named(GetParam()), schema_, Stream(12));
  EXPECT_GT(distance(other.think(episodes_, roles_.observed_BTV),
                     cortex_.think(episodes_, roles_.observed_BTV)),
            0.01);
}

INSTANTIATE_TEST_SUITE_P(Paths, TransformerTest, testing::ValuesIn(toy::kPaths));

TEST(TransformerNamesTest, VariablesMayBeCalledAnything) {
  auto variables = toy::variables(1);
  variables[toy::kV].name = "sepal.length [cm]";
  variables[toy::kC].name = "cell";  // also what a parameter is called
  const Schema schema(variables, 1);
  Transformer cortex(toy::tiny(), schema, Stream(1));
  EXPECT_EQ(cortex.think(toy::episodes(schema, 1), toy::roles(schema, {"o oo oo .."}).observed_BTV)
                .size(2),
            16);
  const auto parameters = cortex.named_parameters();
  EXPECT_GT(distance(parameters["embedding.value_cell"][0], parameters["embedding.cell"][0]), 0.01);
}

class ThoughtTest : public testing::Test {
 protected:
  Schema schema_ = toy::schema(3);
  Episodes episodes_ = toy::episodes(schema_, 2);
  at::Tensor observed_ = toy::roles(schema_, {"o o. oo .. | . .. o. .. | o .. oo ..",
                                              ". oo .. .. | o .. .o .. | o .. oo .."})
                             .observed_BTV;
  at::NoGradGuard no_grad_;
};

TEST_F(ThoughtTest, IsCausal) {
  Transformer cortex = loud(toy::tiny(), schema_);
  const auto before = cortex.think(episodes_, observed_);
  const auto after = cortex.think(toy::moved(episodes_, toy::kV, 1, /*tick=*/2), observed_);
  EXPECT_EQ(before.sizes(), at::IntArrayRef({2, 3, 16}));
  EXPECT_EQ(distance(after.narrow(1, 0, 2), before.narrow(1, 0, 2)), 0);
  EXPECT_GT(distance(after.select(1, 2), before.select(1, 2)), 1e-3);
  auto blind = observed_.clone();
  blind.select(1, 2).fill_(false);
  EXPECT_LT(distance(cortex.think(episodes_, blind).narrow(1, 0, 2), before.narrow(1, 0, 2)), 1e-6);
}

TEST_F(ThoughtTest, RemembersEarlierTicks) {
  Transformer cortex = loud(toy::tiny(), schema_);
  const auto change = (cortex.think(toy::moved(episodes_, toy::kC, 0), observed_) -
                       cortex.think(episodes_, observed_))
                          .abs();
  for (const int64_t tick : {0, 1, 2}) EXPECT_GT(change[0][tick].max().item<float>(), 1e-4) << tick;
}

TEST_F(ThoughtTest, StandsStillPastTheLastSite) {
  const Schema schema(toy::variables(1), 3);
  Transformer cortex = loud(toy::tiny(), schema);
  const auto observed = toy::roles(schema, {"o o. oo .. | . .. .. .. | . .. .. .."}).observed_BTV;
  const auto thought = cortex.think(toy::episodes(schema, 1), observed);
  EXPECT_EQ(thought.sizes(), at::IntArrayRef({1, 3, 16}));
  for (const int64_t tick : {1, 2}) EXPECT_EQ(distance(thought[0][tick], thought[0][0]), 0);
}

TEST_F(ThoughtTest, APoolStandsStillPastItsOwnLastSite) {
  TransformerConfig config = toy::tiny();
  config.pool = {{.text = "word", .mark = {}}, {.text = "sound", .mark = {}}};
  const auto parts = loud(config, schema_).think(episodes_, observed_).view({2, 3, 2, 16});
  const auto word = parts.select(2, 0), sound = parts.select(2, 1);  // of one tick, and of three
  for (const int64_t tick : {1, 2}) {
    EXPECT_EQ(distance(word.select(1, tick), word.select(1, 0)), 0) << tick;
    EXPECT_GT(distance(sound.select(1, tick), sound.select(1, tick - 1)), 1e-3) << tick;
  }
  EXPECT_GT(word.abs().max().item<float>(), 0.1);
}

TEST_F(ThoughtTest, AsksNoBase) {
  TransformerConfig config = toy::tiny();
  const auto without = loud(config, schema_).think(episodes_, observed_);
  config.base_density.components = 4;
  Transformer cortex = loud(config, schema_);
  const Question question = cortex.ask_thought(observed_);
  for (const Layout& layout : dynamic_cast<const Layouts&>(*question.prepared).all)
    EXPECT_FALSE(layout.sees.defined()) << "which only a base would read";
  EXPECT_EQ(distance(cortex.think(episodes_, question), without), 0);
}

TEST_F(ThoughtTest, PoolSplitsModalities) {
  const Schema schema = toy::schema(1);
  const auto observed = toy::roles(schema, {"o o. .o ..", ". .. .. .."}).observed_BTV;
  const Episodes episodes = toy::episodes(schema, 2);
  TransformerConfig config = toy::tiny();
  const auto whole = loud(config, schema).think(episodes, observed);
  config.pool = {
      {.text = "sight", .mark = {}}, {.text = "word", .mark = {}}, {.text = "v", .mark = {}}};
  Transformer cortex = loud(config, schema);
  EXPECT_EQ(cortex.thought_size(), 48);
  const auto parts = cortex.think(episodes, observed).view({2, 1, 3, 16});
  const auto mean = (parts.select(2, 0) + 2 * parts.select(2, 1) + 2 * parts.select(2, 2)) / 5;
  EXPECT_LT(distance(mean, whole), 1e-5);
  EXPECT_GT(distance(parts.select(2, 0), parts.select(2, 1)), 0.01);
}

}  // namespace
}  // namespace limbic::brain
