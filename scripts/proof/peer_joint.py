"""Cortex and assessors in one step, in ordinary PyTorch: any_subset for the cortex, `assess` for assessors that are linear in its thought.

The steering subsystem costs it nothing: what it says, as early as assessors have to say it, is laid out ahead. Nothing is thought that no lesson reads.
"""
import dataclasses
import json

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

import peer_data
import peer_model


@dataclasses.dataclass
class JointBatch:
    """Rows of a step. The thought at tick t is group t of `thought`, which reads what is observed up to t and asks about what of that tick is pooled.

    Shapes  B rows, T ticks at which somebody has to say something, N assessors: target and weight [B, T, N].
    """

    predict: peer_data.Batch
    thought: peer_data.Batch
    target: torch.Tensor
    weight: torch.Tensor


class JointQuestions(peer_data.Questions):
    def __init__(self, file, per_dimension, echo, pool):
        super().__init__(file, per_dimension, echo)
        self.leads = {about["name"]: about["lead"] for about in json.loads(open(f"{file}.json").read())["assessors"]}
        (self.ticks,) = {v.ticks for v in self.variables}
        self.thinks_at = range(self.ticks - min(self.leads.values()))
        self.pooled = [[s for name in pool for s, (v, t, _) in enumerate(self.sites) if v.name == name and t == tick] for tick in self.thinks_at]

    def batch(self, step, order, groups):
        predict = super().batch(step, order, groups)
        rows = [row for chunk in order for row in self.tensors[f"{step}/{chunk}/thought"]]
        thought = super().batch(step, order, [[self.thinks(row, tick) for row in rows] for tick in self.thinks_at])
        taught = [self.taught(step, chunk) for chunk in order]
        return JointBatch(predict, self.of_same_rows(thought, len(rows)), *(torch.cat(parts) for parts in zip(*taught)))

    def thinks(self, observed, tick):
        """A row's question at a tick, without ranks and without a place in the cortex's loss."""
        seen = [s for s, (v, t, cell) in enumerate(self.sites) if t <= tick and observed[t, v.offset + cell]]
        asked = self.pooled[tick]
        assert set(asked) <= set(seen), "a world whose cells are all there"
        return seen, [], asked, False, 1

    def of_same_rows(self, thought, rows):
        """Groups are ticks of the rows of `predict`, not further rows, whose values and loss are there already."""
        sites = rows * len(self.sites)
        return dataclasses.replace(thought, values={}, asked={}, key_site=torch.where(thought.key_site > 0, (thought.key_site - 1) % sites + 1, 0))

    def taught(self, step, chunk):
        """[B, T, N] of what each assessor has to say and what that counts; 0 where its lead ends behind the last tick."""
        realised, gate = (self.tensors[f"{step}/{chunk}/{what}"] for what in ("realised", "gate"))
        assert bool((gate == 1).all()), "assessors whose rate no gate lowers"
        target, weight = torch.zeros_like(realised), torch.zeros_like(gate)
        for n, lead in enumerate(self.leads.values()):
            ticks = self.ticks - lead
            target[:, :ticks, n] = realised[:, lead:, n]
            weight[:, :ticks, n] = 1 / (ticks * len(realised) * self.chunks)
        return target[:, :len(self.thinks_at)], weight[:, :len(self.thinks_at)]


class JointPeer(nn.Module):
    """`cortex_share`: how much of the assessors' gradient reaches the cortex."""

    def __init__(self, cortex, amygdala, questions, cortex_share):
        super().__init__()
        self.cortex, self.cortex_share, self.ticks = cortex, cortex_share, len(questions.thinks_at)
        self.weight, self.bias = (nn.Parameter(torch.cat([amygdala[f"amygdala.{name}.{what}"] for name in questions.leads])) for what in ("weight", "bias"))

    def circuits(self):
        return {"cortex": list(self.cortex.parameters()), "amygdala": [self.weight, self.bias]}

    def forward(self, batch):
        tokens = self.cortex.tokens(batch.predict.values)
        loss = self.cortex.loss(batch.predict, self.cortex.states(batch.predict, tokens))
        thought = self.cortex.states(batch.thought, tokens).view(self.ticks, len(batch.target), -1)  # side by side, in the pool's order
        thought = thought.detach() + self.cortex_share * (thought - thought.detach())
        raw = F.linear(thought, self.weight, self.bias).transpose(0, 1)
        return loss + F.binary_cross_entropy_with_logits(raw, batch.target, batch.weight, reduction="sum")


def build(checkpoint, questions, config, cortex_share, options):
    cortex = peer_model.build(load_file(f"{checkpoint}/cortex.safetensors"), questions, config["cortex"], options)
    return JointPeer(cortex, load_file(f"{checkpoint}/amygdala.safetensors"), questions, cortex_share)
