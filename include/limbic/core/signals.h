#pragma once

#include <csignal>
#include <exception>
#include <initializer_list>
#include <utility>
#include <vector>

namespace limbic {

/// Work between two safe points was given up, because somebody asked to stop.
class Interrupted : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
};

/// What a person or a scheduler asked of the run by signals.
///
///   SIGINT, SIGTERM, SIGHUP   finish the step, save, stop; of several the first counts, but a
///                             SIGINT after any leaves at once with 130
///   SIGPIPE                   the same: nobody reads stderr any more; it yields to those
///   SIGUSR1                   save and go on
///
/// State   handlers are installed while an object lives, but for signals that the process was told
///         to ignore (nohup, a shell's background jobs). Then what was there before comes back, so
///         objects nest, and what was asked is forgotten. Without one nothing was ever asked.
/// Threads the handlers only set flags.
class SignalWatch {
 public:
  explicit SignalWatch(std::initializer_list<int> signals = {SIGINT, SIGTERM, SIGHUP, SIGPIPE,
                                                             SIGUSR1});
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The signal to stop for, or 0.
  [[nodiscard]] static int stop_signal();
  /// Errors  Interrupted, if there is one.
  static void give_up_if_stopping();
  /// True once after each SIGUSR1.
  [[nodiscard]] static bool take_save_request();

 private:
  std::vector<std::pair<int, struct sigaction>> replaced_;
};

}  // namespace limbic
