#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/core/stream.h"

namespace limbic::worlds {

inline constexpr int64_t kNumClasses = 10;
inline constexpr int64_t kNounsPerClass = 3;
inline constexpr int64_t kNumNouns = kNumClasses * kNounsPerClass;
inline constexpr int64_t kCaptionWords = 4;

/// What Fashion-MNIST shows, in the order of its labels.
inline constexpr std::array<std::string_view, kNumClasses> kClassWords{
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"};

/// The words of captions: noun n, of class n / 3, is word n; fillers follow.
const std::vector<std::string>& caption_words();

/// One noun of the class at a random position among fillers that know nothing of it.
/// Returns the noun.
int64_t write_caption(int64_t class_index, const Stream& stream,
                      std::span<int64_t, kCaptionWords> words);

}  // namespace limbic::worlds
