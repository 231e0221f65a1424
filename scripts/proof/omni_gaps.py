"""Gaps as evals log them: (nats a hidden dimension, standard error)."""
import math


def gap(metrics, name):
    return metrics[f"eval/{name}"], metrics[f"eval/{name}.error"]


def mean_gap(gaps):
    """Of independent ones."""
    values, errors = zip(*gaps)
    return sum(values) / len(values), math.hypot(*errors) / len(values)


def ratio(over, under):
    """(ratio, standard error) of independent ones."""
    times = over[0] / under[0]
    return times, math.hypot(over[1], times * under[1]) / abs(under[0])


def said(gap, digits=4):
    return f"{gap[0]:.{digits}f} +- {gap[1]:.{digits}f}"
