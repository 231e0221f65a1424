#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/config/fields.h"

namespace limbic::brain {

/// YAML: `cortex` with `type: transformer`.
struct TransformerConfig {
  int64_t width = 64;
  int64_t blocks = 2;
  int64_t heads = 4;
  int64_t expansion = 4;
  int64_t fourier = 8;
  int64_t scalar_mixture = 32;
  int64_t vector_mixture = 8;
  int64_t vector_rank = 4;
  double scale_floor = 1e-3;
  std::vector<config::Located> pool;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("width", self.width, within<int64_t>(8, 4096),
          "features of a token; a multiple of 8 times heads");
    field("blocks", self.blocks, within<int64_t>(1, 64), "number of transformer blocks");
    field("heads", self.heads, within<int64_t>(1, 64), "attention heads");
    field("expansion", self.expansion, within<int64_t>(1, 16),
          "hidden units of a block's MLP, in widths");
    field("fourier", self.fourier, within<int64_t>(0, 32),
          "log-spaced Fourier frequencies that describe a scalar");
    field("scalar_mixture", self.scalar_mixture, within<int64_t>(1, 256),
          "Gaussians in the head of a scalar");
    field("vector_mixture", self.vector_mixture, within<int64_t>(1, 64),
          "Gaussians in the head of a vector or patch");
    field("vector_rank", self.vector_rank, within<int64_t>(0, 8),
          "factors that the Gaussians of a vector share, fewer than its dimensions");
    field("scale_floor", self.scale_floor, within(1e-6, 0.5),
          "least standard deviation of a Gaussian, in standardised units");
    field("pool", self.pool,
          "modalities whose query states are averaged apart to make the thought; empty: all "
          "together");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

}  // namespace limbic::brain
