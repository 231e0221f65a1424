"""Other programs that proofs run: what they print, how long they take, and how much memory."""
import dataclasses
import os
import subprocess
import tempfile
import time


@dataclasses.dataclass
class Finished:
    returncode: int
    stdout: str
    stderr: str
    started: float  # by time.time()
    seconds: float
    peak: float  # of memory, MB


def megabytes(usage):
    """Peak memory of what this rusage is about: 10^6 bytes each, as limbic counts them."""
    return usage.ru_maxrss * 1024 / 1e6


class Failed(SystemExit):
    """A process that ended badly; ends the proof unless somebody catches it."""


def process(command, accept=(0,), **more):
    """Runs it to its end. Another exit code than those accepted is Failed."""
    command = [str(part) for part in command]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        started, began = time.time(), time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=err, **more)
        _, status, usage = os.wait4(child.pid, 0)
        seconds, child.returncode = time.monotonic() - began, os.waitstatus_to_exitcode(status)
        for file in (out, err):
            file.seek(0)
        done = Finished(child.returncode, out.read(), err.read(), started, seconds, megabytes(usage))
    if done.returncode not in accept:
        raise Failed(f"{' '.join(command)} left with {done.returncode}:\n{done.stderr[-3000:]}")
    return done


def run(command, **more):
    """What it printed."""
    return process(command, **more).stdout
