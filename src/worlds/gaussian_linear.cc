#include "limbic/worlds/gaussian_linear.h"

#include <c10/util/Exception.h>

#include <cmath>
#include <utility>

#include "limbic/worlds/epoch_order.h"

namespace limbic::worlds {
namespace {

Variable scalars(const std::string& name, int64_t num_cells, double variance) {
  return {.name = name, .num_cells = num_cells, .modality = name, .scale = std::sqrt(variance)};
}

Schema make_schema(const GaussianLinearConfig& config) {
  return Schema({scalars("theta", config.dimensions, config.prior_variance),
                 scalars("x", config.dimensions, config.prior_variance + config.noise_variance)},
                1);
}

// theta_i and x_i covary; other pairs do not.
std::vector<double> make_covariance(const GaussianLinearConfig& config) {
  const int64_t num = config.dimensions, width = 2 * num;
  std::vector<double> covariance(width * width, 0.0);
  for (int64_t i = 0; i < num; ++i) {
    const int64_t theta = i, x = num + i;
    for (const auto& [a, b] : {std::pair{theta, theta}, {theta, x}, {x, theta}, {x, x}}) {
      covariance[a * width + b] = config.prior_variance;
    }
    covariance[x * width + x] += config.noise_variance;
  }
  return covariance;
}

}  // namespace

GaussianLinear::GaussianLinear(const GaussianLinearConfig& config)
    : config_(config),
      schema_(make_schema(config)),
      oracle_(schema_, std::vector<double>(2 * config.dimensions, 0.0), make_covariance(config)) {}

Episodes GaussianLinear::draw(const Draw& draw, const Stream& stream) const {
  TORCH_CHECK(draw.regime == regimes_.front(), "gaussian_linear has no regime '", draw.regime, "'");
  const Stream source = stream.child("rows").at(static_cast<int64_t>(draw.split));
  const bool is_fixed = draw.split == Split::kTrain && config_.budget > 0;
  const EpochOrder order(is_fixed ? config_.budget : 1, source.child("order"));
  const int64_t num = config_.dimensions;
  Episodes episodes = empty_episodes(schema_, draw.num_rows);
  episodes.present_BTV.fill_(true);
  float* theta = episodes.value[0].mutable_data_ptr<float>();
  float* x = episodes.value[1].mutable_data_ptr<float>();
  std::vector<float> normals(2 * num);
  for (int64_t row = 0; row < draw.num_rows; ++row) {
    source.at(is_fixed ? order.item(draw.first_row + row) : draw.first_row + row)
        .fill_normal(normals);
    for (int64_t i = 0; i < num; ++i) {
      const double cause = std::sqrt(config_.prior_variance) * normals[i];
      theta[row * num + i] = static_cast<float>(cause);
      x[row * num + i] =
          static_cast<float>(cause + std::sqrt(config_.noise_variance) * normals[num + i]);
    }
  }
  return episodes;
}

}  // namespace limbic::worlds
