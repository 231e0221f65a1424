#include <cmath>
#include <cstring>
#include <vector>

#include "limbic/brain/cortex/kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

constexpr float kLogTwoPi = 1.83787706641F;

LIMBIC_INLINE float dot(const float* a, const float* b, int64_t n) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = 0; i < n; ++i) total += a[i] * b[i];
  return total;
}

// Inverts the symmetric positive definite M [r, r] in place (its pivots are at least 1) and returns
// log det M.
LIMBIC_INLINE float invert(float* M, int64_t r) {
  float log_det = 0;
  for (int64_t p = 0; p < r; ++p) {  // Gauss-Jordan without pivoting
    const float pivot = M[p * r + p];
    log_det += std::log(pivot);
    const float inverse = 1.0F / pivot;
    M[p * r + p] = 1.0F;
    for (int64_t c = 0; c < r; ++c) M[p * r + c] *= inverse;
    for (int64_t row = 0; row < r; ++row) {
      if (row == p) continue;
      const float factor = M[row * r + p];
      M[row * r + p] = 0;
      for (int64_t c = 0; c < r; ++c) M[row * r + c] -= factor * M[p * r + c];
    }
  }
  return log_det;
}

// What the density of one component leaves behind for its gradient. D = diag(exp(2 log_scale)), S =
// D + F' F.
struct Component {
  float* precision;  // [d] diagonal of D^-1
  float* weighted;   // [d] S^-1 (x - mean)
  float* scaled;     // [r, d] F D^-1
  float* inverse;    // [r, r] (I + F D^-1 F')^-1
  float* solved;     // [r] F S^-1 (x - mean)
};

struct Workspace {
  std::vector<float> buffer;
  std::vector<Component> components;
  std::vector<float> joint;

  Workspace(int64_t K, int64_t d, int64_t r)
      : buffer(K * (2 * d + r * d + r * r + r)), components(K), joint(K) {
    float* at = buffer.data();
    const auto take = [&at](int64_t n) {
      at += n;
      return at - n;
    };
    for (auto& c : components) c = {take(d), take(d), take(r * d), take(r * r), take(r)};
  }
};

// precision = exp(-2 log_scale), weighted = precision (x - mean).
LIMBIC_INLINE void take_precision(const Component& c, const float* mean, const float* log_scale,
                                  const float* x, int64_t d, float log_floor) {
  int64_t i = 0;
  for (; i + kLanes <= d; i += kLanes) {
    const Lanes<float> floor = Lanes<float>{} + log_floor;
    Lanes<float> s = lanes(log_scale + i);
    s = s < floor ? floor : s;
    s = s > -floor ? -floor : s;
    Lanes<float> precision = -2.0F * s;
    take_exp(precision);
    lanes(c.precision + i) = precision;
    lanes(c.weighted + i) = precision * (lanes(x + i) - lanes(mean + i));
  }
  for (; i < d; ++i) {
    const float s = std::min(std::max(log_scale[i], log_floor), -log_floor);
    c.precision[i] = fast_exp(-2.0F * s);
    c.weighted[i] = c.precision[i] * (x[i] - mean[i]);
  }
}

// log N(x; mean, S) by the matrix determinant and Woodbury identities, in a form that subtracts no
// large numbers: e' S^-1 e = (e - F' s)' D^-1 (e - F' s) + s' s, with s = F S^-1 e.
LIMBIC_INLINE float log_density(const Component& c, const float* mean, const float* log_scale,
                                const float* factor, const float* x, int64_t d, int64_t r,
                                float log_floor) {
  take_precision(c, mean, log_scale, x, d, log_floor);
  float log_det = 0;  // in order, as ever: recorded curves stand on its bits
  for (int64_t i = 0; i < d; ++i)
    log_det += 2.0F * std::min(std::max(log_scale[i], log_floor), -log_floor);
  float projected[kMaxRank];
  for (int64_t a = 0; a < r; ++a) {
    for (int64_t i = 0; i < d; ++i) c.scaled[a * d + i] = factor[a * d + i] * c.precision[i];
    projected[a] = dot(factor + a * d, c.weighted, d);
    for (int64_t b = 0; b <= a; ++b) {
      c.inverse[a * r + b] = c.inverse[b * r + a] =
          dot(c.scaled + a * d, factor + b * d, d) + (a == b ? 1.0F : 0.0F);
    }
  }
  log_det += invert(c.inverse, r);
  float square = 0;
  for (int64_t a = 0; a < r; ++a) {
    c.solved[a] = dot(c.inverse + a * r, projected, r);
    square += c.solved[a] * c.solved[a];
  }
  float* const rest = c.weighted;  // what the factors do not explain
  for (int64_t i = 0; i < d; ++i) rest[i] = x[i] - mean[i];
  for (int64_t a = 0; a < r; ++a) {
    for (int64_t i = 0; i < d; ++i) rest[i] -= factor[a * d + i] * c.solved[a];
  }
#pragma omp simd reduction(+ : square)
  for (int64_t i = 0; i < d; ++i) {
    square += c.precision[i] * rest[i] * rest[i];
    c.weighted[i] = c.precision[i] * rest[i];
  }
  return -0.5F * (square + log_det + static_cast<float>(d) * kLogTwoPi);
}

// `weight` times the gradient of log_density: d mean = q, d F = F S^-1 (q e' - I), d log_scale = D
// (q q' - S^-1)_ii, with q = S^-1 e.
LIMBIC_INLINE void gradient(const Component& c, const float* log_scale, int64_t d, int64_t r,
                            float log_floor, float weight, float* d_mean, float* d_log_scale,
                            float* d_factor) {
  for (int64_t i = 0; i < d; ++i) {
    d_mean[i] = weight * c.weighted[i];
    d_log_scale[i] = c.weighted[i] * c.weighted[i] - c.precision[i];
  }
  for (int64_t a = 0; a < r; ++a) {
    float* const out = d_factor + a * d;
    const float pull = weight * c.solved[a];
    for (int64_t i = 0; i < d; ++i) out[i] += pull * c.weighted[i];
    for (int64_t b = 0; b < r; ++b) {
      const float m = c.inverse[a * r + b];
      const float* const sa = c.scaled + a * d;
      const float* const sb = c.scaled + b * d;
      for (int64_t i = 0; i < d; ++i) {
        const float spread = m * sb[i];
        out[i] -= weight * spread;
        d_log_scale[i] += spread * sa[i];
      }
    }
  }
  for (int64_t i = 0; i < d; ++i) {
    const bool inside = log_scale[i] > log_floor && log_scale[i] < -log_floor;
    d_log_scale[i] = inside ? weight * d_log_scale[i] / c.precision[i] : 0.0F;
  }
}

LIMBIC_INLINE float log_sum_exp(const float* values, int64_t n) {
  float top = values[0];
  for (int64_t k = 1; k < n; ++k) top = std::max(top, values[k]);
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t k = 0; k < n; ++k) total += fast_exp(values[k] - top);
  return top + std::log(total);
}

// What of a component lies within the bounds, and how that changes with its mean and log scale.
struct Inside {
  float mass, d_mean, d_log_scale;
};

LIMBIC_INLINE Inside inside(float mean, float log_scale, const MixtureShape& shape) {
  constexpr float kFar = 6.0F;  // standard deviations, beyond which nothing is left
  constexpr float kRootHalf = 0.70710678F;
  constexpr float kRootTau = 0.39894228F;
  const float precision =
      fast_exp(-std::min(std::max(log_scale, shape.log_floor), -shape.log_floor));
  const float low = (shape.low - mean) * precision;
  const float high = (shape.high - mean) * precision;
  if (low < -kFar && high > kFar) return {1.0F, 0.0F, 0.0F};
  const bool upper = low > 0;  // where the difference of lower tails would cancel
  const float mass = 0.5F * (upper ? std::erfc(low * kRootHalf) - std::erfc(high * kRootHalf)
                                   : std::erfc(-high * kRootHalf) - std::erfc(-low * kRootHalf));
  const float at_low = std::abs(low) < 12.0F ? kRootTau * fast_exp(-0.5F * low * low) : 0.0F;
  const float at_high = std::abs(high) < 12.0F ? kRootTau * fast_exp(-0.5F * high * high) : 0.0F;
  return {mass, (at_low - at_high) * precision,
          (at_low > 0 ? low * at_low : 0.0F) - (at_high > 0 ? high * at_high : 0.0F)};
}

// Divides by what lies within the bounds; takes its share from a gradient that is already there.
LIMBIC_INLINE void cut(const MixtureShape& shape, const float* params, float normaliser,
                       float* log_prob, float* d_params) {
  const int64_t K = shape.components;
  const float* const mean = params + K;
  const float* const log_scale = mean + K;
  float total = 0;
  for (int64_t k = 0; k < K; ++k)
    total += fast_exp(params[k] - normaliser) * inside(mean[k], log_scale[k], shape).mass;
  *log_prob -= std::log(std::max(total, kLeastMass));
  if (!d_params || total < kLeastMass) return;
  for (int64_t k = 0; k < K; ++k) {
    const float p = fast_exp(params[k] - normaliser);
    if (p < 1e-8F) continue;
    const Inside own = inside(mean[k], log_scale[k], shape);
    d_params[k] -= p * (own.mass / total - 1.0F);
    d_params[K + k] -= p * own.d_mean / total;
    const bool free = log_scale[k] > shape.log_floor && log_scale[k] < -shape.log_floor;
    if (free) d_params[2 * K + k] -= p * own.d_log_scale / total;
  }
}

template <int64_t kDimensions>
LIMBIC_INLINE void run(const MixtureShape& shape, const float* params, const float* x,
                       float* log_prob, float* d_params) {
  const int64_t d = kDimensions ? kDimensions : shape.dimensions;
  const int64_t K = shape.components;
  const int64_t r = shape.rank;
  const int64_t stride = K + 2 * K * d + r * d;
  const bool is_cut = kDimensions == 1 && (std::isfinite(shape.low) || std::isfinite(shape.high));
  Workspace w(K, d, r);
  for (int64_t item = 0; item < shape.n; ++item) {
    const float* const logit = params + item * stride;
    const float* const mean = logit + K;
    const float* const log_scale = mean + K * d;
    const float* const factor = log_scale + K * d;
    for (int64_t k = 0; k < K; ++k) {
      w.joint[k] = logit[k] + log_density(w.components[k], mean + k * d, log_scale + k * d, factor,
                                          x + item * d, d, r, shape.log_floor);
    }
    const float normaliser = log_sum_exp(logit, K);
    const float total = log_sum_exp(w.joint.data(), K);
    log_prob[item] = total - normaliser;
    if (!d_params) {
      if (is_cut) cut(shape, logit, normaliser, log_prob + item, nullptr);
      continue;
    }
    float* const d_logit = d_params + item * stride;
    float* const d_mean = d_logit + K;
    float* const d_log_scale = d_mean + K * d;
    float* const d_factor = d_log_scale + K * d;
    std::memset(d_logit, 0, stride * sizeof(float));
    for (int64_t k = 0; k < K; ++k) {
      const float weight = fast_exp(w.joint[k] - total);
      d_logit[k] = weight - fast_exp(logit[k] - normaliser);
      if (weight < 1e-8F) continue;
      gradient(w.components[k], log_scale + k * d, d, r, shape.log_floor, weight, d_mean + k * d,
               d_log_scale + k * d, d_factor);
    }
    if (is_cut) cut(shape, logit, normaliser, log_prob + item, d_logit);
  }
}

}  // namespace

LIMBIC_KERNEL
void mixture_log_prob(const MixtureShape& shape, const float* params, const float* x,
                      float* log_prob, float* d_params) {
  switch (shape.dimensions) {
    case 1:
      return run<1>(shape, params, x, log_prob, d_params);
    case 49:
      return run<49>(shape, params, x, log_prob, d_params);
    default:
      return run<0>(shape, params, x, log_prob, d_params);
  }
}

}  // namespace limbic::brain::kernels
