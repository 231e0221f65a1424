#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "limbic/config/reader.h"

namespace limbic::inference {

/// YAML: `dials`: how much thinking goes into an answer, all of it by the same trained cortex.
struct Dials {
  double temperature = 1.0;
  int64_t reencode = 0;
  int64_t orders = 1;
  int64_t sweeps = 0;
  double block = 0.5;
  int64_t candidates = 1;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("temperature", self.temperature, within(0.0, 100.0),
          "scales noise and flattens choices; 0: the likeliest; orders and sweeps need 1");
    field("reencode", self.reencode, within<int64_t>(0, 1 << 20),
          "cells drawn between one encoding and the next, by which they are observed; 1: exact "
          "autoregression; 0: one encoding for all");
    field("orders", self.orders, within<int64_t>(1, 4096),
          "random orders of the cells over which the joint p is averaged, at which candidates or "
          "sweeps aim");
    field("sweeps", self.sweeps, within<int64_t>(0, 1 << 20),
          "how often a block of cells is drawn again, given all others, and taken or not by "
          "Metropolis-Hastings");
    field("block", self.block, within(0.0, 1.0), "share of the asked cells in such a block");
    field("candidates", self.candidates, within<int64_t>(1, 1 << 20),
          "draws among which each answer is chosen by importance");
  }
  void check(config::Reader& reader, const config::Node& node) const;
  /// Whether candidates count as much as each other, unless evidence or a preference tells them
  /// apart.
  [[nodiscard]] bool candidates_are_alike() const { return candidates > 1 && orders == 1; }
  /// What is wrong with its temperature, if anything.
  [[nodiscard]] std::optional<std::string> temperature_mistake() const;
};

/// As people write it on a command line: `reencode=1,orders=8,sweeps=2`. The rest stays as it is
/// in `dials`.
/// Errors  limbic::Error (input) with all mistakes.
Dials parse_dials(std::string_view text, const Dials& dials = {});

}  // namespace limbic::inference
