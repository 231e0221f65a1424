#pragma once

#include <algorithm>
#include <vector>

#include "limbic/config/reader.h"

namespace limbic::losses {

/// Notes that of a loss's laws under `key` none is ever drawn, where that is so.
template <class LawConfig>
void refuse_to_draw_nothing(const std::vector<LawConfig>& laws, const char* key,
                            config::Reader& reader, const config::Node& loss) {
  const auto has_share = [](const LawConfig& law) { return law.share > 0; };
  if (laws.empty() || std::ranges::any_of(laws, has_share)) return;
  reader.problem(loss.find(key)->mark, "every share is 0, so none of these is ever drawn");
}

}  // namespace limbic::losses
