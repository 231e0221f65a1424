#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace limbic::training {

struct NamedTensor {
  std::string name;
  at::Tensor value;
};

/// Tensors as one safetensors file, which Python's `safetensors` reads.
///
///   8 bytes: header size, little endian | JSON header, padded with spaces | the tensors' bytes
///
/// The header lists names in order. Data starts at a multiple of 64 bytes; tensors of wide elements
/// come first, so each starts at a multiple of its element's size. Equal tensors, equal bytes.
/// `metadata` goes into the header's `__metadata__`, beside "format".
///
/// Errors  c10::Error on a name given twice, a dtype out of the list below, or a tensor that is not
///         on the CPU. Types: F64 I64 F32 I32 F16 BF16 U8 BOOL.
[[nodiscard]] std::string encode(const std::vector<NamedTensor>& tensors,
                                 const std::map<std::string, std::string>& metadata = {});

/// What encode() wrote, sorted by name; `file` is for messages.
///
/// Errors  limbic::Error (damaged) that names file and tensor, on anything but a strict file:
///         header over 100 MB, unknown or repeated keys, offsets out of range, a hole, an overlap,
///         bytes left over, a length that is not shape times element size.
[[nodiscard]] std::vector<NamedTensor> decode(std::string_view bytes, const std::string& file);

/// The values of a contiguous CPU tensor as they lie in memory.
[[nodiscard]] std::string_view bytes_of(const at::Tensor& tensor);

}  // namespace limbic::training
