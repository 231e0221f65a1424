#pragma once

#include <string>
#include <vector>

#include "limbic/config/node.h"

namespace limbic::config {

/// What stands at a dotted path in each of two trees; nullptr where there is nothing.
struct Difference {
  std::string path;
  const Node* a = nullptr;
  const Node* b = nullptr;
};

/// How far into the trees it is gone for what differs.
enum class Depth {
  kValues,  // a list is one value; so is a map whose keys have another order, after those in it
  kLeaves,  // into lists of maps too: an item is called by its `stage`, if both have that, or
            // number
};

/// In the order of `a`, then what only `b` has.
///
/// State   points into both trees.
std::vector<Difference> differences(const Node& a, const Node& b, Depth depth);

}  // namespace limbic::config
