#include "limbic/worlds/pictures.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/worlds/captions.h"
#include "limbic/worlds/idx.h"

namespace limbic::worlds {
namespace {

constexpr int64_t kValidationShare = 12;

void require_file(const std::string& path) {
  if (exists(path)) return;
  throw input_error("'", path,
                    "' is missing: the pictures of spider are in Debian's package "
                    "dataset-fashion-mnist (apt-get install dataset-fashion-mnist), or name "
                    "their folder with 'data'");
}

// From rows of 28 pixels to 16 patches of 7x7, in place.
void cut_into_patches(uint8_t* patches) {
  std::array<uint8_t, kPictureSize> picture;
  std::copy_n(patches, kPictureSize, picture.begin());
  for (int64_t y = 0; y < kPictureSide; ++y) {
    for (int64_t column = 0; column < kPatchesPerSide; ++column) {
      const int64_t patch = y / kPatchSide * kPatchesPerSide + column;
      std::memcpy(patches + patch * kPatchSize + y % kPatchSide * kPatchSide,
                  picture.data() + y * kPictureSide + column * kPatchSide, kPatchSide);
    }
  }
}

void check_pictures(const Idx& images, const std::string& path) {
  if (images.shape[1] == kPictureSide && images.shape[2] == kPictureSide) return;
  throw input_error(path, ": expected 28x28 pictures, got ", images.shape[1], "x", images.shape[2]);
}

void check_labels(const Idx& labels, int64_t num_pictures, const std::string& path) {
  if (labels.shape[0] != num_pictures) {
    throw input_error(path, ": ", labels.shape[0], " labels for ", num_pictures, " pictures");
  }
  const uint8_t largest = *std::ranges::max_element(labels.bytes);
  if (largest >= kNumClasses) {
    throw input_error(path, ": labels are 0 to ", kNumClasses - 1, ", got ", int{largest});
  }
}

}  // namespace

Pictures read_pictures(const std::string& directory, const std::string& part) {
  const std::string images_path = directory + "/" + part + "-images-idx3-ubyte.gz";
  const std::string labels_path = directory + "/" + part + "-labels-idx1-ubyte.gz";
  require_file(images_path);
  require_file(labels_path);
  Idx images = read_idx_gz(images_path, 3);
  Idx labels = read_idx_gz(labels_path, 1);
  check_pictures(images, images_path);
  check_labels(labels, images.shape[0], labels_path);
  Pictures pictures{.bytes = std::move(images.bytes), .label = std::move(labels.bytes)};
  for (size_t start = 0; start < pictures.bytes.size(); start += kPictureSize)
    cut_into_patches(pictures.bytes.data() + start);
  return pictures;
}

Shares share_out(const Pictures& train) {
  std::array<std::vector<int64_t>, kNumClasses> of_class;
  for (int64_t i = 0; i < train.size(); ++i) of_class[train.label[i]].push_back(i);
  Shares shares;
  for (const std::vector<int64_t>& members : of_class) {
    const int64_t num_held_out = std::ssize(members) / kValidationShare;
    for (int64_t i = 0; i < std::ssize(members); ++i) {
      auto& share = i < num_held_out ? shares.validation : i % 2 == 0 ? shares.book : shares.live;
      share.push_back(members[i]);
    }
  }
  if (shares.validation.empty() || shares.live.empty()) {
    throw input_error("a folder of ", train.size(), " pictures is too small: each class wants ",
                      2 * kValidationShare);
  }
  return shares;
}

}  // namespace limbic::worlds
