#pragma once

#include <map>
#include <memory>
#include <typeindex>
#include <typeinfo>

namespace limbic::config {

/// The registries in which a reader may look, by their type. Holds copies of them.
class Context {
 public:
  template <class R>
  void add(const R& registry) {
    registries_[typeid(R)] = std::make_shared<R>(registry);
  }
  /// nullptr where there is none.
  template <class R>
  const R* find() const {
    const auto found = registries_.find(typeid(R));
    return found == registries_.end() ? nullptr : static_cast<const R*>(found->second.get());
  }
  template <class R>
  const R& get() const {
    const R* found = find<R>();
    if (found == nullptr) refuse_missing_registry(typeid(R).name());
    return *found;
  }

 private:
  [[noreturn]] static void refuse_missing_registry(const char* type);

  std::map<std::type_index, std::shared_ptr<const void>> registries_;
};

}  // namespace limbic::config
