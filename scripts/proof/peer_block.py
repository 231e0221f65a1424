"""A pre-norm transformer block in ordinary PyTorch, whose keys come from some of its tokens alone."""
import torch
import torch.nn.functional as F
from torch import nn


def attend_fused(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def attend_plain(q, k, v, mask):
    scores = q @ k.mT * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(-1) @ v


ATTENTIONS = {"fused": attend_fused, "plain": attend_plain}


class Block(nn.Module):
    def __init__(self, config, attention="fused"):
        super().__init__()
        width, hidden = config["width"], config["expansion"] * config["width"]
        self.heads, self.attend = config["heads"], ATTENTIONS[attention]
        self.norm1 = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.keys = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp_in = nn.Linear(width, hidden)
        self.mlp_out = nn.Linear(hidden, width)

    def split(self, x, rows):
        return x.reshape(rows, -1, self.heads, x.shape[-1] // self.heads).transpose(1, 2)

    def read(self, queries, keys, values, rows, mask):
        attended = self.attend(self.split(queries, rows), self.split(keys, rows), self.split(values, rows), mask)
        return attended.transpose(1, 2).reshape(queries.shape)

    def finish(self, x, read):
        x = x + self.out(read)
        return x + self.mlp_out(F.relu(self.mlp_in(self.norm2(x))))

    def forward(self, x, groups, last):
        """x: every group's keys, then every group's queries. The last block's keys are read by nobody."""
        num_keys = sum(g.rows * g.keys for g in groups)
        normed = self.norm1(x)
        keys, values = self.keys(normed[:num_keys]).chunk(2, 1)
        queries = self.query(normed[num_keys:] if last else normed)
        key_counts = [g.rows * g.keys for g in groups]
        query_counts = [g.rows * g.queries for g in groups]
        keys, values = keys.split(key_counts), values.split(key_counts)
        about = queries.split(query_counts if last else key_counts + query_counts)
        read = [] if last else [self.read(q, k, v, g.rows, g.key_mask) for q, k, v, g in zip(about, keys, values, groups)]
        read += [self.read(q, k, v, g.rows, g.query_mask) for q, k, v, g in zip(about[-len(groups):], keys, values, groups)]
        return self.finish(x[num_keys:] if last else x, torch.cat(read) if len(read) > 1 else read[0])

    def by_row(self, x, num_keys, mask, last):
        """The same of rows of one shape, [B, keys then queries, D], whose keys and queries read in one call."""
        normed = self.norm1(x)
        keys, values = self.keys(normed[:, :num_keys]).chunk(2, -1)
        queries = self.query(normed[:, num_keys:] if last else normed)
        read = self.read(queries, keys, values, len(x), mask[num_keys:] if last else mask)
        return self.finish(x[:, num_keys:] if last else x, read)
