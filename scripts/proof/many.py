"""64 assessors on one cortex: how well each foretells its US at its own lead, and what 64 cost against one."""
import json
import shutil
import statistics
import subprocess
import sys
import time

from table import ROOT, last_metrics, mean

CONFIG = ROOT / "configs/many.yaml"
FOLDER = ROOT / "runs/proof-many"
COUNT = 64
AUROC = "64 assessors on one cortex: mean AUROC at their leads"
COST = "64 assessors: time of a step against one's, median"
WARMUP, STEPS, WINDOW = 10, 50, 10
ASSESS_ONLY = ["evals={}", "curriculum.see.until={after: 1 steps}", f"training.log_every={WINDOW} steps"]


def config_of(count):
    """The same world and cortex with so many assessors."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{count}.yaml"
    file.write_text(subprocess.run([sys.executable, ROOT / "scripts/many_assessors.py", str(count)], check=True, capture_output=True, text=True).stdout)
    return file


def train(limbic, config, name, *more):
    directory = FOLDER / name
    shutil.rmtree(directory, ignore_errors=True)
    limbic("-q", "train", config, "--run", directory, "--device", "cpu", *more)
    return directory


def seconds_a_step(limbic, count, settings=()):
    """Of the stage that teaches assessors, in a process of its own, without evals and the first steps."""
    options = [x for setting in (*ASSESS_ONLY, *settings) for x in ("--set", setting)]
    directory = train(limbic, config_of(count), f"timed-{count}", "--steps", STEPS, *options)
    rows = [json.loads(line) for line in (directory / "timings.jsonl").read_text().splitlines()]
    timed = [row["seconds"] for row in rows if row["step"] > WARMUP]
    return sum(timed) / (WINDOW * len(timed))


def cost(limbic, pairs, settings=()):
    """Alternating runs of one assessor and of all: (seconds a step of one, of all) for each pair."""
    return [(seconds_a_step(limbic, 1, settings), seconds_a_step(limbic, COUNT, settings)) for _ in range(pairs)]


def auroc_row(table, limbic):
    started = time.monotonic()
    figures = last_metrics(train(limbic, CONFIG, "whole"))
    seconds = time.monotonic() - started
    each = [figures[f"eval/expects_{k}.auroc"] for k in range(COUNT)]
    table.add(AUROC, mean(each), ">=", 0.95, f"worst {min(each):.3f}; {seconds:.0f} s, evals included")


def cost_row(table, limbic, pairs):
    times = cost(limbic, pairs)
    ratios = [many / one for one, many in times]
    one, many = (1000 * statistics.median(t[i] for t in times) for i in (0, 1))
    table.add(COST, statistics.median(ratios), "<=", 1.2, f"{min(ratios):.2f} to {max(ratios):.2f} over {pairs} pairs; {one:.0f} and {many:.0f} ms")


def rows(table, limbic, pairs=5):
    if table.wants(AUROC):
        auroc_row(table, limbic)
    if table.wants(COST):
        cost_row(table, limbic, pairs)
