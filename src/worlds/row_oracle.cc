#include "limbic/worlds/row_oracle.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

namespace limbic::worlds {
namespace {

constexpr int64_t kRowsAThread = 16;

}  // namespace

at::Tensor RowOracle::log_prob(const Episodes& episodes, const Roles& roles) const {
  at::Tensor log_prob_B = at::empty({episodes.num_rows()}, at::kDouble);
  double* const out = log_prob_B.mutable_data_ptr<double>();
  const Episodes plain = readable(episodes);
  at::parallel_for(0, episodes.num_rows(), kRowsAThread, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto numbers = layout_.read(plain, row);
      const auto observed = layout_.marked(roles.observed_BTV, row);
      auto known = layout_.marked(roles.asked_BTV, row);
      for (size_t s = 0; s < known.size(); ++s) known[s] = known[s] || observed[s];
      out[row] = log_density(numbers, known) - log_density(numbers, observed);
    }
  });
  return log_prob_B;
}

Episodes RowOracle::sample(const Episodes& episodes, const Roles& roles,
                           const Stream& stream) const {
  const Episodes plain = readable(episodes);
  Episodes sampled = empty_episodes(layout_.schema(), episodes.num_rows());
  sampled.present_BTV = episodes.present_BTV.logical_or(roles.asked_BTV);
  at::parallel_for(0, episodes.num_rows(), kRowsAThread, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto before = layout_.read(plain, row);
      const auto observed = layout_.marked(roles.observed_BTV, row);
      const auto asked = layout_.marked(roles.asked_BTV, row);
      auto after = before;
      complete(after, observed, stream.at(row));
      size_t site = 0, number = 0;
      for (const Variable& variable : layout_.schema().variables()) {
        const int64_t width = variable.numbers_a_cell();
        for (int64_t s = 0; s < variable.num_ticks * variable.num_cells; ++s, ++site) {
          const bool drawn = asked[site] && !observed[site];
          for (int64_t k = 0; k < width; ++k, ++number)
            if (!drawn) after[number] = before[number];
        }
      }
      layout_.write(after, sampled, row);
    }
  });
  return sampled;
}

}  // namespace limbic::worlds
