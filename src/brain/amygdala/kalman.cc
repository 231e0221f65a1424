#include "limbic/brain/amygdala/kalman.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace limbic::brain {
namespace {

double* at_of(const at::Tensor& buffer, int64_t subject, int64_t assessor) {
  return buffer.mutable_data_ptr<double>() + subject * buffer.stride(0) +
         assessor * buffer.stride(1);
}

}  // namespace

class Kalman::Assessor : public Learner {
 public:
  Assessor(const KalmanConfig& config, double* weight_X, const BayesLinear::Arrays& belief,
           const Inhibition::Arrays& inhibition)
      : config_(config),
        weight_X_(weight_X),
        num_cue_features_(inhibition.num_cue_features),
        belief_(config.learning, belief) {
    if (config.inhibition) inhibition_.emplace(*config.inhibition, inhibition);
  }

  double read(const Moment& moment) const override {
    double sum = 0;
    for (const auto& [i, xi] : moment.read) sum += weight_X_[i] * xi;
    return inhibition_ ? sum - inhibition_->of(moment.read, inhibition_->gates(moment)) : sum;
  }
  double variance(const Moment& moment) const override { return belief_.variance(moment.read); }

  void learn(const Moment& moment, double error, double weight) override {
    const auto gain = belief_.learn(moment.seen, error, weight);
    for (const int64_t i : *gain.features) {
      if (error < 0 && inhibition_ && i < num_cue_features_) continue;
      weight_X_[i] += gain.gain_F[i] * error;
      if (config_.nonnegative) weight_X_[i] = std::max(weight_X_[i], 0.0);
    }
    if (!inhibition_) return;
    inhibition_->learn({moment.seen, inhibition_->gates(moment), error, weight,
                        gain.noise / config_.learning.observation_noise});
  }
  void end_trial(bool something_happened) override {
    belief_.end_trial();
    if (inhibition_) inhibition_->end_trial(something_happened);
  }
  void rest(double num_trials) override {
    if (inhibition_) inhibition_->rest(num_trials);
  }

 private:
  const KalmanConfig& config_;
  double* weight_X_;
  int64_t num_cue_features_;
  BayesLinear belief_;
  std::optional<Inhibition> inhibition_;
};

Kalman::Kalman(const KalmanConfig& config, const ThoughtMap& thought, const Program& program,
               const Stream& stream)
    : OnlineReadout({thought, program, config.code}), config_(config) {
  const auto none = at::zeros({0}, at::kDouble);
  weight_SNX_ = register_buffer("weight", none.clone());
  covariance_SNP_ = register_buffer("covariance", none.clone());
  surprise_SNX_ = register_buffer("surprise", none.clone());
  alpha_SNX_ = register_buffer("alpha", none.clone());
  met_SNX_ = register_buffer("met", none.clone());
  fast_SNGC_ = register_buffer("fast", none.clone());
  slow_SNGC_ = register_buffer("slow", none.clone());
  recent_SN_ = register_buffer("recent", none.clone());
  start({stream});
  link(config.chain, weight_SNX_);
}

void Kalman::start(const std::vector<Stream>& subjects) {
  const auto num_subjects = static_cast<int64_t>(subjects.size());
  const int64_t N = num_assessors(), X = num_features();
  const auto fresh = [&](const at::Tensor& buffer, std::vector<int64_t> shape) {
    shape.insert(shape.begin(), {num_subjects, N});
    at::Tensor(buffer).set_data(at::zeros(shape, at::kDouble));
  };
  for (const at::Tensor& each : {weight_SNX_, surprise_SNX_, alpha_SNX_, met_SNX_})
    fresh(each, {X});
  const bool is_full = config_.learning.covariance == Covariance::kFull;
  fresh(covariance_SNP_, is_full ? std::vector{X, X} : std::vector{X});
  const int64_t gates = config_.inhibition ? Inhibition::num_gates(num_contexts()) : 0;
  fresh(fast_SNGC_, {gates, num_cue_features()});
  fresh(slow_SNGC_, {gates, num_cue_features()});
  fresh(recent_SN_, {});
  for (int64_t s = 0; s < num_subjects; ++s) {
    for (int64_t n = 0; n < N; ++n) {
      const Stream own = subjects[s].child("weight").child(name_of(n));
      double* weight_X = at_of(weight_SNX_, s, n);
      for (int64_t i = 0; i < X; ++i) {
        const double value = config_.initial * own.normal(i);
        weight_X[i] = config_.nonnegative ? std::abs(value) : value;
      }
      BayesLinear::start(config_.learning, belief(s, n));
    }
  }
}

BayesLinear::Arrays Kalman::belief(int64_t subject, int64_t assessor) const {
  const auto of = [&](const at::Tensor& buffer) { return at_of(buffer, subject, assessor); };
  return {of(covariance_SNP_), of(surprise_SNX_), of(alpha_SNX_), of(met_SNX_), num_features()};
}

std::unique_ptr<Learner> Kalman::learner(int64_t subject, int64_t assessor,
                                         int64_t /*cell*/) const {
  const auto of = [&](const at::Tensor& buffer) { return at_of(buffer, subject, assessor); };
  const Inhibition::Arrays inhibition{of(fast_SNGC_), of(slow_SNGC_), of(recent_SN_),
                                      num_cue_features(), num_contexts()};
  return std::make_unique<Assessor>(config_, of(weight_SNX_), belief(subject, assessor),
                                    inhibition);
}

}  // namespace limbic::brain
