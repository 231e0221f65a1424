#include "limbic/brain/cortex/transformer_sampler.h"

#include <ATen/ATen.h>

namespace limbic::brain {

using worlds::Episodes;

TransformerSampler::TransformerSampler(const TransformerParts& parts, const Layout& layout)
    : parts_(parts), layout_(layout), cache_(parts.blocks.size()) {
  if (parts.direct.is_empty()) return;
  sees_ = layout.sees.view({layout.num_rows, layout.num_queries, layout.sees.size(1)})
              .to(parts.direct->parameters()[0].options());
}

Episodes TransformerSampler::run(const Episodes& episodes, const at::Tensor& asked_BTV,
                                 const Dials& dials, const Stream& stream) {
  Episodes drawn = episodes;
  for (auto& column : drawn.value) column = column.clone(at::MemoryFormat::Contiguous);
  drawn.present_BTV = episodes.present_BTV.logical_or(asked_BTV);
  if (!parts_.blocks.empty()) read_context(episodes);
  for (int64_t step = 0; step < layout_.num_queries; ++step) {
    const at::Tensor states = parts_.blocks.empty() ? at::Tensor() : advance(step, drawn);
    draw(step, refine(step, states, drawn), drawn, dials, stream.at(step));
  }
  return drawn;
}

// The keys of null and observed tokens, in every block.
void TransformerSampler::read_context(const Episodes& episodes) {
  const int64_t rows = layout_.num_rows;
  const int64_t width = parts_.null.size(0);
  const int64_t context = 1 + layout_.num_observed;
  const auto all_sites = layout_.key_site.view({rows, -1});
  const auto observed =
      all_sites.narrow(1, 0, layout_.num_observed).reshape({-1}).to(parts_.null.device());
  const auto tokens =
      parts_.embedding->values(episodes).reshape({-1, width}).index_select(0, observed) +
      parts_.role[0];
  auto x = at::cat({parts_.null.expand({rows, 1, width}), tokens.view({rows, -1, width})}, 1)
               .reshape({-1, width});
  const std::vector<int64_t> prefix(context, context);
  at::Tensor padding;
  if (layout_.key_padding.defined())
    padding = layout_.key_padding.narrow(1, 0, context).contiguous().to(x.device());
  for (size_t i = 0; i < parts_.blocks.size(); ++i) {
    auto& block = *parts_.blocks[i];
    const auto normed = block.norm(x);
    const auto keys = block.keys(normed);
    cache_[i] = keys.view({rows, context, 2 * width});
    if (i + 1 < parts_.blocks.size())
      x = block.finish(x, block.attend(normed, keys, {rows, prefix, padding}));
  }
}

// Final states of this step's queries, [B, D], after the cell drawn one step before has become a
// key.
at::Tensor TransformerSampler::advance(int64_t step, const Episodes& episodes) {
  const int64_t rows = layout_.num_rows;
  const int64_t width = parts_.null.size(0);
  const auto device = parts_.null.device();
  const auto site = layout_.query_site.view({rows, -1}).select(1, step).to(device);
  const auto query = parts_.embedding->places().index_select(0, site) + parts_.role[2];
  const bool has_key = step > 0;
  auto x = query.view({rows, 1, width});
  if (has_key) {
    const auto last =
        layout_.key_site.view({rows, -1}).select(1, layout_.num_observed + step - 1).to(device);
    const auto token =
        parts_.embedding->values(episodes).reshape({-1, width}).index_select(0, last) +
        parts_.role[1];
    x = at::cat({token.view({rows, 1, width}), x}, 1);
  }
  const int64_t num_tokens = x.size(1);
  x = x.reshape({-1, width});
  const int64_t num_keys = 1 + layout_.num_observed + step;
  const std::vector<int64_t> prefix(num_tokens, num_keys);
  at::Tensor padding;
  if (layout_.key_padding.defined())
    padding = layout_.key_padding.narrow(1, 0, num_keys).contiguous().to(device);
  for (size_t i = 0; i < parts_.blocks.size(); ++i) {
    auto& block = *parts_.blocks[i];
    const auto normed = block.norm(x);
    if (has_key) {
      const auto key = block.keys(normed.view({rows, num_tokens, width}).select(1, 0))
                           .view({rows, 1, 2 * width});
      cache_[i] = at::cat({cache_[i], key}, 1);
    }
    x = block.finish(
        x, block.attend(normed, cache_[i].reshape({-1, 2 * width}), {rows, prefix, padding}));
  }
  const auto states = x.view({rows, num_tokens, width}).select(1, num_tokens - 1);
  return at::layer_norm(states, {width}, parts_.final_weight, parts_.final_bias);
}

// What this step's queries bring to the heads.
QueryState TransformerSampler::refine(int64_t step, const at::Tensor& states,
                                      const Episodes& episodes) {
  if (parts_.direct.is_empty()) return {states, {}};
  const auto site = layout_.query_site.view({layout_.num_rows, -1}).select(1, step);
  return parts_.direct->forward(states, parts_.direct->numbers(episodes), sees_.select(1, step),
                                site.to(sees_.device()));
}

void TransformerSampler::draw(int64_t step, const QueryState& query, Episodes& episodes,
                              const Dials& dials, const Stream& stream) const {
  const auto device = query.state.device();
  for (int64_t i = 0; i < parts_.schema.size(); ++i) {
    const auto& asked = layout_.asked[i];
    const auto here =
        (asked.query % std::max<int64_t>(layout_.num_queries, 1)).eq(step).nonzero().squeeze(1);
    if (here.numel() == 0) continue;
    const auto row = asked.query.index_select(0, here).div(layout_.num_queries, "floor");
    const auto params = parts_.heads.params(i, query.select(row.to(device)));
    const auto values = limbic::brain::sample(parts_.heads.distribution(i, params),
                                              parts_.schema[i], dials.temperature, stream.at(i));
    auto& column = episodes.value[i];
    const bool vector = parts_.schema[i].kind == worlds::Kind::kVector;
    auto flat = vector ? column.view({-1, column.size(-1)}) : column.view({-1});
    flat.index_copy_(0, asked.value.index_select(0, here).to(device),
                     values.to(flat.scalar_type()));
  }
}

}  // namespace limbic::brain
