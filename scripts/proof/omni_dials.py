"""More thinking with the same weights: each dial from least to most, C2ST against milliseconds a sample; and what one pass has learned from thinking.

Without blocks a query sees drawn cells as it sees given ones, so that encoding them again changes nothing: `reencode` asks a brain with two blocks.
"""
import functools
import itertools
import statistics

from omni_draws import QUESTIONS
from omni_gaps import gap, ratio, said
from table import last_metrics

TASKS = ("two_moons", "slcp", "hmm")
BUDGET = "1e5"
DIALS = {  # name: the brain's own settings, and the dial from least to most
    "candidates of an average of 8 orders": ((), ("", "orders=8,candidates=8", "orders=8,candidates=32")),
    "sweeps": ((), ("", "orders=8,sweeps=2", "orders=8,sweeps=6")),
    "reencode": (("cortex.blocks=2",), ("", "reencode=4", "reencode=1")),
}
WORSE = 0.003  # smaller differences of C2ST are not told from none
SAMPLES, SAMPLINGS = 4000, 3  # of each question, and so often: a C2ST of 4,000 differs by .002 from one seed of sampling to the next, one of 1,000 by .008
DISTIL = {"hmm": (), "slcp": ("world.type=slcp",)}
ONE_PASS = ("evals.one_pass.rows=131072", "evals.one_pass.every=12k steps")  # eight times the config's own, at the end of each stage alone
CONTROL = "curriculum.distil.losses={predict: {type: any_subset, trains: [cortex], joint: 1, echo: 0}}"


@functools.cache
def rung(budgets, task, seed, settings, dial):
    """(C2ST by a random forest, mean of several samplings; milliseconds a sample, start-up and the writing of CSV included)."""
    draws = budgets.draws(task)
    questions, _, _ = draws.questions("posterior", SAMPLES)
    brain, file = budgets.brain(task, BUDGET, seed, *settings), draws.folder / f"dial-{seed}.csv"
    c2st = seconds = 0
    for sampling in range(SAMPLINGS):
        asked = ("--rows", questions, "--samples", SAMPLES, "--dial", dial, "--seed", sampling, "--device", "cpu", "--out", file)
        seconds += budgets.limbic("-q", "infer", brain, "--at", "best", *asked).seconds
        c2st += statistics.fmean(budgets.told_apart(task, "posterior", file, SAMPLES, alone=True)["forest"])
    return c2st / SAMPLINGS, 1000 * seconds / (SAMPLINGS * QUESTIONS["posterior"] * SAMPLES)


def dial_rows(table, budgets, seeds):
    for task in TASKS:
        for name, (settings, dials) in DIALS.items():
            row = f"{task}: most that more {name} worsens C2ST"
            if not table.wants(row):
                continue
            each = [[rung(budgets, task, seed, settings, dial) for seed in seeds] for dial in dials]
            c2st, ms = ([sum(found[what] for found in rungs) / len(rungs) for rungs in each] for what in (0, 1))
            said = "; ".join(f"{dial or 'none'} {accuracy:.3f} {time:.2f} ms" for dial, accuracy, time in zip(dials, c2st, ms))
            brain = f" ({', '.join(settings)})" if settings else ""
            steps = [more - less for less, more in itertools.combinations(c2st, 2)]
            table.add_worst(row, steps, "<=", WORSE, f"{said} a sample, start-up and CSV included{brain}")


def distil_rows(table, runs, seeds):
    """The gap of answers of one pass, after a stage of distillation over that after as many steps without it. Both are asked of the same rows, but no eval
    tells them one by one: two errors are those of independent rows, which are wider than of pairs."""
    for task, world in DISTIL.items():
        row = f"{task}: one-pass gap after distilling over that after as many steps of joint answers, plus two errors"
        if not table.wants(row):
            continue
        bounds, notes = [], []
        for seed in seeds:
            gaps = []
            for name, own in (("distilled", ()), ("control", (CONTROL,))):
                directory = runs.train("omni/distil", seed, *world, *ONE_PASS, *own, name=f"{task}-{name}")
                gaps.append(gap(last_metrics(directory), "one_pass"))
            times, error = ratio(*gaps)
            bounds.append(times + 2 * error)
            notes.append(f"{times:.3f}: {said(gaps[0])} of {said(gaps[1])}")
        table.add_worst(row, bounds, "<", 1, ", ".join(notes))


def rows(table, runs, budgets, seeds):
    table.attempt(dial_rows, table, budgets, seeds)
    table.attempt(distil_rows, table, runs, seeds)
