"""Rows of words that all have one shape, as plain arrays: what peers of configs/speed/*.yaml eat. Needs numpy alone.

Shapes  B rows, V variables of one size, of which h are asked about; K keys of a row (null, observed, realised) and Q = h queries.
"""
import dataclasses
import json

import numpy
from safetensors.numpy import load_file


@dataclasses.dataclass
class Shape:
    """What every row has: `context` keys that every query sees (null and observed), `hidden` queries, `hidden` - 1 realised keys."""

    names: list
    size: int
    context: int
    hidden: int

    @property
    def keys(self):
        return self.context + self.hidden - 1

    def mask(self):
        """[K + Q, K]: which keys each token of a row reads, keys first."""
        by_key = [max(self.context, k + 1) for k in range(self.keys)]
        by_query = [self.context + q for q in range(self.hidden)]
        return numpy.arange(self.keys) < numpy.array(by_key + by_query)[:, None]


@dataclasses.dataclass
class Words:
    """A step, or a part of its rows."""

    key_word: numpy.ndarray  # [B, K - 1] in [V * size]; the null key has none
    key_site: numpy.ndarray  # [B, K - 1] in [V]
    query_site: numpy.ndarray  # [B, Q]
    query: numpy.ndarray  # [h, B] in [B * Q]: where each asked variable stands
    target: numpy.ndarray  # [h, B] in [size]


class WordQuestions:
    """What peer_dump wrote of a config whose rows all have one shape."""

    def __init__(self, file):
        about = json.loads(open(f"{file}.json").read())
        self.chunks, self.rates = about["chunks"], about["rates"]
        self.names = [v["name"] for v in about["variables"]]
        (self.size,) = {v["size"] for v in about["variables"]}
        self.tensors = load_file(file)
        observed = self.tensors["0/0/observed"][0, 0]
        self.seen, self.hidden = observed.nonzero()[0], (~observed).nonzero()[0]
        self.shape = Shape([self.names[i] for i in self.hidden], self.size, 1 + len(self.seen), len(self.hidden))

    def of(self, step, what):
        return numpy.concatenate([self.tensors[f"{step}/{chunk}/{what}"] for chunk in range(self.chunks)])

    def words(self, step, part=0, parts=1):
        """This part of a step's rows, of so many parts."""
        values = numpy.concatenate([self.of(step, name).reshape(-1, 1) for name in self.names], 1)
        rank = self.of(step, "rank")[:, 0][:, self.hidden]
        rows = numpy.array_split(numpy.arange(len(values)), parts)[part]
        values, place = values[rows], rank[rows].argsort(1).argsort(1)  # place [B, h]: of each hidden variable among the queries
        order = self.hidden[place.argsort(1)]
        key_site = numpy.concatenate([numpy.broadcast_to(self.seen, (len(rows), len(self.seen))), order[:, :-1]], 1)
        key_word = key_site * self.size + numpy.take_along_axis(values, key_site, 1)
        query = (place + len(self.hidden) * numpy.arange(len(rows))[:, None]).T
        return Words(key_word, key_site, order, query, values[:, self.hidden].T)


def words_of(file):
    """Whether every variable is a word and all are of one size."""
    variables = json.loads(open(f"{file}.json").read())["variables"]
    return all(v["category"] for v in variables) and len({v["size"] for v in variables}) == 1


def word_weights(file, questions):
    """Of a checkpoint by limbic's names, but tables and heads of all variables, each in one array: value [V * size, D], head [h, size, D]."""
    arrays = {name.removeprefix("cortex."): array for name, array in load_file(file).items() if name.startswith("cortex.")}
    weights = {name.removeprefix("embedding."): array for name, array in arrays.items() if not name.startswith(("heads.", "embedding.value_"))}
    asked = questions.shape.names
    weights["value"] = numpy.concatenate([arrays[f"embedding.value_{name}"] for name in questions.names])
    weights["head"] = numpy.stack([arrays[f"heads.weight_{name}"] for name in asked])
    weights["head_bias"] = numpy.concatenate([arrays[f"heads.bias_{name}"] for name in asked])
    return weights
