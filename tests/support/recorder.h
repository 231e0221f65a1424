#pragma once

#include <c10/util/Exception.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "limbic/training/recorder.h"
#include "wait_counter.h"

namespace limbic::testing_support {

/// Stands in for a device: a recording is the work itself, run again on the memory that it was
/// recorded on. So a tensor that was forgotten when the work was handed over is stale, as in a CUDA
/// graph; what the work reads of its owner's members is not.
class FakeRecorder : public training::Recorder {
 public:
  void warm_up(const Work& work) override { run(work); }
  std::unique_ptr<training::Graph> record(const Work& work) override {
    TORCH_CHECK(--most_recordings >= 0, "operation not permitted when stream is capturing");
    return std::make_unique<Again>(*this, work);
  }

  std::map<std::string, int> waits;                               // of all work so far
  int64_t most_recordings = std::numeric_limits<int64_t>::max();  // those after them fail

 private:
  struct Again : training::Graph {
    Again(FakeRecorder& owner, Work recorded) : recorder(owner), work(std::move(recorded)) {}
    void replay() override { recorder.run(work); }

    FakeRecorder& recorder;
    Work work;
  };
  void run(const Work& work) {
    const WaitCounter counter;
    work();
    for (const auto& [name, count] : WaitCounter::counts()) waits[name] += count;
  }
};

}  // namespace limbic::testing_support
