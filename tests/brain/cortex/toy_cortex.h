#pragma once

#include <array>
#include <string_view>

#include "limbic/brain/cortex/transformer.h"
#include "limbic/worlds/standard_units.h"
#include "toy.h"

/// Small transformers over the toy schema, one for each way from values to heads.
namespace limbic::brain::toy {

inline TransformerConfig tiny(int64_t blocks = 2) {
  TransformerConfig config;
  config.width = 16;
  config.blocks = blocks;
  config.heads = 2;
  config.expansion = 2;
  config.fourier = 3;
  config.scalar_mixture = 4;
  config.vector_mixture = 3;
  config.vector_rank = 2;
  return config;
}

/// The same with a direct path, and one that has nothing else.
inline TransformerConfig direct(int64_t blocks) {
  TransformerConfig config = tiny(blocks);
  config.direct = {.width = 24, .layers = 2, .reads = 2, .contrasts = 3};
  return config;
}

/// The ways from values to heads, by name.
inline constexpr std::array kPaths = {"trunk",
                                      "trunk and direct path",
                                      "direct path",
                                      "direct path with pairs",
                                      "both over a base",
                                      "direct path with film"};
inline TransformerConfig named(std::string_view path) {
  if (path == kPaths[0]) return tiny();
  TransformerConfig config = direct(path == kPaths[1] || path == kPaths[4] ? 2 : 0);
  config.direct.pairs = path == kPaths[3];
  config.direct.film = path == kPaths[5];
  if (path == kPaths[4]) config.base_density.components = 4;
  return config;
}

/// Heads far from their quiet start, so that what a query reads shows in what it predicts; where
/// there is a base, heavier than it; where sites modulate, gains and biases as different as sites.
inline Transformer loud(const TransformerConfig& config, const worlds::Schema& schema) {
  Transformer cortex(config, schema, Stream(11));
  worlds::Episodes rows = episodes(schema, 60, /*seed=*/7);
  for (int64_t i = 0; i < schema.size(); ++i)
    rows.value[i] = worlds::restored(schema[i].transform, rows.value[i]);
  cortex.initialise_from(rows, Stream(12));
  const at::NoGradGuard no_grad;
  for (const auto& item : cortex.named_parameters()) {
    if (item.key().starts_with("heads.weight_")) item.value().mul_(10);
    if (item.key().starts_with("heads.bias_"))
      item.value().masked_fill_(item.value().eq(HeadsImpl::kFirstGate), -4);
    if (item.key() == "heads.weight_x" && config.direct.reads > 0)
      item.value().slice(0, 3 * config.scalar_mixture).fill_(0.05);
    const bool modulates = item.key().starts_with("direct.gain") ||
                           (config.direct.film && item.key().starts_with("direct.bias"));
    if (modulates) item.value().copy_(cortex.named_parameters()["direct.site"].sin());
  }
  return cortex;
}

}  // namespace limbic::brain::toy
