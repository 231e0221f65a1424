#include "limbic/training/report_queue.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

namespace limbic::training {
namespace {

constexpr size_t kMost = 64;

}  // namespace

void ReportQueue::push(int64_t step, const StepReport& report) {
  const bool waits = !device_.is_cpu();
  Pending pending{step, report, std::nullopt};
  pending.report.numbers =
      at::empty(report.numbers.sizes(), at::TensorOptions(at::kFloat).pinned_memory(waits));
  pending.report.numbers.copy_(report.numbers, /*non_blocking=*/true);
  if (waits) {
    pending.arrived.emplace(device_.type());
    pending.arrived->record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  }
  pending_.push_back(std::move(pending));
}

bool ReportQueue::is_full() const { return pending_.size() >= kMost; }

std::vector<StepNumbers> ReportQueue::take_all() {
  std::vector<StepNumbers> all;
  for (; !pending_.empty(); pending_.pop_front()) {
    Pending& next = pending_.front();
    if (next.arrived) next.arrived->synchronize();
    const at::Tensor& numbers = next.report.numbers;
    const float* const begin = numbers.const_data_ptr<float>();
    const float* const skipped = begin + next.report.applied.size();
    all.push_back({next.step,
                   {begin, skipped},
                   *skipped > 0,
                   {skipped + 1, begin + numbers.numel()},
                   std::move(next.report.applied),
                   std::move(next.report.audit)});
  }
  return all;
}

}  // namespace limbic::training
