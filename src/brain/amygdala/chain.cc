#include "limbic/brain/amygdala/chain.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

namespace limbic::brain {
namespace {

at::Tensor repeated(const at::Tensor& weight, int64_t times) {
  std::vector<int64_t> shape = weight.sizes().vec();
  shape.insert(shape.begin(), times);
  return weight.detach().unsqueeze(0).expand(shape).clone();
}

}  // namespace

Chain::Chain(const ChainConfig& config, torch::nn::Module& module, const std::string& name,
             at::Tensor weight)
    : config_(config),
      weight_(std::move(weight)),
      slower_(module.register_buffer(name + "_chain", repeated(weight_, config.levels - 1))) {}

void Chain::start() { slower_.set_data(repeated(weight_, config_.levels - 1)); }

void Chain::relax(const at::Tensor& where) {
  const at::NoGradGuard no_grad;
  std::vector<int64_t> shape = where.sizes().vec();
  shape.resize(weight_.dim(), 1);
  const at::Tensor share = where.view(shape);
  std::vector<at::Tensor> level{weight_};
  for (int64_t k = 1; k < config_.levels; ++k) level.push_back(slower_[k - 1]);
  std::vector<at::Tensor> flow;
  for (int64_t k = 0; k + 1 < config_.levels; ++k)
    flow.push_back(share * (level[k] - level[k + 1]) * (config_.rate * std::pow(2.0, -k)));
  for (int64_t k = 0; k + 1 < config_.levels; ++k) {
    const double capacity = std::pow(2.0, k);
    level[k].sub_(flow[k] / capacity);
    level[k + 1].add_(flow[k] / (2 * capacity));
  }
}

}  // namespace limbic::brain
