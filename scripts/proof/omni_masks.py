"""Masks that were never drawn in training: a fifth of all, by lot; and a baseline that trained with one mask alone."""
from table import last_metrics

ROW = "hmm: gap with masks never drawn over that with drawn ones"
BASELINE = "hmm: the same masks, trained with one mask alone"


def rows(table, runs, seeds):
    """Of answers of one pass, since a joint answer passes through many masks."""
    if not table.wants(ROW, BASELINE):
        return
    found = [last_metrics(runs.train("omni/hmm_masks", seed)) for seed in seeds]
    ratios = [one["eval/never"] / one["eval/drawn"] for one in found]
    note = ", ".join(f"{one['eval/never']:.4f} +- {one['eval/never.error']:.4f} of {one['eval/drawn']:.4f} +- {one['eval/drawn.error']:.4f}" for one in found)
    table.add_worst(ROW, ratios, "<=", 1.1, note)
    if table.wants(BASELINE):
        fixed = [last_metrics(runs.train("omni/hmm_one_mask", seed))["eval/never"] for seed in seeds]
        times = [one / own["eval/drawn"] for one, own in zip(fixed, found)]
        table.add_worst(BASELINE, times, ">=", 3, "times the gap: " + " ".join(f"{one:.3f}" for one in fixed))
