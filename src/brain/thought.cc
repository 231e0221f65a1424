#include "limbic/brain/thought.h"

namespace limbic::brain {

ThoughtMap opaque_thought(int64_t size) {
  ThoughtMap map;
  for (int64_t i = 0; i < size; ++i)
    map.features.push_back({.name = "thought[" + std::to_string(i) + "]"});
  return map;
}

}  // namespace limbic::brain
