#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/inference/dials.h"
#include "limbic/worlds/episodes.h"

namespace limbic::inference {

/// What a trained brain is told and asked: places (see worlds/place.h), of the first tick where
/// none is said.
struct Query {
  std::map<std::string, std::string>
      given;  // place -> text, or the path of a PNG for a variable that tiles a picture
  std::vector<std::string> ask;  // places
  int64_t num_samples = 1;
  Dials dials = {};
  std::vector<std::string> where = {};  // evidence about hidden cells, see evidence.h
  std::string prefer = {};              // see preference.h; empty: whatever is likely
  int64_t tick = 0;                     // at which it is judged
};

/// What it imagines.
struct Answer {
  worlds::Episodes samples;    // num_samples rows: coherent draws of what was asked
  brain::Marginals marginals;  // one row: each asked cell on its own, without evidence
  worlds::Roles roles;         // one row
  brain::Scorecard scorecard;  // one row: what the amygdala says of what was told
  int64_t tick = 0;            // the last of which anything was told or preferred
  at::Tensor log_evidence_B, effective_B, unmet_B;  // of the samples: see Samples
  std::optional<double> accepted;                   // by sweeps: see Samples
};

/// Of `place=value` each: a name ends at the first '=' before which it names a place, and where
/// there is none at the first of all.
///
/// Errors  limbic::Error (input): a name that comes twice.
std::map<std::string, std::string> parse_given(const worlds::Schema& schema,
                                               const std::vector<std::string>& assignments);

/// One row of which nothing is there but what is given.
///
/// Errors  as imagine's of what is given.
worlds::Episodes told(const worlds::Schema& schema,
                      const std::map<std::string, std::string>& given);

/// Clamps what is given, asks the cortex for the rest and the amygdala for its verdict on what is
/// given; beside that on each sample's values that evidence is about, and under a preference on all
/// that it imagines: then the verdict is a mean over samples, its variance within and between them.
///
/// Errors  limbic::Error (input): unknown places with the nearest name, values that do not fit, a
///         place both given and asked, or given twice; what evidence.h and sampler.h say of
///         evidence; what preference.h says of a preference.
Answer imagine(brain::Brain& brain, const worlds::Schema& schema, const Query& query,
               const Stream& stream, at::Device device);

}  // namespace limbic::inference
