#pragma once

#include <memory>
#include <string>
#include <utility>

#include "limbic/config/node.h"

namespace limbic::config {

/// One configured part, its config's type forgotten.
template <class Product, class... Args>
class Part {
 public:
  virtual ~Part() = default;
  virtual Product make(Args... args) const = 0;
  virtual Node dump() const = 0;
};

/// How to make a part: what `{type: name, ...}` in YAML became. Copies share one immutable config.
template <class Product, class... Args>
class Recipe {
 public:
  /// Empty: what a missing or null key leaves where there is no other default.
  Recipe() = default;
  Recipe(std::string type, Mark mark, std::shared_ptr<const Part<Product, Args...>> part)
      : type_(std::move(type)), mark_(std::move(mark)), part_(std::move(part)) {}

  explicit operator bool() const { return part_ != nullptr; }
  [[nodiscard]] const std::string& type() const { return type_; }
  [[nodiscard]] const Mark& mark() const { return mark_; }
  /// REQUIRES: not empty.
  Product make(Args... args) const { return part_->make(std::forward<Args>(args)...); }

  /// The resolved config with its type first; null when empty.
  [[nodiscard]] Node dump() const {
    if (!part_) return {};
    Node node = part_->dump();
    node.entries.insert(node.entries.begin(), Entry{"type", {}, Node::word(type_)});
    return node;
  }
  friend bool operator==(const Recipe& a, const Recipe& b) { return a.dump() == b.dump(); }

 private:
  std::string type_;
  Mark mark_;
  std::shared_ptr<const Part<Product, Args...>> part_;
};

}  // namespace limbic::config
