#include "limbic/core/stream.h"

#include <ATen/ops/empty.h>
#include <Random123/philox.h>
#include <c10/util/Exception.h>
#include <xxhash.h>

#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace limbic {
namespace {

// The last word of a counter says what the numbers are for, so that no two uses of one key ever
// share a counter.
enum class Use : uint32_t { kFloats, kWords, kNormals, kChild, kAt };

using Lanes = std::array<uint32_t, 4>;

Lanes philox(uint64_t key, uint64_t counter, Use use) {
  using Philox = r123::Philox4x32;  // ten rounds
  const Philox::ctr_type place{{static_cast<uint32_t>(counter),
                                static_cast<uint32_t>(counter >> 32), 0,
                                static_cast<uint32_t>(use)}};
  const Philox::key_type halves{{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)}};
  const Philox::ctr_type numbers = Philox{}(place, halves);
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

uint64_t word(const Lanes& lanes, int64_t half) {
  return (static_cast<uint64_t>(lanes[2 * half + 1]) << 32) | lanes[2 * half];
}

float to_float(uint32_t lane) { return static_cast<float>(lane >> 8) * 0x1p-24F; }

int64_t scaled(uint64_t bits, int64_t bound) {
  return static_cast<int64_t>(
      (static_cast<unsigned __int128>(bits) * static_cast<uint64_t>(bound)) >> 64);
}

// Box and Muller: two normals out of two lanes.
std::pair<double, double> normals(uint32_t radius_lane, uint32_t angle_lane) {
  const double radius = std::sqrt(-2.0 * std::log((radius_lane + 0.5) * 0x1p-32));
  const double angle = 2.0 * std::numbers::pi * (angle_lane * 0x1p-32);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

std::array<double, 4> four_normals(uint64_t key, uint64_t counter) {
  const Lanes lanes = philox(key, counter, Use::kNormals);
  const auto [a, b] = normals(lanes[0], lanes[1]);
  const auto [c, d] = normals(lanes[2], lanes[3]);
  return {a, b, c, d};
}

// Writes block(0), block(1), ... of `width` numbers each one after another until `out` is full.
void fill_in_blocks(auto out, auto&& block) {
  constexpr size_t kWidth = 4;
  const size_t num_whole = out.size() / kWidth;
  for (size_t i = 0; i < num_whole; ++i) {
    const auto numbers = block(i);
    for (size_t j = 0; j < kWidth; ++j) out[i * kWidth + j] = numbers[j];
  }
  if (out.size() % kWidth == 0) return;
  const auto numbers = block(num_whole);
  for (size_t j = num_whole * kWidth; j < out.size(); ++j) out[j] = numbers[j % kWidth];
}

template <class T>
std::span<T> values_of(const at::Tensor& tensor) {
  return {tensor.mutable_data_ptr<T>(), static_cast<size_t>(tensor.numel())};
}

}  // namespace

Stream Stream::child(std::string_view name) const {
  return Stream(word(philox(key_, XXH3_64bits(name.data(), name.size()), Use::kChild), 0));
}

Stream Stream::at(int64_t index) const {
  return Stream(word(philox(key_, static_cast<uint64_t>(index), Use::kAt), 0));
}

uint64_t Stream::bits(int64_t index) const {
  const auto position = static_cast<uint64_t>(index);
  return word(philox(key_, position / 2, Use::kWords), index & 1);
}

double Stream::one_normal(int64_t index) const {
  return four_normals(key_, static_cast<uint64_t>(index) / 4)[index & 3];
}

int64_t Stream::one_below(int64_t bound, int64_t index) const {
  TORCH_CHECK(bound > 0, "below needs a bound of at least 1, got ", bound);
  return scaled(bits(index), bound);
}

void Stream::fill_uniform(std::span<float> out) const {
  fill_in_blocks(out, [key = key_](uint64_t counter) {
    const Lanes lanes = philox(key, counter, Use::kFloats);
    return std::array{to_float(lanes[0]), to_float(lanes[1]), to_float(lanes[2]),
                      to_float(lanes[3])};
  });
}

void Stream::fill_normal(std::span<float> out) const {
  fill_in_blocks(out, [key = key_](uint64_t counter) {
    const auto numbers = four_normals(key, counter);
    return std::array{static_cast<float>(numbers[0]), static_cast<float>(numbers[1]),
                      static_cast<float>(numbers[2]), static_cast<float>(numbers[3])};
  });
}

at::Tensor Stream::uniform(at::IntArrayRef shape, at::Device device) const {
  const at::Tensor out = at::empty(shape, at::kFloat);
  fill_uniform(values_of<float>(out));
  return out.to(device);
}

at::Tensor Stream::normal(at::IntArrayRef shape, at::Device device) const {
  const at::Tensor out = at::empty(shape, at::kFloat);
  fill_normal(values_of<float>(out));
  return out.to(device);
}

at::Tensor Stream::below(int64_t bound, at::IntArrayRef shape, at::Device device) const {
  TORCH_CHECK(bound > 0, "below needs a bound of at least 1, got ", bound);
  const at::Tensor out = at::empty(shape, at::kLong);
  const std::span<int64_t> values = values_of<int64_t>(out);
  for (size_t i = 0; i < values.size(); i += 2) {
    const Lanes lanes = philox(key_, i / 2, Use::kWords);
    values[i] = scaled(word(lanes, 0), bound);
    if (i + 1 < values.size()) values[i + 1] = scaled(word(lanes, 1), bound);
  }
  return out.to(device);
}

// Fisher and Yates.
at::Tensor Stream::permutation(int64_t size, at::Device device) const {
  const at::Tensor out = at::empty({size}, at::kLong);
  const std::span<int64_t> order = values_of<int64_t>(out);
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = size - 1; i > 0; --i) std::swap(order[i], order[below(i + 1, i)]);
  return out.to(device);
}

}  // namespace limbic
