#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "limbic/brain/cortex/distribution.h"
#include "limbic/worlds/schema.h"

namespace limbic::inference {

/// A value lies in [low, high].
struct Interval {
  double low, high;
};
/// A value was measured as `mean`, with Gaussian noise of deviation `spread`.
struct Measured {
  double mean, spread;
};
/// A category is one of these.
struct OneOf {
  std::vector<int64_t> categories;
};

/// What is known of a hidden cell without knowing its value, at one tick.
struct Evidence {
  std::string text;  // as it was written, for messages
  int64_t variable = 0;
  int64_t tick = 0;
  int64_t cell = 0;  // of the variable's own
  std::variant<Interval, Measured, OneOf> known = Interval{};
};

/// As people write it:
///
///   age in 30..40    x > 0    x[3] <= 2.5    x = 1.5 +- 0.2    species in setosa|virginica
///   position@2 in 3|4
///
/// A name that holds a bar goes before what that would separate.
///
/// Errors  limbic::Error (input): unknown names and words with the nearest one, a variable that the
///         cortex does not see, a vector, a cell or tick that is not there, an interval without
///         inside.
Evidence parse_evidence(const worlds::Schema& schema, std::string_view text);

/// A distribution given evidence, in closed form.
struct Constrained {
  brain::Distribution distribution;
  at::Tensor log_mass;  // log p(evidence): [...] float64; of Measured a log density
};

///   Interval  p(x) cut off outside;        mass = p(low <= x <= high)
///   Measured  p(x) N(mean; x, spread^2);   mass = p(mean), spread and all
///   OneOf     p(x) where it is allowed;    mass = p(x is one of them)
///
/// Units   raw. Precise also where a mass is next to nothing (log space, float64).
/// Errors  limbic::Error (input) where the distribution has no value that the evidence allows.
Constrained constrain(const brain::Distribution& distribution, const Evidence& evidence);

}  // namespace limbic::inference
