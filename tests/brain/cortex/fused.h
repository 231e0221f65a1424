#pragma once

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "toy.h"

/// A toy cortex in float32 or float64, a loss of it, and whether hand-written functions give the
/// gradients that the same operations one by one give.
namespace limbic::brain::fused {

inline Transformer make(const TransformerConfig& config, at::ScalarType type) {
  Transformer cortex = toy::loud(config, toy::schema());
  for (const auto& tensors : {cortex.parameters(), cortex.buffers()}) {
    for (at::Tensor tensor : tensors) {
      if (tensor.scalar_type() == at::kFloat) tensor.set_data(tensor.detach().to(type));
    }
  }
  return cortex;
}

inline worlds::Episodes episodes_of(at::ScalarType type, int64_t rows) {
  auto episodes = toy::episodes(toy::schema(), rows);
  for (at::Tensor& column : episodes.value) {
    if (column.is_floating_point()) column = column.to(type);
  }
  return episodes;
}

/// Of two rows, one of which is padded.
inline at::Tensor loss_of(Transformer& cortex, at::ScalarType type) {
  const auto roles = toy::roles(toy::schema(), {"h o. he ..", "h hh oe .."});
  return cortex.log_prob(episodes_of(type, 2), roles, toy::forwards(roles)).sum() / -7;
}

/// Its gradient in every parameter, and at last it.
inline std::vector<at::Tensor> learn(Transformer& cortex, at::ScalarType type) {
  const auto loss = loss_of(cortex, type);
  auto all = torch::autograd::grad({loss}, cortex.parameters(), {}, /*retain_graph=*/false,
                                   /*create_graph=*/false, /*allow_unused=*/true);
  all.push_back(loss.detach());
  return all;
}

inline void expect_gradients_of_the_plain_path(TransformerConfig config, at::ScalarType type,
                                               double tolerance) {
  config.fused = true;
  Transformer by_hand = make(config, type);
  config.fused = false;
  Transformer plain = make(config, type);
  const auto exact = learn(plain, type), found = learn(by_hand, type);
  const auto names = plain.named_parameters().keys();
  ASSERT_EQ(found.size(), exact.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    const std::string what = i < names.size() ? "gradient of " + names[i] : "loss";
    ASSERT_EQ(found[i].defined(), exact[i].defined()) << what;
    if (!exact[i].defined()) continue;
    const double largest = exact[i].abs().max().item<double>();
    EXPECT_LT(toy::distance(found[i], exact[i]) / (1e-3 + largest), tolerance) << what;
  }
}

}  // namespace limbic::brain::fused
