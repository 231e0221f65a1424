#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace limbic::worlds::mixnet {

// The law of the world `mixnet`, which mixnet.h tells.

inline constexpr int64_t kNumTokens = 6;   // in a row
inline constexpr int64_t kVocabulary = 4;  // different tokens
inline constexpr int64_t kImageSide = 8;   // pixels
inline constexpr int64_t kNumPixels = kImageSide * kImageSide;
inline constexpr double kYDeviation = 0.5;
inline constexpr double kPixelDeviation = 0.3;
inline constexpr std::array<double, 3> kShareOfC{0.5, 0.3, 0.2};
inline constexpr std::array<double, 3> kShareOfB{0.2, 0.5, 0.9};  // P(b = 1 | c)
/// Lower factor of v's covariance [[.25, .15], [.15, .25]].
inline constexpr double kV00 = 0.5, kV10 = 0.3, kV11 = 0.4;

inline double mean_of_y(int64_t c, int64_t b) {
  return 2 * static_cast<double>(c - 1) + 1.5 * static_cast<double>(b);
}

inline std::array<double, 2> mean_of_v(int64_t c) {
  const double angle = 2 * std::numbers::pi * static_cast<double>(c) / 3;
  return {2 * std::cos(angle), 2 * std::sin(angle)};
}

/// P(next token | token, b).
inline double share_of_step(int64_t token, int64_t next, int64_t b) {
  const int64_t likely = b == 1 ? (token + 1) % kVocabulary : token;
  return next == likely ? 0.7 : 0.1;
}

/// How strongly the image shows the pattern of its class.
inline double contrast(double y) { return 1 + 0.5 * std::tanh(y); }

/// Which pixel of the image, row by row, is number `number` in the order of cells of
/// cell_side x cell_side.
inline int64_t pixel_at(int64_t number, int64_t cell_side) {
  const int64_t cell = number / (cell_side * cell_side), place = number % (cell_side * cell_side);
  const int64_t cells_across = kImageSide / cell_side;
  const int64_t down = cell / cells_across * cell_side + place / cell_side;
  return down * kImageSide + cell % cells_across * cell_side + place % cell_side;
}

/// What a pixel is in the pattern of c (row stripes, column stripes or checks): 1 or -1.
inline double pattern(int64_t c, int64_t pixel) {
  const int64_t down = pixel / kImageSide, across = pixel % kImageSide;
  return ((c != 1 ? down : 0) + (c != 0 ? across : 0)) % 2 == 0 ? 1 : -1;
}

}  // namespace limbic::worlds::mixnet
