"""limbic's cortex, or cortex and assessors, in PyTorch, eager or compiled: what scripts/proof/speed compares limbic with.

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
import peer_joint
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
        self.loss = self.model if mode is None else torch.compile(self.model, dynamic=self.dynamic, options=mode)

    def words(self):
        self.dynamic = None
        questions = WordQuestions(self.options.questions)
        self.rates = questions.rates
        self.model = peer_words.build(self.weights, questions, self.config["cortex"], self.options)
        return lambda step, part, parts: peer_words.batches(questions, step, part, parts)

    def mixed(self):
        losses = self.config["curriculum"][0]["losses"]
        assert losses.keys() <= {"predict", "assess"}
        file, predict = self.options.questions, losses["predict"]
        about = predict["per_dimension"], predict["echo"]
        self.dynamic = None if "assess" in losses else True  # padded, shapes of joint steps hardly change
        if "assess" in losses:
            questions = peer_joint.JointQuestions(file, *about, self.config["cortex"]["pool"])
            self.model = peer_joint.build(self.checkpoint, questions, self.config, losses["assess"]["trains"]["cortex"], self.options)
        else:
            questions = peer_data.Questions(file, *about)
            self.model = peer_model.build(load_file(self.weights), questions, self.config["cortex"], self.options)
        self.rates = questions.rates
        return lambda step, part, parts: questions.batches(step, self.options.layout, part, parts)

    @property
    def checkpoint(self):
        return f"{self.options.run}/checkpoints/step-000000000"

    @property
    def weights(self):
        return f"{self.checkpoint}/cortex.safetensors"

    @property
    def clip(self):
        return self.config["optimizer"]["max_grad_norm"]

    def circuits(self):
        """{name: (its parameters, its factor on the learning rate)}"""
        train = self.config["curriculum"][0]["train"]
        return {name: (parameters, train[name]) for name, parameters in self.model.circuits().items()}

    def optimizer(self, circuits):
        """Of (parameters, factor) each."""
        settings = self.config["optimizer"]
        groups = [{"params": [p for p in parameters if (p.dim() >= 2) == decays], "factor": factor, "weight_decay": settings["weight_decay"] * decays}
                  for parameters, factor in circuits for decays in (True, False)]
        return torch.optim.AdamW(groups, betas=(settings["beta1"], settings["beta2"]), eps=settings["eps"], fused=True)

    def set_rates(self, optimizer, number):
        for group in optimizer.param_groups:
            group["lr"] = self.rates[number] * group["factor"]

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
    circuits = task.circuits().values()
    optimizer = task.optimizer(circuits)

    def step(number):
        if number == 1:
            task.compile_rest()
        task.set_rates(optimizer, number)
        optimizer.zero_grad(set_to_none=True)
        loss = task.descend(number)
        for parameters, _ in circuits:
            nn.utils.clip_grad_norm_(parameters, task.clip)
        optimizer.step()
        return loss

    answer(task, *timed(step, options.steps, options.warmup))


if __name__ == "__main__":
    main()
