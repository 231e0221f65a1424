#include <cmath>
#include <vector>

#include "limbic/brain/cortex/mixture_kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

using Floats = Lanes<float>;

constexpr float kHalfLogTwoPi = 0.918938533F;
constexpr float kRootTau = 0.39894228F;
constexpr float kFar = 13.0F;  // standard deviations, beyond which float32 knows of nothing

LIMBIC_INLINE Floats all(float x) { return Floats{} + x; }

LIMBIC_INLINE Floats clamped(const Floats& x, float low, float high) {
  const Floats raised = x < all(low) ? all(low) : x;
  return raised > all(high) ? all(high) : raised;
}

LIMBIC_INLINE float sum_of(const Floats& x) {
  float sum = 0;
  for (int64_t lane = 0; lane < kLanes; ++lane) sum += x[lane];
  return sum;
}

// exp(x - shift) in place; returns the sum.
LIMBIC_INLINE float exponentials(int64_t n, float shift, float* x) {
  Floats sum{};
  for (int64_t k = 0; k < n; k += kLanes) {
    Floats e = lanes(x + k) - shift;
    take_exp(e);
    lanes(x + k) = e;
    sum += e;
  }
  return sum_of(sum);
}

LIMBIC_INLINE float largest(int64_t n, const float* x) {
  Floats most = lanes(x);
  for (int64_t k = kLanes; k < n; k += kLanes) most = lanes(x + k) > most ? lanes(x + k) : most;
  float top = most[0];
  for (int64_t lane = 1; lane < kLanes; ++lane) top = std::max(top, most[lane]);
  return top;
}

// Of a standard normal at a >= 0: its density, and what lies above, to 5e-7 of it up to 4
// deviations, 4e-6 at 13: t exp(P(t)) is erfc(z) exp(z^2), t = 1 / (1 + z / 2), P interpolated at
// Chebyshev's nodes for z up to kFar.
struct Tail {
  Floats density, mass;
};
LIMBIC_INLINE Tail tail(const Floats& a) {
  constexpr float kCoefficients[] = {7.1906776e-05F, -4.7140295e-04F, -2.5757850e-04F,
                                     3.4251369e-03F, -7.5090543e-04F, -2.8263684e-02F,
                                     1.4055435e-02F, 5.6250650e-01F,  -5.5036187e-01F};
  const Floats t = 1.0F / (1.0F + 0.35355339F * a);
  const Floats u = 2.4351425F * t - 1.4351426F;
  Floats p = all(4.6470141e-05F);
  for (const float coefficient : kCoefficients) p = p * u + coefficient;
  take_exp(p);
  Floats e = -0.5F * a * a;
  take_exp(e);
  return {kRootTau * e, 0.5F * t * p * e};
}

/// One row's components, in whole vectors: those past K weigh nothing.
class Row {
 public:
  explicit Row(const MixtureShape& shape)
      : shape_(shape),
        K_(shape.components),
        n_(round_up(K_)),
        is_cut_(std::isfinite(shape.low) || std::isfinite(shape.high)),
        buffer_(9 * n_) {}

  LIMBIC_INLINE void read(const float* params) {
    constexpr float kNothing = -1e30F;
    for (int64_t i = 0; i < 3; ++i) {
      std::copy_n(params + i * K_, K_, part(i));
      std::fill(part(i) + K_, part(i) + n_, i == 0 ? kNothing : 0.0F);
    }
  }

  // log p of x; from here on logit() holds the weights, share() what each has of the density.
  LIMBIC_INLINE float log_prob(float x) {
    for (int64_t k = 0; k < n_; k += kLanes) {
      const Floats s = clamped(lanes(log_scale() + k), shape_.log_floor, -shape_.log_floor);
      Floats precision = -s;
      take_exp(precision);
      const Floats z = (x - lanes(mean() + k)) * precision;
      lanes(this->precision() + k) = precision;
      lanes(this->z() + k) = z;
      lanes(share() + k) = lanes(logit() + k) - s - 0.5F * z * z;
    }
    const float most = largest(n_, share()), most_logit = largest(n_, logit());
    total_ = exponentials(n_, most, share());
    total_weight_ = exponentials(n_, most_logit, logit());
    float log_prob = most + std::log(total_) - most_logit - std::log(total_weight_) - kHalfLogTwoPi;
    if (is_cut_) log_prob -= std::log(std::max(measure(), kLeastMass));
    return log_prob;
  }

  // Of the log p that was just taken, in the order of the parameters.
  LIMBIC_INLINE void gradient(float* d_params) {
    const float of_share = 1 / total_, of_weight = 1 / total_weight_;
    const bool moves_mass = is_cut_ && inside_ >= kLeastMass;
    const float of_mass = moves_mass ? of_weight / inside_ : 0.0F;
    for (int64_t k = 0; k < n_; k += kLanes) {
      const Floats share = of_share * lanes(this->share() + k), z = lanes(this->z() + k);
      const Floats weight = lanes(logit() + k), precision = lanes(this->precision() + k);
      Floats d_logit = share - of_weight * weight;
      Floats d_mean = share * z;
      Floats d_log_scale = share * (z * z - 1.0F);
      if (moves_mass) {
        const Floats pull = of_mass * weight;
        d_logit -= pull * lanes(mass() + k) - of_weight * weight;
        d_mean -= pull * lanes(mass_by_mean() + k);
        d_log_scale -= pull * lanes(mass_by_log_scale() + k);
      }
      const Floats s = lanes(log_scale() + k);
      d_log_scale = s > all(shape_.log_floor) ? d_log_scale : all(0);
      d_log_scale = s < all(-shape_.log_floor) ? d_log_scale : all(0);
      lanes(logit() + k) = d_logit;
      lanes(mean() + k) = d_mean * precision;
      lanes(log_scale() + k) = d_log_scale;
    }
    for (int64_t i = 0; i < 3; ++i) std::copy_n(part(i), K_, d_params + i * K_);
  }

 private:
  // What lies within the bounds, of each component and of all.
  LIMBIC_INLINE float measure() {
    Floats sum{};
    for (int64_t k = 0; k < n_; k += kLanes) {
      const Floats precision = lanes(this->precision() + k), mean = lanes(this->mean() + k);
      const Floats low = clamped((shape_.low - mean) * precision, -kFar, kFar);
      const Floats high = clamped((shape_.high - mean) * precision, -kFar, kFar);
      const Floats zero{};
      const Tail at_low = tail(low < zero ? -low : low), at_high = tail(high < zero ? -high : high);
      const Floats below_high = high < zero ? at_high.mass : 1.0F - at_high.mass;
      lanes(mass() + k) = low > zero  // where the difference of lower tails would cancel
                              ? at_low.mass - at_high.mass
                              : below_high - at_low.mass;
      lanes(mass_by_mean() + k) = at_low.density - at_high.density;
      lanes(mass_by_log_scale() + k) = low * at_low.density - high * at_high.density;
      sum += lanes(logit() + k) * lanes(mass() + k);
    }
    inside_ = sum_of(sum) / total_weight_;
    return inside_;
  }

  float* part(int64_t i) { return buffer_.data() + i * n_; }
  float* logit() { return part(0); }
  float* mean() { return part(1); }
  float* log_scale() { return part(2); }
  float* precision() { return part(3); }
  float* z() { return part(4); }
  float* share() { return part(5); }
  float* mass() { return part(6); }
  float* mass_by_mean() { return part(7); }  // in deviations
  float* mass_by_log_scale() { return part(8); }

  const MixtureShape& shape_;
  int64_t K_, n_;
  bool is_cut_;
  std::vector<float> buffer_;
  float total_ = 0, total_weight_ = 0, inside_ = 1;
};

}  // namespace

LIMBIC_KERNEL
void scalar_mixture_log_prob(const MixtureShape& shape, const float* params, const float* x,
                             float* log_prob, float* d_params) {
  Row row(shape);
  const int64_t stride = 3 * shape.components;
  for (int64_t i = 0; i < shape.n; ++i) {
    row.read(params + i * stride);
    log_prob[i] = row.log_prob(x[i]);
    if (d_params) row.gradient(d_params + i * stride);
  }
}

}  // namespace limbic::brain::kernels
