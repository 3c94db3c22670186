"""How sure one can be that something is more than chance."""

from __future__ import annotations

from math import exp, lgamma, log


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


def at_least(hits: int, of: int, chance: float) -> float:
    """Return how likely `hits` or more of `of` are where each has that chance (binomial tail)."""
    if hits == 0:
        return 1.0
    terms = (_choices(of, k) + k * log(chance) + (of - k) * log(1 - chance) for k in range(hits, of + 1))
    return min(1.0, sum(exp(term) for term in terms))


def _choices(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose k of n; minus infinity where there is none."""
    if k < 0 or k > n:
        return float("-inf")
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
