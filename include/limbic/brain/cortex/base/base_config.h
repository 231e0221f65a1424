#pragma once

#include <cstdint>

#include "limbic/config/fields.h"

namespace limbic::brain {

/// YAML: `cortex.base_density`, a density that the cortex starts from.
struct BaseConfig {
  int64_t components = 0;
  int64_t rows = 5000;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("components", self.components, within<int64_t>(0, 256),
          "Gaussians over all scalars at once, and beside each what is likely of every category, "
          "fitted to training rows before the first step; heads then learn what they leave open; "
          "for tables of some hundred rows; 0: none");
    field("rows", self.rows, within<int64_t>(2, 1 << 20),
          "training rows that they are fitted to, at most");
  }
};

}  // namespace limbic::brain
