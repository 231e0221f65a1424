"""What peer.py trains, trained by limbic's scheme in Python: two workers of one thread, each with half of the rows (of mixed ones: of the chunks), sum
their gradients in shared memory; each clips and steps half of the weights, circuit by circuit. Workers are processes or threads. Arguments and answer
are peer.py's.
"""
import os
import resource
import sys
import threading

from peer_torch import torch  # before what imports torch
from torch import multiprocessing

from peer import Task, answer, parser
from processes import megabytes
from speed_clock import timed

WORKERS = 2
SPINS = 100_000  # between two looks at whether the other process is there


def in_order(task):
    """[(parameter, number of its circuit, whether it decays)]: those that are alike side by side, circuit after circuit."""
    circuits = [parameters for parameters, _ in task.circuits().values()]
    found = [(p, number, p.dim() >= 2) for number, parameters in enumerate(circuits) for p in parameters]
    return sorted(found, key=lambda each: (each[1], not each[2]))


class SpinBarrier:
    """Of this process, of rank 0, and one that it starts: each waits for the other's count, as long as the other is there."""

    def __init__(self):
        self.counts, self.first = torch.zeros(WORKERS, dtype=torch.int64).share_memory_().numpy(), os.getpid()

    def start(self, work, *arguments):
        self.other = multiprocessing.get_context("fork").Process(target=work, args=arguments, daemon=True)
        self.other.start()

    def wait(self, rank):
        self.counts[rank] += 1
        while True:
            for _ in range(SPINS):
                if self.counts[1 - rank] >= self.counts[rank]:
                    return
            if self.is_alone(rank) and self.counts[1 - rank] < self.counts[rank]:  # in this order: it may have come here just before it ended
                sys.exit("the other process is gone")

    def is_alone(self, rank):
        return not self.other.is_alive() if rank == 0 else os.getppid() != self.first

    def join(self):
        self.other.join()
        if self.other.exitcode != 0:
            sys.exit(f"the other process left with {self.other.exitcode}")


class ThreadBarrier:
    def __init__(self):
        self.barrier = threading.Barrier(WORKERS)

    def start(self, work, *arguments):
        self.other = threading.Thread(target=work, args=arguments, daemon=True)
        self.other.start()

    def wait(self, _):
        self.barrier.wait()

    def join(self):
        self.other.join()


class Shared:
    """What workers share: values, a gradient each, their sum, and each half's norm of each circuit. Parameters lie one after the other, those of a
    circuit that decay before its others, so that a half is few runs."""

    def __init__(self, task, barrier):
        self.barrier, self.factors = barrier, [factor for _, factor in task.circuits().values()]
        parameters, self.runs, end = in_order(task), [], 0
        for parameter, circuit, decays in parameters:
            if not self.runs or self.runs[-1][2:] != (circuit, decays):
                self.runs.append((end, end, circuit, decays))
            end += parameter.numel()
            self.runs[-1] = (self.runs[-1][0], end, circuit, decays)
        self.value = torch.cat([p.detach().flatten() for p, _, _ in parameters]).share_memory_()
        self.gradient = torch.zeros(WORKERS, len(self.value)).share_memory_()
        self.sum = torch.zeros_like(self.value).share_memory_()
        self.square = torch.zeros(WORKERS, len(self.factors), dtype=torch.float64).share_memory_()

    def half(self, rank):
        return slice(len(self.value) * rank // WORKERS, len(self.value) * (rank + 1) // WORKERS)

    def segments(self, rank):
        """This worker's half, {circuit: slices and whether they decay}."""
        mine = self.half(rank)
        found = {}
        for begin, end, circuit, decays in self.runs:
            first, last = max(begin, mine.start), min(end, mine.stop)
            if first < last:
                found.setdefault(circuit, []).append((slice(first, last), decays))
        return found

    def as_parameter(self, place, decays):
        """For an optimizer, to which what decays is a matrix."""
        shape = (1, -1) if decays else (-1,)
        parameter = torch.nn.Parameter(self.value[place].view(shape))
        parameter.grad = self.sum[place].view(shape)
        return parameter


def pieces(parameters, flat):
    """A flat tensor as tensors of the parameters' shapes."""
    return [piece.view(p.shape) for piece, p in zip(flat.split([p.numel() for p in parameters]), parameters)]


class Worker:
    def __init__(self, options, shared, rank, task=None):
        torch.set_num_threads(1)
        self.task, self.shared, self.rank = task or Task(options, rank, WORKERS), shared, rank
        self.parameters = [p for p, _, _ in in_order(self.task)]
        for parameter, value in zip(self.parameters, pieces(self.parameters, shared.value)):
            parameter.data = value
        self.gradient = pieces(self.parameters, shared.gradient[rank])
        self.segments, self.mine = shared.segments(rank), shared.half(rank)
        self.optimizer = self.task.optimizer([([shared.as_parameter(*segment) for segment in segments], shared.factors[circuit])
                                              for circuit, segments in self.segments.items()])

    def step(self, number):
        shared, rank = self.shared, self.rank
        if number == 1:
            self.task.compile_rest()
        for parameter in self.parameters:
            parameter.grad = None
        loss = self.task.descend(number)
        torch._foreach_copy_(self.gradient, [p.grad for p in self.parameters])
        shared.barrier.wait(rank)
        torch.add(shared.gradient[0][self.mine], shared.gradient[1][self.mine], out=shared.sum[self.mine])
        for circuit, segments in self.segments.items():
            shared.square[rank, circuit] = sum(torch.linalg.vector_norm(shared.sum[place]).double().square() for place, _ in segments)
        shared.barrier.wait(rank)
        for circuit, segments in self.segments.items():
            norm = float(shared.square[:, circuit].sum()) ** 0.5
            for place, _ in segments:
                shared.sum[place].mul_(min(self.task.clip / (norm + 1e-6), 1))
        self.task.set_rates(self.optimizer, number)
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
    peak[0] = megabytes(resource.getrusage(resource.RUSAGE_SELF))


def main():
    own = parser(__doc__)
    own.add_argument("--workers", choices=("processes", "threads"), required=True)
    options = own.parse_args()
    torch.set_num_threads(1)
    first = Task(options, 0, WORKERS)
    processes = options.workers == "processes"
    shared = Shared(first, SpinBarrier() if processes else ThreadBarrier())
    losses = torch.zeros(WORKERS, options.steps).share_memory_()
    peak = torch.zeros(1, dtype=torch.float64).share_memory_()
    shared.barrier.start(work, options, shared, losses, 1, peak)
    milliseconds, first_at = Worker(options, shared, 0, first).run(losses)
    shared.barrier.join()
    answer(first, losses.sum(0), milliseconds, first_at, others_mb=float(peak) if processes else 0)


if __name__ == "__main__":
    main()
