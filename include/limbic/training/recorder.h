#pragma once

#include <functional>
#include <memory>

namespace limbic::training {

/// A piece of a device's work, recorded: it reads and writes the memory that the work read and
/// wrote.
class Graph {
 public:
  virtual ~Graph() = default;
  virtual void replay() = 0;
};

/// Records a device's work instead of running it: what the device module gives for CUDA.
///
/// Threads used by one.
class Recorder {
 public:
  using Work = std::function<void()>;

  virtual ~Recorder() = default;
  /// Runs the work where recordings are made, so that whatever it makes once is made before.
  virtual void warm_up(const Work& work) = 0;
  /// Errors  what CUDA says, if the work waits for the device or touches memory of the host. Then
  ///         nothing of it has run.
  virtual std::unique_ptr<Graph> record(const Work& work) = 0;
};

}  // namespace limbic::training
