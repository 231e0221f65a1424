#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace limbic::training {

/// What a step did. `numbers` are on the device, and may be overwritten by the next step.
struct StepReport {
  at::Tensor numbers;         // float32: each loss, whether the step was skipped, each trained
                              // circuit's norm
  std::vector<bool> applied;  // per loss
  std::map<std::string, int64_t> audit;
};

/// A report that has arrived.
struct StepNumbers {
  int64_t step;
  std::vector<float> loss_L;  // mean over the chunks that a loss applied to, unweighted; 0: none
  bool skipped;               // a loss or gradient was not finite, and nothing was stepped
  std::vector<float> norms;   // of each trained circuit's gradient
  std::vector<bool> applied;
  std::map<std::string, int64_t> audit;
};

/// Reports on their way from the device, into pinned memory, so that no step waits for one.
///
/// Threads used by one.
class ReportQueue {
 public:
  explicit ReportQueue(at::Device device) : device_(device) {}

  void push(int64_t step, const StepReport& report);
  /// So many are on their way that whoever pushes should take them.
  [[nodiscard]] bool is_full() const;
  /// All of them, oldest first; waits for the last.
  std::vector<StepNumbers> take_all();

 private:
  struct Pending {
    int64_t step;
    StepReport report;  // its numbers on the CPU
    std::optional<c10::Event> arrived;
  };

  at::Device device_;
  std::deque<Pending> pending_;
};

}  // namespace limbic::training
