"""Fixed training sets of 1e3, 1e4 and 1e5 rows: limbic against a masked autoregressive flow and a score transformer, by oracle gap and C2ST.

The peers train on the same rows, limbic on all but the last of them and chooses its checkpoint by as many others; their log p of theta given x, of the same
rows of the test split (of a score transformer in a box the first 512 of 2,048), is compared with the exact one (posteriors alone: a flow answers no other
mask). mixnet has none of these rows: its variables are of mixed types, and both peers are densities of numbers. limbic's steps, decay and dropout were chosen
for each budget, on validation rows; the peers have one setting, as published, and a time. A world's schema tells limbic the exact mean and deviation of the
numbers of each variable; peers standardise by their rows. 10,000 samples of each question are told from as many exact ones by a random forest (the rows with
targets) and an MLP; exact samples against exact ones give the noise line.
"""
import json
import statistics

import omni_gaps
from omni_draws import BATCH, BUDGETS, FOLDER, SAMPLES, Draws
from processes import run
from table import ROOT, Runs, last_state, mean
from venvs import Venv

PACKAGES = ["sbi==0.27.0", "nflows==0.14", "zuko==1.6.0", "scikit-learn==1.9.1", "scipy==1.17.1", "joblib==1.6.0", "cloudpickle==3.1.3",
            "threadpoolctl==3.8.0", "narwhals==2.29.0", "tqdm==4.70.1", "skorch==1.4.0", "matplotlib==3.11.2", "pillow==13.0.0", "contourpy==1.3.3",
            "cycler==0.12.1", "fonttools==4.68.0", "kiwisolver==1.5.1", "packaging==26.4", "pyparsing==3.3.3", "python-dateutil==4.0.0", "six==1.17.0",
            "tensorboard==2.21.0", "absl-py==2.5.1", "grpcio==1.85.3", "markdown==3.11.3", "protobuf==7.36.2", "tensorboard-data-server==0.7.2",
            "werkzeug==3.1.9"]
# Task: best published C2ST by a random forest at each budget, for the posterior and for all conditionals. The latter were told from samples of short Markov
# chains, two_moons' of a density without the -log r of its radius (so that p(r) is proportional to r N(r; .1, .01)): they hold the error of their reference,
# by which even an exact model of two_moons would have up to about .52, and a figure of ours below them is partly that.
PUBLISHED = {
    "gaussian_linear": ((0.538, 0.505, 0.500), None),
    "gaussian_mixture": ((0.547, 0.515, 0.501), None),
    "two_moons": ((0.570, 0.513, 0.502), (0.601, 0.526, 0.510)),
    "slcp": ((0.831, 0.620, 0.538), (0.729, 0.598, 0.548)),
    "tree": (None, (0.582, 0.536, 0.527)),
    "hmm": (None, (0.581, 0.534, 0.524)),
}
PUBLISHED_GAP = {"gaussian_linear": 0.006, "gaussian_mixture": 0.05, "two_moons": 0.02}
BOXES = {"gaussian_mixture": (-10, 10), "two_moons": (-1, 1), "slcp": (-3, 3)}  # uniform priors, which all are told
GAP_ROWS = 2048
ROWS_OF_BOXED_SCORE = 512  # whose log p takes 64 samples a row, for the share of them in the box
PEERS = {"flow": "MAF", "score": "score transformer"}
KINDS = ("posterior", "conditionals")
# limbic's own settings at a budget, chosen on validation rows of two_moons, slcp and gaussian_linear, seed 100. Of its rows so many are not trained on: the
# checkpoint under which they are likeliest is asked, of a network alone or of one that starts from a mixture of Gaussians.
WAYS = {"1e3": ("network", "mixture"), "1e4": ("network", "mixture"), "1e5": ("network",)}
COMPONENTS, STEPS_FROM_MIXTURE = 8, 3000
STEPS = {"1e3": 16_000, "1e4": 40_000, "1e5": 80_000}
DECAY = {"1e3": 0.1, "1e4": 0.01, "1e5": 0.0001}
DROPOUT = {"1e3": 0.1, "1e4": 0, "1e5": 0}
HELD_OUT = {"1e3": 100, "1e4": 500, "1e5": 2000}


def gap_names(task):
    return f"{task}: gap of the posterior at 1e5 draws", f"{task}: gap of the posterior at 1e5 draws, over each peer's"


def c2st_name(task, budget, kind):
    return f"{task}: C2ST at {budget} draws, {kind}"


def run_name(task, budget, way, *own):
    return "-".join((task, budget, way, *own))


def settings(budget, way):
    number = STEPS[budget] if way == "network" else STEPS_FROM_MIXTURE
    steps, every = f"{number} steps", f"{number // 40} steps"
    held_out = f"type: nll, regime: rows, split: validation, rows: {HELD_OUT[budget]}, joint: true, at_start: true, every: {every}"
    return (f"world.budget={BUDGETS[budget] - HELD_OUT[budget]}",
            f"curriculum.learn.until.after={steps}", f"optimizer.learning_rate.cosine.over={steps}",
            f"optimizer.weight_decay={DECAY[budget]}", f"cortex.dropout={DROPOUT[budget]}", f"evals={{predict: {{{held_out}}}}}",
            f"cortex.base_density.components={0 if way == 'network' else COMPONENTS}",
            "checkpoints={every: 100k steps, keep_last: 1, best: {of: eval/predict}}")


class Budgets:
    """Trains each (peer or limbic, task, budget, seed) once and keeps what it said."""

    def __init__(self, limbic, wants, options):
        """wants(*rows): whether one of them is asked for. A peer answers all that is wanted in the process that trains it, for so many minutes."""
        self.runs = Runs(limbic, FOLDER / "limbic")
        self.limbic, self.wants, self.alone = limbic, wants, options.alone
        self.minutes, self.threads = options.minutes, options.threads
        self.said, self.worlds, self.environment = {}, {}, None

    def venv(self):
        if self.environment is None:
            self.environment = Venv(ROOT / "build/omni-venv", run([ROOT / "scripts/setup"]).strip(), PACKAGES)
        return self.environment

    def draws(self, task):
        if task not in self.worlds:
            self.worlds[task] = Draws(self.limbic, task)
        return self.worlds[task]

    def brain(self, task, budget, seed, *own):
        """limbic's run directory, trained, by more settings if it has its own: in the way that makes rows it was not trained on likelier."""
        ways = [self.runs.train(f"omni/{task}", seed, *settings(budget, way), *own, name=run_name(task, budget, way, *own)) for way in WAYS[budget]]
        return min(ways, key=lambda run: last_state(run)["best"]["value"])

    def log_probs(self, who, task, budget, seed):
        """Of theta given x, for each test row."""
        if who != "limbic":
            return self.peer(who, task, budget, seed)["log_probs"]
        key = (who, task, budget, seed)
        if key not in self.said:
            brain, rows = self.brain(task, budget, seed), self.draws(task).test(GAP_ROWS)
            command = ("-q", "score", brain, rows, "--at", "best", "--given", "x", "--json", "--device", "cpu")
            self.said[key] = [json.loads(line)["log_prob"] for line in self.limbic(*command).stdout.splitlines()]
        return self.said[key]

    def peer(self, peer, task, budget, seed):
        """What a peer said after training: its seconds, steps, log p of rows; its samples lie in files."""
        key = (peer, task, budget, seed)
        if key not in self.said:
            draws, options = self.draws(task), []
            if budget == "1e5" and self.wants(*gap_names(task)):
                boxed_score = peer == "score" and task in BOXES
                options += ["--density", draws.test(ROWS_OF_BOXED_SCORE if boxed_score else GAP_ROWS)]
            if task in BOXES:
                options += ["--box", *BOXES[task]]
            for kind in KINDS[:1] if peer == "flow" else KINDS:
                if self.wants(c2st_name(task, budget, kind)):
                    options += ["--questions", draws.questions(kind)[0], self.samples(peer, task, budget, seed, kind)]
            self.said[key] = json.loads(self.venv()("omni_peers.py", peer, "--train", draws.training(budget, seed), "--seed", seed,
                                                    "--seconds", 60 * self.minutes, "--threads", self.threads, "--samples", SAMPLES, *options))
        return self.said[key]

    def how_long(self, who, task, budget, seed):
        """In words, how long it trained; limbic in all its ways, evals included."""
        if who == "limbic":
            return f"{sum(self.runs.trained[run_name(task, budget, way), seed].seconds for way in WAYS[budget]):.0f} s"
        said = self.peer(who, task, budget, seed)
        return f"{said['steps']} in {said['seconds']:.0f} s"

    def samples(self, who, task, budget, seed, kind):
        return self.draws(task).folder / f"{who}-{budget}-{seed}-{kind}.csv"

    def gaps(self, who, task, budget, seed):
        """Nats a hidden dimension from the exact answer, a batch of test rows each."""
        exact, cells = self.draws(task).exact(GAP_ROWS)
        own = self.log_probs(who, task, budget, seed)
        return [(exact[i] - statistics.fmean(own[i * BATCH:(i + 1) * BATCH])) / cells for i in range(len(own) // BATCH)]

    def c2st(self, who, task, budget, seed, kind):
        """{classifier: accuracy on each question}; who: limbic, a peer, or exact, which has no budget and no seed."""
        key = (who, task, budget, seed, kind)
        if key in self.said:
            return self.said[key]
        questions, _, again = self.draws(task).questions(kind)
        file = again if who == "exact" else self.samples(who, task, budget, seed, kind)
        if who == "limbic":
            asked = ("--rows", questions, "--samples", SAMPLES, "--device", "cpu", "--out", file)
            self.limbic("-q", "infer", self.brain(task, budget, seed), "--at", "best", *asked)
        elif who != "exact":
            self.peer(who, task, budget, seed)
        self.said[key] = self.told_apart(task, kind, file)
        return self.said[key]

    def told_apart(self, task, kind, file, samples=SAMPLES, alone=False):
        """{classifier: how well so many samples of each question are told from exact ones}; alone: by the forest."""
        _, exact, _ = self.draws(task).questions(kind, samples)
        only = ("--only", "forest") if self.alone or alone else ()
        return json.loads(self.venv()("omni_c2st.py", file, exact, *only, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"))


def gap_rows(table, budgets, task, seeds):
    """The second row: by how much limbic is closer than each peer, in the worst case."""
    alone, beside = gap_names(task)
    if not table.wants(alone, beside):
        return
    peers = [] if budgets.alone or not table.wants(beside) else list(PEERS)
    found = {who: [budgets.gaps(who, task, "1e5", seed) for seed in seeds] for who in ["limbic", *peers]}
    said = {who: f"{PEERS.get(who, who)} " + " ".join(with_error(gaps) for gaps in each) for who, each in found.items()}
    for who in found:
        said[who] += f" ({', '.join(budgets.how_long(who, task, '1e5', seed) for seed in seeds)})"
    if task in PUBLISHED_GAP:
        table.add_worst(alone, map(statistics.fmean, found["limbic"]), "<=", PUBLISHED_GAP[task], f"best published; {said['limbic']}")
    else:
        table.report(alone, said["limbic"])
    if peers:
        apart = [[own - other for own, other in zip(*pair)] for who in peers for pair in zip(found["limbic"], found[who])]
        table.add_worst(beside, map(statistics.fmean, apart), "<=", 0, "; ".join(said.values()))


def with_error(values, digits=4):
    """Their mean and its standard error."""
    return omni_gaps.said((statistics.fmean(values), statistics.stdev(values) / len(values) ** 0.5), digits)


def c2st_rows(table, budgets, task, seeds):
    """Errors are over the questions, which all seeds share."""
    for kind, published in zip(KINDS, PUBLISHED[task]):
        for number, budget in enumerate(BUDGETS):
            row = c2st_name(task, budget, kind)
            if not table.wants(row):
                continue
            whose = ["limbic"] if budgets.alone else ["limbic", "score"] + (["flow"] if kind == "posterior" else [])
            found = {who: [budgets.c2st(who, task, budget, seed, kind) for seed in seeds] for who in whose}
            found["exact"] = [budgets.c2st("exact", task, None, None, kind)]
            of_questions = lambda who, name: [mean(values) for values in zip(*(each[name] for each in found[who]))]
            figures = lambda who: "/".join(with_error(of_questions(who, name), 3) for name in found[who][0])
            said = {who: f"{PEERS.get(who, who)} {figures(who)}" for who in found}
            for who in found.keys() - {"exact"}:
                said[who] += f" ({', '.join(budgets.how_long(who, task, budget, seed) for seed in seeds)})"
            note = f"{'/'.join(found['exact'][0])}: " + ", ".join(said.values())
            if published:
                table.add(row, mean(of_questions("limbic", "forest")), "<=", published[number], note)
            else:
                table.report(row, note)


def rows(table, budgets, seeds):
    for task in PUBLISHED:
        table.attempt(gap_rows, table, budgets, task, seeds)
        table.attempt(c2st_rows, table, budgets, task, seeds)
