#include "limbic/brain/cortex/transformer_sampler.h"

#include <ATen/ATen.h>

namespace limbic::brain {

using worlds::Episodes;

TransformerSampler::TransformerSampler(const TransformerParts& parts, const Layout& layout)
    : parts_(parts), layout_(layout), turns_(layout.num_queries) {
  for (int64_t i = 0; i < parts.schema.size(); ++i) take_turns(i);
  if (layout.sees.defined()) {
    sees_ = layout.sees.view({layout.num_rows, layout.num_queries, layout.sees.size(1)})
                .to(parts.heads.parameters()[0].options());
  }
  if (!parts.base.is_empty()) factor_ = parts.base->factor(sees_);
  if (parts.blocks.empty()) return;
  const auto& null = parts.null;
  places_SD_ = parts_.embedding->places();
  drawn_BD_ = at::zeros({layout.num_rows, null.size(0)}, null.options());
  if (layout.key_padding.defined()) padding_ = layout.key_padding.to(null.device());
  for (size_t i = 0; i < parts.blocks.size(); ++i) {
    cache_.push_back(
        at::zeros({layout.num_rows, layout.num_keys(), 2 * null.size(0)}, null.options()));
  }
}

// Deals out the queries about a variable to the steps at which they are answered.
void TransformerSampler::take_turns(int64_t variable) {
  const auto& asked = layout_.asked[variable];
  std::vector<std::vector<int64_t>> rows(turns_.size()), values(turns_.size());
  for (int64_t k = 0; k < asked.query.size(0); ++k) {
    const int64_t query = asked.query.const_data_ptr<int64_t>()[k];
    rows[query % layout_.num_queries].push_back(query / layout_.num_queries);
    values[query % layout_.num_queries].push_back(asked.value.const_data_ptr<int64_t>()[k]);
  }
  for (size_t step = 0; step < turns_.size(); ++step) {
    if (!rows[step].empty())
      turns_[step].push_back(
          {variable, at::tensor(rows[step], at::kLong), at::tensor(values[step], at::kLong)});
  }
}

Episodes TransformerSampler::run(const Episodes& episodes, const at::Tensor& asked_BTV,
                                 const SamplingOptions& options, const Stream& stream) {
  Episodes drawn = episodes;
  for (auto& column : drawn.value) column = column.clone(at::MemoryFormat::Contiguous);
  drawn.present_BTV = episodes.present_BTV.logical_or(asked_BTV);
  if (!parts_.blocks.empty()) read_context(episodes);
  for (int64_t step = 0; step < layout_.num_queries; ++step) {
    const at::Tensor states = parts_.blocks.empty() ? at::Tensor() : advance(step);
    draw(step, refine(step, states, drawn), drawn, options, stream.at(step));
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
  const auto prefix = at::full({context}, context, places_SD_.options().dtype(at::kLong));
  const auto padding =
      padding_.defined() ? padding_.narrow(1, 0, context).contiguous() : at::Tensor();
  for (size_t i = 0; i < parts_.blocks.size(); ++i) {
    auto& block = *parts_.blocks[i];
    const auto normed = block.norm(x);
    const auto keys = block.keys(normed);
    cache_[i].narrow(1, 0, context).copy_(keys.view({rows, context, 2 * width}));
    if (i + 1 < parts_.blocks.size())
      x = block.finish(x, block.attend(normed, keys, {rows, prefix, padding}));
  }
}

// Final states of this step's queries, [B, D], after the cell drawn one step before has become a
// key.
at::Tensor TransformerSampler::advance(int64_t step) {
  const int64_t rows = layout_.num_rows, width = parts_.null.size(0);
  const auto place = [&](int64_t at) {
    const auto site = layout_.query_site.view({rows, -1}).select(1, at);
    return places_SD_.index_select(0, site.to(places_SD_.device()));
  };
  auto x = (place(step) + parts_.role[2]).unsqueeze(1);
  const bool has_key = step > 0;
  if (has_key) {
    const auto key = drawn_BD_ + place(step - 1) + parts_.role[1];
    x = at::cat({key.unsqueeze(1), x}, 1);
  }
  const int64_t num_tokens = x.size(1);
  x = x.reshape({-1, width});
  const int64_t num_keys = 1 + layout_.num_observed + step;
  const auto prefix = at::full({num_tokens}, num_keys, places_SD_.options().dtype(at::kLong));
  for (size_t i = 0; i < parts_.blocks.size(); ++i) {
    auto& block = *parts_.blocks[i];
    const auto normed = block.norm(x);
    if (has_key) {
      cache_[i]
          .select(1, num_keys - 1)
          .copy_(block.keys(normed.view({rows, num_tokens, width}).select(1, 0)));
    }
    x = block.finish(
        x, block.attend(normed, cache_[i].view({-1, 2 * width}), {rows, prefix, padding_}));
  }
  const auto states = x.view({rows, num_tokens, width}).select(1, num_tokens - 1);
  return at::layer_norm(states, {width}, parts_.final_weight, parts_.final_bias);
}

// What this step's queries bring to the heads.
QueryState TransformerSampler::refine(int64_t step, const at::Tensor& states,
                                      const Episodes& episodes) {
  if (!sees_.defined()) return {states, {}};
  const auto site =
      layout_.query_site.view({layout_.num_rows, -1}).select(1, step).to(sees_.device());
  QueryState query{states, {}};
  if (!parts_.direct.is_empty()) {
    query = parts_.direct->forward(states, parts_.direct->numbers(episodes), sees_.select(1, step),
                                   site);
  }
  if (!parts_.base.is_empty())
    query.base = parts_.base->posterior(factor_, episodes, site, step, 1);
  return query;
}

void TransformerSampler::draw(int64_t step, const QueryState& query, Episodes& episodes,
                              const SamplingOptions& options, const Stream& stream) {
  const auto device = query.state.device();
  for (const auto& [variable, turn_row, turn_value] : turns_[step]) {
    const auto row = turn_row.to(device), value = turn_value.to(device);
    const auto params = parts_.heads.params(variable, query.select(row));
    auto& column = episodes.value[variable];
    const auto values =
        limbic::brain::sample(parts_.heads.distribution(variable, params), parts_.schema[variable],
                              options.temperature, stream.at(variable))
            .to(column.scalar_type());
    const bool is_vector = parts_.schema[variable].kind == worlds::Kind::kVector;
    auto flat = is_vector ? column.view({-1, column.size(-1)}) : column.view({-1});
    flat.index_copy_(0, value, values);
    if (drawn_BD_.defined())
      drawn_BD_.index_copy_(0, row, parts_.embedding->content(variable, values));
  }
}

}  // namespace limbic::brain
