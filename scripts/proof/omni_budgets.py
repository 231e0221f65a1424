"""Fixed training sets of 1e3, 1e4 and 1e5 rows: limbic against a masked autoregressive flow and a score transformer, by oracle gap and C2ST.

All three train on the same rows. Oracle gaps are paired with the exact answer on rows of the test split. Samples of ten questions are
told from exact ones by a random forest (the rows with targets) and an MLP; exact samples against exact ones give the noise line.
"""
import csv
import json
import random
import statistics

from table import ROOT, Runs, mean
from venvs import Venv, run

PACKAGES = ["sbi==0.27.0", "nflows", "zuko", "scikit-learn", "scipy", "joblib", "cloudpickle", "threadpoolctl", "narwhals", "tqdm", "skorch", "matplotlib",
            "pillow", "contourpy", "cycler", "fonttools", "kiwisolver", "packaging", "pyparsing", "python-dateutil", "six", "tensorboard", "absl-py", "grpcio",
            "markdown", "protobuf", "tensorboard-data-server", "werkzeug"]
FOLDER = ROOT / "runs/proof-omni-budgets"
BUDGETS = {"1e3": 1_000, "1e4": 10_000, "1e5": 100_000}
# Task: best published C2ST by a random forest at each budget, for the posterior and for all conditionals.
PUBLISHED = {
    "gaussian_linear": ((0.538, 0.505, 0.500), None),
    "gaussian_mixture": ((0.547, 0.515, 0.501), None),
    "two_moons": ((0.570, 0.513, 0.502), (0.601, 0.526, 0.510)),
    "slcp": ((0.831, 0.620, 0.538), (0.729, 0.598, 0.548)),
    "tree": (None, (0.582, 0.536, 0.527)),
    "hmm": (None, (0.581, 0.534, 0.524)),
}
PUBLISHED_GAP = {"gaussian_linear": 0.006, "gaussian_mixture": 0.05, "two_moons": 0.02}
BOXES = {"gaussian_mixture": (-10, 10), "two_moons": (-1, 1), "slcp": (-3, 3)}  # uniform priors, which the flow is told
GAP_ROWS = {"flow": 2048, "score": 512}  # an ODE's density with exact divergence is dear
BATCH = 256
QUESTIONS, SAMPLES = 10, 1000
FIRST_SEED = 1001  # of the questions, the same for all seeds
PEERS = {"flow": "MAF", "score": "score transformer"}
KINDS = ("posterior", "conditionals")
# limbic's own settings at a budget, chosen on seed 100 and validation rows.
STEPS = {"1e3": 1500, "1e4": 6000, "1e5": 40_000}
DECAY = {"1e3": 0.1, "1e4": 0.01, "1e5": 0.0001}


def settings(budget):
    steps = f"{STEPS[budget]} steps"
    ask = "type: oracle_gap, regime: rows, rows: 2048, orders: 8"
    return (f"world.budget={BUDGETS[budget]}", f"curriculum.learn.until.after={steps}", f"optimizer.learning_rate.cosine.over={steps}",
            f"optimizer.weight_decay={DECAY[budget]}", "evals={half: {%s, rate: 0.5, every: %s}, posterior: {%s, given: [x], every: %s}}" % (ask, steps, ask, steps))


class Draws:
    """What a task's world gives: rows to train on, rows to score, questions and their exact samples; each file is drawn once."""

    def __init__(self, limbic, task):
        self.limbic, self.config, self.folder = limbic, f"configs/omni/{task}.yaml", FOLDER / "draws" / task
        self.task = task
        self.folder.mkdir(parents=True, exist_ok=True)

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
        answers = [json.loads(self.draw(f"exact-{n}.json", "--rows", n, "--split", "test", "--given", "x", "--floor").read_text()) for n in range(BATCH, rows + 1, BATCH)]
        sums = [0] + [answer["rows"] * answer["log_prob"] for answer in answers]
        return [(after - before) / BATCH for before, after in zip(sums, sums[1:])], answers[-1]["asked"]

    def given(self, kind, number, names):
        """The cells that a question gives: x, or each with chance one half."""
        if kind == "posterior":
            return [name for name in names if not name.startswith("t")]
        chance = random.Random(f"{self.task} {number}")
        while True:
            cells = [name for name in names if chance.random() < 0.5]
            if len(cells) < len(names):
                return cells

    def questions(self, kind):
        """Files: the questions; exact samples of each; and as many again, for the noise line."""
        files = [self.folder / f"{kind}-{part}.csv" for part in ("questions", "exact", "again")]
        if all(file.exists() for file in files):
            return files
        lines = [[], [], []]
        for number in range(QUESTIONS):
            one = ("--rows", 1, "--split", "test", "--seed", FIRST_SEED + number)
            names, row = csv.reader(self.limbic("draw", self.config, *one).stdout.splitlines())
            given = self.given(kind, number, names)
            asked = [option for name in given for option in ("--given", name)]
            _, *exact = self.limbic("draw", self.config, *one, *asked, "--samples", 2 * SAMPLES).stdout.splitlines()
            lines[0].append(",".join(cell if name in given else "" for name, cell in zip(names, row)))
            for part in (0, 1):
                lines[1 + part] += [f"{number}," + line.split(",", 1)[1] for line in exact[part * SAMPLES:(part + 1) * SAMPLES]]
        for file, body, first in zip(files, lines, ([], ["row"], ["row"])):
            file.write_text("\n".join([",".join(first + names), *body]) + "\n")
        return files


class Budgets:
    """Trains each (peer or limbic, task, budget, seed) once and keeps what it said."""

    def __init__(self, limbic, minutes):
        self.limbic, self.minutes, self.said, self.worlds, self.environment = limbic, minutes, {}, {}, None
        self.runs = {budget: Runs(limbic, FOLDER / budget) for budget in BUDGETS}

    def venv(self):
        if self.environment is None:
            self.environment = Venv(ROOT / "build/omni-venv", run([ROOT / "scripts/setup"]).strip(), PACKAGES)
        return self.environment

    def draws(self, task):
        return self.worlds.setdefault(task, Draws(self.limbic, task))

    def limbic_gap(self, task, budget, seed):
        return self.runs[budget].figures(f"omni/{task}", seed, *settings(budget))

    def peer(self, peer, task, budget, seed):
        """What a peer said after training: its seconds, steps, mean log p of batches; its samples lie in files."""
        key = (peer, task, budget, seed)
        if key not in self.said:
            draws, options = self.draws(task), []
            if budget == "1e5":
                options += ["--density", draws.test(GAP_ROWS[peer])]
            if task in BOXES and peer == "flow":
                options += ["--box", *BOXES[task]]
            for kind in KINDS[:1] if peer == "flow" else KINDS:
                options += ["--questions", draws.questions(kind)[0], self.samples(peer, task, budget, seed, kind)]
            self.said[key] = json.loads(self.venv()("omni_peers.py", peer, "--train", draws.training(budget, seed), "--seed", seed,
                                                    "--seconds", 60 * self.minutes, "--samples", SAMPLES, *options))
        return self.said[key]

    def samples(self, who, task, budget, seed, kind):
        return self.draws(task).folder / f"{who}-{budget}-{seed}-{kind}.csv"

    def peer_gap(self, peer, task, budget, seed):
        """(gap, standard error) in nats a hidden dimension, of batches of rows."""
        exact, cells = self.draws(task).exact(GAP_ROWS[peer])
        gaps = [(e - p) / cells for e, p in zip(exact, self.peer(peer, task, budget, seed)["log_probs"])]
        return statistics.fmean(gaps), statistics.stdev(gaps) / len(gaps) ** 0.5

    def c2st(self, who, task, budget, seed, kind):
        """{classifier: mean accuracy over the questions}; who: limbic, a peer, or exact."""
        questions, _, again = self.draws(task).questions(kind)
        file = again if who == "exact" else self.samples(who, task, budget, seed, kind)
        if who == "limbic":
            self.limbic_gap(task, budget, seed)
            run = self.runs[budget].directory(f"omni/{task}", seed)
            self.limbic("-q", "infer", run, "--rows", questions, "--samples", SAMPLES, "--device", "cpu", "--out", file)
        elif who != "exact":
            self.peer(who, task, budget, seed)
        key = (who, task, budget if who != "exact" else None, seed if who != "exact" else None, kind)
        if key not in self.said:
            self.said[key] = self.told_apart(task, kind, file)
        return self.said[key]

    def told_apart(self, task, kind, file):
        """How well samples of the questions are told from exact ones, by each classifier."""
        _, exact, _ = self.draws(task).questions(kind)
        answer = json.loads(self.venv()("omni_c2st.py", file, exact))
        return {name: statistics.fmean(values) for name, values in answer.items()}


def gap_rows(table, budgets, task, seeds):
    row, best = f"{task}: gap of the posterior at 1e5 draws, to the best peer's", f"{task}: gap of the posterior at 1e5 draws"
    if not (table.wants(row) or table.wants(best)):
        return
    own = [budgets.limbic_gap(task, "1e5", seed) for seed in seeds]
    if task in PUBLISHED_GAP:
        table.add(best, max(f["eval/posterior"] for f in own), "<=", PUBLISHED_GAP[task], "best published")
    if not table.wants(row):
        return
    peers = {peer: [budgets.peer_gap(peer, task, "1e5", seed) for seed in seeds] for peer in PEERS}
    apart = max(f["eval/posterior"] - min(gaps[i][0] for gaps in peers.values()) for i, f in enumerate(own))
    said = [f"limbic {max(f['eval/posterior'] for f in own):.4f} +- {max(f['eval/posterior.error'] for f in own):.4f}"]
    said += [f"{PEERS[peer]} {min(g for g, _ in gaps):.4f} +- {max(e for _, e in gaps):.4f}" for peer, gaps in peers.items()]
    table.add(row, apart, "<=", 0, "; ".join(said))


def c2st_rows(table, budgets, task, seeds):
    for kind, published in zip(KINDS, PUBLISHED[task]):
        for number, budget in enumerate(BUDGETS):
            row = f"{task}: C2ST at {budget} draws, {kind}"
            if not table.wants(row):
                continue
            whose = ["limbic", "score"] + (["flow"] if kind == "posterior" else [])
            found = {who: [budgets.c2st(who, task, budget, seed, kind) for seed in seeds] for who in whose}
            average = lambda who, name: mean([each[name] for each in found[who]])
            noise = budgets.c2st("exact", task, budget, None, kind)
            said = ", ".join(f"{PEERS.get(who, who)} {average(who, 'forest'):.3f}/{average(who, 'mlp'):.3f}" for who in whose)
            note = f"forest/MLP: {said}, exact {noise['forest']:.3f}/{noise['mlp']:.3f}"
            if published:
                table.add(row, average("limbic", "forest"), "<=", published[number], note)
            else:
                table.report(row, note)


def rows(table, budgets, seeds):
    for task in PUBLISHED:
        gap_rows(table, budgets, task, seeds)
        c2st_rows(table, budgets, task, seeds)
