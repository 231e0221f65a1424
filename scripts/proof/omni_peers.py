"""Trains a peer on a file of rows and asks it what limbic is asked. Runs in proof omni's virtual environment; prints one JSON object.

A question is a line of a CSV file whose hidden cells are empty, as `limbic infer --rows` reads them.
"""
import argparse
import contextlib
import csv
import json
import math
import sys
import time

from peer_torch import torch  # before what imports torch

DENSITY_BATCH = 256


def read(file):
    """(names, rows [N, D], given [N, D])"""
    with open(file) as lines:
        names, *rows = csv.reader(lines)
    values = torch.tensor([[float(cell) if cell else math.nan for cell in row] for row in rows])
    return names, values.nan_to_num(), ~values.isnan()


def train(options):
    names, rows, _ = read(options.train)
    theta = torch.tensor([name.startswith("t") for name in names])
    if options.peer == "flow":
        from omni_flow import Flow

        return Flow(rows, theta, options.seed, options.seconds, options.box)
    from omni_score import ScoreTransformer

    return ScoreTransformer(rows, theta, options.seed, options.seconds, options.box)


def log_probs(peer, file):
    """Of theta given x, row by row."""
    _, rows, _ = read(file)
    return [value for batch in rows.split(DENSITY_BATCH) for value in peer.log_prob(batch, ~peer.theta).tolist()]


def write_samples(peer, file, count, out):
    names, rows, given = read(file)
    with open(out, "w") as lines:
        lines.write(",".join(["row", "sample", *names]) + "\n")
        for r, (row, mask) in enumerate(zip(rows, given)):
            drawn = peer.sample(row.repeat(count, 1), mask)
            lines.writelines(f"{r},{s}," + ",".join(f"{x:.8g}" for x in sample) + "\n" for s, sample in enumerate(drawn.tolist()))


def seconds_of_sampling(peer, file, count, questions):
    """Of `count` samples of each question, by the reverse SDE and by the ODE whose samples are scored: some whole questions are timed, in the size of batch
    whose first steps are fastest."""
    _, rows, given = read(file)
    repeated, masks = rows[:questions].repeat_interleave(count, 0), given[:questions].repeat_interleave(count, 0)

    def seconds(batch, size, sample, **steps):
        started = time.monotonic()
        for x, mask in zip(repeated[:size].split(batch), masks[:size].split(batch)):
            sample(x, mask, **steps)
        return time.monotonic() - started

    best = min((100, 500, 1000), key=lambda batch: seconds(batch, 1000, peer.sample_by_sde, steps=10))
    sde, ode = (seconds(best, len(repeated), sample) * len(rows) / questions for sample in (peer.sample_by_sde, peer.sample_anywhere))
    return {"batch": best, "timed": questions, "sde": sde, "ode": ode}


def answer_to(options):
    torch.set_num_threads(options.threads)
    started = time.monotonic()
    peer = train(options)
    answer = {"seconds": time.monotonic() - started, "steps": peer.steps}
    if options.density:
        answer["log_probs"] = log_probs(peer, options.density)
    for file, out in options.questions:
        write_samples(peer, file, options.samples, out)
    if options.time:
        answer["sampling"] = seconds_of_sampling(peer, options.time[0], options.samples, int(options.time[1]))
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=("flow", "score"))
    parser.add_argument("--train", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=900, help="of each thread's processor time, so that a busy machine takes nothing away")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--box", type=float, nargs=2)
    parser.add_argument("--density", metavar="ROWS")
    parser.add_argument("--questions", nargs=2, action="append", default=[], metavar=("QUESTIONS", "OUT"))
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--time", nargs=2, metavar=("QUESTIONS", "NUMBER"))
    options = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):  # sbi says there that it converged
        answer = answer_to(options)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
