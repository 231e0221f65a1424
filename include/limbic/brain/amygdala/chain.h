#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/config/reader.h"

namespace limbic::brain {

/// YAML: `chain` of a read-out.
struct ChainConfig {
  int64_t levels = 4;
  double rate = 0.1;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("levels", self.levels, within<int64_t>(2, 16),
          "weights behind each other, the first of which is used");
    field("rate", self.rate, within(0.0, 0.25),
          "flow between the first two, of their difference [1/step]");
  }
};

/// Fast weights with slower ones behind them: what is learned sinks in, and comes back.
///
///   u_0 = weight;  flow_k = rate 2^-k (u_k - u_k+1)
///   u_k -= flow_k / 2^k;  u_k+1 += flow_k / 2^(k+1)
///
/// State   u_1 .. u_levels-1 of each weight, buffers of the module.
/// Source  Benna and Fusi 2016, doi:10.1038/nn.4401.
/// Departs there the last weight leaks into one that is held at 0; here nothing flows out of it, so
///         what sank in stays.
class Chain {
 public:
  /// Registers the slower weights as `<name>_chain`.
  Chain(const ChainConfig& config, torch::nn::Module& module, const std::string& name,
        at::Tensor weight);

  /// Once a step; `where` is 1 for weights that take part and 0 for others, of their first
  /// dimensions.
  void relax(const at::Tensor& where);
  /// The slower weights are what the weight is.
  void start();

 private:
  ChainConfig config_;
  at::Tensor weight_, slower_;  // slower_: [levels - 1, ...]
};

}  // namespace limbic::brain
