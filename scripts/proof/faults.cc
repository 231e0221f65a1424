#include "faults.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <memory>
#include <mutex>

#include "limbic/core/error.h"
#include "limbic/core/system_calls.h"

namespace limbic::proof {
namespace {

std::atomic<int64_t> count{0};

void die() {
  ::kill(::getpid(), SIGKILL);
  ::pause();
}

/// Asks for a call's fate and carries it out around `real`; `some` does a part of a long write.
template <class Result>
Result fated(const std::function<Fault(bool)>& next, const std::function<Result()>& real,
             const std::function<Result(double)>& some) {
  const Fault fault = next(some != nullptr);
  switch (fault.kind) {
    case Fault::Kind::kNone:
      return real();
    case Fault::Kind::kKilledBefore:
      if (some) some(fault.part);
      die();
      return -1;
    case Fault::Kind::kKilledAfter:
      real();
      die();
      return -1;
    case Fault::Kind::kError:
      errno = fault.error;
      return -1;
    case Fault::Kind::kShort:
      return some(fault.part);
  }
  return -1;
}

}  // namespace

void break_system_calls(std::function<Fault(int64_t, bool)> plan) {
  count = 0;
  const auto mutex = std::make_shared<std::mutex>();
  const std::function<Fault(bool)> next = [plan = std::move(plan), mutex](bool is_long_write) {
    const std::lock_guard lock(*mutex);
    return plan(++count, is_long_write);
  };
  SystemCalls& calls = system_calls();
  const SystemCalls real;
  calls.open = [=](const char* path, int flags, mode_t mode) {
    return fated<int>(
        next, [&] { return real.open(path, flags, mode); }, nullptr);
  };
  calls.write = [=](int fd, const void* bytes, size_t size) {
    std::function<ssize_t(double)> some;
    if (size > 1) {
      some = [&](double part) {
        const auto wanted = static_cast<size_t>(part * static_cast<double>(size));
        return real.write(fd, bytes, std::max<size_t>(wanted, 1));
      };
    }
    return fated<ssize_t>(
        next, [&] { return real.write(fd, bytes, size); }, some);
  };
  calls.fsync = [=](int fd) {
    return fated<int>(
        next, [&] { return real.fsync(fd); }, nullptr);
  };
  calls.ftruncate = [=](int fd, off_t size) {
    return fated<int>(
        next, [&] { return real.ftruncate(fd, size); }, nullptr);
  };
  calls.rename = [=](const char* from, const char* to) {
    return fated<int>(
        next, [&] { return real.rename(from, to); }, nullptr);
  };
  calls.unlink = [=](const char* path) {
    return fated<int>(
        next, [&] { return real.unlink(path); }, nullptr);
  };
  calls.rmdir = [=](const char* path) {
    return fated<int>(
        next, [&] { return real.rmdir(path); }, nullptr);
  };
  calls.mkdir = [=](const char* path, mode_t mode) {
    return fated<int>(
        next, [&] { return real.mkdir(path, mode); }, nullptr);
  };
  calls.access = [=](const char* path, int mode) {
    return fated<int>(
        next, [&] { return real.access(path, mode); }, nullptr);
  };
}

int64_t count_system_calls() { return count; }

End in_child(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw failed("pipe: errno ", errno);
  std::cout.flush();
  const pid_t child = ::fork();
  if (child < 0) throw failed("fork: errno ", errno);
  if (child == 0) {
    ::close(ends[0]);
    std::string said;
    int code = 0;
    try {
      said = work();
    } catch (const Error& error) {
      said = error.what();
      code = static_cast<int>(error.code());
    } catch (const std::exception& error) {
      said = concat("not an Error: ", error.what());
      code = 70;
    }
    for (size_t at = 0; at < said.size();) {
      const ssize_t written = ::write(ends[1], said.data() + at, said.size() - at);
      if (written <= 0) break;
      at += static_cast<size_t>(written);
    }
    ::_exit(code);
  }
  ::close(ends[1]);
  End end;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    end.said.append(buffer, static_cast<size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return end;
}

}  // namespace limbic::proof
