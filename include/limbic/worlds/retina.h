#pragma once

#include <cstdint>
#include <span>

#include "limbic/core/stream.h"

namespace limbic::worlds {

inline constexpr int64_t kRetinaSide = 8;
inline constexpr int64_t kRetinaSize = kRetinaSide * kRetinaSide;
inline constexpr int64_t kRetinaTicks = 4;

/// What comes towards the eye. A threat is a small dark blob that grows; every other movie shares
/// some of that, but none both ends dark and gets darker.
enum class Movie {
  kThreat,
  kBrightGrows,
  kBrightShrinks,
  kDarkDrifts,
  kDarkStays,
  kDarkShrinks,
  kLargeDark,
};

/// A movie that is no threat: bright ones half of the time.
Movie draw_distractor(const Stream& stream);

/// A blob on grey, with jitter and pixel noise.
/// Shapes  out: [ticks, 8, 8] in [0, 1], 0 black.
/// Units   radii and places in pixels.
void paint_retina(Movie movie, const Stream& stream,
                  std::span<float, kRetinaTicks * kRetinaSize> out);

}  // namespace limbic::worlds
