#pragma once

#include <ATen/record_function.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace limbic::testing_support {

/// Counts, while it lives, the operations on this thread for which a device would make the host
/// wait: those that give it a number, or a tensor whose size depends on numbers. What the CPU's own
/// AdamW asks of its rates does not count; CUDA's does not ask.
class WaitCounter {
 public:
  WaitCounter() {
    at::RecordFunctionCallback callback(
        [](const at::RecordFunction& function) -> std::unique_ptr<at::ObserverContext> {
          const std::string name = function.name();
          if (is_adamw(name)) ++depth();
          if (depth() == 0 && std::ranges::find(kWaiting, name) != kWaiting.end()) ++counts()[name];
          return nullptr;
        },
        [](const at::RecordFunction& function, at::ObserverContext*) {
          if (is_adamw(function.name())) --depth();
        });
    counts().clear();
    handle_ = at::addThreadLocalCallback(callback.scopes({at::RecordScope::FUNCTION}));
  }
  ~WaitCounter() { at::removeCallback(handle_); }
  WaitCounter(const WaitCounter&) = delete;
  WaitCounter& operator=(const WaitCounter&) = delete;

  /// By name of the operation.
  static std::map<std::string, int>& counts() {
    thread_local std::map<std::string, int> counts;
    return counts;
  }

 private:
  static bool is_adamw(std::string_view name) { return name.starts_with("aten::_fused_adamw_"); }
  static int& depth() {
    thread_local int depth = 0;
    return depth;
  }
  static constexpr std::array<std::string_view, 6> kWaiting{"aten::_local_scalar_dense",
                                                            "aten::nonzero",
                                                            "aten::masked_select",
                                                            "aten::equal",
                                                            "aten::_unique2",
                                                            "aten::bincount"};
  at::CallbackHandle handle_;
};

}  // namespace limbic::testing_support
