#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "limbic/brain/cortex/mixture_kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

constexpr float kLogTwoPi = 1.83787706641F;

template <class Sum>
LIMBIC_INLINE Sum dot(const float* a, const float* b, int64_t n) {
  Sum total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = 0; i < n; ++i) total += static_cast<Sum>(a[i]) * static_cast<Sum>(b[i]);
  return total;
}

// Of three vectors, number by number.
LIMBIC_INLINE double dot(const float* a, const float* b, const float* c, int64_t n) {
  double total = 0;
#pragma omp simd reduction(+ : total)
  for (int64_t i = 0; i < n; ++i)
    total += static_cast<double>(a[i]) * static_cast<double>(b[i]) * static_cast<double>(c[i]);
  return total;
}

// Inverts the symmetric positive definite M [r, r] in place (its pivots are at least 1) and returns
// log det M.
template <class Sum>
LIMBIC_INLINE Sum invert(Sum* M, int64_t r) {
  Sum log_det = 0;
  for (int64_t p = 0; p < r; ++p) {  // Gauss-Jordan without pivoting
    const Sum pivot = M[p * r + p];
    log_det += std::log(pivot);
    const Sum inverse = Sum(1) / pivot;
    M[p * r + p] = Sum(1);
    for (int64_t c = 0; c < r; ++c) M[p * r + c] *= inverse;
    for (int64_t row = 0; row < r; ++row) {
      if (row == p) continue;
      const Sum factor = M[row * r + p];
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

// Of M = I + F D^-1 F': M^-1 into `inverse`, s = M^-1 F D^-1 (x - mean) into `solved`; returns log
// det M. Several factors that all but line up cancel, which float32 does not survive.
template <class Sum>
LIMBIC_INLINE float solve(const Component& c, const float* factor, int64_t d, int64_t r) {
  Sum M[kMaxRank * kMaxRank], projected[kMaxRank];
  for (int64_t a = 0; a < r; ++a) {
    for (int64_t i = 0; i < d; ++i) c.scaled[a * d + i] = factor[a * d + i] * c.precision[i];
    projected[a] = dot<Sum>(factor + a * d, c.weighted, d);
    for (int64_t b = 0; b <= a; ++b) {
      const float *const f = factor + a * d, *const g = factor + b * d;
      const Sum both = std::is_same_v<Sum, double> ? static_cast<Sum>(dot(f, c.precision, g, d))
                                                   : dot<Sum>(c.scaled + a * d, g, d);
      M[a * r + b] = M[b * r + a] = both + (a == b ? Sum(1) : Sum(0));
    }
  }
  const Sum log_det = invert(M, r);
  for (int64_t a = 0; a < r; ++a) {
    Sum solved = 0;
    for (int64_t b = 0; b < r; ++b) solved += M[a * r + b] * projected[b];
    c.solved[a] = static_cast<float>(solved);
    for (int64_t b = 0; b < r; ++b) c.inverse[a * r + b] = static_cast<float>(M[a * r + b]);
  }
  return static_cast<float>(log_det);
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
  log_det += r > 1 ? solve<double>(c, factor, d, r) : solve<float>(c, factor, d, r);
  float square = 0;
  for (int64_t a = 0; a < r; ++a) square += c.solved[a] * c.solved[a];
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

template <int64_t kDimensions>
LIMBIC_INLINE void run(const MixtureShape& shape, const float* params, const float* x,
                       float* log_prob, float* d_params) {
  const int64_t d = kDimensions ? kDimensions : shape.dimensions;
  const int64_t K = shape.components;
  const int64_t r = shape.rank;
  const int64_t stride = K + 2 * K * d + r * d;
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
    if (!d_params) continue;
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
  }
}

}  // namespace

LIMBIC_KERNEL
void mixture_log_prob(const MixtureShape& shape, const float* params, const float* x,
                      float* log_prob, float* d_params) {
  if (shape.dimensions == 1 && shape.rank == 0)
    return scalar_mixture_log_prob(shape, params, x, log_prob, d_params);
  if (shape.dimensions == 49) return run<49>(shape, params, x, log_prob, d_params);
  run<0>(shape, params, x, log_prob, d_params);
}

}  // namespace limbic::brain::kernels
