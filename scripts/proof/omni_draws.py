"""What a task's world gives to scripts/proof/omni_budgets.py: rows to train on, rows to score, questions and their exact samples."""
import csv
import json
import random
import shutil

from table import ROOT

FOLDER = ROOT / "runs/proof-omni-budgets"
BUDGETS = {"1e3": 1_000, "1e4": 10_000, "1e5": 100_000}
BATCH = 128
# As the published lines were measured (Gloeckler et al. 2024, arXiv:2404.09636, and its code): samples of each question, questions, and how all
# conditionals are drawn: nothing given, x given, theta given, each cell given with a chance of .3, or of .7, a fifth each.
SAMPLES, QUESTIONS = 10_000, {"posterior": 10, "conditionals": 100}
LAWS = (0, "x", "theta", 0.3, 0.7)
FIRST_SEED = 1001  # of the questions, the same for all seeds


def given(task, kind, number, names):
    """The cells that a question gives."""
    law = "x" if kind == "posterior" else LAWS[number % len(LAWS)]
    if law in ("x", "theta"):
        return [name for name in names if name.startswith("t") == (law == "theta")]
    chance = random.Random(f"{task} {number}")
    while True:
        cells = [name for name in names if chance.random() < law]
        if len(cells) == len(names):
            return []
        if task == "slcp":
            cells = with_whole_draws(cells, names)
        if len(cells) < len(names):
            return cells


def with_whole_draws(cells, names):
    """Of slcp, whose x is draw after draw of two numbers: both of a draw, if either is among the cells."""
    x = [name for name in names if name.startswith("x")]
    draws = [draw for draw in zip(x[::2], x[1::2]) if not set(draw).isdisjoint(cells)]
    return [name for name in names if name in cells or any(name in draw for draw in draws)]


class Draws:
    """Of one task; each file is drawn once, none is kept from before."""

    def __init__(self, limbic, task):
        self.limbic, self.task, self.config, self.folder = limbic, task, f"configs/omni/{task}.yaml", FOLDER / "draws" / task
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def draw(self, name, *options):
        file = self.folder / name
        if not file.exists():
            self.limbic("draw", self.config, *options, "--out", file)
        return file

    def training(self, budget, seed):
        return self.draw(f"train-{budget}-{seed}.csv", "--rows", BUDGETS[budget], "--seed", seed, "--set", f"world.budget={BUDGETS[budget]}")

    def test(self, rows):
        return self.draw(f"test-{rows}.csv", "--rows", rows, "--split", "test")

    def exact(self, rows):
        """Mean exact log p of theta given x over batches of test rows, and the hidden cells."""
        files = [self.draw(f"exact-{n}.json", "--rows", n, "--split", "test", "--given", "x", "--floor") for n in range(BATCH, rows + 1, BATCH)]
        answers = [json.loads(file.read_text()) for file in files]
        sums = [0] + [answer["rows"] * answer["log_prob"] for answer in answers]
        return [(after - before) / BATCH for before, after in zip(sums, sums[1:])], answers[-1]["asked"]

    def questions(self, kind, samples=SAMPLES):
        """Files: the questions; exact samples of each; and as many again, for the noise line."""
        files = [self.folder / f"{kind}-{samples}-{part}.csv" for part in ("questions", "exact", "again")]
        if all(file.exists() for file in files):
            return files
        lines = [[], [], []]
        for number in range(QUESTIONS[kind]):
            one = ("--rows", 1, "--split", "test", "--seed", FIRST_SEED + number)
            names, row = csv.reader(self.limbic("draw", self.config, *one).stdout.splitlines())
            cells = given(self.task, kind, number, names)
            asked = [option for name in cells for option in ("--given", name)]
            _, *exact = self.limbic("draw", self.config, *one, *asked, "--samples", 2 * samples).stdout.splitlines()
            lines[0].append(",".join(cell if name in cells else "" for name, cell in zip(names, row)))
            for part in (0, 1):
                lines[1 + part] += [f"{number}," + line.split(",", 1)[1] for line in exact[part * samples:(part + 1) * samples]]
        for file, body, first in zip(files, lines, ([], ["row"], ["row"])):
            file.write_text("\n".join([",".join(first + names), *body]) + "\n")
        return files
