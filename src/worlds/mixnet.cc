#include "limbic/worlds/mixnet.h"

#include "limbic/worlds/choice.h"
#include "limbic/worlds/mixnet_law.h"

namespace limbic::worlds {
namespace {

using namespace mixnet;  // NOLINT(google-build-using-namespace): the law

Variable category(const std::string& name, int64_t size, int64_t num_cells = 1) {
  return {.name = name,
          .kind = Kind::kCategory,
          .size = size,
          .num_cells = num_cells,
          .modality = name};
}

Variable image(bool pixels) {
  if (pixels) return {.name = "image", .num_cells = kNumPixels, .modality = "image"};
  return {.name = "image",
          .kind = Kind::kVector,
          .size = 4,
          .num_cells = kNumPixels / 4,
          .modality = "image",
          .tiling = {kImageSide / 2, kImageSide / 2, 2, 2}};
}

Schema make_schema(bool pixels) {
  const Variable y{.name = "y", .modality = "y", .scale = 2};
  const Variable v{.name = "v", .kind = Kind::kVector, .size = 2, .modality = "v", .scale = 1.5};
  return Schema({category("c", 3), category("b", 2), y, v, category("s", kVocabulary, kNumTokens),
                 image(pixels)},
                1);
}

}  // namespace

Mixnet::Mixnet(const MixnetConfig& config)
    : Simulator(make_schema(config.pixels), config.simulator),
      oracle_(schema()),
      cell_side_(config.pixels ? 1 : 2) {}

void Mixnet::simulate(std::span<double> row, const Stream& stream) const {
  const int64_t c = choose(kShareOfC, stream.uniform(0));
  const int64_t b = stream.uniform(1) < kShareOfB[c] ? 1 : 0;
  const double y = mean_of_y(c, b) + kYDeviation * stream.normal(0);
  const auto [v0, v1] = mean_of_v(c);
  double* to = row.data();
  *to++ = static_cast<double>(c);
  *to++ = static_cast<double>(b);
  *to++ = y;
  *to++ = v0 + kV00 * stream.normal(1);
  *to++ = v1 + kV10 * stream.normal(1) + kV11 * stream.normal(2);
  const Stream chain = stream.child("s");
  std::array<double, kVocabulary> share;
  share.fill(1);
  for (int64_t i = 0; i < kNumTokens; ++i) {
    const int64_t token = choose(share, chain.uniform(i));
    *to++ = static_cast<double>(token);
    for (int64_t next = 0; next < kVocabulary; ++next) share[next] = share_of_step(token, next, b);
  }
  for (int64_t i = 0; i < kNumPixels; ++i) {
    const int64_t pixel = pixel_at(i, cell_side_);
    *to++ = contrast(y) * pattern(c, pixel) + kPixelDeviation * stream.normal(3 + pixel);
  }
}

}  // namespace limbic::worlds
