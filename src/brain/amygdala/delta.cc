#include "limbic/brain/amygdala/delta.h"

#include <ATen/ATen.h>

#include <cmath>

namespace limbic::brain {

class Delta::Cell : public Learner {
 public:
  Cell(double* weight_X, double rate, double tau) : weight_X_(weight_X), rate_(rate), tau_(tau) {}

  double read(const Moment& moment) const override {
    double sum = 0;
    for (const auto& [i, xi] : moment.read) sum += weight_X_[i] * xi;
    return sum;
  }
  double variance(const Moment& /*moment*/) const override { return 0; }
  void learn(const Moment& moment, double error, double weight) override {
    const double step = 2 * rate_ * (error > 0 ? tau_ : 1 - tau_) * weight * error;
    for (const auto& [i, xi] : moment.seen) weight_X_[i] += step * xi;
  }
  void end_trial(bool /*something_happened*/) override {}
  void rest(double /*num_trials*/) override {}

 private:
  double* weight_X_;
  double rate_, tau_;
};

Delta::Delta(const DeltaConfig& config, const ThoughtMap& thought, const Program& program,
             const Stream& stream)
    : OnlineReadout({thought, program, config.code, config.cells}), config_(config) {
  weight_SNCX_ = register_buffer("weight", at::zeros({0}, at::kDouble));
  rate_SNC_ = register_buffer("rate", at::zeros({0}, at::kDouble));
  start({stream});
  link(config.chain, weight_SNCX_);
}

double Delta::tau(int64_t cell) const {
  const double place = (static_cast<double>(cell) + 0.5) / static_cast<double>(config_.cells);
  return 0.5 + config_.asymmetry * (place - 0.5);
}

void Delta::start(const std::vector<Stream>& subjects) {
  const auto num_subjects = static_cast<int64_t>(subjects.size());
  const int64_t N = num_assessors(), C = num_cells();
  weight_SNCX_.set_data(at::zeros({num_subjects, N, C, num_features()}, at::kDouble));
  rate_SNC_.set_data(at::full({num_subjects, N, C}, config_.rate, at::kDouble));
  auto rate = rate_SNC_.accessor<double, 3>();
  for (int64_t s = 0; s < num_subjects; ++s) {
    for (int64_t n = 0; n < N; ++n) {
      const Stream own = subjects[s].child("rate").child(name_of(n));
      for (int64_t c = 0; c < C; ++c)
        rate[s][n][c] *= std::exp(config_.rate_spread * own.normal(c));
    }
  }
}

std::unique_ptr<Learner> Delta::learner(int64_t subject, int64_t assessor, int64_t cell) const {
  const int64_t place = (subject * num_assessors() + assessor) * num_cells() + cell;
  return std::make_unique<Cell>(weight_SNCX_.mutable_data_ptr<double>() + place * num_features(),
                                rate_SNC_.const_data_ptr<double>()[place], tau(cell));
}

}  // namespace limbic::brain
