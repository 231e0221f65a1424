#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "limbic/worlds/episodes.h"

namespace limbic::app {

constexpr size_t kMostCornerAxes = 8;

/// One quantity of a corner plot and its samples; of a category, indices of words.
struct CornerAxis {
  std::string name;
  std::vector<double> values;
  std::vector<std::string> words = {};  // none: a scalar
  std::optional<double> truth = {};
  bool has_others = false;  // the last word stands for many
};

/// The scalars and categories among the sites, at most kMostCornerAxes of them, in their order.
/// `truth` is one row; sites that are ABSENT there have none.
///
/// Errors  input: none among them is a scalar or a category.
std::vector<CornerAxis> corner_axes(const worlds::Schema& schema, const worlds::Episodes& samples,
                                    const at::Tensor& sites_TV,
                                    const std::optional<worlds::Episodes>& truth = {});

/// An SVG: histograms of the axes on the diagonal, with median and the middle 90 %, and below it a
/// panel for each pair: points where samples are few, else shades of density (the square root of
/// a bin's share of the fullest one). Categories beyond the 11 most frequent become one, 'others'.
/// Below stands what the numbers are, and `about`: what was given.
///
/// REQUIRES: one axis or more, all with as many values, at least one.
std::string draw_corner(std::vector<CornerAxis> axes, const std::string& about = {});

}  // namespace limbic::app
