#include "limbic/worlds/image.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <memory>

#include "limbic/core/error.h"
#include "limbic/core/file.h"

#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 8192
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

namespace limbic::worlds {
namespace {

constexpr size_t kMostBytes = size_t{1} << 26;

void check_tiling(const Variable& variable) {
  const Tiling& tiling = variable.tiling;
  if (tiling.rows * tiling.columns != variable.num_cells ||
      tiling.height * tiling.width != variable.size) {
    throw input_error("'", variable.name, "' is no picture");
  }
}

void append_bytes(void* out, void* data, int count) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), count);
}

}  // namespace

at::Tensor read_png(const std::string& path) {
  const std::string bytes = read_file(path, kMostBytes);
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, decltype(&stbi_image_free)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                            static_cast<int>(bytes.size()), &width, &height, &channels, 1),
      &stbi_image_free);
  if (pixels == nullptr) throw input_error(path, ": not a PNG (", stbi_failure_reason(), ")");
  at::Tensor image_HW = at::empty({height, width}, at::kByte);
  std::copy_n(pixels.get(), image_HW.numel(), image_HW.mutable_data_ptr<uint8_t>());
  return image_HW.to(at::kFloat).div(255.0);
}

std::string encode_png(const at::Tensor& image_HW) {
  TORCH_CHECK(image_HW.dim() == 2, "image_HW must be [H, W], got ", image_HW.sizes());
  const at::Tensor bytes_HW = image_HW.detach()
                                  .cpu()
                                  .to(at::kFloat)
                                  .clamp(0, 1)
                                  .mul(255)
                                  .round()
                                  .to(at::kByte)
                                  .contiguous();
  const auto width = static_cast<int>(bytes_HW.size(1));
  std::string file;
  const int written =
      stbi_write_png_to_func(append_bytes, &file, width, static_cast<int>(bytes_HW.size(0)), 1,
                             bytes_HW.const_data_ptr<uint8_t>(), width);
  TORCH_CHECK(written != 0, "no PNG can be made of ", image_HW.sizes());
  return file;
}

at::Tensor cells_from_image(const Variable& variable, const at::Tensor& image_HW,
                            const std::string& file) {
  check_tiling(variable);
  const Tiling& tiling = variable.tiling;
  const int64_t height = tiling.rows * tiling.height, width = tiling.columns * tiling.width;
  if (image_HW.size(0) != height || image_HW.size(1) != width) {
    throw input_error(file, ": expected a ", width, "x", height, " picture, got ", image_HW.size(1),
                      "x", image_HW.size(0));
  }
  return image_HW.reshape({tiling.rows, tiling.height, tiling.columns, tiling.width})
      .permute({0, 2, 1, 3})
      .reshape({variable.num_cells, variable.size});
}

at::Tensor image_from_cells(const Variable& variable, const at::Tensor& cells) {
  check_tiling(variable);
  const Tiling& tiling = variable.tiling;
  return cells.reshape({tiling.rows, tiling.columns, tiling.height, tiling.width})
      .permute({0, 2, 1, 3})
      .reshape({tiling.rows * tiling.height, tiling.columns * tiling.width});
}

at::Tensor contact_sheet(const std::vector<at::Tensor>& images_HW, int64_t columns, int64_t zoom) {
  TORCH_CHECK(!images_HW.empty() && columns > 0 && zoom > 0, "a contact sheet of ",
              images_HW.size(), " pictures in ", columns, " columns, zoom ", zoom);
  const int64_t count = std::ssize(images_HW);
  const int64_t height = images_HW.front().size(0) * zoom, width = images_HW.front().size(1) * zoom;
  const int64_t rows = (count + columns - 1) / columns;
  at::Tensor sheet_HW =
      at::full({rows * (height + zoom) + zoom, columns * (width + zoom) + zoom}, 1.0F);
  for (int64_t i = 0; i < count; ++i) {
    const at::Tensor large_HW =
        images_HW[i].cpu().repeat_interleave(zoom, 0).repeat_interleave(zoom, 1);
    sheet_HW.narrow(0, zoom + i / columns * (height + zoom), height)
        .narrow(1, zoom + i % columns * (width + zoom), width)
        .copy_(large_HW);
  }
  return sheet_HW;
}

}  // namespace limbic::worlds
