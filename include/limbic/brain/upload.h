#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace limbic::brain {

/// What the host hands to a device ahead of a piece of work, and all else that decides which
/// operations that work is made of.
///
/// Two uploads with one key hand over tensors of the same types and sizes in the same order and ask
/// for the same operations on them, so that what a device did for the first it can repeat for the
/// second.
class Upload {
 public:
  /// A tensor of the host's, which whoever uploads replaces by the device's; it may be undefined.
  void add(at::Tensor& tensor);
  /// A number on which the work's operations depend.
  void decide(int64_t number);
  /// The host goes on deciding while the device computes: nothing here can be repeated.
  void decide_later() { is_repeatable_ = false; }

  [[nodiscard]] const std::vector<at::Tensor*>& tensors() const { return tensors_; }
  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] bool is_repeatable() const { return is_repeatable_; }

 private:
  std::vector<at::Tensor*> tensors_;
  std::string key_;
  bool is_repeatable_ = true;
};

}  // namespace limbic::brain
