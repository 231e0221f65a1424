#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "limbic/config/structs.h"
#include "limbic/core/stream.h"
#include "limbic/evals/episode_source.h"
#include "limbic/worlds/world.h"

namespace limbic::evals {

/// YAML: which episodes an eval reads; keys that evals share.
struct HeldOut {
  config::Located regime;
  worlds::Split split = worlds::Split::kValidation;
  int64_t rows = 2000;

  static void fields(auto& self, auto&& field) {
    field("regime", self.regime, config::required, "kind of episodes");
    field("split", self.split, "whose episodes");
    field("rows", self.rows, config::within<int64_t>(1, 100'000'000),
          "number of episodes; where they come again after fewer, each is read once, but by an nll "
          "without `given`, which asks of them something else each time");
  }
};

/// What is wrong with the name of a regime; nothing if the world has it.
std::optional<std::string> why_no_regime(const std::string& regime, const worlds::World& world);

/// Errors  ConfigError if the world has no such regime.
void check_regime(const config::Located& regime, const worlds::World& world);
/// Errors  the same, and limbic::Error (input) if it holds no row of that split.
void check_held_out(const HeldOut& held_out, const worlds::World& world);

/// Rows of a fixed data set that were read before: they measure nothing new, and are no independent
/// draws.
enum class Copies { kLeftOut, kRead };

/// Of how many rows each_batch makes its batches.
int64_t num_rows_read(const HeldOut& held_out, const worlds::World& world, Copies copies);

/// Calls `visit` with one batch after another, its values on the device, until all rows were seen,
/// from the regime's first on. What it computes keeps nothing for gradients.
///
/// Errors  Interrupted between two batches, where a SignalWatch was asked to stop.
void each_batch(const HeldOut& held_out, const EpisodeSource& source,
                const std::function<void(const worlds::Episodes&, const Stream&)>& visit,
                Copies copies = Copies::kLeftOut);

}  // namespace limbic::evals
