#include "limbic/worlds/retina.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace limbic::worlds {
namespace {

constexpr float kGrey = 0.5F;
constexpr float kNoise = 0.05F;    // half the width of the noise of a pixel
constexpr float kJitter = 0.15F;   // of the blob's place, at each tick
constexpr float kFlicker = 0.02F;  // of its contrast, at each tick
constexpr float kMiddle = kRetinaSide / 2.0F;
constexpr float kLastTick = kRetinaTicks - 1;

/// How one blob behaves. Its area changes evenly, so that the last change tells as little of where
/// it started as the first.
struct Script {
  float contrast;  // darker than grey is negative
  float square;    // of the radius, at tick 0
  float growth;    // of the square, per tick
  float x, y;      // where it is halfway
  float dx, dy;    // per tick
};

struct Blob {
  float x, y, radius, contrast;
};

/// Uniform numbers, one after the other.
class Draws {
 public:
  explicit Draws(const Stream& stream) { stream.fill_uniform(numbers_); }
  float between(float low, float high) { return low + (high - low) * numbers_[next_++]; }

 private:
  std::array<float, 24> numbers_{};
  size_t next_ = 0;
};

void set_size(Script& script, Movie movie, Draws& draws) {
  const float small = draws.between(0.8F, 1.7F);
  const float growth = draws.between(1.6F, 2.8F);
  const float large = small + kLastTick * growth;
  const float share = draws.between(0.0F, 1.0F);
  script.square = small;
  script.growth = 0;
  if (movie == Movie::kThreat || movie == Movie::kBrightGrows) script.growth = growth;
  if (movie == Movie::kBrightShrinks || movie == Movie::kDarkShrinks) {
    script.square = large;
    script.growth = -growth;
  }
  if (movie == Movie::kDarkStays) script.square = small + share * (large - small);
  if (movie == Movie::kDarkDrifts) script.square = 1.5F + share * 4.5F;
  if (movie == Movie::kLargeDark) script.square = 8.0F + share * 4.0F;
}

Script draw_script(Movie movie, Draws& draws) {
  Script script{};
  const bool bright = movie == Movie::kBrightGrows || movie == Movie::kBrightShrinks;
  script.contrast = draws.between(0.35F, 0.45F) * (bright ? 1.0F : -1.0F);
  set_size(script, movie, draws);
  const float largest = std::max(script.square, script.square + kLastTick * script.growth);
  const float room = kMiddle - std::sqrt(largest);
  script.x = kMiddle + room * draws.between(-1, 1);
  script.y = kMiddle + room * draws.between(-1, 1);
  const float angle = draws.between(0, 2 * std::numbers::pi_v<float>);
  const float speed = draws.between(0.5F, 0.9F);
  if (movie != Movie::kDarkDrifts) return script;
  script.dx = speed * std::cos(angle);
  script.dy = speed * std::sin(angle);
  // Its whole way stays in sight.
  const auto inside = [&](float place, float step) {
    const float reach = std::max(0.0F, room - std::abs(step) * kLastTick / 2);
    return std::clamp(place, kMiddle - reach, kMiddle + reach);
  };
  script.x = inside(script.x, script.dx);
  script.y = inside(script.y, script.dy);
  return script;
}

Blob blob_at(const Script& script, int64_t tick, Draws& draws) {
  const float since_half = static_cast<float>(tick) - kLastTick / 2;
  return {.x = script.x + script.dx * since_half + kJitter * draws.between(-1, 1),
          .y = script.y + script.dy * since_half + kJitter * draws.between(-1, 1),
          .radius = std::sqrt(script.square + script.growth * static_cast<float>(tick)),
          .contrast = script.contrast * (1 + kFlicker * draws.between(-1, 1))};
}

// A disc whose edge is about a pixel soft and whose area is pi r^2 wherever it lies. `out` holds
// uniform numbers, which become the noise.
void paint(const Blob& blob, float* out) {
  const float edge = 0.5F / blob.radius;
  for (int64_t row = 0; row < kRetinaSide; ++row) {
    const float y = static_cast<float>(row) + 0.5F - blob.y;
    const float reach = blob.radius * blob.radius - y * y;
    for (int64_t column = 0; column < kRetinaSide; ++column) {
      const float x = static_cast<float>(column) + 0.5F - blob.x;
      const float inside = std::min(1.0F, std::max(0.0F, (reach - x * x) * edge + 0.5F));
      float& pixel = out[row * kRetinaSide + column];
      const float noise = kNoise * (2 * pixel - 1);
      pixel = std::min(1.0F, std::max(0.0F, kGrey + blob.contrast * inside + noise));
    }
  }
}

}  // namespace

Movie draw_distractor(const Stream& stream) {
  constexpr std::array kEqualShares{
      Movie::kBrightGrows, Movie::kBrightGrows, Movie::kBrightShrinks, Movie::kBrightShrinks,
      Movie::kDarkDrifts,  Movie::kDarkStays,   Movie::kDarkShrinks,   Movie::kLargeDark};
  return kEqualShares[stream.below(kEqualShares.size(), 0)];
}

void paint_retina(Movie movie, const Stream& stream,
                  std::span<float, kRetinaTicks * kRetinaSize> out) {
  Draws draws(stream.child("script"));
  const Script script = draw_script(movie, draws);
  stream.fill_uniform(out);
  for (int64_t tick = 0; tick < kRetinaTicks; ++tick) {
    paint(blob_at(script, tick, draws), out.data() + tick * kRetinaSize);
  }
}

}  // namespace limbic::worlds
