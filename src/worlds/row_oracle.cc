#include "limbic/worlds/row_oracle.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <functional>
#include <future>
#include <utility>

namespace limbic::worlds {
namespace {

constexpr int64_t kRowsAThread = 16;

// Does pieces of the rows on threads of their own, as many as LibTorch gives one operation. (Its
// parallel_for is a plain call in what is compiled without OpenMP.)
void spread(int64_t num_rows, const std::function<void(int64_t begin, int64_t end)>& work) {
  const int64_t most = std::max<int64_t>(num_rows / kRowsAThread, 1);
  const int64_t pieces = std::min<int64_t>(at::get_num_threads(), most);
  std::vector<std::future<void>> others;
  for (int64_t piece = 1; piece < pieces; ++piece) {
    others.push_back(std::async(std::launch::async, std::cref(work), num_rows * piece / pieces,
                                num_rows * (piece + 1) / pieces));
  }
  work(0, num_rows / pieces);
  for (auto& other : others) other.get();
}

/// What a row's samples are given. All other numbers are 0, so none of them can matter.
struct Question {
  std::vector<double> row;
  std::vector<uint8_t> observed;

  bool operator==(const Question&) const = default;
};

// Copies the numbers at the sites that are marked.
void copy_marked(const RowLayout& layout, std::span<const uint8_t> marked,
                 std::span<const double> from, std::span<double> to) {
  for (int64_t s = 0; s < layout.num_sites(); ++s) {
    const auto& [site, number, width] = layout.slots()[s];
    if (marked[s]) std::copy_n(from.begin() + number, width, to.begin() + number);
  }
}

}  // namespace

at::Tensor RowOracle::log_prob(const Episodes& episodes, const Roles& roles) const {
  at::Tensor log_prob_B = at::empty({episodes.num_rows()}, at::kDouble);
  double* const out = log_prob_B.mutable_data_ptr<double>();
  const Episodes plain = readable(episodes);
  spread(episodes.num_rows(), [&](int64_t begin, int64_t end) {
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
  const at::Tensor hidden_BTV = hidden_cells(roles);
  Episodes sampled = empty_episodes(layout_.schema(), episodes.num_rows());
  sampled.present_BTV = episodes.present_BTV.logical_or(roles.asked_BTV);
  spread(episodes.num_rows(), [&](int64_t begin, int64_t end) {
    Question question;
    Completion complete;
    for (int64_t row = begin; row < end; ++row) {
      std::vector<double> numbers = layout_.read(plain, row);
      Question next{.row = std::vector<double>(numbers.size()),
                    .observed = layout_.marked(roles.observed_BTV, row)};
      copy_marked(layout_, next.observed, numbers, next.row);
      if (!complete || next != question) {
        complete = completion(next.row, next.observed);
        question = std::move(next);
      }
      std::vector<double> completed = question.row;
      complete(completed, stream.at(row));
      copy_marked(layout_, layout_.marked(hidden_BTV, row), completed, numbers);
      layout_.write(numbers, sampled, row);
    }
  });
  return sampled;
}

}  // namespace limbic::worlds
