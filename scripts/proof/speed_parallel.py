"""limbic's cortex in PyTorch, trained by limbic's scheme in Python: two workers of one thread, each with half of the rows, sum their gradients in
shared memory; each clips and steps half of the weights. Workers are processes or threads. Arguments and answer are peer.py's.
"""
import resource
import threading

from peer_torch import torch  # before what imports torch
from torch import multiprocessing

from peer import Task, answer, parser
from speed_clock import timed

WORKERS = 2


def in_order(model):
    return sorted(model.parameters(), key=lambda p: p.dim() < 2)


class SpinBarrier:
    """Of processes: each waits for the other's count."""

    def __init__(self):
        self.counts = torch.zeros(WORKERS, dtype=torch.int64).share_memory_().numpy()

    def wait(self, rank):
        self.counts[rank] += 1
        while self.counts[1 - rank] < self.counts[rank]:
            pass


class ThreadBarrier:
    def __init__(self):
        self.barrier = threading.Barrier(WORKERS)

    def wait(self, _):
        self.barrier.wait()


class Shared:
    """What workers share: values, a gradient each, their sum, and each half's norm. Parameters lie one after the other, those of two and more
    dimensions first, so that a half is two runs at most."""

    def __init__(self, model, barrier):
        parameters = in_order(model)
        self.barrier = barrier
        self.decaying = sum(p.numel() for p in parameters if p.dim() >= 2)
        self.value = torch.cat([p.detach().flatten() for p in parameters]).share_memory_()
        self.gradient = torch.zeros(WORKERS, len(self.value)).share_memory_()
        self.sum = torch.zeros_like(self.value).share_memory_()
        self.square = torch.zeros(WORKERS, dtype=torch.float64).share_memory_()

    def half(self, rank):
        return len(self.value) * rank // WORKERS, len(self.value) * (rank + 1) // WORKERS

    def segments(self, rank):
        """This worker's half as parameters of an optimizer: what decays is a matrix."""
        begin, end = self.half(rank)
        cut = min(max(self.decaying, begin), end)
        for first, last, shape in ((begin, cut, (1, -1)), (cut, end, (-1,))):
            if first < last:
                parameter = torch.nn.Parameter(self.value[first:last].view(shape))
                parameter.grad = self.sum[first:last].view(shape)
                yield parameter


def pieces(parameters, flat):
    """A flat tensor as tensors of the parameters' shapes."""
    return [piece.view(p.shape) for piece, p in zip(flat.split([p.numel() for p in parameters]), parameters)]


class Worker:
    def __init__(self, options, shared, rank, task=None):
        torch.set_num_threads(1)
        self.task, self.shared, self.rank = task or Task(options, rank, WORKERS), shared, rank
        self.parameters = in_order(self.task.model)
        for parameter, value in zip(self.parameters, pieces(self.parameters, shared.value)):
            parameter.data = value
        self.gradient = pieces(self.parameters, shared.gradient[rank])
        self.optimizer = self.task.optimizer(list(shared.segments(rank)))
        self.mine = slice(*shared.half(rank))

    def step(self, number):
        shared, rank = self.shared, self.rank
        if number == 1:
            self.task.compile_rest()
        for parameter in self.parameters:
            parameter.grad = None
        loss = self.task.descend(number)
        torch._foreach_copy_(self.gradient, [p.grad for p in self.parameters])
        shared.barrier.wait(rank)
        total = torch.add(shared.gradient[0][self.mine], shared.gradient[1][self.mine], out=shared.sum[self.mine])
        shared.square[rank] = torch.linalg.vector_norm(total).double().square()
        shared.barrier.wait(rank)
        total.mul_(min(self.task.clip / (float(shared.square.sum()) ** 0.5 + 1e-6), 1))
        for group in self.optimizer.param_groups:
            group["lr"] = self.task.rates[number]
        self.optimizer.step()
        shared.barrier.wait(rank)
        return loss

    def run(self, losses):
        options = self.task.options
        own, milliseconds, first_at = timed(self.step, options.steps, options.warmup)
        losses[self.rank] = torch.stack(own)
        self.shared.barrier.wait(self.rank)
        return milliseconds, first_at


def work(options, shared, losses, rank, peak):
    Worker(options, shared, rank).run(losses)
    peak[0] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    own = parser(__doc__)
    own.add_argument("--workers", choices=("processes", "threads"), required=True)
    options = own.parse_args()
    torch.set_num_threads(1)
    first = Task(options, 0, WORKERS)
    processes = options.workers == "processes"
    shared = Shared(first.model, SpinBarrier() if processes else ThreadBarrier())
    losses = torch.zeros(WORKERS, options.steps).share_memory_()
    peak = torch.zeros(1, dtype=torch.float64).share_memory_()
    kind = multiprocessing.get_context("fork").Process if processes else threading.Thread
    other = kind(target=work, args=(options, shared, losses, 1, peak))
    other.start()
    milliseconds, first_at = Worker(options, shared, 0, first).run(losses)
    other.join()
    answer(first, losses.sum(0), milliseconds, first_at, others_mb=float(peak) if processes else 0)


if __name__ == "__main__":
    main()
