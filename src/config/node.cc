#include "limbic/config/node.h"

#include <algorithm>
#include <utility>

#include "limbic/core/hash.h"
#include "limbic/core/suggest.h"

namespace limbic::config {

Node Node::scalar(std::string text) {
  Node node;
  node.kind = Kind::kScalar;
  node.text = std::move(text);
  return node;
}

Node Node::word(const std::string& text) {
  Node node = scalar(text);
  node.quoted = true;
  return node;
}

Node Node::sequence(std::vector<Node> items) {
  Node node;
  node.kind = Kind::kSequence;
  node.items = std::move(items);
  return node;
}

Node Node::map(std::vector<Entry> entries) {
  Node node;
  node.kind = Kind::kMap;
  node.entries = std::move(entries);
  return node;
}

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

std::string Node::described() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a map";
    case Kind::kScalar:
      return limbic::quoted(text) + (quoted ? " in quotes" : "");
  }
  return "";
}

bool operator==(const Node& a, const Node& b) {
  const auto same_entry = [](const Entry& x, const Entry& y) {
    return x.key == y.key && x.value == y.value;
  };
  return a.kind == b.kind && a.text == b.text && a.items == b.items &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    same_entry);
}

namespace {

// Of a part, that is: a column called 'type' is a map.
bool is_another_type(const Node* old, const Node* now) {
  const auto is_name = [](const Node* node) {
    return node != nullptr && node->kind == Node::Kind::kScalar;
  };
  return is_name(old) && is_name(now) && old->text != now->text;
}

}  // namespace

Node merged(const Node& base, const Node& over, const IsOneThing& is_one_thing) {
  if (base.kind != Node::Kind::kMap || over.kind != Node::Kind::kMap) return over;
  if (is_another_type(base.find("type"), over.find("type"))) return over;
  Node result = base;
  result.mark = over.mark;
  for (const Entry& entry : over.entries) {
    const auto old =
        std::find_if(result.entries.begin(), result.entries.end(),
                     [&](const Entry& candidate) { return candidate.key == entry.key; });
    if (old == result.entries.end()) {
      result.entries.push_back(entry);
    } else {
      const bool whole =
          is_one_thing(entry.key, old->value) || is_one_thing(entry.key, entry.value);
      *old = {entry.key, entry.key_mark,
              whole ? entry.value : merged(old->value, entry.value, is_one_thing)};
    }
  }
  return result;
}

std::string hash_of(const Node& node) { return xxh3_128(to_yaml(node)); }

}  // namespace limbic::config
