#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "limbic/brain/amygdala/online_readout.h"

namespace limbic::brain {

/// YAML: `amygdala` with `type: delta`.
struct DeltaConfig {
  std::optional<OnsetCodeConfig> code = OnsetCodeConfig{};
  double rate = 0.1;
  double rate_spread = 0.0;
  int64_t cells = 1;
  double asymmetry = 0.0;
  std::optional<ChainConfig> chain = {};

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("code", self.code,
          "clock cells of cues, for which thoughts must name cues (cortex gaussian, ticks: alone); "
          "there unless null: the thought as it is, and a constant");
    field("rate", self.rate, within(0.0, 10.0), "of learning");
    field("rate_spread", self.rate_spread, within(0.0, 3.0),
          "deviation of the logarithm of the cells' own rates");
    field("cells", self.cells, within<int64_t>(1, 1024), "predictors of each steering variable");
    field(
        "asymmetry", self.asymmetry, within(0.0, 1.0),
        "how far the cells' shares of good news in their learning reach: evenly between "
        "(1 - asymmetry) / 2 and (1 + asymmetry) / 2, as 0.1, 0.3 ... 0.9 of 5 cells at 1; 0: all "
        "learn alike from good and bad");
    field("chain", self.chain, "slower weights behind each weight; none unless given");
  }
};

/// Assessors by the delta rule; with several cells of different asymmetries, a code for the whole
/// distribution of what comes (value cells, read by dopamine neurons).
///
///   p_c = w_c . x;  w_c += 2 rate_c (tau_c if d > 0, else 1 - tau_c) d x
///   each cell learns from its own error, so p_c becomes the tau_c expectile
///
/// State   weight [S, N, C, X], rate [S, N, C]: buffers in float64.
/// Source  Rescorla and Wagner 1972; Dabney et al. 2020, doi:10.1038/s41586-019-1924-6.
class Delta : public OnlineReadout {
 public:
  Delta(const DeltaConfig& config, const ThoughtMap& thought, const Program& program,
        const Stream& stream);

  /// A cell's share of good news.
  [[nodiscard]] double tau(int64_t cell) const;

 protected:
  void start(const std::vector<Stream>& subjects) override;
  [[nodiscard]] std::unique_ptr<Learner> learner(int64_t subject, int64_t assessor,
                                                 int64_t cell) const override;

 private:
  class Cell;

  DeltaConfig config_;
  at::Tensor weight_SNCX_, rate_SNC_;
};

}  // namespace limbic::brain
