"""More thinking with the same weights: each dial from least to most, C2ST against milliseconds a sample; and what one pass has learned from thinking."""
import time

from omni_budgets import FOLDER, QUESTIONS, SAMPLES
from table import last_metrics

TASKS = ("two_moons", "slcp", "hmm")
BUDGET = "1e5"
DIALS = {
    "reencode": ("", "reencode=4", "reencode=1"),
    "candidates of an average of 8 orders": ("", "orders=8,candidates=8", "orders=8,candidates=32"),
    "sweeps": ("", "orders=8,sweeps=2", "orders=8,sweeps=6"),
}
WORSE = 0.003  # smaller differences of C2ST are not told from none
DISTIL = {"hmm": (), "slcp": ("world.type=slcp",)}


def ladder(budgets, task, seed, dials):
    """(C2ST by a random forest, milliseconds a sample) of each setting of a dial."""
    questions, _, _ = budgets.draws(task).questions("posterior")
    brain, found = budgets.brain(task, BUDGET, seed), []
    for number, dial in enumerate(dials):
        file = FOLDER / f"dial-{task}-{seed}-{number}.csv"
        started = time.monotonic()
        budgets.limbic("-q", "infer", brain, "--at", "best", "--rows", questions, "--samples", SAMPLES, "--dial", dial, "--device", "cpu", "--out", file)
        seconds = time.monotonic() - started
        found.append((budgets.told_apart(task, "posterior", file)["forest"], 1000 * seconds / (QUESTIONS * SAMPLES)))
    return found


def dial_rows(table, budgets, seeds):
    for task in TASKS:
        for name, dials in DIALS.items():
            row = f"{task}: most that more {name} worsens C2ST"
            if not table.wants(row):
                continue
            each = [ladder(budgets, task, seed, dials) for seed in seeds]
            steps = [[sum(found[i][what] for found in each) / len(each) for what in (0, 1)] for i in range(len(dials))]
            worst = max(after[0] - before[0] for before, after in zip(steps, steps[1:]))
            said = "; ".join(f"{dial or 'none'} {c2st:.3f} {ms:.2f} ms" for dial, (c2st, ms) in zip(dials, steps))
            table.add(row, worst, "<=", WORSE, said)


def distil_rows(table, runs, seeds):
    """The gap of answers of one pass, after a stage of distillation over that after as many steps without it."""
    for task, world in DISTIL.items():
        row = f"{task}: one-pass gap after distilling over that without"
        if not table.wants(row):
            continue
        ratios, said = [], []
        for seed in seeds:
            gaps = []
            for name, weight in (("distilled", 1), ("control", 0)):
                directory = runs.train("omni/distil", seed, *world, f"curriculum.distil.losses.distil.weight={weight}", name=f"{task}-{name}")
                gaps.append(last_metrics(directory)["eval/one_pass"])
            ratios.append(gaps[0] / gaps[1])
            said.append(f"{gaps[0]:.4f} of {gaps[1]:.4f}")
        table.add(row, max(ratios), "<", 1, ", ".join(said))


def rows(table, runs, budgets, seeds):
    dial_rows(table, budgets, seeds)
    distil_rows(table, runs, seeds)
