"""What the peer is asked: episodes, roles and ranks that peer_dump wrote, turned into tokens and masks ahead of time."""
import dataclasses
import json

import torch
from safetensors.torch import load_file

LAYOUTS = ("chunks", "padded", "ragged")


@dataclasses.dataclass
class Variable:
    name: str
    category: bool
    scalar: bool
    size: int
    cells: int
    ticks: int
    offset: int
    center: float
    scale: float


@dataclasses.dataclass
class Group:
    """Rows that are attended to at once: `keys` = null, observed, realised; `queries` = hidden asked, echoes. A mask of None hides nothing."""

    rows: int
    keys: int
    queries: int
    key_mask: torch.Tensor | None  # [B or 1, 1, keys, keys]
    query_mask: torch.Tensor | None  # [B or 1, 1, queries, keys]


@dataclasses.dataclass
class Asked:
    """The queries about one variable, their targets, and what each counts in the loss."""

    query: torch.Tensor  # [n] in all queries
    value: torch.Tensor  # [n] in [B * ticks * cells]
    weight: torch.Tensor  # [n]


@dataclasses.dataclass
class Batch:
    values: dict  # name -> [B, ticks, cells (, size)]
    groups: list
    key_site: torch.Tensor  # in [1 + B * S]: 0 is the null token
    key_role: torch.Tensor  # 0 observed, 1 realised, 4 null
    query_site: torch.Tensor
    query_role: torch.Tensor
    asked: dict


class Questions:
    """Steps of questions; `batches(step, layout)` is what one step of the peer eats."""

    def __init__(self, file, per_dimension=True, echo=0.3):
        about = json.loads(open(f"{file}.json").read())
        self.variables = [Variable(**v) for v in about["variables"]]
        self.steps, self.chunks, self.rates = about["steps"], about["chunks"], about["rates"]
        self.echo, self.per_dimension = echo, per_dimension
        self.tensors = load_file(file)
        self.sites = [(v, tick, cell) for v in self.variables for tick in range(v.ticks) for cell in range(v.cells)]

    def rows_of(self, step, chunk):
        """Each row of a chunk: sites that are observed, hidden (in rank order) and echoed, and whether hidden ones come back as keys."""
        at = f"{step}/{chunk}/"
        observed, asked, rank = self.tensors[at + "observed"], self.tensors[at + "asked"], self.tensors.get(at + "rank")
        tick = torch.tensor([t for _, t, _ in self.sites])
        cell = torch.tensor([v.offset + c for v, _, c in self.sites])
        seen, wanted = observed[:, tick, cell], asked[:, tick, cell]
        order = rank[:, tick, cell] if rank is not None else torch.arange(len(self.sites)).expand(seen.shape)
        rows = []
        for b in range(seen.shape[0]):
            hidden = (wanted[b] & ~seen[b]).nonzero().flatten()
            hidden = hidden[order[b][hidden].argsort()]
            rows.append((seen[b].nonzero().flatten().tolist(), hidden.tolist(), (wanted[b] & seen[b]).nonzero().flatten().tolist()))
        weight = sum(len(hidden) + self.echo * len(seen) for seen, hidden, _ in rows) * self.chunks
        return [(seen, hidden, echoes, rank is not None, weight) for seen, hidden, echoes in rows]

    def batches(self, step, layout, part=0, parts=1):
        """This part of a step's chunks, of so many parts."""
        numbers = range(self.chunks * part // parts, self.chunks * (part + 1) // parts)
        chunks = {chunk: self.rows_of(step, chunk) for chunk in numbers}
        if layout == "chunks":
            return [self.batch(step, [chunk], [rows]) for chunk, rows in chunks.items()]
        if layout == "padded":
            return [self.batch(step, numbers, [[row for rows in chunks.values() for row in rows]])]
        shapes = {}
        for number, rows in chunks.items():  # chunks of one shape are one group
            shapes.setdefault((num_keys(rows), num_queries(rows)), []).append(number)
        order = [chunk for same in shapes.values() for chunk in same]
        return [self.batch(step, order, [[row for chunk in same for row in chunks[chunk]] for same in shapes.values()])]

    def batch(self, step, order, groups):
        values = {v.name: torch.cat([self.tensors[f"{step}/{chunk}/{v.name}"] for chunk in order]) for v in self.variables}
        key_site, key_role, query_site, query_role = [], [], [], []
        asked = {v.name: ([], [], []) for v in self.variables}
        row_number, made = 0, []
        for rows in groups:
            m, n = num_keys(rows), num_queries(rows)
            key_prefix, query_prefix = [], []
            for seen, hidden, echoes, joint, total in rows:
                context, realised = 1 + len(seen), hidden[:-1] if joint else []
                pad = m - context - len(realised)
                base = 1 + row_number * len(self.sites)
                key_site += [0] + [base + s for s in seen + realised] + [0] * pad
                key_role += [4] + [0] * len(seen) + [1] * (m - context)
                key_prefix.append([max(context, k + 1) if k < m - pad else context for k in range(m)])
                query_prefix.append([context + (q if joint and q < len(hidden) else 0) for q in range(n)])
                for q, s in enumerate(hidden + echoes):
                    v, tick, cell = self.sites[s]
                    queries, places, weights = asked[v.name]
                    queries.append(len(query_site) + q)
                    places.append((row_number * v.ticks + tick) * v.cells + cell)
                    weights.append((1.0 if q < len(hidden) else self.echo) / total / (v.size if self.per_dimension and not (v.category or v.scalar) else 1))
                sites = hidden + echoes
                query_site += sites + [0] * (n - len(sites))
                query_role += [2] * len(hidden) + [3] * (n - len(hidden))
                row_number += 1
            made.append(Group(len(rows), m, n, mask(key_prefix, m), mask(query_prefix, m)))
        questions = {name: Asked(torch.tensor(q), torch.tensor(p), torch.tensor(w)) for name, (q, p, w) in asked.items() if q}
        return Batch(values, made, torch.tensor(key_site), torch.tensor(key_role), torch.tensor(query_site), torch.tensor(query_role), questions)


def num_keys(rows):
    return max(1 + len(seen) + (max(len(hidden) - 1, 0) if joint else 0) for seen, hidden, _, joint, _ in rows)


def num_queries(rows):
    return max(len(hidden) + len(echoes) for _, hidden, echoes, _, _ in rows)


def mask(prefix, keys):
    """[B or 1, 1, n, keys]: which keys each token reads; one for all rows where they agree, None where everything is read."""
    reads = torch.arange(keys) < torch.tensor(prefix).unsqueeze(-1)
    if bool(reads.all()):
        return None
    if bool((reads == reads[:1]).all()):
        reads = reads[:1]
    return reads.unsqueeze(1)
