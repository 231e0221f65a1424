#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/episodes.h"

namespace limbic::worlds {

/// An episode as one flat row of numbers, for code that goes row by row: variable after variable,
/// each [ticks, cells, size]; a category is one whole number.
///
/// Its sites are the places that can be observed or asked about: variable after variable, each
/// [ticks, cells].
class RowLayout {
 public:
  explicit RowLayout(const Schema& schema);

  [[nodiscard]] const Schema& schema() const { return schema_; }
  [[nodiscard]] int64_t num_numbers() const { return number_.back(); }
  [[nodiscard]] int64_t num_sites() const { return site_.back(); }
  /// Where variable i begins among the numbers, and among the sites.
  [[nodiscard]] int64_t number(int64_t variable) const { return number_[variable]; }
  [[nodiscard]] int64_t site(int64_t variable) const { return site_[variable]; }

  /// Columns must be contiguous and on the CPU.
  [[nodiscard]] std::vector<double> read(const Episodes& episodes, int64_t row) const;
  void write(std::span<const double> numbers, Episodes& episodes, int64_t row) const;
  /// Who of a row's sites is marked in [B, T, V].
  [[nodiscard]] std::vector<uint8_t> marked(const at::Tensor& mask_BTV, int64_t row) const;

 private:
  Schema schema_;
  std::vector<int64_t> number_{0}, site_{0};
};

}  // namespace limbic::worlds
