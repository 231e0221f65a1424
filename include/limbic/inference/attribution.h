#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/schema.h"

namespace limbic::inference {

/// What is to be explained: the raw output of an assessor at a tick.
struct Question {
  int64_t assessor = 0;
  int64_t tick = 0;
};

/// How far something moves that output, by two measures.
///
/// Units   of the output (nats for a binary variable), mean over rows.
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
  double features_agree = 0.0;      // rank correlation of the two measures; NaN if there is none
  double inputs_agree = 0.0;        // the same, over cells of inputs that were seen
};

/// Which features of the thought, and which variables that the cortex sees, an assessor reads.
///
///   feature  ablation: |raw - raw(feature at its mean)|;  gradient: |d raw/d feature (feature -
///   mean)| scalar, vector     |raw - raw(cell hidden)|;  |d raw/d value . (value - mean)| category
///   |d raw/d thought . (thought - thought(cell hidden))|
///
/// Means are over the rows (for values: over those that observe the cell) at each tick; what
/// happens to a feature or cell, happens at all ticks up to the question's. Where the slope does
/// not reach the values, theirs is taken as that of a category. Departs a category's slope through
/// a linear assessor is its ablation. An amygdala that learns by a
///         rule of its own has no autograd graph: there slopes are central differences, half of
///         what is taken away to either side, since its code of the thought has jumps.
/// Cost    a prediction for each feature (three without a graph), a thought for each cell.
Attribution attribute(brain::Brain& brain, const worlds::Schema& schema,
                      const worlds::Episodes& episodes, const Question& question);

}  // namespace limbic::inference
