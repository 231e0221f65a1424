#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>
#include <vector>

#include "limbic/brain/cortex/layout.h"

namespace limbic::brain {

/// What the values of one variable say: a row of `rows` each, in their order or as `index` tells.
struct Content {
  std::string_view variable;
  int64_t num_sites;  // of the variable in a row of episodes
  at::Tensor rows;    // [B * num_sites, D]; of a category its table [size, D]
  at::Tensor index;   // of a category: [B * num_sites] in [size]; else undefined
};

/// What tokens are the sums of.
///
/// Shapes  B rows of episodes, S sites, D width.
struct TokenParts {
  std::vector<Content> contents;    // in the order of sites
  at::Tensor cell, tick;            // [V, D], [T, D]
  at::Tensor site_cell, site_tick;  // [S]: where each site is
  at::Tensor null;                  // [D]
  at::Tensor role;                  // [4, D]: observed, realised, query, echo
};

/// The keys of every row (null, observed, realised), then the queries of every row: [tokens, D] in
/// one pass over them, and another one backward.
at::Tensor fused_tokens(const TokenParts& parts, const Layout& layout);

}  // namespace limbic::brain
