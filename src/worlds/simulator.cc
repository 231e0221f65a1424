#include "limbic/worlds/simulator.h"

#include <c10/util/Exception.h>

#include "limbic/worlds/epoch_order.h"
#include "limbic/worlds/site.h"

namespace limbic::worlds {

Simulator::Simulator(const Schema& schema, const SimulatorConfig& config)
    : layout_(schema), budget_(config.budget) {}

std::optional<int64_t> Simulator::num_distinct_rows(std::string_view /*regime*/,
                                                    Split split) const {
  return is_fixed(split) ? std::optional(budget_) : std::nullopt;
}

Episodes Simulator::draw(const Draw& draw, const Stream& stream) const {
  TORCH_CHECK(draw.regime == regimes_.front(), "a simulator's only regime is '", regimes_.front(),
              "', got '", draw.regime, "'");
  const Stream source = stream.child("rows").at(static_cast<int64_t>(draw.split));
  const bool comes_again = is_fixed(draw.split);
  const EpochOrder order(comes_again ? budget_ : 1, source.child("order"));
  Episodes episodes = empty_episodes(schema(), draw.num_rows);
  episodes.present_BTV.copy_(possible_cells(schema()));
  std::vector<double> row(layout_.num_numbers());
  for (int64_t b = 0; b < draw.num_rows; ++b) {
    const int64_t position = draw.first_row + b;
    simulate(row, source.at(comes_again ? order.item(position) : position));
    layout_.write(row, episodes, b);
  }
  return episodes;
}

}  // namespace limbic::worlds
