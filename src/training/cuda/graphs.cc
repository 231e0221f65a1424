// CUDA graphs as the step's recorder. Recordings share a pool of memory: nothing that a recording
// allocates is read after it, so they may be replayed in any order, one after the other. The pool
// lives as long as one of them; LibTorch knows it no more when the last is gone.
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include <memory>
#include <utility>

#include "limbic/training/recorder.h"

namespace {

using limbic::training::Graph;
using limbic::training::Recorder;

using Pool = at::cuda::MempoolId_t;

bool succeeds(const auto& action) {
  try {
    action();
    return true;
  } catch (const c10::Error&) {
    return false;
  }
}

class CudaGraph : public Graph {
 public:
  explicit CudaGraph(std::shared_ptr<const Pool> memory) : pool(std::move(memory)) {}
  void replay() override { graph.replay(); }  // on the current stream

  std::shared_ptr<const Pool> pool;
  at::cuda::CUDAGraph graph;
};

/// Records on a stream of its own; everything else, replays too, runs on the current one.
class CudaRecorder : public Recorder {
 public:
  void warm_up(const Work& work) override {
    const auto current = c10::cuda::getCurrentCUDAStream();
    follow(current, own_);
    {
      const c10::cuda::CUDAStreamGuard guard(own_);
      work();
    }
    follow(own_, current);
  }

  std::unique_ptr<Graph> record(const Work& work) override {
    c10::cuda::device_synchronize();
    auto recording = std::make_unique<CudaGraph>(pool());
    const c10::cuda::CUDAStreamGuard guard(own_);
    try {
      // Other threads may go on: they write checkpoints.
      recording->graph.capture_begin(*recording->pool, cudaStreamCaptureModeThreadLocal);
      work();
      recording->graph.capture_end();
    } catch (...) {
      abandon(*recording);
      throw;
    }
    return recording;
  }

 private:
  std::shared_ptr<const Pool> pool() {
    auto shared = pool_.lock();
    if (shared) return shared;
    c10::cuda::CUDACachingAllocator::emptyCache();  // recordings can't take what is cached
    pool_ = shared = std::make_shared<const Pool>(at::cuda::graph_pool_handle());
    return shared;
  }

  /// Where CUDA has broken a capture off, LibTorch ends it without telling the allocator, which
  /// would then give no memory back for the rest of the run.
  static void abandon(CudaGraph& recording) {
    if (succeeds([&] { recording.graph.capture_end(); })) return;
    const auto device = c10::cuda::current_device();
    succeeds([&] {
      c10::cuda::CUDACachingAllocator::endAllocateToPool(device, *recording.pool);
      c10::cuda::CUDACachingAllocator::releasePool(device, *recording.pool);
    });
  }

  /// What is queued on `later` from here on begins when all that is queued on `sooner` is done.
  static void follow(const c10::cuda::CUDAStream& sooner, const c10::cuda::CUDAStream& later) {
    at::cuda::CUDAEvent done;
    done.record(sooner);
    done.block(later);
  }

  c10::cuda::CUDAStream own_ = c10::cuda::getStreamFromPool();
  std::weak_ptr<const Pool> pool_;
};

}  // namespace

extern "C" {

/// A new recorder, its caller's.
Recorder* limbic_cuda_recorder() { return new CudaRecorder; }

}  // extern "C"
