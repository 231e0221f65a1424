"""Where the time of a step of limbic goes: to which parts, by the spans of `limbic train --profile`; to which code, by perf's samples."""
import collections
import json
import pathlib
import shutil

from processes import run
from speed_models import WORK

ROW, SAMPLED = "host time of a step outside all kernels", "processor time of a step, by samples"


def has_bfloat16():
    """Whether this processor multiplies in bfloat16; elsewhere limbic uses float32, and a row about it would measure nothing."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return "amx_bf16" in flags or "avx512_bf16" in flags


def own_times(events):
    """{name: time of its spans without that of spans within}. Spans of a thread lie within or behind each other."""
    own, around = collections.Counter(), collections.defaultdict(list)
    for event in sorted(events, key=lambda e: (e["ts"], -e["dur"])):
        outer = around[event["tid"]]
        while outer and outer[-1]["ts"] + outer[-1]["dur"] <= event["ts"]:
            outer.pop()
        if outer:
            own[outer[-1]["name"]] -= event["dur"]
        own[event["name"]] += event["dur"]
        outer.append(event)
    return own


def parts_row(table, limbic):
    """Of all threads' spans within steps, but for the first steps."""
    row, trace = f"{limbic.model.name}: shares of a step's time by part", WORK / "trace.json"
    if not table.wants(row):
        return
    limbic.anew("traced", limbic.model.steps, options=["--profile", trace])
    events = json.loads(trace.read_text())["traceEvents"]
    steps = sorted((e for e in events if e["name"] == "step"), key=lambda e: e["ts"])[limbic.model.warmup:]
    begin, end = steps[0]["ts"], steps[-1]["ts"] + steps[-1]["dur"]
    own = own_times(e for e in events if begin <= e["ts"] < end)
    own["waiting and the rest"] = own.pop("step")
    total = sum(own.values())
    table.report(row, ", ".join(f"{name} {100 * time / total:.1f} %" for name, time in own.most_common()))


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
    if not table.wants(ROW, SAMPLED):
        return
    steps = limbic.model.steps
    start, whole = samples(limbic, 0), samples(limbic, steps)
    if not whole:
        for row in (SAMPLED, ROW):
            table.miss(row, "no perf here (Debian: linux-perf)")
        return
    places = {}
    for key, count in whole.items():
        places[place_of(*key)] = places.get(place_of(*key), 0) + count - start.get(key, 0)
    total, ms = sum(places.values()), limbic.measure().ms
    shares = [f"{name} {100 * n / total:.1f} %" for name, n in sorted(places.items(), key=lambda x: -x[1])]
    table.report(SAMPLED, ", ".join(shares))
    outside = total - places["LibTorch"] - places.get("limbic's kernels", 0)
    table.report(ROW, f"{ms * outside / total:.2f} ms of {ms:.1f} ms")
