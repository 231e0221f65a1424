#include "limbic/brain/cortex/transformer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "limbic/brain/cortex/bfloat16.h"
#include "limbic/brain/cortex/transformer_sampler.h"
#include "limbic/brain/init.h"
#include "limbic/config/reader.h"
#include "limbic/core/profile.h"
#include "limbic/worlds/selection.h"

namespace limbic::brain {
namespace {

// [S, P]: 1 where a site belongs to a pool; one pool of everything unless modalities are named.
at::Tensor make_pools(const std::vector<config::Located>& pool, const worlds::Schema& schema,
                      const std::vector<worlds::Site>& sites) {
  const auto num_sites = static_cast<int64_t>(sites.size());
  if (pool.empty()) return at::ones({num_sites, 1});
  auto member = at::zeros({num_sites, static_cast<int64_t>(pool.size())});
  for (size_t p = 0; p < pool.size(); ++p) {
    const auto variables = worlds::select(schema, {pool[p]});
    for (int64_t s = 0; s < num_sites; ++s) {
      if (std::ranges::find(variables, sites[s].variable) != variables.end())
        member[s][static_cast<int64_t>(p)] = 1.0;
    }
  }
  return member;
}

// Of each pool, after how many ticks it has no site any more.
std::vector<int64_t> count_ticks(const at::Tensor& member_SP,
                                 const std::vector<worlds::Site>& sites) {
  std::vector<int64_t> ticks(member_SP.size(1));
  for (int64_t p = 0; p < std::ssize(ticks); ++p) {
    for (int64_t s = 0; s < std::ssize(sites); ++s) {
      if (member_SP[s][p].item<float>() > 0) ticks[p] = std::max(ticks[p], sites[s].tick + 1);
    }
  }
  return ticks;
}

std::shared_ptr<Layouts> prepared(std::vector<Layout> all, bool is_computed_anew) {
  auto layouts = std::make_shared<Layouts>();
  layouts->all = std::move(all);
  layouts->is_computed_anew = is_computed_anew;
  return layouts;
}

const std::vector<Layout>& layouts_of(const Question& question) {
  const auto* const layouts = dynamic_cast<const Layouts*>(question.prepared.get());
  TORCH_CHECK(layouts != nullptr, "a transformer answers questions that it was asked itself");
  return layouts->all;
}

}  // namespace

void DirectConfig::check(config::Reader& reader, const config::Node& node) const {
  if (width > 0) return;
  for (const auto& [key, is_asked_for] : {std::pair{"reads", reads > 0},
                                          {"contrasts", contrasts > 0},
                                          {"pairs", pairs},
                                          {"film", film}}) {
    if (is_asked_for)
      reader.problem(node.find(key)->mark, std::string("direct.") + key + " needs a direct.width");
  }
}

void TransformerConfig::check(config::Reader& reader, const config::Node& node) const {
  if (blocks > 0 && width % (heads * 8) != 0) {
    reader.problem(node.mark, "width must be a multiple of 8 * heads = " +
                                  std::to_string(8 * heads) + ", got " + std::to_string(width));
  }
  if (blocks == 0 && direct.width == 0)
    reader.problem(node.mark,
                   "a cortex without blocks needs direct: {width: ...}, or it sees nothing");
  if (precision == kernels::Precision::kBfloat16 && !fused)
    reader.problem(node.mark, "precision: bfloat16 needs fused: true");
  if (direct.reads > 0 && scalar_mixture % direct.reads != 0) {
    reader.problem(node.mark, "scalar_mixture must be a multiple of direct.reads = " +
                                  std::to_string(direct.reads) + ", got " +
                                  std::to_string(scalar_mixture));
  }
}

Transformer::Transformer(const TransformerConfig& config, const worlds::Schema& schema,
                         const Stream& stream)
    : schema_(schema),
      sites_(worlds::cortical_sites(schema)),
      state_size_(config.state_size()),
      dropout_(std::make_shared<Dropout>(config.dropout)),
      fused_(config.fused),
      trunk_options_{config.heads, kernels::multiplies_bfloat16() ? config.precision
                                                                  : kernels::Precision::kFull} {
  TORCH_CHECK(!sites_.empty(), "the cortex needs at least one variable that it may see");
  for (const worlds::Site& site : sites_) last_tick_ = std::max(last_tick_, site.tick);
  if (config.blocks > 0) make_trunk(config, stream);
  if (config.direct.width > 0)
    direct_ =
        register_module("direct", DirectPath(config, schema, stream.child("direct"), dropout_));
  if (config.base_density.components > 0) {
    base_ = register_module("base", BaseDensity(config.base_density, schema, config.fused));
    num_initial_rows_ = config.base_density.rows;
  }
  heads_ = register_module("heads", Heads(config, schema, base_, stream.child("heads")));
  pool_SP_ = register_buffer("pool", make_pools(config.pool, schema, sites_));
  pool_ticks_ = count_ticks(pool_SP_, sites_);
}

void Transformer::make_trunk(const TransformerConfig& config, const Stream& stream) {
  embedding_ = register_module("embedding", Embedding(config, schema_, stream.child("embedding")));
  for (int64_t i = 0; i < config.blocks; ++i) {
    blocks_.push_back(register_module("block" + std::to_string(i),
                                      Block(config, stream.child("block").at(i), dropout_)));
    const auto own = blocks_.back()->parameters();
    trunk_parameters_.insert(trunk_parameters_.end(), own.begin(), own.end());
  }
  null_ = register_parameter("null", normal_init(stream.child("null"), {config.width}, 0.5));
  role_ = register_parameter("role", normal_init(stream.child("role"), {4, config.width}, 0.5));
  final_weight_ = register_parameter("final_weight", at::ones({config.width}));
  final_bias_ = register_parameter("final_bias", at::zeros({config.width}));
  trunk_parameters_.insert(trunk_parameters_.end(), {final_weight_, final_bias_});
}

Layout Transformer::lay_out(const worlds::Roles& roles, const at::Tensor& rank_BTV, Room room,
                            bool asks_base) const {
  Layout layout = make_layout(schema_, sites_, roles, rank_BTV, room);
  if (!direct_.is_empty() || (asks_base && !base_.is_empty()))
    layout.sees = seen_sites(layout, std::ssize(sites_));
  return layout;
}

// About everything at each tick, from what is observed up to it; no base is asked for it.
std::vector<Layout> Transformer::lay_out_ticks(const at::Tensor& observed_BTV, bool is_even) const {
  std::vector<Layout> layouts;
  for (int64_t tick = 0; tick <= last_tick_; ++tick) {
    auto asked = at::zeros_like(observed_BTV);
    int64_t num_asked = 0;
    for (const worlds::Site& site : sites_) {
      if (site.tick != tick) continue;
      asked.select(1, tick).select(1, site.row_cell).fill_(true);
      ++num_asked;
    }
    auto seen = observed_BTV.clone();
    if (tick + 1 < schema_.num_ticks())
      seen.narrow(1, tick + 1, schema_.num_ticks() - tick - 1).fill_(false);
    const Room room = is_even ? Room{std::ssize(sites_), num_asked} : Room{};
    layouts.push_back(lay_out({seen, asked}, {}, room, /*asks_base=*/false));
  }
  return layouts;
}

Question Transformer::ask(const worlds::Roles& roles, const at::Tensor& rank_BTV) const {
  const int64_t all = is_even_ ? std::ssize(sites_) : 0;
  // Units to drop are drawn meanwhile; that a GPU can record a base's factorisations is unproven.
  const bool is_computed_anew = dropout_->rate() > 0 || !base_.is_empty();
  return Question(
      roles, rank_BTV,
      prepared({lay_out(roles, rank_BTV, {all, all}, /*asks_base=*/true)}, is_computed_anew));
}

Question Transformer::ask_thought(const at::Tensor& observed_BTV) const {
  return Question({observed_BTV, {}}, {},
                  prepared(lay_out_ticks(observed_BTV, is_even_), dropout_->rate() > 0));
}

Layout Transformer::layout_of(const Question& question) const {
  if (question.prepared) return layouts_of(question).front().to(device());
  return lay_out(question.roles, question.rank_BTV, {}, /*asks_base=*/true).to(device());
}

void Transformer::draw_dropout_from(const std::optional<Stream>& stream) {
  dropout_->draw_from(stream);
}

int64_t Transformer::thought_size() const { return state_size_ * pool_SP_.size(1); }

// [B * num_keys, D]: null, observed, realised.
at::Tensor Transformer::key_tokens(const at::Tensor& values_BSD, const Layout& layout) {
  const int64_t width = null_.size(0);
  const auto sites = values_BSD.reshape({-1, width}).index_select(0, layout.key_site);
  const auto by_row =
      sites.view({layout.num_rows, layout.num_observed + layout.num_realised, width});
  const auto observed = by_row.narrow(1, 0, layout.num_observed) + role_[0];
  const auto null = null_.expand({layout.num_rows, 1, width});
  if (layout.num_realised == 0) return at::cat({null, observed}, 1).reshape({-1, width});
  const auto realised = by_row.narrow(1, layout.num_observed, layout.num_realised) + role_[1];
  return at::cat({null, observed, realised}, 1).reshape({-1, width});
}

at::Tensor Transformer::query_tokens(const Layout& layout) {
  return embedding_->places().index_select(0, layout.query_site) +
         role_.narrow(0, 2, 2).index_select(0, layout.query_echo);
}

// What B * num_queries queries bring to the heads, but for what a base says.
QueryState Transformer::queries(const worlds::Episodes& episodes, const Layout& layout) {
  const auto state = blocks_.empty() ? at::Tensor() : trunk(episodes, layout);
  if (direct_.is_empty()) return {state, {}};
  const auto numbers = direct_->numbers(episodes);
  return direct_->forward(state, numbers, layout.sees.to(numbers.scalar_type()), layout.query_site,
                          is_fused() ? &workspaces_ : nullptr);
}

BasePosterior Transformer::base_posterior(const worlds::Episodes& episodes,
                                          const Layout& layout) const {
  if (base_.is_empty()) return {};
  const profile::Span span("base");
  const auto sees = layout.sees.view({layout.num_rows, layout.num_queries, layout.sees.size(1)});
  return base_->posterior(sees, episodes, layout.query_site);
}

void Transformer::initialise_from(const worlds::Episodes& rows, const Stream& stream) {
  if (!base_.is_empty()) base_->initialise_from(rows, stream.child("base"));
}

std::vector<std::string> Transformer::kept_buffers() const {
  if (base_.is_empty()) return {};
  return {"base.log_weight", "base.mean", "base.covariance", "base.log_choice"};
}

// Final states of the trunk's query stream, [B * num_queries, D].
at::Tensor Transformer::trunk(const worlds::Episodes& episodes, const Layout& layout) {
  if (!is_fused()) {
    const auto values = embedding_->values(episodes);
    return run_blocks(at::cat({key_tokens(values, layout), query_tokens(layout)}, 0), layout);
  }
  const auto tokens = fused_tokens(embedding_->parts(episodes, null_, role_), layout);
  if (dropout_->is_active()) return run_blocks(tokens, layout);
  return fused_trunk(tokens, trunk_parameters_, layout, trunk_options_, workspaces_);
}

bool Transformer::is_fused() const { return fused_ && device().is_cpu(); }

at::Tensor Transformer::run_blocks(at::Tensor x, const Layout& layout) {
  const int64_t num_keys = layout.num_rows * layout.num_keys();
  const int64_t num_queries = layout.num_rows * layout.num_queries;
  const Reach key_reach{layout.num_rows, layout.key_prefix, layout.key_padding};
  const Reach query_reach{layout.num_rows, layout.query_prefix, layout.key_padding};
  for (size_t i = 0; i < blocks_.size(); ++i) {
    auto& block = *blocks_[i];
    const auto normed = block.norm(x);
    const auto keys = block.keys(normed.narrow(0, 0, num_keys));
    const auto read = block.attend(normed.narrow(0, num_keys, num_queries), keys, query_reach);
    if (i + 1 == blocks_.size()) {  // nobody reads the keys' own states any more
      x = block.finish(x.narrow(0, num_keys, num_queries), read);
    } else {
      x = block.finish(
          x, at::cat({block.attend(normed.narrow(0, 0, num_keys), keys, key_reach), read}, 0));
    }
  }
  return at::layer_norm(x, {x.size(1)}, final_weight_, final_bias_);
}

// Raw values of what is asked about one variable: [n] or [n, size].
at::Tensor Transformer::asked_values(int64_t variable, const worlds::Episodes& episodes,
                                     const Layout::Asked& asked) const {
  const auto& column = episodes.value[variable];
  const auto flat = schema_[variable].kind == worlds::Kind::kVector
                        ? column.reshape({-1, column.size(-1)})
                        : column.reshape({-1});
  return flat.index_select(0, asked.value);
}

at::Tensor Transformer::log_prob(const worlds::Episodes& episodes, const Question& question) {
  const auto layout = layout_of(question);
  const auto& shape = question.roles.asked_BTV.sizes();
  const int64_t num_cells = question.roles.asked_BTV.numel();
  auto result = at::zeros({num_cells + 1}, pool_SP_.options());  // the last is padding's
  if (layout.num_queries == 0) return result.narrow(0, 0, num_cells).view(shape);
  auto states = queries(episodes, layout);
  states.base = base_posterior(episodes, layout);
  std::vector<HeadQueries> fused_queries;
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const auto& asked = layout.asked[i];
    if (asked.query.numel() == 0) continue;
    const auto values = asked_values(i, episodes, asked);
    const auto queries = is_fused() ? heads_->fused(i, asked, values, states) : std::nullopt;
    if (queries) {
      fused_queries.push_back(*queries);
      continue;
    }
    const auto params = heads_->params(i, states.select(asked.query));
    result = result.index_copy(0, asked.cell, heads_->log_prob(i, params, values));
  }
  if (!fused_queries.empty())
    result = result + fused_heads(states.state, fused_queries, result.size(0));
  return result.narrow(0, 0, num_cells).view(shape);
}

Marginals Transformer::marginals(const worlds::Episodes& episodes, const Question& question) {
  const auto layout = layout_of(question);
  auto states = queries(episodes, layout);
  states.base = base_posterior(episodes, layout);
  Marginals result;
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const auto& variable = schema_[i];
    if (variable.access != worlds::Access::kCortex) {
      result.emplace_back(Categorical{});
      continue;
    }
    const auto& asked = layout.asked[i];
    const auto asked_params = heads_->params(i, states.select(asked.query));
    const int64_t num_places = layout.num_rows * variable.num_ticks * variable.num_cells;
    const auto params = at::zeros({num_places + 1, asked_params.size(1)}, asked_params.options())
                            .index_copy(0, asked.place, asked_params)
                            .narrow(0, 0, num_places);  // without padding's
    result.push_back(heads_->distribution(
        i, params.view({layout.num_rows, variable.num_ticks, variable.num_cells, -1})));
  }
  return result;
}

at::Tensor Transformer::pooled_thought(const worlds::Episodes& episodes, const Layout& layout) {
  const auto states =
      queries(episodes, layout).state.view({layout.num_rows, layout.num_queries, -1});
  const auto counts = layout.query_there.to(states.scalar_type()).unsqueeze(1);
  const auto weight = (pool_SP_.index_select(0, layout.query_site) * counts)
                          .view({layout.num_rows, layout.num_queries, -1});
  const auto pooled =
      at::matmul(weight.transpose(1, 2), states) / weight.sum(1).clamp_min(1).unsqueeze(2);
  return pooled.reshape({layout.num_rows, -1});
}

// Pools that have no site at this tick stand still.
at::Tensor Transformer::hold_ended_pools(const at::Tensor& thought, const at::Tensor& before,
                                         int64_t tick) const {
  const auto has_ended = [&](int64_t ticks) { return ticks <= tick; };
  if (std::ranges::none_of(pool_ticks_, has_ended)) return thought;
  std::vector<at::Tensor> parts;
  for (int64_t p = 0; p < std::ssize(pool_ticks_); ++p)
    parts.push_back(
        (has_ended(pool_ticks_[p]) ? before : thought).narrow(1, p * state_size_, state_size_));
  return at::cat(parts, 1);
}

at::Tensor Transformer::think(const worlds::Episodes& episodes, const Question& question) {
  std::vector<at::Tensor> thoughts;
  std::vector<Layout> made;
  if (!question.prepared) made = lay_out_ticks(question.roles.observed_BTV, /*is_even=*/false);
  for (const Layout& layout : question.prepared ? layouts_of(question) : made) {
    const bool is_taught = std::ssize(thoughts) < question.taught_ticks;
    const at::AutoGradMode mode(is_taught && at::GradMode::is_enabled());
    const auto thought = pooled_thought(episodes, layout.to(device()));
    const auto& before = thoughts.empty() ? thought : thoughts.back();
    thoughts.push_back(hold_ended_pools(thought, before, std::ssize(thoughts)));
  }
  thoughts.resize(schema_.num_ticks(), thoughts.back());  // past the last site it stands still
  return at::stack(thoughts, 1);
}

worlds::Episodes Transformer::sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                                     const SamplingOptions& options, const Stream& stream) {
  const at::NoGradGuard no_grad;
  const worlds::Roles hidden{roles.observed_BTV, worlds::hidden_cells(roles)};
  const auto rank = options.rank_BTV.defined()
                        ? options.rank_BTV
                        : worlds::random_order(hidden.asked_BTV, stream.child("order"));
  const auto layout = lay_out(hidden, rank, {}, /*asks_base=*/true);
  return TransformerSampler({schema_, sites_, embedding_, blocks_, direct_, base_, *heads_, role_,
                             null_, final_weight_, final_bias_},
                            layout)
      .run(episodes, hidden.asked_BTV, options, stream.child("values"));
}

}  // namespace limbic::brain
