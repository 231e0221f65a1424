#pragma once

#include <ATen/core/Tensor.h>

#include <limits>

#include "limbic/brain/cortex/distribution.h"
#include "limbic/brain/cortex/mixture_kernels.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/variable.h"

namespace limbic::brain {

/// K Gaussians over d dimensions that share r factors, as a head emits them.
///
/// Shapes  params [n, K + 2 K d + r d]: logits, means, log scales, factors; everything in
///         standardised units.
struct MixtureSpec {
  int64_t components = 1;
  int64_t dimensions = 1;
  int64_t rank = 0;
  double scale_floor = 1e-3;  // least standard deviation; the largest is 1 / it
  double low = -std::numeric_limits<double>::infinity();  // of one dimension: no mass below,
  double high = std::numeric_limits<double>::infinity();  // and none above

  [[nodiscard]] int64_t num_params() const {
    return components + 2 * components * dimensions + rank * dimensions;
  }
};

/// Of n mixtures, for a kernel; checks that there is one for them.
kernels::MixtureShape mixture_shape(const MixtureSpec& spec, int64_t n);

/// log p of x [n, d] under each row's mixture: [n], in nats of standardised units.
///
/// Cost    float32 on the CPU: one hand-written pass that makes the gradient too; elsewhere ATen's
///         own operations.
at::Tensor mixture_log_prob(const MixtureSpec& spec, const at::Tensor& params, const at::Tensor& x);
/// The same by ATen's operations alone.
at::Tensor mixture_log_prob_reference(const MixtureSpec& spec, const at::Tensor& params,
                                      const at::Tensor& x);

/// The mixture in the raw units of what it is about, with its bounds and transform. params [...,
/// num_params].
GaussianMixture unpack_mixture(const MixtureSpec& spec, const at::Tensor& params,
                               const worlds::Variable& about);
/// One draw of x from each mixture, within its bounds: [..., d]. Temperature scales the noise and
/// divides the logits; 0 is the likeliest component's mean.
at::Tensor sample_mixture(const GaussianMixture& mixture, double temperature, const Stream& stream);

}  // namespace limbic::brain
