"""The cortex of configs/speed/*.yaml in ordinary PyTorch: words of one size, rows of one shape. All tables are one tensor, all heads one."""
import dataclasses

import torch
import torch.nn.functional as F
from torch import nn

from peer_block import Block
from peer_data import Group
from peer_model import rename
from speed_words import word_weights

LAYOUTS = ("streams", "rows")


@dataclasses.dataclass
class WordBatch:
    words: object  # speed_words.Words of tensors
    share: float  # of the step's rows


class WordPeer(nn.Module):
    def __init__(self, weights, config, shape, layout, attention):
        super().__init__()
        self.shape, self.layout = shape, layout
        for name in ("value", "cell", "tick", "role", "null", "head", "head_bias"):
            setattr(self, name, nn.Parameter(torch.from_numpy(weights[name])))
        self.blocks = nn.ModuleList(Block(config, attention) for _ in range(config["blocks"]))
        self.final = nn.LayerNorm(config["width"])
        others = {rename(name): torch.from_numpy(array) for name, array in weights.items() if name not in dict(self.named_parameters())}
        self.load_state_dict({**self.state_dict(), **others})
        self.register_buffer("mask", torch.from_numpy(shape.mask()), persistent=False)

    def circuits(self):
        return {"cortex": list(self.parameters())}

    def tokens(self, words):
        """Keys [B, K, D] and queries [B, Q, D]."""
        place = self.cell + self.tick
        seen = self.shape.context - 1
        value = F.embedding(words.key_word, self.value) + F.embedding(words.key_site, place)
        keys = [self.null.expand(len(value), 1, -1), value[:, :seen] + self.role[0], value[:, seen:] + self.role[1]]
        return torch.cat(keys, 1), F.embedding(words.query_site, place) + self.role[2]

    def trunk(self, keys, queries):
        """Final states of the queries: [B * Q, D]."""
        rows, num_keys, width = keys.shape
        last = len(self.blocks) - 1
        if self.layout == "rows":
            x = torch.cat([keys, queries], 1)
            for number, block in enumerate(self.blocks):
                x = block.by_row(x, num_keys, self.mask, number == last)
        else:
            x = torch.cat([keys.flatten(0, 1), queries.flatten(0, 1)])
            groups = [Group(rows, num_keys, queries.shape[1], self.mask[:num_keys], self.mask[num_keys:])]
            for number, block in enumerate(self.blocks):
                x = block(x, groups, number == last)
        return self.final(x).view(-1, width)

    def forward(self, batch):
        """What these rows add to the loss of the step."""
        words = batch.words
        states = F.embedding(words.query, self.trunk(*self.tokens(words)))  # [h, B, D]
        logits = torch.baddbmm(self.head_bias.view(len(states), 1, -1), states, self.head.mT)
        return batch.share * F.cross_entropy(logits.flatten(0, 1), words.target.flatten())


def build(file, questions, config, options):
    return WordPeer(word_weights(file, questions), config, questions.shape, options.layout, options.attention)


def batches(questions, step, part, parts):
    words = questions.words(step, part, parts)
    tensors = {f.name: torch.from_numpy(getattr(words, f.name)).long().contiguous() for f in dataclasses.fields(words)}
    return [WordBatch(type(words)(**tensors), 1 / parts)]
