#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limbic/config/registry.h"

namespace limbic::config {

/// A product to make, and two parts that make it: one of them holds parts of its own kind.
struct Shape2d {
  double area = 0;
};
using ShapeRecipe = Recipe<std::unique_ptr<Shape2d>, double>;
using ShapeRegistry = Registry<std::unique_ptr<Shape2d>, double>;

struct SquareConfig {
  double side = 1.0;
  bool hollow = false;
  static void fields(auto& self, auto&& field) {
    field("side", self.side, at_least(0.0), "length of a side [m]");
    field("hollow", self.hollow, "leave out the inside");
  }
};

struct PairConfig {
  ShapeRecipe first;
  ShapeRecipe second;
  static void fields(auto& self, auto&& field) {
    field("first", self.first, required, "one shape");
    field("second", self.second, "another, or none");
  }
};

inline Context shapes() {
  ShapeRegistry registry;
  registry.add<SquareConfig>("square", "four equal sides",
                             [](const SquareConfig& config, double scale) {
                               const double side = config.side * scale;
                               return std::make_unique<Shape2d>(Shape2d{side * side});
                             });
  registry.add<PairConfig>("pair", "two shapes", [](const PairConfig& config, double scale) {
    double area = config.first.make(scale)->area;
    if (config.second) area += config.second.make(scale)->area;
    return std::make_unique<Shape2d>(Shape2d{area});
  });
  Context context;
  context.add(registry);
  return context;
}

/// The mistakes of a text; "" if none.
template <class T>
std::string mistakes(const std::string& text, const Context& context = {}) {
  try {
    parse<T>(text, "a.yaml", context);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace limbic::config
