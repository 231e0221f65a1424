#include "limbic/brain/cortex/base/gaussian_chain.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "limbic/core/stream.h"
#include "toy.h"

namespace limbic::brain {
namespace {

// Of fewer numbers than a register holds, of some registers, and of more than a row takes at once.
class GaussianChainTest : public testing::TestWithParam<int64_t> {};

TEST_P(GaussianChainTest, FactorsTheCovarianceInItsOrder) {
  const int64_t n = GetParam(), width = kernels::stride(n);
  const auto root = Stream(3).normal({n, n}).to(at::kDouble);
  const auto covariance = root.matmul(root.t()) + at::eye(n, at::kDouble);
  const auto order = Stream(4).permutation(n);
  const auto upper = at::full({n, width}, 7.0, at::kDouble);
  kernels::factor_in_order(n, covariance.const_data_ptr<double>(), order.const_data_ptr<int64_t>(),
                           upper.mutable_data_ptr<double>());
  const auto ordered = covariance.index_select(0, order).index_select(1, order);
  const auto exact = at::linalg_cholesky(ordered, /*upper=*/true);
  EXPECT_LT(toy::distance(upper.narrow(1, 0, n), exact), 1e-9);
  if (width > n) {
    EXPECT_EQ(upper.narrow(1, n, width - n).abs().max().item<double>(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, GaussianChainTest, testing::Values(1, 7, 8, 30, 64, 70, 128));

}  // namespace
}  // namespace limbic::brain
