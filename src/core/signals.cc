#include "limbic/core/signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace limbic {
namespace {

std::atomic<int> stop{0};
std::atomic<bool> save{false};

void handle(int signal) {
  if (signal == SIGUSR1) {
    save = true;
    return;
  }
  if (signal == SIGINT && stop == SIGINT) _exit(128 + SIGINT);
  stop = signal;
}

void install(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaction(signal, &action, nullptr);
}

}  // namespace

SignalWatch::SignalWatch() { install(handle); }

SignalWatch::~SignalWatch() {
  install(SIG_DFL);
  stop = 0;
  save = false;
}

int SignalWatch::stop_signal() { return stop; }

void SignalWatch::give_up_if_stopping() {
  if (stop != 0) throw Interrupted();
}

bool SignalWatch::take_save_request() { return save.exchange(false); }

}  // namespace limbic
