#include "limbic/core/signals.h"

#include <unistd.h>

#include <atomic>

namespace limbic {
namespace {

std::atomic<int> stop{0};
std::atomic<bool> save{false};

void handle(int signal) {
  if (signal == SIGUSR1) {
    save = true;
    return;
  }
  if (stop == 0 || stop == SIGPIPE) {  // a pipe's reader may have died of this signal
    stop = signal;
  } else if (signal == SIGINT) {
    _exit(128 + SIGINT);
  }
}

}  // namespace

SignalWatch::SignalWatch(std::initializer_list<int> signals) {
  struct sigaction action = {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  for (const int signal : signals) {
    struct sigaction before = {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) continue;
    sigaction(signal, &action, nullptr);
    replaced_.emplace_back(signal, before);
  }
}

SignalWatch::~SignalWatch() {
  for (const auto& [signal, before] : replaced_) sigaction(signal, &before, nullptr);
  stop = 0;
  save = false;
}

int SignalWatch::stop_signal() { return stop; }

void SignalWatch::give_up_if_stopping() {
  if (stop != 0) throw Interrupted();
}

bool SignalWatch::take_save_request() { return save.exchange(false); }

}  // namespace limbic
