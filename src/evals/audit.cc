#include "limbic/evals/audit.h"

#include <string>
#include <utility>

#include "limbic/core/error.h"

namespace limbic::evals {
namespace {

std::vector<HeldOut> held_out(const AuditConfig& config, const worlds::World& world) {
  std::vector<config::Located> regimes = config.regimes;
  if (regimes.empty()) {
    for (const std::string& name : world.regimes()) regimes.push_back({.text = name, .mark = {}});
  }
  std::vector<HeldOut> all;
  for (const config::Located& regime : regimes) all.push_back({regime, config.split, config.rows});
  return all;
}

}  // namespace

std::vector<config::Reported> AuditConfig::reported() {
  using config::Direction;
  return {{"<what>", Direction::kLower,
           "how often it happened, by the name that the world gives it [count]"}};
}

Audit::Audit(AuditConfig config) : config_(std::move(config)) {}

void Audit::check(const brain::Brain& /*brain*/, const worlds::World& world) const {
  for (const HeldOut& rows : held_out(config_, world)) check_held_out(rows, world);
  if (keys(world).empty())
    throw input_error(
        "audit: this world counts nothing (spider does); an eval of type 'mean' says how often a "
        "claim holds");
}

Results Audit::run(brain::Brain& /*brain*/, const EpisodeSource& source) const {
  Results results;
  for (const HeldOut& rows : held_out(config_, source.world)) {
    EpisodeSource of_regime = source;
    of_regime.stream = source.stream.child(rows.regime.text);
    of_regime.device = at::kCPU;
    each_batch(rows, of_regime, [&](const worlds::Episodes& episodes, const Stream&) {
      for (const auto& [name, count] : source.world.audit(episodes))
        results[name] += static_cast<double>(count);
    });
  }
  return results;
}

std::vector<std::string> Audit::keys(const worlds::World& world) const {
  std::vector<std::string> names;
  for (const auto& [name, count] : world.audit(worlds::empty_episodes(world.schema(), 1))) {
    names.push_back(name);
  }
  return names;
}

}  // namespace limbic::evals
