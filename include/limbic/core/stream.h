#pragma once

#include <ATen/core/Tensor.h>

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

namespace limbic {

/// All randomness: a value that names a point in a tree of random streams.
///
///   stream.child("world").at(step).at(chunk).uniform({3})
///
/// A draw is a pure function of the path, made by Philox 4x32-10 with the path's hash as key and
/// the element's index as counter, so drawing twice from one value gives the same numbers twice:
/// take a child for each thing drawn. Floats, words (bits, below) and normals of one value are
/// independent of each other. No other source of random numbers exists in limbic.
///
/// Threads any number may draw from one Stream.
/// Cost    tensors are filled on the CPU (2 ns a uniform, 15 ns a normal) and then moved.
/// Source  Salmon et al. 2011, SC'11, doi:10.1145/2063384.2063405.
class Stream {
 public:
  explicit Stream(uint64_t seed) : key_(seed) {}

  [[nodiscard]] Stream child(std::string_view name) const;
  [[nodiscard]] Stream at(int64_t index) const;

  /// Number `index` of this stream, without making a tensor. (Templates, so that `normal({5})`
  /// means the shape.) normal and below are the numbers that the tensors hold.
  [[nodiscard]] uint64_t bits(int64_t index) const;
  [[nodiscard]] double uniform(std::integral auto index) const {  // [0, 1), 53 bits
    return static_cast<double>(bits(index) >> 11) * 0x1p-53;
  }
  [[nodiscard]] double normal(std::integral auto index) const { return one_normal(index); }
  [[nodiscard]] int64_t below(int64_t bound, std::integral auto index) const {  // [0, bound)
    return one_below(bound, index);
  }

  /// float32; uniform in [0, 1), 24 bits.
  [[nodiscard]] at::Tensor uniform(at::IntArrayRef shape, at::Device device = at::kCPU) const;
  [[nodiscard]] at::Tensor normal(at::IntArrayRef shape, at::Device device = at::kCPU) const;
  /// int64; below in [0, bound).
  [[nodiscard]] at::Tensor below(int64_t bound, at::IntArrayRef shape,
                                 at::Device device = at::kCPU) const;
  [[nodiscard]] at::Tensor permutation(int64_t size, at::Device device = at::kCPU) const;

  void fill_uniform(std::span<float> out) const;
  void fill_normal(std::span<float> out) const;

 private:
  [[nodiscard]] double one_normal(int64_t index) const;
  [[nodiscard]] int64_t one_below(int64_t bound, int64_t index) const;

  uint64_t key_;
};

}  // namespace limbic
