#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "limbic/brain/upload.h"
#include "limbic/worlds/roles.h"

namespace limbic::brain {

/// What a cortex works out about roles on the host, ahead of any value.
class Preparation {
 public:
  virtual ~Preparation() = default;
  virtual void hand_over(Upload& upload) = 0;
};

/// What is asked of a cortex: roles, an order (see Cortex::log_prob), and all that the cortex could
/// work out about them ahead; null where it does so as it computes.
struct Question {
  worlds::Roles roles;
  at::Tensor rank_BTV;
  std::shared_ptr<Preparation> prepared;
  /// Of a thought: no gradient is asked for of what is thought from this tick on.
  int64_t taught_ticks = std::numeric_limits<int64_t>::max();

  explicit Question(worlds::Roles asked, at::Tensor rank = {},
                    std::shared_ptr<Preparation> ahead = nullptr)
      : roles(std::move(asked)), rank_BTV(std::move(rank)), prepared(std::move(ahead)) {}

  void hand_over(Upload& upload) {
    upload.decide(taught_ticks);
    prepared ? prepared->hand_over(upload) : upload.decide_later();
  }
};

}  // namespace limbic::brain
