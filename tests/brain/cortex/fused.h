#pragma once

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>
#include <vector>

#include "toy_cortex.h"

/// A toy cortex in float32 or float64, a loss of it, and whether hand-written functions give the
/// gradients that the same operations one by one give.
namespace limbic::brain::fused {

/// What is asked, as toy::roles has it: of two rows, one of which is padded.
struct Asked {
  worlds::Schema schema = toy::schema();
  std::vector<std::string> roles = {"h o. he ..", "h hh oe .."};
};

inline Transformer make(const TransformerConfig& config, at::ScalarType type,
                        const Asked& asked = {}) {
  Transformer cortex = toy::loud(config, asked.schema);
  cortex.draw_dropout_from(Stream(13));
  for (const auto& tensors : {cortex.parameters(), cortex.buffers()}) {
    for (at::Tensor tensor : tensors) {
      if (tensor.scalar_type() == at::kFloat) tensor.set_data(tensor.detach().to(type));
    }
  }
  return cortex;
}

inline at::Tensor loss_of(Transformer& cortex, at::ScalarType type, const Asked& asked = {}) {
  auto episodes = toy::episodes(asked.schema, std::ssize(asked.roles));
  for (at::Tensor& column : episodes.value) {
    if (column.is_floating_point()) column = column.to(type);
  }
  const auto roles = toy::roles(asked.schema, asked.roles);
  return cortex.log_prob(episodes, roles, toy::forwards(roles)).sum() / -7;
}

/// Its gradient in every parameter, and at last it.
inline std::vector<at::Tensor> learn(Transformer& cortex, at::ScalarType type,
                                     const Asked& asked = {}) {
  const auto loss = loss_of(cortex, type, asked);
  auto all = torch::autograd::grad({loss}, cortex.parameters(), {}, /*retain_graph=*/false,
                                   /*create_graph=*/false, /*allow_unused=*/true);
  all.push_back(loss.detach());
  return all;
}

inline void expect_gradients_of_the_plain_path(TransformerConfig config, at::ScalarType type,
                                               double tolerance, const Asked& asked = {}) {
  config.fused = true;
  Transformer fused = make(config, type, asked);
  config.fused = false;
  Transformer plain = make(config, type, asked);
  const auto exact = learn(plain, type, asked), found = learn(fused, type, asked);
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
