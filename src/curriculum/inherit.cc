#include "limbic/curriculum/inherit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/curriculum/merge.h"

namespace limbic::curriculum {
namespace {

using config::Entry;
using config::Node;
using config::Reader;

bool is_text(const Node* node) { return node != nullptr && node->kind == Node::Kind::kScalar; }

std::string_view name_of(const Node& stage) {
  const Node* name = stage.find("stage");
  return is_text(name) ? std::string_view(name->text) : std::string_view();
}

void erase(Node& map, std::string_view key) {
  std::erase_if(map.entries, [key](const Entry& entry) { return entry.key == key; });
}

/// The stages of one list on their way to being written out.
class Family {
 public:
  Family(const Node& list, Reader& reader)
      : reader_(reader), list_(list), full_(list.items.size()), whole_(list.items.size(), true) {}

  Node resolve() {
    Node result = list_;
    for (size_t i = 0; i < list_.items.size(); ++i) {
      result.items[i] = full(i);
      refuse_repeated_name(i);
      if (whole_[i]) refuse_missing_keys(result.items[i]);
    }
    return result;
  }

 private:
  /// REQUIRES: not on the path of stages that are being resolved.
  const Node& full(size_t index) {
    if (full_[index]) return *full_[index];
    path_.push_back(index);
    Node stage = list_.items[index];
    const auto parent = parent_of(index);
    if (parent) {
      Node base = full(*parent);
      erase(base, "stage");  // a name is one stage's own
      whole_[index] = whole_[index] && whole_[*parent];
      drop_losses(stage, base);
      stage = merged(base, stage);
    }
    if (is_text(stage.find("inherit"))) erase(stage, "inherit");
    path_.pop_back();
    return full_[index].emplace(std::move(stage));
  }

  std::optional<size_t> parent_of(size_t index) {
    const Node& stage = list_.items[index];
    const Node* inherit = stage.find("inherit");
    const Node* drop = stage.find("drop");
    if (inherit == nullptr && drop != nullptr) {
      reader_.problem(drop->mark, "'drop' without 'inherit' drops nothing");
    }
    if (inherit == nullptr) return std::nullopt;
    whole_[index] =
        false;  // unless all goes well: then nothing that it lacks is somebody else's fault
    if (!is_text(inherit)) return std::nullopt;
    const auto parent = stage_named(*inherit);
    if (!parent) return std::nullopt;
    const auto on_path = std::find(path_.begin(), path_.end(), *parent);
    if (on_path != path_.end()) {
      refuse_circle(*inherit, {on_path, path_.end()});
      return std::nullopt;
    }
    whole_[index] = true;
    return parent;
  }

  std::optional<size_t> stage_named(const Node& name) {
    std::vector<std::string_view> known;
    for (size_t i = 0; i < list_.items.size(); ++i) {
      if (name_of(list_.items[i]) == name.text) return i;
      known.push_back(name_of(list_.items[i]));
    }
    reader_.problem(name.mark, concat("no stage ", quoted(name.text), " to inherit from",
                                      did_you_mean(name.text, known)));
    return std::nullopt;
  }

  void refuse_circle(const Node& inherit, const std::vector<size_t>& circle) {
    std::string names;
    for (const size_t i : circle) names += concat(name_of(list_.items[i]), " -> ");
    reader_.problem(inherit.mark, concat("stages inherit in a circle: ", names,
                                         name_of(list_.items[circle.front()])));
  }

  /// Takes the losses that `stage` drops out of `base`, and `drop` out of `stage`.
  void drop_losses(Node& stage, Node& base) {
    const Node* drop = stage.find("drop");
    if (drop == nullptr || drop->kind != Node::Kind::kSequence) return;
    Node* losses = base.find("losses");
    Node none;
    if (losses == nullptr) losses = &none;
    for (const Node& name : drop->items) {
      if (losses->find(name.text) == nullptr) refuse_drop(name, *losses);
      erase(*losses, name.text);
    }
    erase(stage, "drop");
  }

  void refuse_drop(const Node& name, const Node& losses) {
    std::vector<std::string_view> known;
    for (const Entry& entry : losses.entries) known.push_back(entry.key);
    reader_.problem(name.mark, concat("no inherited loss ", quoted(name.text), " to drop",
                                      did_you_mean(name.text, known)));
  }

  void refuse_repeated_name(size_t index) {
    const std::string_view name = name_of(list_.items[index]);
    for (size_t i = 0; i < index && !name.empty(); ++i) {
      if (name_of(list_.items[i]) != name) continue;
      reader_.problem(list_.items[index].find("stage")->mark,
                      concat("a second stage named ", quoted(name)));
      return;
    }
  }

  void refuse_missing_keys(const Node& stage) {
    if (stage.kind != Node::Kind::kMap) return;
    for (const char* key : {"stage", "train", "until"}) {
      const Node* value = stage.find(key);
      if (value != nullptr && value->kind != Node::Kind::kNull) continue;
      reader_.problem(stage.mark, concat("missing key '", key, "'"));
    }
  }

  Reader& reader_;
  const Node& list_;
  std::vector<std::optional<Node>> full_;
  std::vector<bool> whole_;  // false: what it inherits is not known
  std::vector<size_t> path_;
};

}  // namespace

Node with_inheritance(const Node& stages, Reader& reader) {
  return Family(stages, reader).resolve();
}

}  // namespace limbic::curriculum
