"""limbic's cortex in PyTorch, eager or compiled: what scripts/proof/speed compares limbic with.

Reads a checkpoint of limbic and the questions that peer_dump wrote; trains on them; prints one JSON object. The data costs it nothing: every
token, mask and target is made before the clock starts.
"""
import argparse
import json
import os
import time

import yaml

from peer_torch import torch  # before what imports torch
from safetensors.torch import load_file
from torch import nn

import peer_data
import peer_model
import peer_words
from peer_block import ATTENTIONS
from speed_clock import timed
from speed_words import WordQuestions, words_of

MODES = {"eager": None, "default": {}, "autotune": {"max_autotune": True}, "wrapped": {"cpp_wrapper": True}}  # of torch.compile


def parser(description):
    own = argparse.ArgumentParser(description=description)
    own.add_argument("run", help="a run of limbic whose checkpoint of step 0 is the start")
    own.add_argument("questions", help="what peer_dump wrote")
    own.add_argument("--layout", choices=[*peer_data.LAYOUTS, *peer_words.LAYOUTS], required=True)
    own.add_argument("--mixture", choices=peer_model.MIXTURES, default="plain")
    own.add_argument("--attention", choices=ATTENTIONS, default="fused")
    own.add_argument("--mode", choices=MODES, default="eager")
    own.add_argument("--steps", type=int, required=True)
    own.add_argument("--warmup", type=int, default=20)
    own.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return own


class Task:
    """A model at limbic's weights of step 0, and what it is asked: this part of each step's rows, of so many parts."""

    def __init__(self, options, part=0, parts=1):
        self.options, self.config = options, yaml.safe_load(open(f"{options.run}/config.yaml"))
        started = time.time()
        self.one_shape = words_of(options.questions)
        batches = self.words() if self.one_shape else self.mixed()
        self.steps = [batches(step, part, parts) for step in range(options.steps)]
        self.preparation = time.time() - started
        mode = MODES[options.mode]
        self.loss = self.model if mode is None else torch.compile(self.model, dynamic=None if self.one_shape else True, options=mode)

    def words(self):
        questions = WordQuestions(self.options.questions)
        self.rates = questions.rates
        self.model = peer_words.build(self.weights, questions, self.config["cortex"], self.options)
        return lambda step, part, parts: peer_words.batches(questions, step, part, parts)

    def mixed(self):
        (loss,) = self.config["curriculum"][0]["losses"].values()
        questions = peer_data.Questions(self.options.questions, loss["per_dimension"], loss["echo"])
        self.rates = questions.rates
        self.model = peer_model.build(load_file(self.weights), questions, self.config["cortex"], self.options)
        return lambda step, part, parts: questions.batches(step, self.options.layout, part, parts)

    @property
    def weights(self):
        return f"{self.options.run}/checkpoints/step-000000000/cortex.safetensors"

    @property
    def clip(self):
        return self.config["optimizer"]["max_grad_norm"]

    def optimizer(self, parameters):
        settings = self.config["optimizer"]
        groups = [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": settings["weight_decay"]},
                  {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}]
        return torch.optim.AdamW(groups, betas=(settings["beta1"], settings["beta2"]), eps=settings["eps"], fused=True)

    def descend(self, number):
        """The loss of a step; leaves its gradient in the parameters."""
        total = 0
        for batch in self.steps[number]:
            loss = self.loss(batch)
            loss.backward()
            total = total + loss.detach()
        return total

    def compile_rest(self):
        """Meets every batch once, so that none of another shape is compiled while the clock runs."""
        if self.options.mode != "eager" and not self.one_shape:
            for batches in self.steps:
                for batch in batches:
                    self.loss(batch).backward()


def answer(task, losses, milliseconds, first_at, **more):
    print(json.dumps({"losses": [float(loss) for loss in losses], "ms": milliseconds, "first_at": first_at - task.preparation, **more}))


def main():
    options = parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    task = Task(options)
    optimizer = task.optimizer(list(task.model.parameters()))

    def step(number):
        if number == 1:
            task.compile_rest()
        for group in optimizer.param_groups:
            group["lr"] = task.rates[number]
        optimizer.zero_grad(set_to_none=True)
        loss = task.descend(number)
        nn.utils.clip_grad_norm_(task.model.parameters(), task.clip)
        optimizer.step()
        return loss

    answer(task, *timed(step, options.steps, options.warmup))


if __name__ == "__main__":
    main()
