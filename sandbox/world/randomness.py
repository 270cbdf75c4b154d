"""Named streams of random numbers: the same name gives the same stream in every process."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(*name: object) -> Random:
    """A generator for one purpose. Seeded with text, which Python digests without ``hash()``."""
    return Random("/".join(str(part) for part in name))


def happens(rng: Random, probability: float) -> bool:
    return rng.random() < probability


def pick(rng: Random, weighted: Sequence[tuple[T, float]]) -> T:
    """One of the values, each with its share; shares need not add up to one."""
    point = rng.random() * sum(share for _, share in weighted)
    for value, share in weighted:
        point -= share
        if point < 0:
            return value
    return weighted[-1][0]
