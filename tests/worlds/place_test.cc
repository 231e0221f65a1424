#include "limbic/worlds/place.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/core/error.h"

namespace limbic::worlds {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

class PlaceTest : public testing::Test {
 protected:
  [[nodiscard]] std::vector<int64_t> of(const std::string& name) const {
    const Place place = Place::named(schema_, name);
    return {place.variable, place.tick, place.first, place.num_cells};
  }
  void expect_refused(const std::string& name, const std::string& message) const {
    EXPECT_THAT([&] { (void)Place::named(schema_, name); }, ThrowsMessage<Error>(StrEq(message)));
  }

  // x, a variable that is called like its second cell, and words at three ticks.
  Schema schema_{
      {{.name = "x", .num_cells = 3},
       {.name = "x[1]"},
       {.name = "word", .kind = Kind::kCategory, .size = 2, .num_cells = 2, .num_ticks = 3}},
      3};
};

TEST_F(PlaceTest, IsAllCellsOfATickOrOneOfThem) {
  EXPECT_EQ(of("x"), (std::vector<int64_t>{0, 0, 0, 3}));
  EXPECT_EQ(of("x[2]"), (std::vector<int64_t>{0, 0, 2, 1}));
  EXPECT_EQ(of("x[1]"), (std::vector<int64_t>{1, 0, 0, 1})) << "a variable's own name comes first";
  EXPECT_EQ(of("word"), (std::vector<int64_t>{2, 0, 0, 2}));
  EXPECT_EQ(of("word@2"), (std::vector<int64_t>{2, 2, 0, 2}));
  EXPECT_EQ(of("word@2[1]"), (std::vector<int64_t>{2, 2, 1, 1}));
  EXPECT_EQ(of("word[1]"), (std::vector<int64_t>{2, 0, 1, 1}));
}

TEST_F(PlaceTest, ShowsItsPartOfMasksAndValues) {
  const Place place = Place::named(schema_, "word@2[1]");
  at::Tensor mask = at::zeros({1, 3, schema_.num_cells()}, at::kBool);
  place.of_mask(mask, schema_).fill_(true);
  EXPECT_EQ(mask.sum().item<int64_t>(), 1);
  EXPECT_TRUE(mask[0][2][5].item<bool>());
  const at::Tensor own = at::arange(6).view({1, 3, 2});
  EXPECT_EQ(place.of_own(own).item<int64_t>(), 5);
  EXPECT_EQ(place.part_of(schema_).num_cells, 1);
  EXPECT_EQ(place.part_of(schema_).name, "word@2[1]");
  EXPECT_FALSE(place.is_whole(schema_));
  EXPECT_TRUE(Place::named(schema_, "word@1").is_whole(schema_));
}

TEST_F(PlaceTest, CellsAreNamedTogetherWhereAllOfATickAreThere) {
  at::Tensor cells_TV = at::zeros({3, schema_.num_cells()}, at::kBool);
  for (const char* const name : {"x[2]", "x[0]", "word@1", "word@2[1]"})
    Place::named(schema_, name).of_mask(cells_TV.unsqueeze(0), schema_).fill_(true);
  std::vector<std::string> names;
  for (const Place& place : places_of(schema_, cells_TV)) {
    EXPECT_EQ(of(place.name),
              (std::vector<int64_t>{place.variable, place.tick, place.first, place.num_cells}));
    names.push_back(place.name);
  }
  EXPECT_THAT(names, testing::ElementsAre("x[0]", "x[2]", "word@1", "word@2[1]"));
}

TEST_F(PlaceTest, WhatTheCortexDoesNotSeeIsAPlaceAllTheSame) {
  const Schema schema({{.name = "eye", .access = Access::kPrimitive}, {.name = "word"}}, 1);
  EXPECT_EQ(Place::named(schema, "eye").variable, 0);
  EXPECT_EQ(Place::seen(schema, "word").variable, 1);
  EXPECT_THAT([&] { (void)Place::seen(schema, "eye"); },
              ThrowsMessage<Error>(StrEq("the cortex does not see 'eye'")));
}

TEST_F(PlaceTest, WhatFitsNothingIsAnsweredWithTheNearest) {
  expect_refused("wrod", "no variable is called 'wrod'; did you mean 'word'?");
  expect_refused("word@3", "no variable or cell is called 'word@3'; did you mean 'word@0'?");
  expect_refused("x[3]", "no variable or cell is called 'x[3]'; did you mean 'x[0]'?");
  expect_refused("x[-1]", "no variable or cell is called 'x[-1]'; did you mean 'x[1]'?");
  expect_refused("x[1]2", "no variable or cell is called 'x[1]2'; did you mean 'x[1]'?");
  expect_refused("x@1[0]", "no variable or cell is called 'x@1[0]'; did you mean 'x[0]'?");
}

}  // namespace
}  // namespace limbic::worlds
