#include "limbic/worlds/row.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <algorithm>

namespace limbic::worlds {

RowLayout::RowLayout(const Schema& schema) : schema_(schema) {
  for (const Variable& variable : schema.variables())
    number_.push_back(number_.back() +
                      variable.num_ticks * variable.num_cells * variable.numbers_a_cell());
  int64_t number = 0;
  for (const Site& site : sites_of(schema)) {
    const int64_t width = schema[site.variable].numbers_a_cell();
    slots_.push_back({site, number, width});
    number += width;
  }
}

std::vector<double> RowLayout::read(const Episodes& episodes, int64_t row) const {
  std::vector<double> numbers(num_numbers());
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const at::Tensor& column = episodes.value[i];
    const int64_t count = number_[i + 1] - number_[i];
    double* const to = numbers.data() + number_[i];
    if (schema_[i].kind == Kind::kCategory) {
      std::copy_n(column.const_data_ptr<int64_t>() + row * count, count, to);
    } else {
      std::copy_n(column.const_data_ptr<float>() + row * count, count, to);
    }
  }
  return numbers;
}

void RowLayout::write(std::span<const double> numbers, Episodes& episodes, int64_t row) const {
  TORCH_CHECK(std::ssize(numbers) == num_numbers(), "a row has ", num_numbers(), " numbers, got ",
              numbers.size());
  for (int64_t i = 0; i < schema_.size(); ++i) {
    at::Tensor& column = episodes.value[i];
    const int64_t count = number_[i + 1] - number_[i];
    const double* const from = numbers.data() + number_[i];
    if (schema_[i].kind == Kind::kCategory) {
      std::copy_n(from, count, column.mutable_data_ptr<int64_t>() + row * count);
    } else {
      std::copy_n(from, count, column.mutable_data_ptr<float>() + row * count);
    }
  }
}

std::vector<uint8_t> RowLayout::marked(const at::Tensor& mask_BTV, int64_t row) const {
  std::vector<uint8_t> marks;
  marks.reserve(num_sites());
  const at::Tensor row_TV = mask_BTV[row];
  const auto mask_TV = row_TV.accessor<bool, 2>();
  for (const Slot& slot : slots_) marks.push_back(mask_TV[slot.site.tick][slot.site.row_cell]);
  return marks;
}

Episodes readable(const Episodes& episodes) {
  Episodes plain = episodes.to(at::kCPU);
  for (at::Tensor& column : plain.value) column = column.contiguous();
  return plain;
}

}  // namespace limbic::worlds
