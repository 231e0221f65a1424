#include "limbic/losses/mask_law.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "limbic/config/reader.h"
#include "limbic/core/error.h"
#include "limbic/core/named_enum.h"
#include "limbic/worlds/choice.h"
#include "limbic/worlds/selection.h"

namespace limbic::losses {

using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

namespace {

// Its name is no glob: '*' and '?' in it stand for themselves.
at::Tensor cells_of_modality(const std::string& modality, const Schema& schema) {
  auto mask_V = at::zeros({schema.num_cells()}, at::kBool);
  for (int64_t i = 0; i < schema.size(); ++i) {
    if (schema[i].modality == modality)
      mask_V.narrow(0, schema.offset(i), schema[i].num_cells).fill_(true);
  }
  return mask_V;
}

// .29 * 100 rounds to less than 29, which it means.
int64_t largest_count(double most, int64_t cells) {
  return static_cast<int64_t>(std::floor(most * static_cast<double>(cells) + 1e-9));
}

at::Tensor cells_of(const std::vector<config::Located>& globs, const Schema& schema, int64_t now) {
  return globs.empty() ? at::ones({schema.num_ticks(), schema.num_cells()}, at::kBool)
                       : worlds::select_cells(schema, globs, now);
}

int64_t num_moments(const MaskLawConfig& config, const Schema& schema) {
  std::vector<config::Located> globs = config.observe;
  globs.insert(globs.end(), config.ask.begin(), config.ask.end());
  return worlds::num_moments(schema, globs);
}

// In each row, `count` of the cells that are true, drawn uniformly; all of them where there are
// fewer.
at::Tensor choose_cells(const at::Tensor& among_BTV, int64_t count, const Stream& stream) {
  return worlds::random_order(among_BTV, stream).lt(count).logical_and(among_BTV);
}

int64_t most_cells(const at::Tensor& cells_BTV) {
  return cells_BTV.sum({1, 2}).max().item<int64_t>();
}

// Gamma(shape, 1) by Marsaglia and Tsang 2000, doi:10.1145/358407.358414, with the usual boost
// below 1.
double draw_gamma(double shape, const Stream& stream) {
  const double boost =
      shape < 1 ? std::pow(1.0 - stream.child("boost").uniform(0), 1.0 / shape) : 1.0;
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (int64_t attempt = 0;; ++attempt) {
    const double x = stream.child("normal").normal(attempt);
    const double v = std::pow(1.0 + c * x, 3);
    if (v <= 0) continue;
    const double u = 1.0 - stream.child("uniform").uniform(attempt);
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return boost * d * v;
  }
}

at::Tensor draw_bernoulli(const at::Tensor& among_BTV, double alpha, double beta,
                          const Stream& stream) {
  const int64_t rows = among_BTV.size(0);
  auto rate_B = at::empty({rows, 1, 1});
  for (int64_t row = 0; row < rows; ++row) {
    const double a = draw_gamma(alpha, stream.child("alpha").at(row));
    const double b = draw_gamma(beta, stream.child("beta").at(row));
    rate_B[row].fill_(a / (a + b));
  }
  return stream.child("cells").uniform(among_BTV.sizes()).lt(rate_B).logical_and(among_BTV);
}

}  // namespace

void MaskLawConfig::check(config::Reader& reader, const config::Node& node) const {
  const MaskLawConfig preset{};
  const auto is_of = [&](const char* key, bool is_set, MaskKind kind) {
    if (!is_set || law == kind) return;
    reader.problem(node.find(key)->mark,
                   concat(key, " is of the law ", name_of(kind), ", and this is ", name_of(law)));
  };
  is_of("alpha", alpha != preset.alpha, MaskKind::kBernoulli);
  is_of("beta", beta != preset.beta, MaskKind::kBernoulli);
  is_of("most", most != preset.most, MaskKind::kBudget);
}

bool MaskLawConfig::asks_nothing() const {
  const auto is_observed = [&](const config::Located& asked) {
    return observe.empty() || std::ranges::any_of(observe, [&](const config::Located& glob) {
             return glob.text == asked.text;
           });
  };
  if (law != MaskKind::kObserve) return false;
  return ask.empty() ? observe.empty() : std::ranges::all_of(ask, is_observed);
}

void refuse_to_ask_nothing(const std::vector<MaskLawConfig>& masks, config::Reader& reader,
                           const config::Node& loss) {
  for (size_t i = 0; i < masks.size(); ++i) {
    if (masks[i].share > 0 && masks[i].asks_nothing())
      reader.problem(loss.find("masks")->items[i].mark,
                     "this law observes all that it might ask about, so it teaches nothing");
  }
}

at::Tensor cell_weights(const Schema& schema, bool per_dimension) {
  const auto size_V = worlds::cell_sizes(schema);
  return per_dimension ? size_V.reciprocal() : at::ones_like(size_V);
}

MaskLaw::MaskLaw(const std::vector<MaskLawConfig>& laws, const Schema& schema) : schema_(schema) {
  for (const MaskLawConfig& config : laws.empty() ? std::vector<MaskLawConfig>(1) : laws) {
    const int64_t moments = num_moments(config, schema);
    for (int64_t now = 0; now < moments; ++now) {
      Law law{config, cells_of(config.observe, schema, now), cells_of(config.ask, schema, now), {}};
      law.config.share /= static_cast<double>(moments);
      for (const std::string& modality : schema.modalities())
        law.groups_TV.push_back(cells_of_modality(modality, schema).logical_and(law.observe_TV));
      if (law.config.share > 0) laws_.push_back(std::move(law));
    }
  }
}

const MaskLaw::Law& MaskLaw::choose(const at::Tensor& visible_BTV, const Stream& stream) const {
  std::vector<double> shares;
  for (const Law& law : laws_) {
    const bool is_absent = !visible_BTV.logical_and(law.observe_TV).any().item<bool>() &&
                           law.observe_TV.any().item<bool>();
    shares.push_back(is_absent ? 0.0 : law.config.share);
  }
  if (std::ranges::max(shares) == 0) return laws_.back();
  return laws_[worlds::choose(shares, stream.uniform(0))];
}

Roles MaskLaw::draw(const Episodes& episodes, const Stream& stream) const {
  const auto visible_BTV = worlds::visible(episodes, schema_);
  const Law& law = choose(visible_BTV, stream.child("law"));
  const auto among_BTV = visible_BTV.logical_and(law.observe_TV);
  at::Tensor observed_BTV;
  switch (law.config.law) {
    case MaskKind::kObserve:
      observed_BTV = among_BTV;
      break;
    case MaskKind::kCardinality:
      observed_BTV =
          choose_cells(among_BTV, stream.child("count").below(most_cells(among_BTV) + 1, 0),
                       stream.child("cells"));
      break;
    case MaskKind::kBernoulli:
      observed_BTV = draw_bernoulli(among_BTV, law.config.alpha, law.config.beta, stream);
      break;
    case MaskKind::kBudget:
      observed_BTV = at::zeros_like(among_BTV);
      for (size_t g = 0; g < law.groups_TV.size(); ++g) {
        const auto group_BTV = among_BTV.logical_and(law.groups_TV[g]);
        const int64_t limit = largest_count(law.config.most, most_cells(group_BTV));
        const Stream own = stream.child("group").at(static_cast<int64_t>(g));
        observed_BTV.logical_or_(
            choose_cells(group_BTV, own.child("count").below(limit + 1, 0), own.child("cells")));
      }
  }
  return {observed_BTV,
          visible_BTV.logical_and(law.ask_TV).logical_and(observed_BTV.logical_not())};
}

}  // namespace limbic::losses
