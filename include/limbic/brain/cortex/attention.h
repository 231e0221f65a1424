#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace limbic::brain {

/// Who reads whom in one attention: query i of each row sees the first prefix[i] keys of its row
/// that are not padded.
struct Reach {
  int64_t num_rows;
  at::Tensor prefix;     // [n] int64
  at::Tensor padding{};  // [B, m] uint8 or undefined
};

/// Multi-head attention.
///
/// Shapes  q: [B * n, D]; kv: [B * m, 2 D] (keys, then values). Result [B * n, D].
/// Cost    float32 on the CPU: one hand-written pass each way; elsewhere ATen's own operations.
at::Tensor prefix_attention(const at::Tensor& q, const at::Tensor& kv, int64_t num_heads,
                            const Reach& reach);

/// The same by ATen's operations alone.
at::Tensor prefix_attention_reference(const at::Tensor& q, const at::Tensor& kv, int64_t num_heads,
                                      const Reach& reach);

}  // namespace limbic::brain
