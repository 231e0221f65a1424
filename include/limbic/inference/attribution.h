#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/schema.h"

namespace limbic::inference {

/// What is to be explained: the raw output of an assessor at a tick.
struct AttributionTarget {
  int64_t assessor = 0;
  int64_t tick = 0;
};

/// How far something moves that output, by two measures.
///
/// Units   of the output, mean over rows: nats for a binary variable, but of kalman and delta what
///         they predict before it is clamped.
struct Influence {
  std::string name;
  double ablation = 0.0;  // how far the output moves when it is taken away
  double gradient = 0.0;  // how far the output's slope says that it would
};

/// What an assessor reads.
struct Attribution {
  struct Input {
    Influence whole;               // of a variable that the cortex sees
    std::vector<Influence> cells;  // each alone; empty if there is one
    double seen = 0.0;             // share of rows that observe it at that tick or before
    bool has_slope = false;        // gradients follow its values, not only the thought of them
  };
  std::vector<Influence> features;  // of the thought, in its order
  std::vector<Input> inputs;        // in the schema's order
  double features_agree = 0.0;      // rank correlation of the two measures, over features that
                                    // vary; NaN if there is none
  double inputs_agree = 0.0;        // the same, over cells of inputs that were seen
};

/// Which features of the thought, and which variables that the cortex sees, an assessor reads.
///
///              ablation                            gradient
///   feature f  |raw - raw(f at its mean)|          |d raw/d f . (f - its mean)|
///   number x   |raw - raw(x hidden)|               |d raw/d x . (x - its mean)|
///   category   |raw - raw(its cell hidden)|        |d raw/d thought . (thought - thought(hidden))|
///
/// A number is a cell of a scalar or vector; one that no slope reaches is taken as a category is.
/// Means are over the rows, for x over those that observe it, at each tick. What happens to a
/// feature or cell happens at all ticks up to the target's.
///
/// Cost    a prediction for each feature (three without a graph), a thought for each cell.
/// Departs through a linear assessor a category's gradient is its ablation, by construction. An
///         amygdala that learns by a rule of its own has no autograd graph: its slopes are central
///         differences, half of what is taken away to either side, since its code has jumps.
Attribution attribute(brain::Brain& brain, const worlds::Schema& schema,
                      const worlds::Episodes& episodes, const AttributionTarget& target);

}  // namespace limbic::inference
