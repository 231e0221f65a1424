#include "limbic/training/parts.h"

#include <algorithm>

#include "limbic/config/reader.h"
#include "limbic/core/cores.h"
#include "limbic/core/error.h"

namespace limbic::training {

int64_t count_workers(const TrainingConfig& config) {
  const int64_t wanted = config.workers > 0 ? config.workers : usable_cores();
  return std::min(wanted, config.chunks);
}

void TrainingConfig::check(config::Reader& reader, const config::Node& node) const {
  if (batch_size >= chunks) return;
  reader.problem(node.mark,
                 concat("batch_size must be at least chunks = ", chunks, ", got ", batch_size));
}

}  // namespace limbic::training
