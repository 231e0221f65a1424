"""Classifier two-sample tests: how often a classifier tells samples from exact ones; .5 where it cannot. Runs in proof omni's virtual environment.

Prints one JSON object: for each question the accuracy of a random forest and of an MLP. Reads CSV files with a column `row`, the question's number.
"""
import argparse
import concurrent.futures
import json
import os

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPClassifier

FOLDS = 5


def read(file):
    """{row: [N, D]} without the columns that count."""
    with open(file) as lines:
        names = lines.readline().strip().split(",")
        table = np.loadtxt(lines, delimiter=",", ndmin=2)
    cells = [i for i, name in enumerate(names) if name not in ("row", "sample")]
    return {int(row): table[table[:, 0] == row][:, cells] for row in np.unique(table[:, 0])}


def classifiers(cells, seed):
    hidden = (10 * cells, 10 * cells)
    return {"forest": RandomForestClassifier(random_state=seed),
            "mlp": MLPClassifier(hidden, activation="relu", solver="adam", max_iter=1000, random_state=seed)}


def accuracies(samples, exact, names):
    """Of each classifier, on the cells that are not given, z-scored by the exact samples."""
    asked = exact.std(0) > 1e-6 * (1 + np.abs(exact.mean(0)))
    mean, std = exact[:, asked].mean(0), exact[:, asked].std(0)
    both = (np.concatenate([samples, exact])[:, asked] - mean) / std
    labels = np.repeat([0, 1], [len(samples), len(exact)])
    folds = KFold(FOLDS, shuffle=True, random_state=1)
    chosen = {name: c for name, c in classifiers(int(asked.sum()), 1).items() if name in names}
    return {name: cross_val_score(c, both, labels, cv=folds).mean() for name, c in chosen.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples")
    parser.add_argument("exact")
    parser.add_argument("--only", choices=("forest", "mlp"))
    options = parser.parse_args()
    samples, exact = read(options.samples), read(options.exact)
    names = (options.only,) if options.only else ("forest", "mlp")
    with concurrent.futures.ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = list(pool.map(accuracies, [samples[row] for row in exact], exact.values(), [names] * len(exact)))
    print(json.dumps({name: [each[name] for each in found] for name in names}))


if __name__ == "__main__":
    main()
