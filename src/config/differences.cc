#include "limbic/config/differences.h"

#include <algorithm>

namespace limbic::config {
namespace {

bool is_map(const Node& node) { return node.kind == Node::Kind::kMap; }

bool is_list_of_maps(const Node& node) {
  return node.kind == Node::Kind::kSequence && std::ranges::all_of(node.items, is_map);
}

bool is_another_order(const Node& a, const Node& b) {
  const bool has_the_same =
      std::ranges::is_permutation(a.entries, b.entries, {}, &Entry::key, &Entry::key);
  return has_the_same && !std::ranges::equal(a.entries, b.entries, {}, &Entry::key, &Entry::key);
}

std::string name_of(size_t i, const Node* a, const Node* b) {
  const Node* const stage = a != nullptr && b != nullptr ? a->find("stage") : nullptr;
  const Node* const other = stage != nullptr ? b->find("stage") : nullptr;
  return other != nullptr && *stage == *other ? stage->text : std::to_string(i);
}

void collect(const std::string& path, const Node* a, const Node* b, Depth depth,
             std::vector<Difference>& found) {
  const bool has_both = a != nullptr && b != nullptr;
  if (has_both && *a == *b) return;
  const auto go_on = [&](const std::string& key, const Node* below_a, const Node* below_b) {
    collect(path.empty() ? key : path + "." + key, below_a, below_b, depth, found);
  };
  if (has_both && is_map(*a) && is_map(*b)) {
    for (const Entry& entry : a->entries) go_on(entry.key, &entry.value, b->find(entry.key));
    for (const Entry& entry : b->entries)
      if (a->find(entry.key) == nullptr) go_on(entry.key, nullptr, &entry.value);
    if (depth == Depth::kValues && is_another_order(*a, *b)) found.push_back({path, a, b});
  } else if (has_both && depth == Depth::kLeaves && is_list_of_maps(*a) && is_list_of_maps(*b)) {
    const auto item = [](const Node& list, size_t i) {
      return i < list.items.size() ? &list.items[i] : nullptr;
    };
    for (size_t i = 0; i < std::max(a->items.size(), b->items.size()); ++i)
      go_on(name_of(i, item(*a, i), item(*b, i)), item(*a, i), item(*b, i));
  } else {
    found.push_back({path, a, b});
  }
}

}  // namespace

std::vector<Difference> differences(const Node& a, const Node& b, Depth depth) {
  std::vector<Difference> found;
  collect("", &a, &b, depth, found);
  return found;
}

}  // namespace limbic::config
