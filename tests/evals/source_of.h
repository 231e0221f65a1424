#pragma once

#include <ATen/ATen.h>

#include "limbic/evals/episode_source.h"

namespace limbic::evals {

/// A world's episodes as tests read them, all of one stream.
inline EpisodeSource source_of(const worlds::World& world) {
  return {.world = world, .stream = Stream(1), .training = Stream(1), .device = at::kCPU};
}

}  // namespace limbic::evals
