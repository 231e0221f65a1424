"""64 assessors on one cortex: how well each foretells its US at its own lead, and what 64 cost against one."""
import statistics
import sys

from processes import run
from table import ROOT, last_metrics, mean, seconds_a_step

CONFIG = ROOT / "configs/many.yaml"
FOLDER = ROOT / "runs/proof-many"
COUNT = 64
AUROC = "64 assessors on one cortex: mean AUROC at their leads"
COST = "64 assessors: time of a step against one's, median"
WARMUP, STEPS = 10, 50
ASSESS_ONLY = ["evals={}", "curriculum.see.until={after: 1 steps}", f"training.log_every={WARMUP} steps"]


def config_of(count):
    """The same world and cortex with so many assessors."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{count}.yaml"
    file.write_text(run([sys.executable, ROOT / "scripts/many_assessors.py", count]))
    return file


def seconds_with(limbic, count, settings=()):
    """Of the stage that teaches assessors, in a process of its own, without evals and the first steps."""
    directory = FOLDER / f"timed-{count}"
    limbic.train(config_of(count), directory, "--steps", STEPS, settings=(*ASSESS_ONLY, *settings))
    return seconds_a_step(directory, WARMUP)


def cost(limbic, pairs, settings=()):
    """Alternating runs of one assessor and of all: (seconds a step of one, of all) for each pair."""
    return [(seconds_with(limbic, 1, settings), seconds_with(limbic, COUNT, settings)) for _ in range(pairs)]


def auroc_row(table, limbic):
    seconds = limbic.train(CONFIG, FOLDER / "whole").seconds
    figures = last_metrics(FOLDER / "whole")
    each = [figures[f"eval/expects_{k}.auroc"] for k in range(COUNT)]
    table.add(AUROC, mean(each), ">=", 0.95, f"worst {min(each):.3f}; {seconds:.0f} s, evals included")


def cost_row(table, row, limbic, pairs, settings=()):
    if not table.wants(row):
        return
    times = cost(limbic, pairs, settings)
    ratios = [many / one for one, many in times]
    one, many = (1000 * statistics.median(t[i] for t in times) for i in (0, 1))
    table.add(row, statistics.median(ratios), "<=", 1.2, f"{min(ratios):.2f} to {max(ratios):.2f} over {pairs} pairs; {one:.0f} and {many:.0f} ms")


def rows(table, limbic, pairs=5):
    if table.wants(AUROC):
        auroc_row(table, limbic)
    cost_row(table, COST, limbic, pairs)
