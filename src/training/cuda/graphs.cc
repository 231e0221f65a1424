// CUDA graphs as the step's recorder. Recordings share one pool of memory: nothing that a recording
// allocates is read after it, so they may be replayed in any order, one after the other.
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>

#include "limbic/training/recorder.h"

namespace {

using limbic::training::Graph;
using limbic::training::Recorder;

class CudaGraph : public Graph {
 public:
  void replay() override { graph.replay(); }  // on the current stream

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
    auto recording = std::make_unique<CudaGraph>();
    c10::cuda::device_synchronize();
    const c10::cuda::CUDAStreamGuard guard(own_);
    // Other threads may go on: they write checkpoints.
    recording->graph.capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      try {
        recording->graph.capture_end();
      } catch (...) {  // the first error is the cause
      }
      throw;
    }
    recording->graph.capture_end();
    return recording;
  }

 private:
  /// What is queued on `later` from here on begins when all that is queued on `sooner` is done.
  static void follow(const c10::cuda::CUDAStream& sooner, const c10::cuda::CUDAStream& later) {
    at::cuda::CUDAEvent done;
    done.record(sooner);
    done.block(later);
  }

  c10::cuda::CUDAStream own_ = c10::cuda::getStreamFromPool();
  at::cuda::MempoolId_t pool_ = at::cuda::graph_pool_handle();
};

}  // namespace

extern "C" {

/// A new recorder, its caller's.
Recorder* limbic_cuda_recorder() { return new CudaRecorder; }

}  // extern "C"
