#include "limbic/worlds/luck.h"

#include <string>
#include <utility>
#include <vector>

namespace limbic::worlds {
namespace {

Schema make_schema() {
  const auto category = [](const std::string& name, std::vector<std::string> names) {
    Variable variable;
    variable.name = variable.modality = name;
    variable.kind = Kind::kCategory;
    variable.size = std::ssize(names);
    variable.names = std::move(names);
    return variable;
  };
  return Schema({category("arm", {"sure", "coin"}), category("outcome", {"-3", "1", "3"})}, 1);
}

}  // namespace

Luck::Luck(const SimulatorConfig& config) : Simulator(make_schema(), config), oracle_(schema()) {}

void Luck::simulate(std::span<double> row, const Stream& stream) const {
  const auto& [sure, loss, gain] = kLuckyEvents;
  const double coin = loss.share + gain.share;
  const bool is_coin = stream.uniform(0) < coin, wins = stream.uniform(1) < gain.share / coin;
  const LuckyEvent& event = !is_coin ? sure : wins ? gain : loss;
  row[0] = static_cast<double>(event.arm);
  row[1] = static_cast<double>(event.outcome);
}

}  // namespace limbic::worlds
