#include "limbic/training/parts.h"

#include "limbic/config/reader.h"
#include "limbic/core/error.h"

namespace limbic::training {

void TrainingConfig::check(config::Reader& reader, const config::Node& node) const {
  if (rows >= chunks) return;
  reader.problem(node.mark, concat("rows must be at least chunks = ", chunks, ", got ", rows));
}

}  // namespace limbic::training
