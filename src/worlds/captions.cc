#include "limbic/worlds/captions.h"

namespace limbic::worlds {

const std::vector<std::string>& caption_words() {
  static const std::vector<std::string> words{
      "t-shirt",  "tee",     "top",         //
      "trouser",  "pants",   "jeans",       //
      "pullover", "sweater", "jumper",      //
      "dress",    "gown",    "frock",       //
      "coat",     "jacket",  "parka",       //
      "sandal",   "slipper", "flipflop",    //
      "shirt",    "blouse",  "button-up",   //
      "sneaker",  "trainer", "runner",      //
      "bag",      "purse",   "handbag",     //
      "boot",     "bootie",  "wellington",  //
      "here",     "there",   "this",       "that", "is",  "look",
      "see",      "a",       "the",        "my",   "one", "some",
  };
  return words;
}

int64_t write_caption(int64_t class_index, const Stream& stream,
                      std::span<int64_t, kCaptionWords> words) {
  static const int64_t num_fillers = std::ssize(caption_words()) - kNumNouns;
  for (int64_t i = 0; i < kCaptionWords; ++i) words[i] = kNumNouns + stream.below(num_fillers, i);
  const int64_t noun = class_index * kNounsPerClass + stream.below(kNounsPerClass, kCaptionWords);
  words[stream.below(kCaptionWords, kCaptionWords + 1)] = noun;
  return noun;
}

}  // namespace limbic::worlds
