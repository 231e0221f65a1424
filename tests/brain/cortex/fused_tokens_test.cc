#include "limbic/brain/cortex/fused_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "toy.h"

namespace limbic::brain {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Two sites: a category of three words at cell 0, a number at cell 1; one tick. Numbers of two
// digits tell what was added.
struct Toy {
  at::Tensor table = leaf(at::tensor({100.0, 200.0, 300.0}));
  at::Tensor numbers = leaf(at::tensor({1000.0, 2000.0}));
  TokenParts parts{
      {{"word", 1, table, at::tensor({2, 0}, at::kLong)}, {"number", 1, numbers, {}}},
      leaf(at::tensor({10.0, 20.0})),
      leaf(at::tensor({5.0})),
      at::tensor({0, 1}, at::kLong),
      at::tensor({0, 0}, at::kLong),
      leaf(at::tensor({7.0}).view({1})),
      leaf(at::tensor({0.1, 0.2, 0.3, 0.4})),
  };
  // Row 0 sees the word and is asked about the number; row 1 the other way round.
  Layout layout;

  Toy() {
    layout.num_rows = 2;
    layout.num_observed = 1;
    layout.num_queries = 1;
    layout.key_site = at::tensor({0, 3}, at::kLong);
    layout.query_site = at::tensor({1, 0}, at::kLong);
    layout.query_echo = at::tensor({0, 1}, at::kLong);
  }

  static at::Tensor leaf(const at::Tensor& column) {
    auto tensor = column.to(at::kFloat);
    if (column.numel() > 1) tensor = tensor.view({-1, 1});
    return tensor.set_requires_grad(true);
  }
};

TEST(FusedTokensTest, AreTheSumsOfWhatAndWhereAndRole) {
  const Toy toy;
  const auto tokens = fused_tokens(toy.parts, toy.layout).flatten();
  const auto expected = at::tensor({7.0, 300 + 10 + 5 + 0.1,      // keys of row 0
                                    7.0, 2000 + 20 + 5 + 0.1,     // of row 1
                                    20 + 5 + 0.3, 10 + 5 + 0.4})  // queries
                            .to(at::kFloat);
  EXPECT_LT(toy::distance(tokens, expected), 1e-3);
}

TEST(FusedTokensTest, ARealisedKeyHasTheSecondRole) {
  Toy toy;
  toy.layout.num_observed = 0;
  toy.layout.num_realised = 1;
  EXPECT_FLOAT_EQ(fused_tokens(toy.parts, toy.layout)[1].item<float>(), 300 + 10 + 5 + 0.2);
}

TEST(FusedTokensTest, GradientsGoWhereTheRowsCameFrom) {
  const Toy toy;
  const auto weight = at::tensor({1.0, 2.0, 4.0, 8.0, 16.0, 32.0}).to(at::kFloat).view({-1, 1});
  (fused_tokens(toy.parts, toy.layout) * weight).sum().backward();
  const auto grad = [](const at::Tensor& t) { return t.grad().flatten(); };
  EXPECT_TRUE(grad(toy.table).equal(at::tensor({0.0F, 0.0F, 2.0F})));
  EXPECT_TRUE(grad(toy.numbers).equal(at::tensor({0.0F, 8.0F})));
  EXPECT_TRUE(grad(toy.parts.cell).equal(at::tensor({2.0F + 32.0F, 8.0F + 16.0F})));
  EXPECT_TRUE(grad(toy.parts.tick).equal(at::tensor({58.0F})));
  EXPECT_TRUE(grad(toy.parts.null).equal(at::tensor({5.0F})));
  EXPECT_TRUE(grad(toy.parts.role).equal(at::tensor({10.0F, 0.0F, 16.0F, 32.0F})));
}

TEST(FusedTokensTest, AWordThatTheTableLacksIsRefused) {
  Toy toy;
  toy.parts.contents[0].index = at::tensor({3, 0}, at::kLong);
  EXPECT_THAT([&] { fused_tokens(toy.parts, toy.layout); },
              ThrowsMessage<c10::Error>(HasSubstr("value 3 of word, which has 3")));
}

}  // namespace
}  // namespace limbic::brain
