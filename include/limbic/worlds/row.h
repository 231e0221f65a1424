#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/episodes.h"
#include "limbic/worlds/site.h"

namespace limbic::worlds {

/// An episode as one flat row of numbers, for code that goes row by row: variable after variable,
/// each [ticks, cells, size]; a category is one whole number.
///
/// Its sites are the places that can be observed or asked about: variable after variable, each
/// [ticks, cells].
class RowLayout {
 public:
  /// A site and the numbers of the row that are its own.
  struct Slot {
    Site site;
    int64_t number = 0, width = 1;
  };

  explicit RowLayout(const Schema& schema);

  [[nodiscard]] const Schema& schema() const { return schema_; }
  [[nodiscard]] int64_t num_numbers() const { return number_.back(); }
  [[nodiscard]] int64_t num_sites() const { return std::ssize(slots_); }
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }  // of all sites

  /// Columns must be contiguous and on the CPU, as readable() makes them.
  [[nodiscard]] std::vector<double> read(const Episodes& episodes, int64_t row) const;
  void write(std::span<const double> numbers, Episodes& episodes, int64_t row) const;
  /// Who of a row's sites is marked in [B, T, V].
  [[nodiscard]] std::vector<uint8_t> marked(const at::Tensor& mask_BTV, int64_t row) const;

 private:
  Schema schema_;
  std::vector<int64_t> number_{0};  // where each variable begins
  std::vector<Slot> slots_;
};

/// The same with contiguous columns on the CPU.
Episodes readable(const Episodes& episodes);

}  // namespace limbic::worlds
