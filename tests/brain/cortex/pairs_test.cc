#include "limbic/brain/cortex/pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "limbic/core/error.h"
#include "toy.h"

namespace limbic::brain {
namespace {

using toy::distance;
using worlds::Kind;
using worlds::Schema;

// Numbers in the order of the schema: b, k's three, a, c.
Schema schema() {
  return Schema({{.name = "b", .scale = 8},
                 {.name = "k", .kind = Kind::kCategory, .size = 3},
                 {.name = "a", .center = 1, .scale = 2},
                 {.name = "c", .center = -1, .scale = 2}},
                1);
}

TEST(PairsTest, AreSignAndMagnitudeOfDifferencesOfWhatIsSeen) {
  const Pairs pairs(schema());
  // b = 1, a = 3 and c = 3 in their variables' units.
  const at::Tensor numbers = at::tensor({0.125F, 0.F, 1.F, 0.F, 1.F, 2.F}).view({1, 6});
  const at::Tensor sees =
      at::tensor({1.F, 1.F, 1.F, 1.F, 0.F, 1.F, 1.F, 1.F, 1.F, 0.F, 0.F, 1.F}).view({3, 4});
  const float half = std::log(0.5F + 1e-4F), same = std::log(1e-4F), sign = std::asinh(32.F) / 5;
  const float a = std::log(1 + 1e-4F), b = std::log(0.125F + 1e-4F), c = std::log(2 + 1e-4F);
  const at::Tensor expected =  // of a and b, a and c, b and c; then of a, b and c alone
      at::tensor({half, same, half, sign, 0.F, -sign, a,   b,   c,  //
                  0.F,  same, 0.F,  0.F,  0.F, 0.F,   a,   0.F, c,  //
                  0.F,  0.F,  0.F,  0.F,  0.F, 0.F,   0.F, 0.F, c})
          .view({3, 9});
  EXPECT_LT(distance(pairs->forward(numbers, sees), expected), 1e-4);
}

TEST(PairsTest, QueriesReadTheirOwnRow) {
  const Pairs pairs(schema());
  const at::Tensor numbers = Stream(1).normal({2, 6}), sees = Stream(2).uniform({6, 4}).round();
  const at::Tensor both = pairs->forward(numbers, sees);
  for (int64_t row = 0; row < 2; ++row) {
    const at::Tensor alone = pairs->forward(numbers.narrow(0, row, 1), sees.narrow(0, 3 * row, 3));
    EXPECT_EQ(distance(both.narrow(0, 3 * row, 3), alone), 0) << row;
  }
}

TEST(PairsTest, AreOfNoMoreScalarsThanTheyCanCompare) {
  EXPECT_EQ(Pairs(Schema({{.name = "x", .num_cells = 64}}, 1))->size(), 64 * 63 + 64);
  try {
    const Pairs pairs(Schema({{.name = "x", .num_cells = 64}, {.name = "y"}}, 1));
    FAIL() << "65 scalars";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
    EXPECT_STREQ(error.what(),
                 "direct.pairs compares at most 64 scalars with each other, and this world has 65");
  }
}

}  // namespace
}  // namespace limbic::brain
