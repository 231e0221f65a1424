#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace limbic::worlds {

inline constexpr int64_t kPictureSide = 28;
inline constexpr int64_t kPatchSide = 7;
inline constexpr int64_t kPatchesPerSide = kPictureSide / kPatchSide;
inline constexpr int64_t kNumPatches = kPatchesPerSide * kPatchesPerSide;
inline constexpr int64_t kPatchSize = kPatchSide * kPatchSide;
inline constexpr int64_t kPictureSize = kPictureSide * kPictureSide;

/// Labelled pictures, cut into patches.
///
/// Shapes  bytes: [pictures, 16 patches, 49 pixels], patches and pixels row by row.
struct Pictures {
  std::vector<uint8_t> bytes;
  std::vector<uint8_t> label;

  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(label.size()); }
  [[nodiscard]] const uint8_t* picture(int64_t index) const {
    return bytes.data() + index * kPictureSize;
  }
};

/// Reads `directory`/`part`-images-idx3-ubyte.gz and its labels; part is "train" or "t10k".
/// Errors  input: a missing folder or file (with the package to install), whatever read_idx_gz
///         refuses, pictures that are not 28x28, labels that are not 0 to 9 or of another number.
Pictures read_pictures(const std::string& directory, const std::string& part);

/// Which training pictures are for what: of each class one twelfth for validation, and of the
/// others every second one for books, every second one for life.
struct Shares {
  std::vector<int64_t> validation, book, live;
};
Shares share_out(const Pictures& train);

}  // namespace limbic::worlds
