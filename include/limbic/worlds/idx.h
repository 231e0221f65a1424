#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace limbic::worlds {

/// A gzipped idx file of unsigned bytes, as MNIST and its relatives use.
struct Idx {
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;
};

/// Reads all of `path`, which must hold exactly `rank` dimensions.
/// Errors  input: unreadable, no gzip, checksum, wrong magic number, shorter or longer than its
///         header says. Each names the file.
Idx read_idx_gz(const std::string& path, int rank);

}  // namespace limbic::worlds
