#pragma once

#include <c10/core/Device.h>

#include <cstdint>

#include "limbic/core/stream.h"
#include "limbic/worlds/world.h"

namespace limbic::evals {

/// What a run's training draws from: its episodes from the child "world".
[[nodiscard]] inline Stream training_stream(uint64_t seed) {
  return Stream(seed).child("training");
}

/// Where an eval's episodes come from, and the device that it reads them on.
struct EpisodeSource {
  const worlds::World& world;
  Stream stream;    // the eval's own: its episodes come from the child "world"
  Stream training;  // the run's, for a fixed training set is the one that the run trains on
  at::Device device;
};

}  // namespace limbic::evals
