#pragma once

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "categories.h"
#include "limbic/brain/cortex/cortex.h"
#include "limbic/brain/cortex/heads.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/selection.h"

namespace limbic::testing_support {

/// A cortex over categories that reads the conditionals of variable k off its own joint table k:
/// where the tables are one, it is exact; where not, its orders disagree.
class TableCortex : public brain::Cortex {
 public:
  /// tables [k]: of the shape of all sizes, float64, not necessarily normalised.
  TableCortex(const worlds::Schema& schema, std::vector<at::Tensor> tables)
      : schema_(schema), tables_(std::move(tables)) {
    std::vector<at::Tensor> sizes;
    for (int64_t k = 0; k < schema.size(); ++k) sizes.push_back(at::arange(schema[k].size));
    assignment_AV_ = sizes.size() == 1 ? sizes[0].unsqueeze(1) : at::cartesian_prod(sizes);
  }
  TableCortex(const worlds::Schema& schema, const at::Tensor& table)
      : TableCortex(schema, std::vector<at::Tensor>(schema.size(), table)) {}

  /// A row for each assignment, everything there: [A] rows in the order of a flattened table.
  [[nodiscard]] worlds::Episodes all_assignments() const {
    worlds::Episodes all = worlds::empty_episodes(schema_, assignment_AV_.size(0));
    for (int64_t k = 0; k < schema_.size(); ++k)
      all.value[k].copy_(assignment_AV_.select(1, k).view({-1, 1, 1}));
    all.present_BTV.fill_(true);
    return all;
  }
  /// Which assignment each row is: [B].
  [[nodiscard]] at::Tensor index(const worlds::Episodes& episodes) const {
    at::Tensor index = at::zeros({episodes.num_rows()}, at::kLong);
    for (int64_t k = 0; k < schema_.size(); ++k)
      index = index * schema_[k].size + episodes.value[k].flatten();
    return index;
  }
  /// Share of rows of each assignment: [A].
  [[nodiscard]] at::Tensor shares(const worlds::Episodes& episodes) const {
    return at::bincount(index(episodes), {}, assignment_AV_.size(0)).to(at::kDouble) /
           episodes.num_rows();
  }

  using Cortex::log_prob, Cortex::marginals, Cortex::think;
  at::Tensor log_prob(const worlds::Episodes& episodes, const brain::Question& question) override {
    at::Tensor result = at::zeros(question.roles.asked_BTV.sizes(), at::kDouble);
    const at::Tensor observed_BV = question.roles.observed_BTV.select(1, 0);
    const at::Tensor asked_BV = question.roles.asked_BTV.select(1, 0);
    for (int64_t k = 0; k < schema_.size(); ++k) {
      at::Tensor known_BV = observed_BV;
      if (question.rank_BTV.defined()) {
        const at::Tensor rank_BV = question.rank_BTV.select(1, 0);
        known_BV = known_BV.logical_or(
            asked_BV.logical_and(rank_BV.lt(rank_BV.select(1, k).unsqueeze(1))));
      }
      const at::Tensor own = believed(k, episodes, known_BV)
                                 .gather(1, episodes.value[k].view({-1, 1}))
                                 .squeeze(1)
                                 .log();
      result.select(1, 0).select(1, k).copy_(own.masked_fill(~asked_BV.select(1, k), 0.0));
    }
    return result;
  }

  brain::Marginals marginals(const worlds::Episodes& episodes,
                             const brain::Question& question) override {
    const at::Tensor observed_BV = question.roles.observed_BTV.select(1, 0);
    brain::Marginals all;
    for (int64_t k = 0; k < schema_.size(); ++k) {
      all.push_back(
          brain::Categorical{believed(k, episodes, observed_BV).log().unsqueeze(1).unsqueeze(1)});
    }
    return all;
  }

  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                          const brain::SamplingOptions& options, const Stream& stream) override {
    worlds::Episodes drawn = episodes;
    for (at::Tensor& column : drawn.value) column = column.clone();
    const at::Tensor asked_BTV = worlds::hidden_cells(roles);
    const at::Tensor rank_BTV = options.rank_BTV.defined()
                                    ? options.rank_BTV
                                    : worlds::random_order(asked_BTV, stream.child("order"));
    const at::Tensor turn_BV = rank_BTV.masked_fill(asked_BTV.logical_not(), 1 << 30)
                                   .select(1, 0)
                                   .argsort(int64_t{1})
                                   .argsort(int64_t{1});
    at::Tensor known_BV = roles.observed_BTV.select(1, 0).clone();
    for (int64_t step = 0; step < schema_.size(); ++step) {
      for (int64_t k = 0; k < schema_.size(); ++k) {
        const at::Tensor now_B =
            turn_BV.select(1, k).eq(step).logical_and(asked_BTV.select(1, 0).select(1, k));
        const at::Tensor given_BV = is_blind ? roles.observed_BTV.select(1, 0) : known_BV;
        const at::Tensor value =
            brain::sample(brain::Categorical{believed(k, drawn, given_BV).log()}, schema_[k],
                          options.temperature, stream.child("value").at(step).at(k));
        drawn.value[k].copy_(
            at::where(now_B.view({-1, 1, 1}), value.view({-1, 1, 1}), drawn.value[k]));
        known_BV.select(1, k).logical_or_(now_B);
      }
    }
    drawn.present_BTV = drawn.present_BTV.logical_or(asked_BTV);
    return drawn;
  }

  at::Tensor think(const worlds::Episodes& episodes, const brain::Question&) override {
    return at::zeros({episodes.num_rows(), 1, 3});
  }
  [[nodiscard]] int64_t thought_size() const override { return 3; }

  bool is_blind = false;  // then cells drawn in one call do not see each other

 private:
  // p(variable k | what is known): [B, size].
  [[nodiscard]] at::Tensor believed(int64_t k, const worlds::Episodes& episodes,
                                    const at::Tensor& known_BV) const {
    at::Tensor fits_BA = at::ones({episodes.num_rows(), assignment_AV_.size(0)}, at::kBool);
    for (int64_t j = 0; j < schema_.size(); ++j) {
      if (j == k) continue;
      const at::Tensor same =
          episodes.value[j].view({-1, 1}).eq(assignment_AV_.select(1, j).unsqueeze(0));
      fits_BA =
          fits_BA.logical_and(same.logical_or(known_BV.select(1, j).logical_not().unsqueeze(1)));
    }
    const at::Tensor weight_BA = fits_BA.to(at::kDouble) * tables_[k].flatten();
    const at::Tensor own =
        weight_BA.matmul(at::one_hot(assignment_AV_.select(1, k), schema_[k].size).to(at::kDouble));
    return own / own.sum(1, /*keepdim=*/true);
  }

  worlds::Schema schema_;
  std::vector<at::Tensor> tables_;
  at::Tensor assignment_AV_;
};

}  // namespace limbic::testing_support
