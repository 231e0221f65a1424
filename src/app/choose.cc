#include "limbic/app/choose.h"

#include <algorithm>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::app {

std::string choose_regime(const std::optional<std::string>& regime, const worlds::World& world) {
  const std::vector<std::string>& regimes = world.regimes();
  if (!regime) return regimes.front();
  if (std::ranges::find(regimes, *regime) != regimes.end()) return *regime;
  throw input_error("--regime: the world has no regime ", quoted(*regime),
                    did_you_mean(*regime, {regimes.begin(), regimes.end()}));
}

worlds::Split choose_split(const std::string& split) {
  std::vector<std::string_view> known;
  for (const auto& [name, value] : enum_names(worlds::Split{})) {
    if (name == split) return value;
    known.emplace_back(name);
  }
  throw input_error("--split: unknown split ", quoted(split), did_you_mean(split, known));
}

}  // namespace limbic::app
