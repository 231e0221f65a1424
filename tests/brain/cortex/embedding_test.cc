#include "limbic/brain/cortex/embedding.h"

#include <gtest/gtest.h>

#include "toy.h"

namespace limbic::brain {
namespace {

using worlds::Access;
using worlds::Kind;

// Numbers of other units, cells and ticks, with what is no number or unseen between them.
const worlds::Schema kSchema{
    {{.name = "x", .num_ticks = 2, .center = 1.0, .scale = 2.0},
     {.name = "eye", .num_ticks = 2, .access = Access::kPrimitive},
     {.name = "word", .kind = Kind::kCategory, .size = 3, .num_ticks = 2},
     {.name = "y", .num_cells = 2, .num_ticks = 2, .center = -1.0, .scale = 0.5},
     {.name = "z", .scale = 10.0}},
    2};

TransformerConfig narrow() {
  TransformerConfig config;
  config.width = 4;
  return config;
}

struct Fixture {
  Embedding embedding{narrow(), kSchema, Stream(3)};
  worlds::Episodes episodes = toy::episodes(kSchema, 3);

  // A variable's alone, in a call of its own: [B, sites, D].
  at::Tensor content(int64_t variable) {
    return embedding->content(variable, episodes.value[variable]).reshape({3, -1, 4});
  }
};

TEST(EmbeddingTest, NumbersReadTogetherSayWhatEachSaysAlone) {
  Fixture f;
  const auto expected =
      at::cat({f.content(0), f.content(2), f.content(3), f.content(4)}, 1) + f.embedding->places();
  EXPECT_LT(toy::distance(f.embedding->values(f.episodes), expected), 1e-6);
}

TEST(EmbeddingTest, PartsOfNumbersAreRowsOfTheirOwnVariable) {
  Fixture f;
  const auto parts = f.embedding->parts(f.episodes, at::zeros({4}), at::zeros({4, 4}));
  ASSERT_EQ(parts.contents.size(), 4);
  for (const auto& [content, variable] : {std::pair{0, 0}, {2, 3}, {3, 4}}) {
    const auto expected = f.content(variable).reshape({-1, 4});
    EXPECT_LT(toy::distance(parts.contents[content].rows, expected), 1e-6)
        << kSchema[variable].name;
  }
}

}  // namespace
}  // namespace limbic::brain
