#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/worlds/variable.h"

namespace limbic::worlds {

/// The ordered variables of a world, and where each one's cells lie in a row of V cells.
///
///   cells of variable i are offset(i) .. offset(i) + variables[i].num_cells - 1
class Schema {
 public:
  Schema() = default;
  Schema(std::vector<Variable> variables, int64_t num_ticks);

  [[nodiscard]] const std::vector<Variable>& variables() const { return variables_; }
  [[nodiscard]] const Variable& operator[](int64_t index) const { return variables_[index]; }
  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(variables_.size()); }
  [[nodiscard]] int64_t num_ticks() const { return num_ticks_; }       // T
  [[nodiscard]] int64_t num_cells() const { return offsets_.back(); }  // V
  [[nodiscard]] int64_t offset(int64_t index) const { return offsets_[index]; }

  /// Index of the variable called `name`, or -1.
  [[nodiscard]] int64_t find(std::string_view name) const;
  /// Same, or an input error with the nearest name.
  [[nodiscard]] int64_t require(std::string_view name) const;
  /// Indices of the variables whose name or modality matches the glob ('*' and '?'); empty if none
  /// does.
  [[nodiscard]] std::vector<int64_t> match(std::string_view glob) const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<std::string> modalities()
      const;  // of variables that the cortex sees, in order of appearance

 private:
  std::vector<Variable> variables_;
  std::vector<int64_t> offsets_{0};
  int64_t num_ticks_ = 1;
};

}  // namespace limbic::worlds
