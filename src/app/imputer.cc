#include "limbic/app/imputer.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "limbic/evals/question.h"

namespace limbic::app {

using worlds::Episodes;
using worlds::Kind;
using worlds::Roles;

namespace {

constexpr int64_t kBatchRows = 512;

// `fill` of one batch after another, `rows` rows each; what asks nothing is left alone.
Episodes in_batches(const Episodes& episodes, const Roles& roles, int64_t rows, auto&& fill) {
  std::vector<Episodes> parts;
  for (int64_t begin = 0; begin < episodes.num_rows(); begin += rows) {
    const int64_t end = std::min(begin + rows, episodes.num_rows());
    parts.push_back(fill(episodes.rows(begin, end), roles.rows(begin, end), begin).to(at::kCPU));
  }
  return worlds::concatenate(parts);
}

}  // namespace

Imputer::Imputer(brain::Cortex& cortex, const worlds::Schema& schema, double temperature,
                 at::Device device)
    : cortex_(cortex), schema_(schema), temperature_(temperature), device_(device) {
  cortex.require_predictions();
}

Episodes Imputer::samples(const Episodes& episodes, const Roles& roles, int64_t count,
                          const Stream& stream) const {
  const at::NoGradGuard no_grad;
  const auto fill = [&](const Episodes& part, const Roles& asked, int64_t begin) {
    const Episodes copies = worlds::repeat_rows(part, count);
    if (!asked.asked_BTV.any().item<bool>()) return copies;
    return cortex_.sample(copies.to(device_), worlds::repeat_rows(asked, count), {temperature_},
                          stream.at(begin));
  };
  return in_batches(episodes, roles, std::max<int64_t>(1, kBatchRows / count), fill);
}

Episodes Imputer::expected(const Episodes& episodes, const Roles& roles) const {
  const at::NoGradGuard no_grad;
  const auto fill = [&](const Episodes& part, const Roles& asked, int64_t) {
    const at::Tensor hidden_BTV = worlds::hidden_cells(asked);
    if (!hidden_BTV.any().item<bool>()) return part;
    Episodes filled = part;
    filled.present_BTV = part.present_BTV.logical_or(hidden_BTV);
    const brain::Marginals marginals = cortex_.marginals(part.to(device_), asked);
    for (int64_t i = 0; i < schema_.size(); ++i) {
      at::Tensor hidden = evals::own_cells(hidden_BTV, schema_, i);
      if (!hidden.any().item<bool>()) continue;
      at::Tensor believed = brain::mean(marginals[i]).to(at::kCPU);
      if (schema_[i].kind == Kind::kCategory) believed = believed.argmax(-1);
      if (schema_[i].kind == Kind::kScalar) believed = believed.squeeze(-1);
      if (schema_[i].kind == Kind::kVector) hidden = hidden.unsqueeze(-1);
      filled.value[i] = at::where(hidden, believed, part.value[i]);
    }
    return filled;
  };
  return in_batches(episodes, roles, kBatchRows, fill);
}

}  // namespace limbic::app
