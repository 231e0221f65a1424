#pragma once

#include <vector>

#include "limbic/brain/cortex/block.h"
#include "limbic/brain/cortex/cortex.h"
#include "limbic/brain/cortex/embedding.h"
#include "limbic/brain/cortex/heads.h"
#include "limbic/brain/cortex/layout.h"

namespace limbic::brain {

/// The parts of a transformer that sampling walks through.
struct TransformerParts {
  const worlds::Schema& schema;
  const std::vector<worlds::Site>& sites;
  Embedding& embedding;
  std::vector<Block>& blocks;
  DirectPath& direct;
  BaseDensity& base;
  HeadsImpl& heads;
  const at::Tensor& role;
  const at::Tensor& null;
  const at::Tensor& final_weight;
  const at::Tensor& final_bias;
};

/// Draws the hidden cells of each row one after the other, in the order of a joint layout, keeping
/// every block's keys.
///
/// Cost    one token and one query a row and hidden cell, instead of a whole pass each.
class TransformerSampler {
 public:
  TransformerSampler(const TransformerParts& parts, const Layout& layout);
  worlds::Episodes run(const worlds::Episodes& episodes, const at::Tensor& asked_BTV,
                       const SamplingOptions& options, const Stream& stream);

 private:
  struct Turn {  // whose turn it is at a step: one variable's cells
    int64_t variable;
    at::Tensor row;    // [n]
    at::Tensor value;  // [n] in the column
  };
  void take_turns(int64_t variable);
  void read_context(const worlds::Episodes& episodes);
  at::Tensor advance(int64_t step);
  QueryState refine(int64_t step, const at::Tensor& states, const worlds::Episodes& episodes);
  void draw(int64_t step, const QueryState& query, worlds::Episodes& episodes,
            const SamplingOptions& options, const Stream& stream);

  TransformerParts parts_;
  Layout layout_;
  at::Tensor sees_;                       // [B, Q, S], where a direct path or a base asks
  BaseDensityImpl::Factor factor_;        // of the base, where there is one
  std::vector<std::vector<Turn>> turns_;  // per step
  at::Tensor padding_;                    // of keys, on the device; may be undefined
  at::Tensor places_SD_;                  // of the trunk, as below
  at::Tensor drawn_BD_;                   // what the last step's values say, without their places
  std::vector<at::Tensor> cache_;  // per block: keys, as far as they are known, [B, num_keys, 2 D]
};

}  // namespace limbic::brain
