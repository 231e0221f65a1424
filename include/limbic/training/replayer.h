#pragma once

#include <ATen/core/Tensor.h>

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/brain/upload.h"
#include "limbic/training/recorder.h"

namespace limbic::training {

/// Hands work to a device in one copy, and repeats what it has done before.
///
/// All tensors of an upload travel through one pinned buffer into one of the device's. Work of a
/// new key runs as it is written, on buffers that are kept; at the second time it is recorded on
/// them, and from then on only new numbers are copied there and the recording is replayed. Once a
/// recording fails, a warning says why, and everything runs as it is written.
///
/// State   at most `most_graphs` kinds of work are kept; those unused for longest are forgotten.
/// Departs PyTorch warms up on copies of weights and puts them back; here the first step of a kind
///         is the warm-up, since it computes the same.
class Replayer {
 public:
  /// How often work ran as written because it can't be repeated, or no more, ran as written for the
  /// first time, was recorded, was replayed (a recording's own first run included), made room for
  /// other work, could not be recorded.
  struct Counts {
    int64_t eager = 0, first = 0, recorded = 0, replayed = 0, forgotten = 0, failed = 0;
  };

  Replayer(std::shared_ptr<Recorder> recorder, at::Device device, int64_t most_graphs);

  /// `compute` reads the upload's tensors, which it owns, and nothing else of the host's.
  void run(const brain::Upload& upload, const Recorder::Work& compute);
  /// What was recorded is no longer what will be computed.
  void forget() { kept_.clear(); }
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  /// A device's buffer that holds all tensors of an upload.
  class Parcel {
   public:
    Parcel(const brain::Upload& upload, at::Device device);
    /// Copies what the tensors of an upload of the same key hold now.
    void send(const brain::Upload& upload);
    /// Puts its own tensors in their place.
    void replace(const brain::Upload& upload) const;

   private:
    std::vector<int64_t> offset_;
    at::Tensor buffer_;
  };
  struct Kept {
    std::string key;
    Parcel parcel;
    Recorder::Work compute;
    std::unique_ptr<Graph> graph;
  };
  void start(const brain::Upload& upload, const Recorder::Work& compute);
  void repeat(Kept& kept, const brain::Upload& upload);
  void give_up(const Recorder::Work& compute, std::string_view why);

  std::shared_ptr<Recorder> recorder_;
  at::Device device_;
  int64_t most_graphs_;
  std::list<Kept> kept_;  // latest first
  Counts counts_;
};

}  // namespace limbic::training
