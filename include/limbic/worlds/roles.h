#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "limbic/worlds/episodes.h"

namespace limbic::worlds {

/// What each cell is to the cortex: observed (an input), asked (a target), both (an echo), or
/// neither.
///
/// Shapes  observed_BTV, asked_BTV: bool on the CPU, both within present_BTV where the cell is to
///         be scored. A cell that is only asked for its distribution (infer, think) may be ABSENT
///         in the episodes.
struct Roles {
  at::Tensor observed_BTV;
  at::Tensor asked_BTV;

  [[nodiscard]] Roles rows(int64_t begin, int64_t end) const;
};

/// What is still to be known: asked cells that are not observed.
at::Tensor hidden_cells(const Roles& roles);
/// Row r of the result is row r / times of `roles`.
Roles repeat_rows(const Roles& roles, int64_t times);

/// Variable i's part of a mask, or of numbers that are laid out as one: a view.
///
/// Shapes  [..., T, V] -> [..., t, cells], t its ticks.
at::Tensor own_cells(const at::Tensor& x_TV, const Schema& schema, int64_t i);
/// All cells that the cortex may see: [T, V] bool.
at::Tensor cortical_cells(const Schema& schema);
/// Those of them that are present: [B, T, V] bool.
at::Tensor visible(const Episodes& episodes, const Schema& schema);
/// Roles that observe `observed` and ask about every other present cell of the cortex's variables.
Roles ask_the_rest(const Episodes& episodes, const Schema& schema, const at::Tensor& observed_BTV);

}  // namespace limbic::worlds
