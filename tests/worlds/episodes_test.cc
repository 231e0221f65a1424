#include "limbic/worlds/episodes.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/core/error.h"
#include "limbic/worlds/roles.h"

namespace limbic::worlds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

Schema small_schema() {
  return Schema(
      {{.name = "picture", .kind = Kind::kVector, .size = 3, .num_cells = 2, .modality = "sight"},
       {.name = "sound", .kind = Kind::kScalar, .num_ticks = 2, .modality = "hearing"},
       {.name = "retina",
        .kind = Kind::kVector,
        .size = 4,
        .num_ticks = 2,
        .modality = "retina",
        .access = Access::kPrimitive},
       {.name = "word",
        .kind = Kind::kCategory,
        .size = 2,
        .modality = "hearing",
        .names = {"no", "yes"}}},
      2);
}

Episodes all_present(const Schema& schema, int64_t num_rows) {
  Episodes episodes = empty_episodes(schema, num_rows);
  for (int64_t i = 0; i < schema.size(); ++i)
    own_cells(episodes.present_BTV, schema, i).fill_(true);
  return episodes;
}

TEST(SchemaTest, LaysOutCellsOneVariableAfterTheOther) {
  const Schema schema = small_schema();
  EXPECT_EQ(schema.num_cells(), 5);
  EXPECT_EQ(schema.offset(0), 0);
  EXPECT_EQ(schema.offset(1), 2);
  EXPECT_EQ(schema.offset(3), 4);
}

TEST(SchemaTest, FindsByNameAndNamesTheNearest) {
  const Schema schema = small_schema();
  EXPECT_EQ(schema.find("word"), 3);
  EXPECT_EQ(schema.find("wird"), -1);
  EXPECT_EQ(schema.require("sound"), 1);
  EXPECT_THAT([&] { (void)schema.require("pictur"); },
              ThrowsMessage<Error>("no variable is called 'pictur'; did you mean 'picture'?"));
}

TEST(SchemaTest, MatchesGlobsOfNamesAndModalities) {
  const Schema schema = small_schema();
  EXPECT_THAT(schema.match("hearing"), ElementsAre(1, 3));
  EXPECT_THAT(schema.match("?*t*"), ElementsAre(0, 2));
  EXPECT_THAT(schema.match("wor?"), ElementsAre(3));
  EXPECT_THAT(schema.match("*"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(schema.match("smell"), ElementsAre());
}

TEST(SchemaTest, ModalitiesAreThoseOfTheCortex) {
  EXPECT_THAT(small_schema().modalities(), ElementsAre("sight", "hearing"));
}

TEST(SchemaTest, RefusesTwoVariablesOfOneName) {
  EXPECT_THAT(
      [] {
        Schema({{.name = "a"}, {.name = "a"}}, 1);
      },
      ThrowsMessage<c10::Error>(HasSubstr("two variables are called 'a'")));
}

TEST(SchemaTest, RefusesMoreTicksThanAnEpisodeHas) {
  EXPECT_THAT([] { Schema({{.name = "a", .num_ticks = 3}}, 2); },
              ThrowsMessage<c10::Error>(HasSubstr("variable 'a' has 3 of 2 ticks")));
}

TEST(EpisodesTest, EmptyOnesHaveTheShapesOfTheSchema) {
  const Episodes episodes = empty_episodes(small_schema(), 3);
  EXPECT_EQ(episodes.value[0].sizes(), at::IntArrayRef({3, 1, 2, 3}));
  EXPECT_EQ(episodes.value[1].sizes(), at::IntArrayRef({3, 2, 1}));
  EXPECT_EQ(episodes.value[2].sizes(), at::IntArrayRef({3, 2, 1, 4}));
  EXPECT_EQ(episodes.value[3].dtype(), at::kLong);
  EXPECT_EQ(episodes.present_BTV.sizes(), at::IntArrayRef({3, 2, 5}));
  EXPECT_FALSE(episodes.present_BTV.any().item<bool>());
}

TEST(EpisodesTest, RowsRepeatAndConcatenateKeepRowsTogether) {
  Episodes episodes = all_present(small_schema(), 3);
  episodes.value[1].select(0, 1).fill_(7);
  episodes.present_BTV.select(0, 1).fill_(false);
  const Episodes twice = repeat_rows(episodes.rows(1, 3), 2);
  EXPECT_EQ(twice.num_rows(), 4);
  EXPECT_TRUE(twice.value[1].select(1, 0).flatten().equal(at::tensor({7.F, 7.F, 0.F, 0.F})));
  EXPECT_FALSE(twice.present_BTV.narrow(0, 0, 2).any().item<bool>());
  const Episodes joined = concatenate({episodes.rows(0, 1), twice});
  EXPECT_EQ(joined.num_rows(), 5);
  EXPECT_EQ(joined.value[1].sum().item<float>(), 28.F);
  EXPECT_EQ(joined.value[0].size(0), 5);
}

TEST(EpisodesTest, RowsArePickedInAnyOrderAndAnyNumber) {
  Episodes episodes = all_present(small_schema(), 3);
  episodes.value[3].select(0, 2).fill_(1);
  episodes.present_BTV.select(0, 0).fill_(false);
  const Episodes picked = pick_rows(episodes, at::tensor({2, 0, 2, 1}));
  EXPECT_TRUE(picked.value[3].flatten().equal(at::tensor({1, 0, 1, 0})));
  EXPECT_TRUE(picked.present_BTV.flatten(1).any(1).equal(at::tensor({1, 0, 1, 1}).to(at::kBool)));
}

TEST(RolesTest, AVariablesOwnCellsAreAViewShapedAsItsValues) {
  const Schema schema = small_schema();
  const at::Tensor mask_BTV = at::zeros({3, 2, 5}, at::kBool);
  EXPECT_EQ(own_cells(mask_BTV, schema, 0).sizes(), at::IntArrayRef({3, 1, 2}));
  own_cells(mask_BTV, schema, 0).fill_(true);
  EXPECT_TRUE(
      mask_BTV[1].equal(at::tensor({1, 1, 0, 0, 0, 0, 0, 0, 0, 0}).view({2, 5}).to(at::kBool)));
  EXPECT_EQ(own_cells(mask_BTV[0], schema, 1).sizes(), at::IntArrayRef({2, 1}));
}

TEST(RolesTest, TheCortexSeesItsVariablesAtTheTicksTheyHave) {
  EXPECT_TRUE(cortical_cells(small_schema())
                  .equal(at::tensor({1, 1, 1, 0, 1, 0, 0, 1, 0, 0}).view({2, 5}).to(at::kBool)));
}

TEST(RolesTest, TheCortexSeesPresentCellsThatAreItsOwn) {
  const Schema schema = small_schema();
  Episodes episodes = all_present(schema, 1);
  episodes.present_BTV[0][0][1] = false;
  const at::Tensor visible_BTV = visible(episodes, schema);
  EXPECT_TRUE(
      visible_BTV[0].equal(at::tensor({1, 0, 1, 0, 1, 0, 0, 1, 0, 0}).view({2, 5}).to(at::kBool)));
  EXPECT_TRUE(episodes.present_BTV[0][0][3].item<bool>());
}

TEST(RolesTest, AsksForEveryVisibleCellThatIsNotObserved) {
  const Schema schema = small_schema();
  const Episodes episodes = all_present(schema, 1);
  at::Tensor observed_BTV = at::zeros_like(episodes.present_BTV);
  observed_BTV[0][0][0] = true;
  const Roles roles = ask_the_rest(episodes, schema, observed_BTV);
  EXPECT_TRUE(roles.asked_BTV[0].equal(
      at::tensor({0, 1, 1, 0, 1, 0, 0, 1, 0, 0}).view({2, 5}).to(at::kBool)));
  EXPECT_TRUE(roles.observed_BTV.equal(observed_BTV));
}

TEST(RolesTest, RefusesAMaskOfAnotherShape) {
  const Schema schema = small_schema();
  EXPECT_THAT(
      [&] {
        ask_the_rest(all_present(schema, 1), schema, at::zeros({1, 5}, at::kBool));
      },
      ThrowsMessage<c10::Error>(HasSubstr("observed_BTV must be bool [1, 2, 5], got bool [1, 5]")));
}

}  // namespace
}  // namespace limbic::worlds
