#include "limbic/evals/held_out.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "limbic/config/problems.h"
#include "limbic/core/signals.h"
#include "limbic/core/suggest.h"

namespace limbic::evals {
namespace {

constexpr int64_t kBatchRows = 256;

}  // namespace

std::optional<std::string> why_no_regime(const std::string& regime, const worlds::World& world) {
  const std::vector<std::string>& regimes = world.regimes();
  if (std::ranges::find(regimes, regime) != regimes.end()) return std::nullopt;
  return concat("the world has no regime ", quoted(regime), did_you_mean(regime, regimes));
}

void check_regime(const config::Located& regime, const worlds::World& world) {
  if (const auto why = why_no_regime(regime.text, world)) config::refuse(regime.mark, *why);
}

void check_held_out(const HeldOut& held_out, const worlds::World& world) {
  check_regime(held_out.regime, world);
  (void)world.draw({.regime = held_out.regime.text, .split = held_out.split, .num_rows = 1},
                   Stream(0));
}

int64_t num_rows_read(const HeldOut& held_out, const worlds::World& world, Copies copies) {
  const auto distinct = world.num_distinct_rows(held_out.regime.text, held_out.split);
  // Of a split without rows the world itself will say so.
  const bool has_few = copies == Copies::kLeftOut && distinct && *distinct > 0;
  return has_few ? std::min(held_out.rows, *distinct) : held_out.rows;
}

void each_batch(const HeldOut& held_out, const EpisodeSource& source,
                const std::function<void(const worlds::Episodes&, const Stream&)>& visit,
                Copies copies) {
  const at::NoGradGuard no_grad;
  const worlds::World& world = source.world;
  const bool is_fixed = held_out.split == worlds::Split::kTrain && world.num_training_rows() > 0;
  const Stream rows = (is_fixed ? source.training : source.stream).child("world");
  const int64_t all_rows = num_rows_read(held_out, world, copies);
  for (int64_t begin = 0; begin < all_rows; begin += kBatchRows) {
    SignalWatch::give_up_if_stopping();
    const worlds::Draw draw{.regime = held_out.regime.text,
                            .split = held_out.split,
                            .first_row = begin,
                            .num_rows = std::min(kBatchRows, all_rows - begin)};
    visit(world.draw(draw, rows).to(source.device),
          source.stream.child("eval").at(begin / kBatchRows));
  }
}

}  // namespace limbic::evals
