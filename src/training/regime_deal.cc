#include "limbic/training/regime_deal.h"

#include <utility>

#include "limbic/worlds/choice.h"

namespace limbic::training {

RegimeDeal::RegimeDeal(std::vector<double> shares, const TrainingConfig& config,
                       const Stream& stream)
    : shares_(std::move(shares)),
      num_chunks_(config.chunks),
      batch_size_(config.batch_size),
      stream_(stream) {}

std::vector<RegimeDeal::Hand> RegimeDeal::deal(int64_t step, int64_t stage_step) {
  if (step != next_step_) {
    next_step_ = step - stage_step;
    next_row_.assign(shares_.size(), batch_size_ * next_step_);
    while (next_step_ < step) deal_next();
  }
  return deal_next();
}

std::vector<RegimeDeal::Hand> RegimeDeal::deal_next() {
  std::vector<Hand> hands;
  const double offset = stream_.uniform(next_step_);
  for (int64_t chunk = 0; chunk < num_chunks_; ++chunk) {
    const double u = (static_cast<double>(chunk) + offset) / static_cast<double>(num_chunks_);
    const auto regime = static_cast<size_t>(worlds::choose(shares_, u));
    const int64_t begin = batch_size_ * chunk / num_chunks_;
    const int64_t num_rows = batch_size_ * (chunk + 1) / num_chunks_ - begin;
    hands.push_back({regime, next_row_[regime], num_rows});
    next_row_[regime] += num_rows;
  }
  ++next_step_;
  return hands;
}

}  // namespace limbic::training
