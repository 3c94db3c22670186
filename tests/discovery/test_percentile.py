"""Percentiles are values that were there."""

from __future__ import annotations

import pytest

from discovery.percentile import nearest_rank, rank


@pytest.mark.parametrize(("percent", "expected"), [(5, 15), (30, 20), (40, 20), (50, 35), (100, 50)])
def test_known_figures(percent: int, expected: int):
    """Five values and their ranks, rounded up."""
    assert nearest_rank([15, 20, 35, 40, 50], percent) == expected


@pytest.mark.parametrize("zeros", [0, 1, 7])
@pytest.mark.parametrize("values", [[], [3], [3, 9], list(range(1, 101))])
@pytest.mark.parametrize("percent", [50, 95, 99])
def test_zeros_need_not_be_spelt_out(zeros: int, values: list[int], percent: int):
    """Counting zeros is the same as having them among the values; of nothing at all it is 0."""
    whole = [0] * zeros + values
    assert nearest_rank(values, percent, zeros) == nearest_rank(whole, percent)
    assert nearest_rank(whole, percent) == (whole[rank(len(whole), percent)] if whole else 0)
