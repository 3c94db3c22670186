"""How sure one can be that something is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import erfc, exp, lgamma, sqrt


def more_often(odd: int, of_odd: int, usual: int, of_usual: int) -> float:
    """Return how likely it is that `odd` of `of_odd` or more arise by chance, if both groups were alike.

    Fisher's exact test, one-sided (R. A. Fisher, "Statistical Methods for Research Workers", 1934): with the totals
    given, `odd` follows the hypergeometric distribution. 1.0 where nothing was seen.
    """
    marked, everything = odd + usual, of_odd + of_usual
    if odd == 0:
        return 1.0
    most = min(marked, of_odd)
    whole = _choices(everything, of_odd)
    terms = (_choices(marked, k) + _choices(everything - marked, of_odd - k) - whole for k in range(odd, most + 1))
    return min(1.0, sum(exp(term) for term in terms))


def differ(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return how likely it is that two samples differ as much by chance, if both were drawn alike.

    The test of Mann and Whitney (Annals of Mathematical Statistics 18, 1947), two-sided, by the normal approximation
    with the correction for ties; 1.0 where either sample is empty or all values are equal.
    """
    count = len(ones) + len(others)
    ranks, ties = _ranks([*ones, *others])
    spread = len(ones) * len(others) / 12 * ((count + 1) - ties / (count * (count - 1))) if count > 1 else 0.0
    if spread <= 0:
        return 1.0
    above = sum(ranks[: len(ones)]) - len(ones) * (len(ones) + 1) / 2
    return erfc(abs(above - len(ones) * len(others) / 2) / sqrt(2 * spread))


def _ranks(values: Sequence[float]) -> tuple[list[float], int]:
    """Rank values from 1, equal ones by their mean rank; and the sum of t cubed less t over groups of t equal ones."""
    order = sorted(range(len(values)), key=lambda index: values[index])
    ranks, ties, reached = [0.0] * len(values), 0, 0
    for _, group in groupby(order, lambda index: values[index]):
        same = list(group)
        for index in same:
            ranks[index] = reached + (len(same) + 1) / 2
        reached += len(same)
        ties += len(same) ** 3 - len(same)
    return ranks, ties


def _choices(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose k of n; minus infinity where there is none."""
    if k < 0 or k > n:
        return float("-inf")
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
