#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "limbic/training/checkpoint.h"

namespace limbic::training {

/// What two circuits hold, of which every number is `value` or its negative.
inline Snapshot snapshot_of(int64_t step, double value = 1) {
  return {.step = step,
          .circuits = {{"amygdala", {{"w", at::full({2}, value)}}},
                       {"cortex", {{"u", at::full({3}, -value)}, {"w", at::full({2}, value)}}}},
          .state_json = R"({"stage": "see"})",
          .config_yaml = "seed: 1\n",
          .world_json = R"({"ticks": 2})"};
}

inline double value_of(const Snapshot& snapshot) {
  return snapshot.circuits.at("amygdala")[0].value[0].item<double>();
}

}  // namespace limbic::training
