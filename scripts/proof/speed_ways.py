"""Ways to make a step of one model: limbic's, and its peers'. Each measurement is a process of its own."""
import dataclasses
import json
import os
import pathlib
import shutil

from processes import process, run
from speed_models import WORK
from table import ROOT, lines, seconds_a_step
from venvs import Venv, python_with

HERE = pathlib.Path(__file__).parent
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30), "MALLOC_TOP_PAD_": str(64 << 20)}  # as src/engine.cc
# Kernels that are compiled once; by the process itself, as its helpers would load the wheel eagerly and hang.
COMPILER = {"TORCHINDUCTOR_CACHE_DIR": str(WORK / "inductor"), "TORCHINDUCTOR_COMPILE_THREADS": "1"}
CHECKED = 20  # steps after which losses must still agree


@dataclasses.dataclass
class Measured:
    ms: float  # of a step
    losses: list
    start_up: float  # s, from the start of the process to the end of its first step, data apart
    peak: float  # MB


class Limbic:
    def __init__(self, build, model):
        self.binary, self.dump, self.model = build / "limbic", build / "peer_dump", model
        self.settings = ["seed=0", "evals={}", *model.settings]

    def train(self, name, steps, *settings, wrap=(), options=()):
        """Of a run from its beginning, or on from where it stands: its folder, and the process that trained it."""
        directory = WORK / f"{self.model.name}-{name}"
        options = [*options, *(x for s in [*self.settings, *settings] for x in ("--set", s))]
        return directory, process([*wrap, self.binary, "-q", "train", self.model.config, "--run", directory, "--device", "cpu", "--steps", steps,
                                   *options], cwd=ROOT)

    def anew(self, name, *arguments, **more):
        shutil.rmtree(WORK / f"{self.model.name}-{name}", ignore_errors=True)
        return self.train(name, *arguments, **more)

    def first(self):
        """A run that holds the checkpoint of step 0, and the losses of the first steps."""
        self.anew("first", 0, "training.log_every=1 step")
        directory, _ = self.train("first", CHECKED, "training.log_every=1 step")
        rows = lines(directory / "metrics.jsonl")
        return directory, [sum(row[name] for name in row if name.startswith("loss/")) for row in rows if "loss/predict" in row]

    def questions(self):
        file = WORK / f"{self.model.name}-questions.safetensors"
        run([self.dump, self.model.config, file, max(self.model.steps, CHECKED), *self.settings,
             "amygdala={type: linear}"], cwd=ROOT)  # which peer_dump wants to be named
        return file

    def start_up(self):
        directory, done = self.anew("started", 1, "training.log_every=1 step")
        return (directory / "timings.jsonl").stat().st_mtime - done.started

    def measure(self, *settings):
        warmup = self.model.warmup
        directory, done = self.anew("timed", self.model.steps, f"training.log_every={warmup} steps", *settings)
        return Measured(1000 * seconds_a_step(directory, warmup), [], None, done.peak)


class Environments:
    """Of Python's peers, each made when it is first needed."""

    def __init__(self, torch_dir):
        self.torch_dir = torch_dir

    def torch(self):
        venv = Venv(ROOT / "build/peer-venv", self.torch_dir, ["safetensors==0.8.0", "pyyaml==6.0.4"])
        return venv.python, venv.environment

    def jax(self):
        return python_with(ROOT / "build/jax-venv", ["jax==0.10.2", "safetensors==0.8.0", "numpy==2.4.6", "pyyaml==6.0.4"]), dict(os.environ)


@dataclasses.dataclass
class Way:
    """A peer: its script, and which values of its options it may choose among, the likely best first."""

    kind: str
    about: str
    script: str
    axes: dict = dataclasses.field(default_factory=dict)
    environment: str = "torch"

    def measure(self, environments, start, questions, steps, warmup, choice):
        python, environment = getattr(environments, self.environment)()
        flags = [f"--{key}={value}" for key, value in choice.items()]
        done = process([python, HERE / self.script, start, questions, "--steps", steps, "--warmup", warmup, *flags],
                       env={**environment, **ALLOCATOR, **COMPILER})
        said = json.loads(done.stdout.splitlines()[-1])
        return Measured(said["ms"], said["losses"], said["first_at"] - done.started, done.peak + said.get("others_mb", 0))

    def fastest(self, measure):
        """The choice that takes the shortest step, by short runs, one option at a time, and what was measured of it."""
        best = {key: values[0] for key, values in self.axes.items()}
        found = measure(best)
        for key, values in self.axes.items():
            for value in values[1:]:
                other = {**best, key: value}
                answer = measure(other)
                if answer.ms < found.ms:
                    best, found = other, answer
        return best, found


def ways(model):
    layouts = {"layout": ["rows", "streams"]} if model.words else {"layout": ["ragged", "padded", "chunks"]}
    plain = {**layouts, "attention": ["fused", "plain"]}
    compiled = plain if model.words else {**plain, "layout": ["padded", "chunks"]}  # shapes enough for one graph
    if model.vectors:
        compiled["mixture"] = ["plain", "tuned"]
    modes = ["default", "autotune", "wrapped"]
    parallel = {**plain, "mixture": compiled["mixture"]} if model.vectors else plain
    found = [
        Way("eager", "eager PyTorch", "peer.py", {**plain, "threads": [2, 1]}),
        Way("compile", "torch.compile", "peer.py", {"mode": modes, **compiled, "threads": [2, 1]}),
        Way("parallel", "batch-parallel PyTorch", "speed_parallel.py", {"workers": ["processes", "threads"], **parallel}),
    ]
    if model.words:
        found.append(Way("jax", "JAX", "speed_jax.py", environment="jax"))
        found.append(Way("limit", "LIMIT", "speed_limit.py", {"workers": ["processes", "threads"]}))
    if model.vectors:
        found.insert(1, Way("tuned", "eager PyTorch, mixture tuned by hand", "peer.py", {"mixture": ["tuned"], **plain, "threads": [2, 1]}))
    return found
