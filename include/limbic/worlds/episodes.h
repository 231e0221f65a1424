#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "limbic/worlds/schema.h"

namespace limbic::worlds {

/// B episodes of T ticks: one column per variable, and which cells are there at all.
///
/// Shapes  value[i]: [B, t, cells] float (scalar) or int64 (category), [B, t, cells, size] float
///         (vector), t = variable i's num_ticks. present_BTV: bool; false is ABSENT, neither input
///         nor target. False at ticks a variable does not reach.
/// State   values are finite: an ABSENT value is 0. values live on the device of the brain,
///         present_BTV on the CPU, so that counts of cells are known without asking the device
///         (but for work that can be repeated there, whose counts are settled).
struct Episodes {
  std::vector<at::Tensor> value;
  at::Tensor present_BTV;

  [[nodiscard]] int64_t num_rows() const { return present_BTV.size(0); }
  [[nodiscard]] Episodes to(at::Device device) const;
  [[nodiscard]] Episodes rows(int64_t begin, int64_t end) const;
};

/// Episodes in which every value is 0 and every cell ABSENT.
Episodes empty_episodes(const Schema& schema, int64_t num_rows);
/// Row r of the result is row r / times of `episodes`.
Episodes repeat_rows(const Episodes& episodes, int64_t times);
/// Row r of the result is row index[r] of `episodes`; index: int64 on the CPU.
Episodes pick_rows(const Episodes& episodes, const at::Tensor& index);
/// Values of the rows of `from` where taken [B], those of `into` elsewhere.
void take_rows(const at::Tensor& taken_B, const Episodes& from, Episodes& into);
/// The columns of all parts, rows one after the other.
Episodes concatenate(const std::vector<Episodes>& parts);

}  // namespace limbic::worlds
