"""The models of scripts/proof/speed: their configs, their worlds, what each is asked, and how long each is timed."""
import dataclasses
import pathlib
import random

from table import ROOT

WORK = ROOT / "build/speed"
SIZE = 16  # words of a variable
CSV_ROWS = 4096


@dataclasses.dataclass(frozen=True)
class Model:
    name: str
    config: pathlib.Path
    steps: int  # of a timed run
    warmup: int  # the first of them, which are not timed; they divide the others
    settings: tuple = ()
    words: bool = True  # of words alone, in rows of one shape
    vectors: bool = False  # has some, whose mixtures peers compute in one of two ways
    blocks: bool = True  # has some, whose products follow cortex.precision
    peers: bool = True  # written in other frameworks; none: limbic is compared with itself
    limits: dict = dataclasses.field(default_factory=dict)  # kind of peer -> target


# Cortex and assessors in one step: the amygdala at six times the cortex's rate, a tenth of its lesson's gradient for the cortex.
JOINT_TRAIN = "[cortex, amygdala*6]"
JOINT_LOSSES = {"assess": "{type: assess, trains: {amygdala: 1, cortex: 0.1}}", "predict": "{type: any_subset, trains: [cortex], echo: 1}"}
JOINT_CURRICULUM = (f"curriculum=[{{stage: joint, episodes: {{live: 1}}, train: {JOINT_TRAIN}, until: {{after: 300 steps}}, "
                    f"losses: {{predict: {JOINT_LOSSES['predict']}, assess: {JOINT_LOSSES['assess']}}}}}]")
# The least number of times that a peer's step must take longer, and the most that limbic's may take of the matrix products alone.
SMALL = {"eager": 1.7, "compile": 1.4, "parallel": 1.25}
XS, S = ROOT / "configs/speed/xs.yaml", ROOT / "configs/speed/s.yaml"
MODELS = [
    Model("spider", ROOT / "configs/spider.yaml", 80, 20, words=False, vectors=True, limits=SMALL),
    Model("XS-64", XS, 60, 10, limits={**SMALL, "limit": 1.15}),
    Model("XS-256", XS, 20, 5, ("training.batch_size=256",), limits={**SMALL, "limit": 1.15}),
    Model("S", S, 8, 2, limits={"eager": 1.4, "compile": 1.2, "parallel": 1.25, "limit": 1.2}),
    Model("joint", ROOT / "configs/many.yaml", 14, 2, (JOINT_CURRICULUM,), words=False),
    Model("slcp", ROOT / "configs/omni/slcp.yaml", 600, 100, words=False, blocks=False, peers=False),
    Model("two_moons", ROOT / "configs/omni/two_moons.yaml", 900, 100, words=False, blocks=False, peers=False),
    Model("mixnet", ROOT / "configs/omni/mixnet.yaml", 300, 50, words=False, blocks=False, peers=False),
]


def write_csv(file, observed, hidden, seed):
    """Hidden words repeat an observed one half of the time."""
    rng = random.Random(seed)
    columns = [f"o{i}" for i in range(observed)] + [f"h{i}" for i in range(hidden)]
    with open(file, "w") as out:
        print(",".join(f"{name}:category" for name in columns), file=out)
        for _ in range(CSV_ROWS):
            seen = [rng.randrange(SIZE) for _ in range(observed)]
            more = [seen[i % observed] if rng.random() < 0.5 else rng.randrange(SIZE) for i in range(hidden)]
            print(",".join(f"w{word}" for word in seen + more), file=out)


def write_worlds():
    WORK.mkdir(parents=True, exist_ok=True)
    write_csv(WORK / "xs.csv", 6, 5, seed=1)
    write_csv(WORK / "s.csv", 24, 20, seed=2)
