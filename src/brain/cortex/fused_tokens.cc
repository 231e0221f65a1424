#include "limbic/brain/cortex/fused_tokens.h"

#include <torch/torch.h>

#include "limbic/brain/cortex/gradient_places.h"
#include "limbic/brain/cortex/token_kernels.h"
#include "limbic/core/profile.h"

namespace limbic::brain {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

enum Input : size_t { kCell, kTick, kNull, kRole, kFirstContent };
constexpr int64_t kNothing = -1, kNullToken = -2;  // instead of a content

/// What one token is the sum of.
struct Token {
  int64_t content;  // which of those that are looked at, or one of the words above
  int64_t row;      // of that content
  int64_t site, role;
};

/// All tokens of a layout, kept with the graph.
struct Tokens : torch::CustomClassHolder {
  std::vector<Token> all;
  std::vector<int64_t> site_cell, site_tick;
  std::vector<size_t> looked_at;  // contents; no graph is made of the others

  Tokens(const TokenParts& parts, const Layout& layout)
      : site_cell(list(parts.site_cell)), site_tick(list(parts.site_tick)) {
    for (size_t c = 0; c < parts.contents.size(); ++c) {
      first_site_.push_back(std::ssize(content_of_));
      content_of_.insert(content_of_.end(), parts.contents[c].num_sites, c);
    }
    place_.assign(parts.contents.size(), kNothing);
    for (int64_t row = 0; row < layout.num_rows; ++row) add_keys(parts, layout, row);
    const int64_t* const site = layout.query_site.const_data_ptr<int64_t>();
    const int64_t* const echo = layout.query_echo.const_data_ptr<int64_t>();
    for (int64_t q = 0; q < layout.query_site.size(0); ++q)
      all.push_back({kNothing, 0, site[q], 2 + echo[q]});
  }

 private:
  static std::vector<int64_t> list(const at::Tensor& tensor) {
    const auto* const begin = tensor.const_data_ptr<int64_t>();
    return {begin, begin + tensor.numel()};
  }

  void add_keys(const TokenParts& parts, const Layout& layout, int64_t row) {
    const auto num_sites = std::ssize(content_of_);
    const int64_t keys = layout.num_keys() - 1;
    const int64_t* const key_site = layout.key_site.const_data_ptr<int64_t>() + row * keys;
    all.push_back({kNullToken, 0, 0, 0});
    for (int64_t k = 0; k < keys; ++k) {
      const int64_t site = key_site[k] - row * num_sites;
      const auto c = static_cast<size_t>(content_of_[site]);
      const Content& content = parts.contents[c];
      const int64_t value = row * content.num_sites + site - first_site_[c];
      const int64_t at =
          content.index.defined() ? content.index.const_data_ptr<int64_t>()[value] : value;
      TORCH_CHECK_INDEX(at >= 0 && at < content.rows.size(0), "value ", at, " of ",
                        content.variable, ", which has ", content.rows.size(0));
      all.push_back({place_of(c), at, site, k < layout.num_observed ? 0 : 1});
    }
  }

  int64_t place_of(size_t content) {
    if (place_[content] == kNothing) {
      place_[content] = std::ssize(looked_at);
      looked_at.push_back(content);
    }
    return place_[content];
  }

  std::vector<int64_t> content_of_;  // of each site
  std::vector<int64_t> first_site_;  // of each content
  std::vector<int64_t> place_;       // of each content among those that are looked at
};

// Of each site, [S, D].
template <class T>
std::vector<T> places_of(const Tokens& tokens, const tensor_list& inputs, int64_t width) {
  const T* const cell = inputs[kCell].const_data_ptr<T>();
  const T* const tick = inputs[kTick].const_data_ptr<T>();
  std::vector<T> places(tokens.site_cell.size() * width);
  for (size_t s = 0; s < tokens.site_cell.size(); ++s) {
    for (int64_t d = 0; d < width; ++d)
      places[s * width + d] =
          cell[tokens.site_cell[s] * width + d] + tick[tokens.site_tick[s] * width + d];
  }
  return places;
}

template <class T>
void run_forward(const Tokens& tokens, const tensor_list& inputs, at::Tensor& out) {
  const int64_t width = out.size(1);
  const auto places = places_of<T>(tokens, inputs, width);
  const T* const role = inputs[kRole].const_data_ptr<T>();
  std::vector<const T*> contents;
  for (const at::Tensor& input : inputs) contents.push_back(input.const_data_ptr<T>());
  std::vector<kernels::TokenRows<T>> rows;
  rows.reserve(tokens.all.size());
  for (const Token& token : tokens.all) {
    if (token.content == kNullToken) {
      rows.push_back({contents[kNull], nullptr, nullptr});
      continue;
    }
    const T* const content = token.content == kNothing
                                 ? nullptr
                                 : contents[kFirstContent + token.content] + token.row * width;
    rows.push_back({content, places.data() + token.site * width, role + token.role * width});
  }
  kernels::sum_tokens(std::ssize(rows), width, rows.data(), out.mutable_data_ptr<T>());
}

// Contents get their gradients token by token, places and roles as sums.
template <class T>
tensor_list run_backward(const AutogradContext& context, const Tokens& tokens,
                         const tensor_list& inputs, const at::Tensor& d_tokens) {
  const int64_t width = d_tokens.size(1);
  const auto num_sites = std::ssize(tokens.site_cell);
  GradientPlaces<T> gradients(inputs, 0, context);
  std::vector<T> sums((num_sites + 4) * width);
  T* const d_role = sums.data() + num_sites * width;
  std::vector<kernels::TokenGradients<T>> to;
  to.reserve(tokens.all.size());
  for (const Token& token : tokens.all) {
    if (token.content == kNullToken) {
      to.push_back({gradients.places[kNull], nullptr, nullptr});
      continue;
    }
    GradientPlace<T> content;
    if (token.content != kNothing) content = gradients.places[kFirstContent + token.content];
    if (content.to) content.to += token.row * width;
    to.push_back({content, sums.data() + token.site * width, d_role + token.role * width});
  }
  kernels::spread_tokens(std::ssize(to), width, d_tokens.const_data_ptr<T>(), to.data());
  for (int64_t s = 0; s < num_sites; ++s) {
    const T* const sum = sums.data() + s * width;
    gradients.places[kCell].add(width, sum, tokens.site_cell[s] * width);
    gradients.places[kTick].add(width, sum, tokens.site_tick[s] * width);
  }
  gradients.places[kRole].add(4 * width, d_role);
  return std::move(gradients.own);
}

class FusedTokens : public torch::autograd::Function<FusedTokens> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList inputs,
                            const c10::intrusive_ptr<Tokens>& tokens) {
    const int64_t width = inputs[kNull].size(0);
    auto out = at::empty({std::ssize(tokens->all), width}, inputs[kNull].options());
    by_type(out.scalar_type(), [&]<class T>(T) { run_forward<T>(*tokens, inputs.vec(), out); });
    context->save_for_backward(inputs.vec());
    context->saved_data["tokens"] = at::IValue::make_capsule(tokens);
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const profile::Span span("tokens backward");
    const auto inputs = context->get_saved_variables();
    const auto tokens =
        c10::static_intrusive_pointer_cast<Tokens>(context->saved_data["tokens"].toCapsule());
    const auto d_tokens = gradients[0].contiguous();
    auto result = by_type(d_tokens.scalar_type(), [&]<class T>(T) {
      return run_backward<T>(*context, *tokens, inputs, d_tokens);
    });
    result.emplace_back();  // of the tokens' description
    return result;
  }
};

}  // namespace

at::Tensor fused_tokens(const TokenParts& parts, const Layout& layout) {
  const profile::Span span("tokens forward");
  auto tokens = c10::make_intrusive<Tokens>(parts, layout);
  tensor_list inputs{parts.cell, parts.tick, parts.null, parts.role};
  for (const size_t c : tokens->looked_at) inputs.push_back(parts.contents[c].rows.contiguous());
  return FusedTokens::apply(at::TensorList(inputs), std::move(tokens));
}

}  // namespace limbic::brain
