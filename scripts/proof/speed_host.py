"""Where the processor's time of a step of limbic goes, by perf's samples."""
import shutil

from speed_models import WORK
from venvs import run

ROW = "host time of a step outside all kernels"


def samples(limbic, steps):
    """By (library, symbol), of a run of so many steps; None without perf."""
    file = WORK / "perf.data"
    if shutil.which("perf") is None:
        return None
    limbic.anew("profiled", steps, wrap=["perf", "record", "-q", "-e", "cpu-clock:u", "-F", "499", "-o", file])
    text = run(["perf", "report", "-i", file, "--stdio", "-q", "-n", "-g", "none", "--sort", "dso,symbol", "-t", "|"])
    counts = {}
    for line in text.splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) >= 4 and parts[1].isdigit():
            counts[parts[2], parts[3]] = int(parts[1])
    return counts


def place_of(library, symbol):
    if library.startswith(("libtorch", "libc10", "libgomp")):
        return "LibTorch"
    if "limbic::brain::kernels" in symbol:
        return "limbic's kernels"
    return "limbic's host code" if library == "limbic-engine" else "libc, libm and the rest"


def rows(table, limbic):
    steps = limbic.model.steps
    start, whole = samples(limbic, 0), samples(limbic, steps)
    if not whole:
        return table.report(ROW, "not measured: no perf here (Debian: linux-perf)")
    places = {}
    for key, count in whole.items():
        places[place_of(*key)] = places.get(place_of(*key), 0) + count - start.get(key, 0)
    total, ms = sum(places.values()), limbic.measure().ms
    shares = [f"{name} {100 * n / total:.1f} %" for name, n in sorted(places.items(), key=lambda x: -x[1])]
    table.report("processor time of a step, by samples", ", ".join(shares))
    outside = total - places["LibTorch"] - places.get("limbic's kernels", 0)
    table.report(ROW, f"{ms * outside / total:.2f} ms of {ms:.1f} ms")
