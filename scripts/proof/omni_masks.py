"""Masks that were never drawn in training: a fifth of all, by lot; and a baseline that trained with one mask alone."""
import statistics

from omni_gaps import gap, mean_gap, ratio, said
from table import last_metrics

ROW = "hmm: gap with masks never drawn over that with drawn ones"
BASELINE = "hmm: the same masks, trained with one mask alone"


def rows(table, runs, seeds):
    """Of answers of one pass, since a joint answer passes through many masks; gaps are means over the seeds, one of which would not tell 1.1 from 1. The
    ratio's standard error is by how much trainings differ, of one alone only its evals'."""
    if not table.wants(ROW, BASELINE):
        return
    found = [last_metrics(runs.train("omni/hmm_masks", seed)) for seed in seeds]
    never, drawn = ([gap(one, name) for one in found] for name in ("never", "drawn"))
    times, error = ratio(mean_gap(never), mean_gap(drawn))
    if len(seeds) > 1:
        error = statistics.stdev(own[0] / other[0] for own, other in zip(never, drawn)) / len(seeds) ** 0.5
    note = ", ".join(f"{said(one)} of {said(other)}" for one, other in zip(never, drawn))
    table.add(ROW, times, "<=", 1.1, f"+- {error:.3f}: {note}")
    if table.wants(BASELINE):
        fixed = [gap(last_metrics(runs.train("omni/hmm_one_mask", seed)), "never") for seed in seeds]
        times = [one[0] / own[0] for one, own in zip(fixed, never)]
        table.add_worst(BASELINE, times, ">=", 3, "times the gap over the same masks: " + ", ".join(map(said, fixed)))
