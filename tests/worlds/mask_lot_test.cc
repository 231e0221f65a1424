#include "limbic/worlds/mask_lot.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "limbic/core/stream.h"

namespace limbic::worlds {
namespace {

TEST(MaskLotsTest, EqualMasksHaveEqualLotsAndOthersUniformOnes) {
  const at::Tensor mask_BTV = Stream(1).uniform({20000, 2, 11}).lt(0.5);
  const at::Tensor lot_B = mask_lots(mask_BTV);
  EXPECT_TRUE(mask_lots(mask_BTV.flip(0)).flip(0).equal(lot_B));
  EXPECT_EQ(lot_B.dtype(), at::kDouble);
  EXPECT_TRUE(lot_B.ge(0).logical_and(lot_B.lt(1)).all().item<bool>());
  for (const double share : {0.1, 0.5, 0.9})
    EXPECT_NEAR(lot_B.lt(share).to(at::kDouble).mean().item<double>(), share, 0.015) << share;
  at::Tensor other = mask_BTV.clone();
  other.select(1, 1).select(1, 10).logical_not_();  // one cell is enough
  EXPECT_LT(mask_lots(other).eq(lot_B).sum().item<int64_t>(), 1);
}

}  // namespace
}  // namespace limbic::worlds
