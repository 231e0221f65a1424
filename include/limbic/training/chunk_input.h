#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "limbic/brain/cortex/question.h"
#include "limbic/brain/upload.h"
#include "limbic/core/stream.h"
#include "limbic/losses/loss.h"
#include "limbic/worlds/episodes.h"

namespace limbic::training {

/// Everything about a chunk that the host decides, ahead of computing.
struct ChunkInput {
  int64_t chunk;
  Stream dropout;
  worlds::Episodes episodes = {};
  std::map<std::string, int64_t> audit = {};
  std::optional<brain::Question> thought = {};              // if signals are read
  std::vector<std::optional<losses::Lesson>> lessons = {};  // per loss; none: it does not apply
  at::Tensor place = {};     // [1] int64: the chunk's row in what chunks leave behind
  at::Tensor weight_L = {};  // float32: of each loss, over the number of chunks that it applies to

  [[nodiscard]] bool applies(int64_t loss) const { return lessons[loss].has_value(); }
  /// With the cells that are present, if the work can be repeated; else these stay on the CPU,
  /// where those look who decide as they compute.
  void hand_over(brain::Upload& upload);
};

}  // namespace limbic::training
