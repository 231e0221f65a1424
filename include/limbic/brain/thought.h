#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace limbic::brain {

/// What the features of a thought are about, for those who read it.
///
///   opaque  no one thing
///   belief  how much of a cell there is, seen or inferred
///   sight   how much of a cell is seen
struct ThoughtMap {
  enum class About { kOpaque, kBelief, kSight };
  struct Feature {
    std::string name;
    About about = About::kOpaque;
    int64_t variable = -1;  // of the schema, where it is about one
    int64_t cell = 0;
    int64_t dimension = 0;  // of a vector, or the category that it is about
    std::string modality = {};
  };
  std::vector<Feature> features;

  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(features.size()); }
};

/// Features of which nothing is known but their number.
ThoughtMap opaque_thought(int64_t size);

}  // namespace limbic::brain
