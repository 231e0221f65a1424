#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/inference/sampler.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/site.h"

namespace limbic::app {

/// How rows are thought about, the same for all of them.
struct Manner {
  inference::Dials dials = {};
  std::vector<inference::Evidence> evidence = {};
  inference::Tilt tilt = {};

  /// Whether more than one draw goes into an answer.
  [[nodiscard]] bool weighs() const;
  /// Whether each cell's own marginal tells what is expected of it.
  [[nodiscard]] bool is_plain() const { return dials.temperature == 1 && !weighs(); }
};

/// How many samples are of what all but rules out the intervals or categories of the evidence: p
/// below 1e-4. None where that is not known: a measurement has a density, which has a unit, and a
/// preference is weighed with it.
///
/// Shapes  log_evidence_B: float64, see inference::Samples.
int64_t num_strained(const at::Tensor& log_evidence_B,
                     const std::vector<inference::Evidence>& evidence, bool has_preference);

/// What is expected of rows.
///
/// Shapes  probability[s]: of each category of site s of those asked about, [B, size] float on the
///         CPU; of one that a row gives 1, and 0 of the others.
struct Expected {
  worlds::Episodes episodes;
  std::vector<at::Tensor> probability = {};
};

/// Fills in what rows ask by what a trained cortex believes of it, given what they observe.
///
/// Shapes  episodes and roles of B rows, on the CPU, before and after.
/// State   a cell that is both asked and observed stays as it is.
class Imputer {
 public:
  Imputer(brain::Cortex& cortex, const worlds::Schema& schema, Manner manner, at::Device device);

  struct Drawn {
    worlds::Episodes episodes;
    int64_t num_unmet = 0;     // samples of which no candidate answered to the preference
    int64_t num_strained = 0;  // see above
  };
  /// `count` joint draws of each row: row r of the result is of row r / count. Evidence about what
  /// a row gives says nothing of that row. The numbers drawn are those of (stream, count, rows).
  [[nodiscard]] Drawn samples(const worlds::Episodes& episodes, const worlds::Roles& roles,
                              int64_t count, const Stream& stream) const;
  /// Expected values, and likeliest categories, of each cell on its own; of some sites of
  /// categories also how likely each is.
  [[nodiscard]] Expected expected(const worlds::Episodes& episodes, const worlds::Roles& roles,
                                  const std::vector<worlds::Site>& categories = {}) const;
  /// The same from samples(), whatever the manner.
  [[nodiscard]] Expected expected_of(const worlds::Episodes& samples,
                                     const worlds::Episodes& episodes,
                                     const std::vector<worlds::Site>& categories = {}) const;

 private:
  // `believed` of the hidden cells of each variable.
  [[nodiscard]] worlds::Episodes filled_in(
      const worlds::Episodes& episodes, const at::Tensor& hidden_BTV,
      const std::function<at::Tensor(int64_t variable)>& believed) const;

  brain::Cortex& cortex_;
  const worlds::Schema& schema_;
  Manner manner_;
  at::Device device_;
};

}  // namespace limbic::app
