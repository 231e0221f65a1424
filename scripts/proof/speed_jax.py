"""The cortex of configs/speed/*.yaml in JAX: one jitted call makes the whole step (forward, backward, clip, AdamW). Needs no PyTorch.

Reads a checkpoint of limbic and the questions that peer_dump wrote; trains on them; prints one JSON object.
"""
import argparse
import dataclasses
import functools
import json
import time

import jax
import jax.numpy as jnp
import yaml

from speed_clock import timed
from speed_words import WordQuestions, word_weights


def layer_norm(x, weight, bias):
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5) * weight + bias


def linear(x, weight, bias):
    return x @ weight.T + bias


def block(weights, x, num_keys, mask, heads, last):
    """x [B, keys then queries, D]. The last block's keys are read by nobody."""
    p = weights.get

    def split(y):
        return y.reshape(*y.shape[:2], heads, -1)

    normed = layer_norm(x, p("norm1_weight"), p("norm1_bias"))
    keys, values = jnp.split(linear(normed[:, :num_keys], p("keys"), p("keys_bias")), 2, -1)
    first = num_keys if last else 0
    queries, x = linear(normed[:, first:], p("query"), p("query_bias")), x[:, first:]
    scores = jnp.einsum("bnhd,bmhd->bhnm", split(queries), split(keys)) * (x.shape[-1] // heads) ** -0.5
    weight = jax.nn.softmax(jnp.where(mask[first:], scores, -jnp.inf))
    read = jnp.einsum("bhnm,bmhd->bnhd", weight, split(values)).reshape(x.shape)
    x = x + linear(read, p("out"), p("out_bias"))
    hidden = jax.nn.relu(linear(layer_norm(x, p("norm2_weight"), p("norm2_bias")), p("in"), p("in_bias")))
    return x + linear(hidden, p("back"), p("back_bias"))


def of_block(weights, number):
    start = f"block{number}."
    return {name.removeprefix(start): value for name, value in weights.items() if name.startswith(start)}


def loss_of(weights, words, shape, config):
    place = weights["cell"] + weights["tick"]
    seen, rows = shape.context - 1, len(words["key_word"])
    value = weights["value"][words["key_word"]] + place[words["key_site"]]
    null = jnp.broadcast_to(weights["null"], (rows, 1, config["width"]))
    queries = place[words["query_site"]] + weights["role"][2]
    x = jnp.concatenate([null, value[:, :seen] + weights["role"][0], value[:, seen:] + weights["role"][1], queries], 1)
    for number in range(config["blocks"]):
        x = block(of_block(weights, number), x, shape.keys, jnp.array(shape.mask()), config["heads"], number + 1 == config["blocks"])
    states = layer_norm(x, weights["final_weight"], weights["final_bias"]).reshape(-1, config["width"])[words["query"]]
    logits = jnp.einsum("hbd,hcd->hbc", states, weights["head"]) + weights["head_bias"].reshape(len(states), 1, -1)
    log_p = jnp.take_along_axis(jax.nn.log_softmax(logits), words["target"][..., None], 2)
    return -log_p.mean()


def update(state, gradient, rate, settings):
    """AdamW after clipping by the norm of all gradients."""
    norm = jnp.sqrt(sum(jnp.square(g).sum() for g in gradient.values()))
    factor = jnp.minimum(settings["max_grad_norm"] / (norm + 1e-6), 1)
    count = state["count"] + 1
    scale1, scale2 = 1 - settings["beta1"] ** count, 1 - settings["beta2"] ** count
    new = {"count": count, "weight": {}, "moment1": {}, "moment2": {}}
    for name, g in gradient.items():
        weight, g = state["weight"][name], g * factor
        m = settings["beta1"] * state["moment1"][name] + (1 - settings["beta1"]) * g
        v = settings["beta2"] * state["moment2"][name] + (1 - settings["beta2"]) * g * g
        decay = settings["weight_decay"] if weight.ndim >= 2 else 0.0
        step = rate / scale1 * m / (jnp.sqrt(v / scale2) + settings["eps"])
        new["weight"][name], new["moment1"][name], new["moment2"][name] = weight * (1 - rate * decay) - step, m, v
    return new


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="a run of limbic whose checkpoint of step 0 is the start")
    parser.add_argument("questions", help="what peer_dump wrote")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--warmup", type=int, default=20)
    options = parser.parse_args()
    config = yaml.safe_load(open(f"{options.run}/config.yaml"))
    questions = WordQuestions(options.questions)
    weights = word_weights(f"{options.run}/checkpoints/step-000000000/cortex.safetensors", questions)
    started = time.time()
    batches = [{name: jnp.asarray(array, jnp.int32) for name, array in dataclasses.asdict(questions.words(step)).items()}
               for step in range(options.steps)]
    preparation = time.time() - started
    zeros = {name: jnp.zeros_like(value) for name, value in weights.items()}
    state = {"count": jnp.zeros(()), "weight": {name: jnp.asarray(w) for name, w in weights.items()}, "moment1": zeros,
             "moment2": {name: jnp.zeros_like(value) for name, value in weights.items()}}
    loss = functools.partial(loss_of, shape=questions.shape, config=config["cortex"])

    @functools.partial(jax.jit, donate_argnums=0)
    def whole(state, words, rate):
        value, gradient = jax.value_and_grad(loss)(state["weight"], words)
        return update(state, gradient, rate, config["optimizer"]), value

    def step(number):
        nonlocal state
        state, value = whole(state, batches[number], questions.rates[number])
        return value

    losses, milliseconds, first_at = timed(step, options.steps, options.warmup, lambda: jax.block_until_ready(state))
    print(json.dumps({"losses": [float(x) for x in losses], "ms": milliseconds, "first_at": first_at - preparation}))


if __name__ == "__main__":
    main()
