"""Folds, masks and peers of scripts/proof/tables: runs in its virtual environment (numpy, scikit-learn).

    tables_peers.py TABLE SEED FOLDER [FOLD...]

Writes FOLDER/FOLD/{train,truth,given}.csv and FOLDER/FOLD/peers.json: of each peer the mean nats a hidden cell and the mean squared error, in units of
the visible training cells' deviation. Half of all cells are hidden, in training rows as well, and no method ever sees one of those. A fold that is there stays.
"""
import csv
import itertools
import json
import os
import pathlib
import sys
import warnings

import numpy as np
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 (it makes the next import possible)
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

LOADERS = {"iris": datasets.load_iris, "wine": datasets.load_wine, "breast_cancer": datasets.load_breast_cancer, "diabetes": datasets.load_diabetes,
           "digits": datasets.load_digits}
NUM_FOLDS = 5
HELD_OUT = 0.2  # of training rows, to choose a mixture
COMPONENTS, PRIORS, STARTS = (1, 2, 4, 8), (1, 3, 10, 30), 3
LOG_2PI = float(np.log(2 * np.pi))


def table(name, random):
    """Continuous columns. Where values are rounded, a density is as high as it pleases on them: uniform noise of a column's own resolution makes it finite."""
    x = np.asarray(LOADERS[name]().data, dtype=float)
    steps = [np.diff(np.unique(column)) for column in x.T]
    x = x[:, [len(step) > 0 for step in steps]]  # without what is constant
    resolution = np.array([step.min() for step in steps if len(step) > 0])
    return x + resolution * random.uniform(-0.5, 0.5, x.shape)


def normal_nats(x, mean, variance):
    return 0.5 * ((x - mean) ** 2 / variance + np.log(variance) + LOG_2PI)


class Mixture:
    """Gaussians with full covariance, by EM on rows with gaps (Ghahramani and Jordan 1994)."""

    def __init__(self, components, prior, start, steps=50):
        """prior: rows' worth of a unit covariance; start: the seed of the first means."""
        self.components, self.prior, self.random, self.steps = components, prior, np.random.default_rng(start), steps

    def fit(self, x):
        count, width = x.shape
        spread = 0.5 if self.components > 1 else 0.0
        self.weight = np.full(self.components, 1 / self.components)
        self.mean = spread * self.random.standard_normal((self.components, width))
        self.covariance = np.repeat(np.eye(width)[None], self.components, 0)
        before = -np.inf
        for _ in range(self.steps):
            log_p, filled, rest = self.expect(x)
            total = np.logaddexp.reduce(log_p, 1)
            share = np.exp(log_p - total[:, None])
            for k in range(self.components):
                mass = share[:, k].sum() + 1e-9
                self.weight[k] = mass / count
                self.mean[k] = share[:, k] @ filled[k] / mass
                apart = filled[k] - self.mean[k]
                scatter = (share[:, k, None] * apart).T @ apart + np.tensordot(share[:, k], rest[k], 1)
                self.covariance[k] = (scatter + self.prior * np.eye(width)) / (mass + self.prior)
            if total.sum() - before < 1e-3 * count:
                break
            before = total.sum()
        return self

    def expect(self, x):
        """Of each row and component: log of weight times density, the row filled in, and the covariance of what was."""
        every = [self.condition(k, np.nan_to_num(x), ~np.isnan(x)) for k in range(self.components)]
        return np.stack([log_p for log_p, _, _ in every], 1), [filled for _, filled, _ in every], [rest for _, _, rest in every]

    def condition(self, k, x, seen):
        covariance, both = self.covariance[k], seen[:, :, None] & seen[:, None, :]
        inner = np.where(both, covariance, np.eye(x.shape[1]))  # what is hidden stands alone
        inverse = np.where(both, np.linalg.inv(inner), 0)
        surprise = np.where(seen, x - self.mean[k], 0)
        weights = np.einsum("nij,nj->ni", inverse, surprise)
        log_det = np.linalg.slogdet(inner)[1]
        log_p = np.log(self.weight[k] + 1e-300) - 0.5 * ((surprise * weights).sum(1) + log_det + seen.sum(1) * LOG_2PI)
        return log_p, np.where(seen, x, self.mean[k] + weights @ covariance), covariance - covariance @ inverse @ covariance

    def log_prob(self, x):
        return np.logaddexp.reduce(self.expect(x)[0], 1)

    def judge(self, given, truth):
        """log p(hidden | seen) of each row, and the expected row."""
        log_p, filled, _ = self.expect(given)
        before = np.logaddexp.reduce(log_p, 1)
        share = np.exp(log_p - before[:, None])
        return self.log_prob(truth) - before, np.einsum("nk,knd->nd", share, np.stack(filled))


def best_mixture(train, random):
    """What a held-out part of the training rows likes best, of these numbers of components and priors and then of several starts, fitted to all of them."""
    cut = int(len(train) * (1 - HELD_OUT))
    order = random.permutation(len(train))
    fit, held_out = train[order[:cut]], train[order[cut:]]
    score = lambda way: Mixture(*way).fit(fit).log_prob(held_out).sum()
    first, *others = random.integers(2**32, size=STARTS)
    components, prior, _ = max(itertools.product(COMPONENTS, PRIORS, [first]), key=score)
    return Mixture(*max([(components, prior, start) for start in (first, *others)], key=score)).fit(train)


def imputed(make, train, rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make().fit(train).transform(rows)


def residual_variance(make, train, random, parts=5):
    """Of cells that the training rows show, each imputed once while it was hidden."""
    group = np.where(np.isnan(train), -1, random.integers(parts, size=train.shape))
    square = np.full(train.shape, np.nan)
    for part in range(parts):
        hidden = group == part
        guess = imputed(make, np.where(hidden, np.nan, train), np.where(hidden, np.nan, train))
        square[hidden] = ((guess - train) ** 2)[hidden]
    return np.maximum(np.nanmean(square, 0), 1e-4)


def figures(hidden, nats, error):
    return {"nats": float(nats / hidden.sum()), "error": float(error[hidden].mean()), "cells": int(hidden.sum())}


def peers_of(train, given, truth, random):
    """In units of the visible training cells."""
    hidden = np.isnan(given)
    found = {}
    makers = {"mean": lambda: SimpleImputer(keep_empty_features=True), "iterative": lambda: IterativeImputer(random_state=0, keep_empty_features=True),
              "neighbours": lambda: KNNImputer(keep_empty_features=True)}
    for name, make in makers.items():
        guess, variance = imputed(make, train, given), residual_variance(make, train, random)
        found[name] = figures(hidden, normal_nats(truth, guess, variance)[hidden].sum(), (guess - truth) ** 2)
    mixture = best_mixture(train, random)
    log_p, guess = mixture.judge(given, truth)
    found["mixture"] = {**figures(hidden, -log_p.sum(), (guess - truth) ** 2), "components": mixture.components, "prior": mixture.prior}
    return found


def write(path, x):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(f"c{i}:scalar" if path.name == "train.csv" else f"c{i}" for i in range(x.shape[1]))
        writer.writerows(["" if np.isnan(v) else repr(float(v)) for v in row] for row in x)


def main(name, seed, folder, folds):
    random = np.random.default_rng([int(seed), sum(name.encode())])
    whole = table(name, random)
    visible = np.where(random.random(whole.shape) < 0.5, np.nan, whole)
    of_fold = random.permutation(len(whole)) % NUM_FOLDS
    for fold in range(NUM_FOLDS):
        place = pathlib.Path(folder) / str(fold)
        own = np.random.default_rng([int(seed), fold])
        if (folds and str(fold) not in folds) or (place / "peers.json").exists():
            continue
        place.mkdir(parents=True, exist_ok=True)
        train, test = of_fold != fold, of_fold == fold
        center, scale = np.nanmean(visible[train], 0), np.nanstd(visible[train], 0)
        x, seen = (whole - center) / scale, (visible - center) / scale
        write(place / "train.csv", seen[train])
        write(place / "given.csv", seen[test])
        write(place / "truth.csv", x[test])
        (place / "peers.json.tmp").write_text(json.dumps(peers_of(seen[train], seen[test], x[test], own)))
        os.replace(place / "peers.json.tmp", place / "peers.json")


if __name__ == "__main__":
    main(*sys.argv[1:4], sys.argv[4:])
