"""The matrix products of a step of configs/speed/*.yaml and nothing else, by PyTorch's own calls: a floor for implementations in float32 that use them.

Forward, and backward by inputs and weights, of every linear map and of attention's two products, in which a token reads as many keys as tokens do on average.
Inputs and results of one shape share their memory, so that only weights and their gradients come from afar. Prints one JSON object.
"""
import argparse
import functools
import json

import yaml

from peer_torch import torch  # before what imports torch

from speed_clock import timed
from speed_parallel import WORKERS, SpinBarrier
from speed_words import WordQuestions


def tensor(*shape):
    return torch.rand(shape) - 0.5


@functools.cache
def lent(what, *shape):
    return tensor(*shape)


class Linear:
    """y = x w', its backward by x and by w."""

    def __init__(self, rows, inputs, outputs):
        self.x, self.w, self.dy = lent("x", rows, inputs), tensor(outputs, inputs), lent("dy", rows, outputs)
        self.y, self.dx, self.dw = lent("y", rows, outputs), lent("dx", rows, inputs), tensor(outputs, inputs)

    def forward(self):
        torch.mm(self.x, self.w.t(), out=self.y)

    def backward(self):
        torch.mm(self.dy, self.w, out=self.dx)
        torch.mm(self.dy.t(), self.x, out=self.dw)


class Product:
    """c = a b of many pairs, its backward by a and by b. `transposed`: c = a b'."""

    def __init__(self, count, n, inner, m, transposed):
        b = (count, m, inner) if transposed else (count, inner, m)
        self.a, self.b, self.transposed = lent("x", count, n, inner), lent("b", *b), transposed
        self.c, self.dc = lent("y", count, n, m), lent("dy", count, n, m)
        self.da, self.db = lent("dx", count, n, inner), lent("db", *b)

    def forward(self):
        torch.bmm(self.a, self.b.mT if self.transposed else self.b, out=self.c)

    def backward(self):
        torch.bmm(self.dc, self.b if self.transposed else self.b.mT, out=self.da)
        if self.transposed:
            torch.bmm(self.dc.mT, self.a, out=self.db)
        else:
            torch.bmm(self.a.mT, self.dc, out=self.db)


def products(rows, shape, config):
    """Of so many rows, in the order of a forward pass."""
    width, heads, hidden = config["width"], config["heads"], config["expansion"] * config["width"]
    mask = shape.mask()
    for number in range(config["blocks"]):
        tokens = shape.hidden + (0 if number + 1 == config["blocks"] else shape.keys)
        yield Linear(rows * shape.keys, width, 2 * width)
        yield Linear(rows * tokens, width, width)
        read = round(mask[-tokens:].sum() / tokens)
        yield Product(rows * heads, tokens, width // heads, read, transposed=True)
        yield Product(rows * heads, tokens, read, width // heads, transposed=False)
        yield Linear(rows * tokens, width, width)
        yield Linear(rows * tokens, width, hidden)
        yield Linear(rows * tokens, hidden, width)
    yield Product(shape.hidden, rows, width, shape.size, transposed=True)  # the heads


def run(options, rows, shape, config, threads, barrier=None, rank=0):
    torch.set_num_threads(threads)
    own = list(products(rows, shape, config))

    def step(_):
        for product in own:
            product.forward()
        for product in reversed(own):
            product.backward()
        if barrier:
            barrier.wait(rank)

    return timed(step, options.steps, options.warmup)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("questions")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--workers", choices=("processes", "threads"), required=True)
    options = parser.parse_args()
    config, questions = yaml.safe_load(open(f"{options.run}/config.yaml")), WordQuestions(options.questions)
    rows = config["training"]["batch_size"]
    if options.workers == "threads":
        _, milliseconds, first_at = run(options, rows, questions.shape, config["cortex"], WORKERS)
    else:
        barrier, half = SpinBarrier(), rows // WORKERS
        barrier.start(run, options, half, questions.shape, config["cortex"], 1, barrier, 1)
        _, milliseconds, first_at = run(options, half, questions.shape, config["cortex"], 1, barrier, 0)
        barrier.join()
    print(json.dumps({"losses": [], "ms": milliseconds, "first_at": first_at}))


if __name__ == "__main__":
    main()
