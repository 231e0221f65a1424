#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace limbic::proof {

/// What happens to one system call that would reach the disk.
struct Fault {
  enum class Kind { kNone, kKilledBefore, kKilledAfter, kError, kShort };
  Kind kind = Kind::kNone;
  int error = 0;      // errno of kError
  double part = 0.5;  // of a write's bytes that still reach the file: kKilledBefore, kShort
};

/// Numbers every such call from 1, whichever thread makes it, and asks what happens to it. Only a
/// long write, of more than a byte, can be kShort.
/// Threads `plan` is asked by all of them, one at a time.
void break_system_calls(std::function<Fault(int64_t number, bool is_long_write)> plan);
/// Calls so far.
int64_t count_system_calls();

/// How a child process ended and what its work returned or its exception said.
struct End {
  int signal = 0;
  int code = 0;
  std::string said;
};

/// Runs `work` in a fork of this process, which must have no other thread.
End in_child(const std::function<std::string()>& work);

}  // namespace limbic::proof
