#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/brain/cortex/base/base_config.h"
#include "limbic/brain/cortex/gemm.h"
#include "limbic/brain/cortex/mixture_kernels.h"
#include "limbic/config/fields.h"

namespace limbic::brain {

/// YAML: `cortex.direct`, a way from raw values to the heads past the trunk.
struct DirectConfig {
  int64_t width = 0;
  int64_t layers = 3;
  int64_t reads = 0;
  int64_t contrasts = 0;
  bool pairs = false;
  bool film = false;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("width", self.width, within<int64_t>(0, 4096),
          "hidden units of the network that reads raw values beside a query's state; 0: none");
    field("layers", self.layers, within<int64_t>(1, 16), "its layers");
    field("reads", self.reads, within<int64_t>(0, 64),
          "linear read-outs of raw values, weighted query by query, that shift the means of a "
          "scalar's Gaussians; they share them in turn");
    field("contrasts", self.contrasts, within<int64_t>(0, 256),
          "learned sums of raw values, first of one minus another, that enter at three scales (1, "
          "1/8 and 1/64 of a deviation): they show whether values nearly agree");
    field("pairs", self.pairs,
          "whether every difference of two scalars enters, by its sign and its order of magnitude: "
          "for scales that vary, of up to 64 scalars");
    field("film", self.film,
          "whether each site has a gain and a bias of its own in every layer (feature-wise linear "
          "modulation), so that cells of one variable need not be answered alike; false: a bias in "
          "the first");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

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
  double dropout = 0.0;
  bool fused = true;
  kernels::Precision precision = kernels::Precision::kFull;
  std::vector<config::Located> pool;
  DirectConfig direct;
  BaseConfig base_density;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("width", self.width, within<int64_t>(8, 4096),
          "features of a token; a multiple of 8 times heads");
    field("blocks", self.blocks, within<int64_t>(0, 64),
          "number of transformer blocks; 0: the direct path alone");
    field("heads", self.heads, within<int64_t>(1, 64), "attention heads");
    field("expansion", self.expansion, within<int64_t>(1, 16),
          "hidden units of a block's MLP, in widths");
    field("fourier", self.fourier, within<int64_t>(0, 32),
          "log-spaced Fourier frequencies that describe a scalar");
    field("scalar_mixture", self.scalar_mixture, within<int64_t>(1, 256),
          "Gaussians in the head of a scalar");
    field("vector_mixture", self.vector_mixture, within<int64_t>(1, 64),
          "Gaussians in the head of a vector or patch");
    field("vector_rank", self.vector_rank, within<int64_t>(0, kernels::kMaxRank),
          "factors that the Gaussians of a vector share, fewer than its dimensions");
    field("scale_floor", self.scale_floor, within(1e-6, 0.5),
          "least standard deviation of a Gaussian, in standardised units; its reciprocal is the "
          "largest");
    field(
        "dropout", self.dropout, within(0.0, 0.9),
        "share of a block's reads, of its MLP's output and of the direct path's hidden units that "
        "is dropped while it learns; for small data");
    field("fused", self.fused,
          "tokens, blocks (unless units of theirs are dropped), direct path and heads as functions "
          "with hand-written backwards, on the CPU; false: operation by operation");
    field("precision", self.precision,
          "what the operands of fused blocks' matrix products are rounded to (bfloat16: where the "
          "processor has AVX-512 BF16 or AMX, else float32); weights and sums stay float32");
    field("pool", self.pool,
          "modalities whose query states are averaged apart to make the thought; empty: all "
          "together");
    field("direct", self.direct,
          "a way from raw values to the heads past the trunk, for narrow and curved structure");
    field("base_density", self.base_density,
          "a mixture of Gaussians over all scalars, fitted before the first step, that heads start "
          "from; for tables of few rows");
  }
  /// Of a query's state when it comes to the heads.
  [[nodiscard]] int64_t state_size() const { return direct.width > 0 ? direct.width : width; }
  void check(config::Reader& reader, const config::Node& node) const;
};

}  // namespace limbic::brain
