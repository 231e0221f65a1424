#pragma once

namespace limbic::training {

/// What a person or a scheduler asked of the run by signals.
///
///   SIGINT, SIGTERM, SIGHUP   finish the step, save, stop (a second SIGINT leaves at once with
///   130) SIGUSR1                   save and go on
///
/// State   handlers are installed while an object lives; one at a time.
/// Threads the handlers only set flags.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The signal to stop for, or 0.
  [[nodiscard]] static int stop_signal();
  /// True once after each SIGUSR1.
  [[nodiscard]] static bool take_save_request();
};

}  // namespace limbic::training
