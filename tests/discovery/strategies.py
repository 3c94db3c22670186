"""Traces as no shop makes them: any tree, any times, children outside of their parents."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.discovery.making import span, trace


@st.composite
def spans(draw: st.DrawFn, most: int = 12):
    """Draw the spans of one trace in any order; a parent may be missing, and some do not wait for a child."""
    number = draw(st.integers(1, most))
    made = []
    for index in range(number):
        above = None if index == 0 else draw(st.sampled_from([*range(index), "lost"]))
        start = draw(st.integers(0, 50))
        made.append(
            span(
                str(index),
                None if above is None else str(above),
                start,
                start + draw(st.integers(0, 50)),
                detached=draw(st.booleans()) and index > 0,
                error=draw(st.booleans()),
                service=draw(st.sampled_from(["gateway", "결제", "order"])),
                name=draw(st.text(max_size=30)),
            )
        )
    return draw(st.permutations(made))


def traces(most: int = 12):
    """Draw whole traces."""
    return spans(most).map(lambda made: trace(*made))
