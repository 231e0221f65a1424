#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace limbic::brain {

/// Multi-head attention in which query i of a row sees the first prefix[i] keys of that row.
///
/// Shapes  q: [B * n, D]; kv: [B * m, 2 D] (keys, then values); padding: [B, m] uint8 or undefined.
///         Result [B * n, D].
/// Cost    float32 on the CPU: one hand-written pass each way; elsewhere ATen's own operations.
at::Tensor prefix_attention(const at::Tensor& q, const at::Tensor& kv, int64_t num_rows,
                            int64_t num_heads, const std::vector<int64_t>& prefix,
                            const at::Tensor& padding);

/// The same by ATen's operations alone.
at::Tensor prefix_attention_reference(const at::Tensor& q, const at::Tensor& kv, int64_t num_rows,
                                      int64_t num_heads, const std::vector<int64_t>& prefix,
                                      const at::Tensor& padding);

}  // namespace limbic::brain
