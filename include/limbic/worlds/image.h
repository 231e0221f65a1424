#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/worlds/variable.h"

namespace limbic::worlds {

// Grey pictures are float tensors [H, W] in [0, 1], 0 black.

/// Reads a PNG; colours become grey.
/// Errors  input: missing, or no PNG.
at::Tensor read_png(const std::string& path);
/// A PNG's bytes. Values outside [0, 1] are cut off.
std::string encode_png(const at::Tensor& image_HW);

/// Cuts a picture into the cells of a variable that tiles one: [cells, size]. `file` is what
/// messages call it.
/// Errors  input: another size, or a variable that is no picture.
at::Tensor cells_from_image(const Variable& variable, const at::Tensor& image_HW,
                            const std::string& file);
/// Puts cells [cells, size] together again.
at::Tensor image_from_cells(const Variable& variable, const at::Tensor& cells);

/// Pictures of one size side by side, `columns` in a row, each enlarged `zoom` times, with white
/// margins of `zoom` pixels.
at::Tensor contact_sheet(const std::vector<at::Tensor>& images_HW, int64_t columns,
                         int64_t zoom = 4);

}  // namespace limbic::worlds
