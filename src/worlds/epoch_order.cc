#include "limbic/worlds/epoch_order.h"

#include <c10/util/Exception.h>

#include <array>
#include <bit>

namespace limbic::worlds {
namespace {

constexpr int kRounds = 6;

// The finaliser of splitmix64: every bit of the input moves every bit of the output.
uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

using Keys = std::array<uint64_t, kRounds>;

uint64_t shuffled(uint64_t index, int half_bits, const Keys& keys) {
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;
  uint64_t left = index >> half_bits, right = index & mask;
  for (const uint64_t key : keys) {
    const uint64_t next = left ^ (mixed(right ^ key) & mask);
    left = right;
    right = next;
  }
  return (left << half_bits) | right;
}

int half_bits_for(int64_t size) {
  const int bits = std::bit_width(static_cast<uint64_t>(size - 1));
  return bits < 2 ? 1 : (bits + 1) / 2;
}

}  // namespace

EpochOrder::EpochOrder(int64_t size, const Stream& stream)
    : size_(size), stream_(stream), half_bits_(half_bits_for(size)) {
  TORCH_CHECK(size > 0, "an epoch needs at least one item, got ", size);
}

int64_t EpochOrder::item(int64_t position) const {
  TORCH_CHECK(position >= 0, "positions start at 0, got ", position);
  const Stream epoch = stream_.at(position / size_);
  Keys keys;
  for (int i = 0; i < kRounds; ++i) keys[i] = epoch.bits(i);
  auto index = static_cast<uint64_t>(position % size_);
  do {
    index = shuffled(index, half_bits_, keys);
  } while (index >= static_cast<uint64_t>(size_));
  return static_cast<int64_t>(index);
}

}  // namespace limbic::worlds
