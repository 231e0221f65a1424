"""The cortex of configs/spider.yaml in ordinary PyTorch: categories and vectors, rows of any shape."""
import math
import re

import torch
import torch.nn.functional as F
from torch import nn

from peer_block import Block


class Embedding(nn.Module):
    def __init__(self, variables, sites, cells, ticks, width):
        super().__init__()
        self.variables = variables
        self.cell = nn.Embedding(cells, width)
        self.tick = nn.Embedding(ticks, width)
        self.value = nn.ModuleDict(
            {v.name: nn.Embedding(v.size, width) if v.category else nn.Linear(v.size, width, bias=False) for v in variables})
        self.register_buffer("site_cell", torch.tensor([v.offset + cell for v, _, cell in sites]), persistent=False)
        self.register_buffer("site_tick", torch.tensor([tick for _, tick, _ in sites]), persistent=False)

    def places(self):
        return self.cell(self.site_cell) + self.tick(self.site_tick)

    def forward(self, values):
        columns = []
        for v in self.variables:
            x = values[v.name] if v.category else (values[v.name] - v.center) / v.scale
            columns.append(self.value[v.name](x).flatten(1, 2))
        return torch.cat(columns, 1) + self.places()


def mixture_plain(logits, mean, log_scale, factor, x):
    """log p of a mixture of Gaussians that share factors, by Woodbury's formula in batched linear algebra.  x [n, d], factor [n, r, d]."""
    precision = torch.exp(-2 * log_scale)
    error = x.unsqueeze(1) - mean
    scaled = factor.unsqueeze(1) * precision.unsqueeze(2)
    inner = scaled @ factor.unsqueeze(1).mT + torch.eye(factor.shape[1])
    chol = torch.linalg.cholesky(inner)
    whitened = torch.linalg.solve_triangular(chol, scaled @ error.unsqueeze(-1), upper=False)
    square = (precision * error.square()).sum(-1) - whitened.square().sum((2, 3))
    log_det = 2 * log_scale.sum(-1) + 2 * chol.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    log_density = -0.5 * (square + log_det + x.shape[1] * math.log(2 * math.pi))
    return torch.logsumexp(logits.log_softmax(-1) + log_density, -1)


def mixture_tuned(logits, mean, log_scale, factor, x):
    """The same without a [n, K, r, d] tensor and without batched LAPACK: products of factors first, Cholesky written out."""
    n, rank, size = factor.shape
    precision = torch.exp(-2 * log_scale)
    error = x.unsqueeze(1) - mean
    products = (factor.unsqueeze(1) * factor.unsqueeze(2)).view(n, rank * rank, size)
    inner = (precision @ products.mT).unbind(-1)
    scaled = precision * error
    projected = (scaled @ factor.mT).unbind(-1)
    chol, whitened = {}, []
    log_det = 2 * log_scale.sum(-1)
    square = (scaled * error).sum(-1)
    for i in range(rank):
        for j in range(i + 1):
            value = inner[i * rank + j]
            for k in range(j):
                value = value - chol[i, k] * chol[j, k]
            chol[i, j] = torch.sqrt(value + 1) if i == j else value / chol[j, j]
        value = projected[i]
        for k in range(i):
            value = value - chol[i, k] * whitened[k]
        whitened.append(value / chol[i, i])
        square = square - whitened[i].square()
        log_det = log_det + 2 * chol[i, i].log()
    log_density = -0.5 * (square + log_det + size * math.log(2 * math.pi))
    return torch.logsumexp(logits.log_softmax(-1) + log_density, -1)


MIXTURES = {"plain": mixture_plain, "tuned": mixture_tuned}


class Head(nn.Module):
    """From states to log p of raw values."""

    def __init__(self, variable, config, mixture):
        super().__init__()
        self.about, self.mixture = variable, MIXTURES[mixture]
        self.components, self.rank = config["vector_mixture"], config["vector_rank"]
        self.log_floor = math.log(config["scale_floor"])
        size, means = variable.size, self.components * variable.size
        self.parts = [self.components, means, means, self.rank * size]
        self.params = nn.Linear(config["width"], size if variable.category else sum(self.parts))

    def forward(self, states, values):
        params = self.params(states)
        if self.about.category:
            return -F.cross_entropy(params, values, reduction="none")
        z = (values - self.about.center) / self.about.scale
        logits, mean, log_scale, factor = params.split(self.parts, -1)
        mean, log_scale, factor = (x.reshape(len(z), -1, self.about.size) for x in (mean, log_scale, factor))
        log_prob = self.mixture(logits, mean, log_scale.clamp(self.log_floor, -self.log_floor), factor, z)
        return log_prob - self.about.size * math.log(self.about.scale)


class Peer(nn.Module):
    def __init__(self, questions, config, cells, ticks, options):
        super().__init__()
        width = config["width"]
        self.embedding = Embedding(questions.variables, questions.sites, cells, ticks, width)
        self.blocks = nn.ModuleList(Block(config, options.attention) for _ in range(config["blocks"]))
        self.heads = nn.ModuleDict({v.name: Head(v, config, options.mixture) for v in questions.variables})
        self.null = nn.Parameter(torch.zeros(width))
        self.role = nn.Embedding(4, width)
        self.final = nn.LayerNorm(width)

    def forward(self, batch):
        """The any_subset loss of a batch."""
        values = self.embedding(batch.values).flatten(0, 1)
        tokens = torch.cat([self.null.unsqueeze(0), values])
        roles = F.pad(self.role.weight, (0, 0, 0, 1))  # the null token has none
        keys = F.embedding(batch.key_site, tokens) + F.embedding(batch.key_role, roles)
        queries = F.embedding(batch.query_site, self.embedding.places()) + F.embedding(batch.query_role, roles)
        x = torch.cat([keys, queries])
        for number, block in enumerate(self.blocks):
            x = block(x, batch.groups, last=number + 1 == len(self.blocks))
        x = self.final(x)
        loss = 0
        for name, asked in batch.asked.items():
            column = batch.values[name]
            flat = column.flatten() if self.heads[name].about.category else column.flatten(0, 2)
            loss = loss - (self.heads[name](F.embedding(asked.query, x), flat[asked.value]) * asked.weight).sum()
        return loss


def rename(name):
    """limbic's name of a parameter -> the peer's."""
    name = re.sub(r"^block(\d+)\.", r"blocks.\1.", name.removeprefix("cortex."))
    name = re.sub(r"^(embedding)\.(cell|tick)$", r"\1.\2.weight", name)
    name = re.sub(r"^(embedding)\.value_(.*)$", r"\1.value.\2.weight", name)
    name = re.sub(r"^heads\.(weight|bias)_(.*)$", r"heads.\2.params.\1", name)
    name = re.sub(r"^(.*\.)in((?:_bias)?)$", r"\1mlp_in\2", name)
    name = re.sub(r"^(.*\.)back((?:_bias)?)$", r"\1mlp_out\2", name)
    name = re.sub(r"^(blocks\.\d+\.\w+?|final)_(weight|bias)$", r"\1.\2", name)
    if re.fullmatch(r"blocks\.\d+\.\w+", name) or name == "role":
        name += ".weight"
    return name


def build(tensors, questions, config, options):
    state = {rename(name): value for name, value in tensors.items() if name.startswith("cortex.")}
    peer = Peer(questions, config, len(state["embedding.cell.weight"]), len(state["embedding.tick.weight"]), options)
    peer.load_state_dict(state)
    return peer
