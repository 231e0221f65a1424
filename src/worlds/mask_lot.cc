#include "limbic/worlds/mask_lot.h"

#include <ATen/ATen.h>

#include <cmath>
#include <string_view>

#include "limbic/core/hash.h"

namespace limbic::worlds {

at::Tensor mask_lots(const at::Tensor& mask_BTV) {
  const at::Tensor mask = mask_BTV.contiguous();
  const int64_t num_rows = mask.size(0), size = mask.size(1) * mask.size(2);
  const auto* bytes = static_cast<const char*>(mask.const_data_ptr());
  at::Tensor lot_B = at::empty({num_rows}, at::kDouble);
  auto lot = lot_B.accessor<double, 1>();
  for (int64_t row = 0; row < num_rows; ++row) {
    const std::string_view own(bytes + row * size, static_cast<size_t>(size));
    lot[row] = std::ldexp(static_cast<double>(xxh3_64(own) >> 11), -53);
  }
  return lot_B;
}

}  // namespace limbic::worlds
