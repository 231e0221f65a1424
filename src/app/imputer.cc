#include "limbic/app/imputer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <variant>

#include "limbic/worlds/roles.h"

namespace limbic::app {

using worlds::Episodes;
using worlds::Kind;
using worlds::Roles;
using worlds::Site;

namespace {

constexpr int64_t kBatchRows = 512;
const double kStrained = std::log(1e-4);

bool is_measurement(const inference::Evidence& evidence) {
  return std::holds_alternative<inference::Measured>(evidence.known);
}

// The same but for evidence about what some row gives.
std::vector<inference::Evidence> about_hidden(const std::vector<inference::Evidence>& evidence,
                                              const Roles& roles, const worlds::Schema& schema) {
  std::vector<inference::Evidence> hidden;
  std::ranges::copy_if(evidence, std::back_inserter(hidden), [&](const inference::Evidence& one) {
    return !inference::cell_of(roles.observed_BTV, schema, one).any().item<bool>();
  });
  return hidden;
}

// `fill` of one batch after another, `rows` rows each; what asks nothing is left alone.
Episodes in_batches(const Episodes& episodes, const Roles& roles, int64_t rows, auto&& fill) {
  std::vector<Episodes> parts;
  for (int64_t begin = 0; begin < episodes.num_rows(); begin += rows) {
    const int64_t end = std::min(begin + rows, episodes.num_rows());
    parts.push_back(fill(episodes.rows(begin, end), roles.rows(begin, end), begin).to(at::kCPU));
  }
  return worlds::concatenate(parts);
}

// How often each of `size` categories is there among those of a row [B, S].
at::Tensor shares(const at::Tensor& category_BS, int64_t size) {
  return at::one_hot(category_BS, size).to(at::kFloat).mean(1);
}

}  // namespace

bool Manner::weighs() const {
  return dials.sweeps > 0 || dials.candidates > 1 || !evidence.empty() || tilt;
}

int64_t num_strained(const at::Tensor& log_evidence_B,
                     const std::vector<inference::Evidence>& evidence, bool has_preference) {
  const bool is_known =
      !evidence.empty() && !has_preference && std::ranges::none_of(evidence, is_measurement);
  return is_known ? log_evidence_B.lt(kStrained).sum().item<int64_t>() : 0;
}

Imputer::Imputer(brain::Cortex& cortex, const worlds::Schema& schema, Manner manner,
                 at::Device device)
    : cortex_(cortex), schema_(schema), manner_(std::move(manner)), device_(device) {
  cortex.require_predictions();
}

Imputer::Drawn Imputer::samples(const Episodes& episodes, const Roles& roles, int64_t count,
                                const Stream& stream) const {
  Drawn drawn;
  const auto fill = [&](const Episodes& part, const Roles& asked, int64_t begin) {
    const inference::Request request{worlds::repeat_rows(part.to(device_), count),
                                     worlds::repeat_rows(asked, count),
                                     about_hidden(manner_.evidence, asked, schema_), manner_.tilt};
    const inference::Samples samples =
        inference::sample(cortex_, schema_, request, manner_.dials, stream.at(begin));
    drawn.num_unmet += samples.unmet_B.sum().item<int64_t>();
    drawn.num_strained +=
        num_strained(samples.log_evidence_B, manner_.evidence, manner_.tilt != nullptr);
    Episodes filled = samples.episodes;
    // A cell that evidence alone speaks of is drawn on the way, though nobody asks for it.
    filled.present_BTV = filled.present_BTV.logical_and(
        request.episodes.present_BTV.logical_or(request.roles.asked_BTV));
    return filled;
  };
  const int64_t rows_of_one = count * manner_.dials.candidates;
  const bool is_one_for_all =
      about_hidden(manner_.evidence, roles, schema_).size() == manner_.evidence.size();
  const int64_t at_once =
      is_one_for_all ? std::max<int64_t>(1, kBatchRows / rows_of_one) : int64_t{1};
  drawn.episodes = in_batches(episodes, roles, at_once, fill);
  return drawn;
}

Expected Imputer::expected(const Episodes& episodes, const Roles& roles,
                           const std::vector<Site>& categories) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> probability;  // as if all were given
  for (const Site& site : categories)
    probability.push_back(shares(at_site(episodes.value[site.variable], site).unsqueeze(1),
                                 schema_[site.variable].size));
  const auto fill = [&](const Episodes& part, const Roles& asked, int64_t begin) {
    const at::Tensor hidden_BTV = worlds::hidden_cells(asked);
    if (!hidden_BTV.any().item<bool>()) return part;
    const brain::Marginals marginals = cortex_.marginals(part.to(device_), asked);
    for (size_t s = 0; s < categories.size(); ++s) {
      const Site& site = categories[s];
      const at::Tensor hidden_B = hidden_BTV.select(1, site.tick).select(1, site.row_cell);
      const at::Tensor believed_BK = at_site(brain::mean(marginals[site.variable]), site);
      const at::Tensor into_BK = probability[s].narrow(0, begin, part.num_rows());
      into_BK.copy_(at::where(hidden_B.unsqueeze(1), believed_BK.cpu(), into_BK));
    }
    return filled_in(part, hidden_BTV, [&](int64_t i) {
      const at::Tensor believed = brain::mean(marginals[i]).to(at::kCPU);
      if (schema_[i].kind == Kind::kCategory) return believed.argmax(-1);
      return schema_[i].kind == Kind::kScalar ? believed.squeeze(-1) : believed;
    });
  };
  return {in_batches(episodes, roles, kBatchRows, fill), probability};
}

Expected Imputer::expected_of(const Episodes& samples, const Episodes& episodes,
                              const std::vector<Site>& categories) const {
  const int64_t num_rows = episodes.num_rows(), count = samples.num_rows() / num_rows;
  const at::Tensor drawn_BTV = samples.present_BTV.unflatten(0, {num_rows, count}).all(1);
  const at::Tensor hidden_BTV = drawn_BTV.logical_and(episodes.present_BTV.logical_not());
  Expected expected{filled_in(episodes, hidden_BTV, [&](int64_t i) {
    const at::Tensor of_row = samples.value[i].unflatten(0, {num_rows, count});
    return schema_[i].kind == Kind::kCategory
               ? std::get<0>(of_row.mode(1))
               : of_row.to(at::kDouble).mean(1).to(of_row.scalar_type());
  })};
  for (const Site& site : categories)
    expected.probability.push_back(
        shares(at_site(samples.value[site.variable], site).unflatten(0, {num_rows, count}),
               schema_[site.variable].size));
  return expected;
}

Episodes Imputer::filled_in(const Episodes& episodes, const at::Tensor& hidden_BTV,
                            const std::function<at::Tensor(int64_t)>& believed) const {
  Episodes filled = episodes;
  filled.present_BTV = episodes.present_BTV.logical_or(hidden_BTV);
  for (int64_t i = 0; i < schema_.size(); ++i) {
    at::Tensor hidden = worlds::own_cells(hidden_BTV, schema_, i);
    if (!hidden.any().item<bool>()) continue;
    if (schema_[i].kind == Kind::kVector) hidden = hidden.unsqueeze(-1);
    filled.value[i] = at::where(hidden, believed(i), episodes.value[i]);
  }
  return filled;
}

}  // namespace limbic::app
