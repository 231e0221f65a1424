#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "limbic/app/commands.h"
#include "limbic/app/output.h"
#include "limbic/app/trained.h"
#include "limbic/inference/dials.h"

namespace limbic::app {

/// `limbic infer --rows`: completes each row of a CSV file and writes CSV again.
void infer_rows(const InferOptions& options, const Trained& trained);

/// What --dial, --temperature and the need for candidates ask for.
inference::Dials dials_of(const InferOptions& options);

/// Unless --samples says how many: samples for quantiles, and for a corner plot.
inline constexpr int64_t kSamplesForQuantiles = 100, kSamplesForCorner = 1000;

/// Says of how many samples nothing could be what was preferred, if of any.
void warn_of_unmet(int64_t num_unmet, int64_t num_samples);

/// q05 of .05, q97.5 of .975.
std::string quantile_name(double quantile);

/// --corner: a plot of the asked sites [T, V] of one row.
/// Errors  at once, before anything is sampled for it.
class CornerPlot {
 public:
  CornerPlot(const InferOptions& options, const worlds::World& world, at::Tensor asked_TV);

  /// Of samples [S, ...].
  void write(const worlds::Episodes& samples);

 private:
  const worlds::Schema& schema_;
  at::Tensor asked_TV_;
  std::optional<worlds::Episodes> truth_;
  Output out_;
  std::string about_;
};

}  // namespace limbic::app
