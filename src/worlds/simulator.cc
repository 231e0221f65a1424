#include "limbic/worlds/simulator.h"

#include <c10/util/Exception.h>

#include "limbic/worlds/epoch_order.h"

namespace limbic::worlds {

Simulator::Simulator(const Schema& schema, const SimulatorConfig& config)
    : layout_(schema), budget_(config.budget) {}

Episodes Simulator::draw(const Draw& draw, const Stream& stream) const {
  TORCH_CHECK(draw.regime == regimes_.front(), "a simulator's only regime is '", regimes_.front(),
              "', got '", draw.regime, "'");
  const Stream source = stream.child("rows").at(static_cast<int64_t>(draw.split));
  const bool is_fixed = draw.split == Split::kTrain && budget_ > 0;
  const EpochOrder order(is_fixed ? budget_ : 1, source.child("order"));
  Episodes episodes = empty_episodes(schema(), draw.num_rows);
  for (int64_t i = 0; i < schema().size(); ++i) {
    episodes.present_BTV.narrow(1, 0, schema()[i].num_ticks)
        .narrow(2, schema().offset(i), schema()[i].num_cells)
        .fill_(true);
  }
  std::vector<double> row(layout_.num_numbers());
  for (int64_t b = 0; b < draw.num_rows; ++b) {
    const int64_t position = draw.first_row + b;
    simulate(row, source.at(is_fixed ? order.item(position) : position));
    layout_.write(row, episodes, b);
  }
  return episodes;
}

}  // namespace limbic::worlds
