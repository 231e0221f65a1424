"""limbic's cortex of blocks in ordinary PyTorch: categories, vectors and scalars, rows of any shape."""
import math
import re

import torch
import torch.nn.functional as F
from torch import nn

from peer_block import Block


class Scalar(nn.Module):
    """A number, its asinh and waves of it, through one hidden layer."""

    def __init__(self, waves, width):
        super().__init__()
        self.hidden, self.out = nn.Linear(2 + 2 * waves, width), nn.Linear(width, width, bias=False)
        self.register_buffer("frequency", 2.0 ** (torch.arange(waves) - 2), persistent=False)

    def forward(self, z):
        phase = z * self.frequency
        return self.out(F.relu(self.hidden(torch.cat([z, z.asinh(), phase.sin(), phase.cos()], -1))))


class Embedding(nn.Module):
    def __init__(self, variables, sites, cells, ticks, config):
        super().__init__()
        self.variables, width = variables, config["width"]
        self.scalars = [v for v in variables if v.scalar]
        self.scalar = Scalar(config["fourier"], width) if self.scalars else None
        self.cell = nn.Embedding(cells, width)
        self.tick = nn.Embedding(ticks, width)
        self.value = nn.ModuleDict(
            {v.name: nn.Embedding(v.size, width) if v.category else nn.Linear(v.size, width, bias=False) for v in variables if not v.scalar})
        self.register_buffer("site_cell", torch.tensor([v.offset + cell for v, _, cell in sites]), persistent=False)
        self.register_buffer("site_tick", torch.tensor([tick for _, tick, _ in sites]), persistent=False)

    def places(self):
        return self.cell(self.site_cell) + self.tick(self.site_tick)

    def forward(self, values):
        """Of every site: [B, S, D]."""
        standard = {v.name: values[v.name] if v.category else (values[v.name] - v.center) / v.scale for v in self.variables}
        columns = {name: self.value[name](standard[name]).flatten(1, 2) for name in self.value}
        if self.scalars:  # all of them in one call
            numbers = [standard[v.name].flatten(1) for v in self.scalars]
            contents = self.scalar(torch.cat(numbers, 1).unsqueeze(-1)).split([x.shape[1] for x in numbers], 1)
            columns.update(zip((v.name for v in self.scalars), contents))
        return torch.cat([columns[v.name] for v in self.variables], 1) + self.places()


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


def mixture_scalar(params, log_floor, x):
    """Of numbers x [n]: nothing to invert. params [n, 3 K]"""
    logits, mean, log_scale = params.chunk(3, -1)
    log_scale = log_scale.clamp(log_floor, -log_floor)
    error = (x.unsqueeze(1) - mean) * torch.exp(-log_scale)
    log_density = -0.5 * (error.square() + math.log(2 * math.pi)) - log_scale
    return torch.logsumexp(logits.log_softmax(-1) + log_density, -1)


MIXTURES = {"plain": mixture_plain, "tuned": mixture_tuned}


class Head(nn.Module):
    """From states to log p of raw values; of scalars all heads together, see Peer.loss."""

    def __init__(self, variable, config, mixture):
        super().__init__()
        self.about, self.mixture = variable, MIXTURES[mixture]
        self.components, self.rank = (config["scalar_mixture"], 0) if variable.scalar else (config["vector_mixture"], config["vector_rank"])
        self.log_floor = math.log(config["scale_floor"])
        size, means = variable.size, self.components * variable.size
        self.parts = [self.components, means, means, self.rank * size]
        self.params = nn.Linear(config["width"], size if variable.category else sum(self.parts))

    def standard(self, values):
        return (values - self.about.center) / self.about.scale

    def forward(self, states, values):
        params = self.params(states)
        if self.about.category:
            return -F.cross_entropy(params, values, reduction="none")
        z = self.standard(values)
        logits, mean, log_scale, factor = params.split(self.parts, -1)
        mean, log_scale, factor = (x.reshape(len(z), -1, self.about.size) for x in (mean, log_scale, factor))
        log_prob = self.mixture(logits, mean, log_scale.clamp(self.log_floor, -self.log_floor), factor, z)
        return log_prob - self.about.size * math.log(self.about.scale)


class Peer(nn.Module):
    def __init__(self, questions, config, cells, ticks, options):
        super().__init__()
        width = config["width"]
        self.embedding = Embedding(questions.variables, questions.sites, cells, ticks, config)
        self.blocks = nn.ModuleList(Block(config, options.attention) for _ in range(config["blocks"]))
        self.heads = nn.ModuleDict({v.name: Head(v, config, options.mixture) for v in questions.variables})
        self.null = nn.Parameter(torch.zeros(width))
        self.role = nn.Embedding(4, width)
        self.final = nn.LayerNorm(width)

    def circuits(self):
        return {"cortex": list(self.parameters())}

    def tokens(self, values):
        """The null token, then every site of every row."""
        return torch.cat([self.null.unsqueeze(0), self.embedding(values).flatten(0, 1)])

    def states(self, batch, tokens):
        """Of all queries, group by group."""
        roles = F.pad(self.role.weight, (0, 0, 0, 1))  # the null token has none
        keys = F.embedding(batch.key_site, tokens) + F.embedding(batch.key_role, roles)
        queries = F.embedding(batch.query_site, self.embedding.places()) + F.embedding(batch.query_role, roles)
        x = torch.cat([keys, queries])
        for number, block in enumerate(self.blocks):
            x = block(x, batch.groups, last=number + 1 == len(self.blocks))
        return self.final(x)

    def forward(self, batch):
        """The any_subset loss of a batch."""
        return self.loss(batch, self.states(batch, self.tokens(batch.values)))

    def loss(self, batch, states):
        order = list(batch.asked)
        asked = F.embedding(torch.cat([batch.asked[name].query for name in order]), states).split([len(batch.asked[name].query) for name in order])
        values = {name: batch.values[name].flatten(0, 2)[batch.asked[name].value] for name in order}
        states = dict(zip(order, asked))
        scalars = [name for name in order if self.heads[name].about.scalar]
        log_prob = {name: self.heads[name](states[name], values[name]) for name in order if name not in scalars}
        if scalars:  # one mixture for all of them
            params = torch.cat([self.heads[name].params(states[name]) for name in scalars])
            standard = torch.cat([self.heads[name].standard(values[name]) for name in scalars])
            floor = self.heads[scalars[0]].log_floor
            together = mixture_scalar(params, floor, standard).split([len(values[name]) for name in scalars])
            log_prob.update({name: part - math.log(self.heads[name].about.scale) for name, part in zip(scalars, together)})
        return -sum((log_prob[name] * batch.asked[name].weight).sum() for name in order)


def rename(name):
    """limbic's name of a parameter -> the peer's."""
    name = re.sub(r"^block(\d+)\.", r"blocks.\1.", name.removeprefix("cortex."))
    name = {"embedding.scalar_in": "embedding.scalar.hidden.weight", "embedding.scalar_bias": "embedding.scalar.hidden.bias",
            "embedding.scalar_out": "embedding.scalar.out.weight"}.get(name, name)
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
