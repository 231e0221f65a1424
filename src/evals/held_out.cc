#include "limbic/evals/held_out.h"

#include <algorithm>
#include <string_view>

#include "limbic/config/problems.h"
#include "limbic/core/signals.h"
#include "limbic/core/suggest.h"

namespace limbic::evals {
namespace {

constexpr int64_t kBatchRows = 256;

}  // namespace

void check_regime(const config::Located& regime, const worlds::World& world) {
  const std::vector<std::string>& regimes = world.regimes();
  if (std::ranges::find(regimes, regime.text) != regimes.end()) return;
  config::Problems problems;
  problems.add(regime.mark, concat("the world has no regime ", quoted(regime.text),
                                   did_you_mean(regime.text, {regimes.begin(), regimes.end()})));
  problems.raise();
}

void check_held_out(const HeldOut& held_out, const worlds::World& world) {
  check_regime(held_out.regime, world);
  (void)world.draw({.regime = held_out.regime.text, .split = held_out.split, .num_rows = 1},
                   Stream(0));
}

HeldOut without_copies(HeldOut held_out, const worlds::World& world) {
  const auto distinct = world.num_distinct_rows(held_out.regime.text, held_out.split);
  // Of a split without rows the world itself will say so.
  if (distinct && *distinct > 0) held_out.rows = std::min(held_out.rows, *distinct);
  return held_out;
}

void each_batch(const HeldOut& held_out, const worlds::World& world, const Stream& stream,
                at::Device device,
                const std::function<void(const worlds::Episodes&, const Stream&)>& visit) {
  const int64_t batch_rows = std::min(kBatchRows, held_out.rows);
  for (int64_t begin = 0; begin < held_out.rows; begin += batch_rows) {
    SignalWatch::give_up_if_stopping();
    const int64_t step = begin / batch_rows;
    const worlds::Draw draw{.regime = held_out.regime.text,
                            .split = held_out.split,
                            .step = step,
                            .first_row = begin,
                            .num_rows = batch_rows};
    const worlds::Episodes drawn = world.draw(draw, stream.child("world"));
    const int64_t num_rows = std::min(batch_rows, held_out.rows - begin);
    visit(drawn.rows(0, num_rows).to(device), stream.child("eval").at(step));
  }
}

}  // namespace limbic::evals
