#include "limbic/app/choose.h"

#include "limbic/core/error.h"
#include "limbic/core/named_enum.h"
#include "limbic/core/suggest.h"
#include "limbic/evals/held_out.h"

namespace limbic::app {

std::string choose_regime(const std::optional<std::string>& regime, const worlds::World& world) {
  if (!regime) return world.regimes().front();
  if (const auto why = evals::why_no_regime(*regime, world)) throw input_error("--regime: ", *why);
  return *regime;
}

worlds::Split choose_split(const std::string& split) {
  if (const auto known = value_named<worlds::Split>(split)) return *known;
  throw input_error("--split: unknown split ", quoted(split),
                    did_you_mean(split, names_of<worlds::Split>()));
}

}  // namespace limbic::app
