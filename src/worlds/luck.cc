#include "limbic/worlds/luck.h"

namespace limbic::worlds {
namespace {

Schema make_schema() {
  const Variable arm{.name = "arm",
                     .kind = Kind::kCategory,
                     .size = 2,
                     .modality = "arm",
                     .names = {"sure", "coin"}};
  const Variable outcome{.name = "outcome",
                         .kind = Kind::kCategory,
                         .size = 3,
                         .modality = "outcome",
                         .names = {"-3", "1", "3"}};
  return Schema({arm, outcome}, 1);
}

}  // namespace

Luck::Luck(const LuckConfig& config)
    : Simulator(make_schema(), config.simulator), oracle_(schema()) {}

void Luck::simulate(std::span<double> row, const Stream& stream) const {
  const bool is_coin = stream.uniform(0) < 0.5, wins = stream.uniform(1) < 0.5;
  row[0] = is_coin ? 1 : 0;
  row[1] = !is_coin ? 1 : wins ? 2 : 0;
}

}  // namespace limbic::worlds
