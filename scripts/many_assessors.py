#!/usr/bin/env python3
"""many_assessors.py [N]: prints a config of N assessors (default 64) on one cortex, in a world that does not depend on N.

12 cues; a trial shows a pair of them, or one alone, at tick 1. Each of 64 pairs announces a US of its own, 1 to 4 ticks later; two pairs and single
cues announce nothing. So no cue by itself tells of any US, and each assessor has its own time.
"""
import itertools
import sys

CUES = "ABCDEFGHIJKL"
PAIRS = ["".join(pair) for pair in itertools.combinations(CUES, 2)]  # 66
NUM_US = 64
CUE_TICK = 1

HEAD = """\
# {count} assessors on one cortex: written by scripts/many_assessors.py {count}.
#
# 12 cues; a trial shows a pair of them, or one alone, at tick {tick}. Each of 64 pairs announces a US of its own, 1 to 4 ticks later; two pairs and single
# cues announce nothing. The cortex learns which cues there are; then it stands still, and every assessor learns its US at its own lead.
seed: 0
"""

TAIL = """
amygdala: {type: linear}

curriculum:
  - stage: see
    episodes: {live: 1}
    train: [cortex]
    losses:
      predict:
        type: any_subset
        trains: [cortex]
        echo: 1                                # what is there is to be thought of, not only what is missing
        masks: [{law: observe, observe: [cue], share: 0.5}, {law: cardinality, share: 0.5}]
    until: {after: 100 steps}
  - stage: expect
    episodes: {live: 1}
    train: [amygdala*6]
    losses: {assess: {type: assess, trains: [amygdala]}}
    until: {after: 300 steps}
"""

REST = """
# The first gradients of an assessor are a hundred times those of its lesson; a short second moment soon forgets them.
optimizer:
  beta2: 0.95
  learning_rate: {warmup: 20 steps, then: {cosine: {from: 0.004, to: 0.0004, over: 280 steps}}}

training: {batch_size: 128, chunks: 8}
"""


def lead(us):
    return 1 + us % 4


def in_lines(items, indent, per_line):
    """Items of a YAML flow map, so many to a line."""
    lines = [", ".join(items[i:i + per_line]) for i in range(0, len(items), per_line)]
    return (",\n" + " " * indent).join(lines)


def world():
    yield "world:"
    yield "  type: conditioning"
    yield "  schedule:"
    yield f"    cues: [{', '.join(CUES)}]"
    yield f"    us: [{in_lines([f'us_{k}' for k in range(NUM_US)], 10, 16)}]"
    yield f"    ticks: {CUE_TICK + 5}"
    yield f"    cue_ticks: {CUE_TICK}"
    yield "    trials:"
    for k, pair in enumerate(PAIRS[:NUM_US]):
        yield f"      {pair}: {{cues: [{', '.join(pair)}], us: {{us_{k}: {{ticks: {CUE_TICK + lead(k)}}}}}}}"
    yield "    phases:"
    yield f"      - {{phase: live, trials: {{{in_lines([f'{trial}: 1' for trial in [*PAIRS, *CUES]], 32, 13)}}}}}"


def steering(count):
    yield "steering:"
    yield "  variables:"
    for k in range(count):
        yield f"    expects_{k}: {{truth: us_{k} > 0.5, override: present(us_{k}), gate: present(us_{k}), lead: {lead(k)} ticks}}"


# The prediction when the cues are there, against the US when it is due.
def evals(count):
    yield "evals:"
    for k in range(count):
        yield (f"  expects_{k}: {{type: auroc, regime: live, of: assess.expects_{k}, of_tick: {CUE_TICK}, against: us_{k}, "
               f"against_tick: {CUE_TICK + lead(k)}, rows: 390, every: 10k steps}}")


def config(count):
    pool = ", ".join(CUES)  # a part of the thought for each cue, so that a linear assessor can tell pairs apart
    cortex = f"cortex: {{type: transformer, width: 64, blocks: 2, heads: 4, scale_floor: 0.1, pool: [{pool}]}}\n"
    return "\n".join([HEAD.format(count=count, tick=CUE_TICK), *world(), "", cortex, *steering(count), TAIL, *evals(count), REST]).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(config(int(sys.argv[1]) if len(sys.argv) > 1 else 64))
