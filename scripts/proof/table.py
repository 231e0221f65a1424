"""The one language that proofs speak: rows of (row, measured, target, verdict), a closing line, an exit code, and `--json`."""
import argparse
import fcntl
import json
import math
import operator
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import traceback

from processes import Failed, process

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRESET = os.environ.get("LIMBIC_PRESET", "release")
COMPARE = {">=": operator.ge, "<=": operator.le, "<": operator.lt, "==": operator.eq}
NOT_FINITE = ("NaN", "Infinity", "-Infinity", "nan", "inf", "-inf")  # words that limbic writes for numbers, or an earlier one did


def arguments(name, description, extra=None):
    parser = argparse.ArgumentParser(prog=f"scripts/proof/{name}", description=description)
    parser.add_argument("--only", metavar="ROW", action="append", help="only the rows whose name contains this (or that, where given again)")
    parser.add_argument("--seed", type=int, default=None, help="only this seed")
    parser.add_argument("--quick", action="store_true", help="under a minute, with smaller targets of its own")
    parser.add_argument("--json", metavar="FILE", help="write the table there as well")
    parser.add_argument("--build", type=pathlib.Path, metavar="DIR", help=f"where limbic is built (default: builds build/{PRESET}, by LIMBIC_PRESET)")
    if extra:
        extra(parser)
    return parser.parse_args()


def built(options, *targets, cores=2):
    """The folder that holds limbic and the other targets; builds it unless one was named. From then on this process and all that it starts run on the first
    so many of the cores that it may use (None: on all)."""
    if not options.build:
        subprocess.run([ROOT / "scripts/build", PRESET, "limbic", *targets], check=True)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    return options.build.resolve() if options.build else ROOT / "build" / PRESET


def claim(*folders):
    """Nobody else works in these folders until this process is gone; waits for a proof that does."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_CREAT | os.O_WRONLY, 0o644)  # never closed, and closed to programs that are started
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another proof that works in {folder}", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)


class Table:
    """Rows as they are measured; a row that could not be measured counts as missed."""

    def __init__(self, name, only=None):
        self.name, self.only, self.rows, self.reports = name, only, [], []

    def wants(self, *rows):
        """Whether any of these is asked for."""
        return self.only is None or any(part in row for part in self.only for row in rows)

    def add(self, row, measured, relation, target, note=""):
        if not self.wants(row):
            return
        missing = measured is None or not math.isfinite(measured)
        reached = not missing and COMPARE[relation](measured, target)
        self.rows.append({"row": row, "measured": None if missing else measured, "target": f"{relation} {target}", "reached": reached, "note": note})
        shown = "not measured" if missing else f"{measured:.4f}".rstrip("0").rstrip(".")
        print(f"{row:<58} {shown:>12}   {relation + ' ' + str(target):<10} {'ok' if reached else 'MISSED':<7} {note}", flush=True)

    def add_worst(self, row, values, relation, target, note=""):
        """Of several figures, say of seeds, the farthest from such a target; not measured if one is not."""
        values = list(values)
        missing = any(value is None or not math.isfinite(value) for value in values)
        self.add(row, None if missing else (min if relation == ">=" else max)(values), relation, target, note)

    def report(self, row, text):
        """A figure that has no target."""
        if self.wants(row):
            self.reports.append({"row": row, "text": text})
            print(f"{row:<58} {text}", flush=True)

    def miss(self, row, why):
        """A figure that could not be measured, whatever its target."""
        if self.wants(row):
            self.add_missed(row, why)

    def add_missed(self, row, why, details=None):
        self.rows.append({"row": row, "measured": None, "target": None, "reached": False, "note": details or why})
        print(f"{row:<58} {'not measured':>12}   {'':<10} {'MISSED':<7} {why}", flush=True)

    def attempt(self, part, *arguments, row=None):
        """What this part of a proof returns. If it fails, or a program that it runs, this row is missed, whatever was asked for; without a name it is called
        after the part and its words."""
        try:
            return part(*arguments)
        except (Failed, Exception) as failure:
            traceback.print_exc()
            why = f"{type(failure).__name__}: {failure}"
            words = [part.__name__.replace("_", " "), *(word for word in arguments if isinstance(word, str))]
            self.add_missed(row or f"{' '.join(words)}: all that it measures", why.partition("\n")[0], why)

    def close(self, json_file=None):
        reached = sum(row["reached"] for row in self.rows)
        print(f"proof {self.name}: {reached} of {len(self.rows)} rows reach their target")
        if json_file:
            pathlib.Path(json_file).write_text(json.dumps({"proof": self.name, "rows": self.rows, "reports": self.reports}, indent=1) + "\n")
        return 0 if (self.rows or self.reports) and reached == len(self.rows) else 1


class Limbic:
    """The product."""

    def __init__(self, build):
        self.binary = build / "limbic"

    def __call__(self, *arguments, accept=(0,)):
        """Runs a command in the repository's folder; returns the finished process. Another exit code than those accepted ends the proof."""
        return process([self.binary, *arguments], accept, cwd=ROOT)

    def train(self, config, directory, *options, settings=(), device="cpu", quiet=True):
        """A run that begins anew, evals included: its finished process."""
        shutil.rmtree(directory, ignore_errors=True)
        options += tuple(x for setting in settings for x in ("--set", setting))
        return self(*["-q"] * quiet, "train", config, "--run", directory, "--device", device, *options)


class Runs:
    """Trains each (config, seed) once, in a fresh folder."""

    def __init__(self, limbic, folder):
        self.limbic, self.folder, self.said, self.trained = limbic, folder, {}, {}

    def directory(self, config, seed):
        return self.folder / f"{config}-{seed}"

    def train(self, config, seed, *settings, name=None):
        """The run's directory, trained; the process that trained it is kept. A config with other settings needs another name."""
        key = (name or config, seed)
        if key not in self.trained:
            self.trained[key] = self.limbic.train(f"configs/{config}.yaml", self.directory(*key), settings=(f"seed={seed}", *settings))
        return self.directory(*key)

    def figures(self, config, seed, *settings):
        """What `limbic eval` says of it on test rows."""
        if (config, seed) not in self.said:
            directory = self.train(config, seed, *settings)
            self.said[config, seed] = from_json(self.limbic("-q", "eval", directory, "--split", "test", "--json", "--device", "cpu").stdout)
        return self.said[config, seed]

    def audit(self, config, seed):
        return last_state(self.directory(config, seed))["audit"]

    def minutes_row(self, table, row, config, seeds, target):
        """How long the slowest of these seeds trained."""
        minutes = [self.trained[config, seed].seconds / 60 for seed in seeds]
        table.add_worst(row, minutes, "<=", target, f"2 cores, evals included: {each(minutes, 2)}")


def from_json(text):
    """With numbers for what limbic writes in words, since it is not finite."""
    return json.loads(text, object_hook=lambda each: {key: float(value) if value in NOT_FINITE else value for key, value in each.items()})


def lines(file):
    """The objects of a file that holds one a line."""
    return [from_json(line) for line in file.read_text().splitlines()]


def last_state(run):
    """What the newest checkpoint of a run remembers besides tensors."""
    return from_json((max((run / "checkpoints").glob("step-*")) / "state.json").read_text())


def last_metrics(run):
    """The last value of every metric of a run."""
    values = {}
    for row in lines(run / "metrics.jsonl"):
        values.update(row)
    return values


def seconds_a_step(directory, after):
    """Of a run's steps that come after this one, as it timed them, which is without evals."""
    timed = [row for row in lines(directory / "timings.jsonl") if row["step"] > after]
    return sum(row["seconds"] for row in timed) / sum(row["seconds"] * row["steps_per_second"] for row in timed)


def shown(value, digits=4):
    """A figure in a note, which may not have been measured."""
    return "none" if value is None else f"{value:.{digits}f}"


def each(values, digits=3):
    """Figures side by side in a note."""
    return " ".join(shown(value, digits) for value in values)


def mean(values):
    return statistics.fmean(values) if values else None


def say(proof, text):
    """What a proof tells on its way."""
    print(f"{proof}: {text}", file=sys.stderr, flush=True)
