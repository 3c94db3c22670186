"""Two traces merged into one tree: what belongs together, what was added and removed, and by how much it changed."""

from __future__ import annotations

from hypothesis import given

from discovery.diff import by_operation, diff
from discovery.trace import Kind
from tests.discovery.making import span, trace
from tests.discovery.strategies import traces


def ids(rows):
    """Spell the rows as `a=b` with their depth in points; `-` where there is no span."""
    return ["." * row.depth + f"{row.a.span_id if row.a else '-'}={row.b.span_id if row.b else '-'}" for row in rows]


def checkout(prefix: str, *children, slow=0):
    """Make an order that asks for these operations in turn, 10 microseconds each; the last is `slow` ones longer."""
    spans = [span(prefix, None, 0, 100 + slow, name="order")]
    for number, name in enumerate(children):
        end = number * 10 + 10 + (slow if number == len(children) - 1 else 0)
        spans.append(span(f"{prefix}{number}", prefix, number * 10, end, name=name))
    return trace(*spans)


def test_spans_are_matched_by_their_place_in_the_tree():
    """Ids and times do not matter; service, operation, kind and the way from the root do."""
    a = trace(
        span("r", None, 0, 100, name="root"),
        span("x", "r", 10, 50, name="pay", kind=Kind.CLIENT),
        span("y", "x", 20, 40, name="pay", kind=Kind.SERVER),
    )
    b = trace(
        span("1", None, 1000, 1500, name="root"),
        span("2", "1", 1010, 1400, name="pay", kind=Kind.CLIENT),
        span("3", "2", 1020, 1300, name="pay", kind=Kind.SERVER),
        span("4", "1", 1410, 1450, name="pay", kind=Kind.SERVER),
    )
    rows = diff(a, b)
    assert ids(rows) == ["r=1", ".x=2", "..y=3", ".-=4"]
    assert [(row.change, row.self_change) for row in rows] == [(400, 10), (350, 90), (260, 260), (40, 40)]


def test_equal_siblings_are_matched_in_their_order():
    """One query that became four is one in both and three more."""
    rows = diff(checkout("a", "read", "write"), checkout("b", "read", "read", "read", "read", "write"))
    assert ids(rows) == ["a=b", ".a0=b0", ".-=b1", ".-=b2", ".-=b3", ".a1=b4"]


def test_below_an_unmatched_span_nothing_is_matched():
    """A call that moved to another caller is gone from one place and new in the other."""
    a = trace(span("r", name="root"), span("x", "r", name="old"), span("y", "x", name="card"))
    b = trace(span("r", name="root"), span("x", "r", name="new"), span("y", "x", name="card"))
    assert ids(diff(a, b)) == ["r=r", ".x=-", "..y=-", ".-=x", "..-=y"]


def test_what_is_new_stands_where_it_happened():
    """Spans of the second trace alone stand before the matched sibling that follows them there."""
    rows = diff(checkout("a", "one", "gone", "two"), checkout("b", "first", "one", "new", "two", "last"))
    assert ids(rows) == ["a=b", ".-=b0", ".a0=b1", ".a1=-", ".-=b2", ".a2=b3", ".-=b4"]


def test_siblings_that_changed_places():
    """Where two siblings began in the other order, the first trace's order holds and both are matched."""
    assert ids(diff(checkout("a", "one", "two"), checkout("b", "two", "one"))) == ["a=b", ".a0=b1", ".a1=b0"]


def test_other_requests_have_nothing_in_common():
    """Traces with other roots share no row."""
    assert ids(diff(trace(span("a", name="buy")), trace(span("b", name="read")))) == ["a=-", "-=b"]


def test_operations_are_summed_up():
    """Many small additions weigh what they weigh together; the largest change comes first."""
    rows = diff(checkout("a", "read", "write"), checkout("b", *["read"] * 5, "write", slow=90))
    found = [(each.name, each.calls_a, each.calls_b, each.self_change) for each in by_operation(rows)]
    assert found == [("write", 1, 1, 90), ("order", 1, 1, -40), ("read", 1, 5, 40)]


def test_ten_thousand_levels():
    """Depth and breadth are no trouble."""
    deep = trace(*(span(str(level), str(level - 1) if level else None, name="step") for level in range(10_000)))
    broad = trace(span("r", name="step"), *(span(str(number), "r", name="step") for number in range(10_000)))
    assert len(diff(deep, broad)) == 10_000 + 9_999


@given(traces())
def test_a_trace_beside_itself_has_no_change(one):
    """Every span is matched with itself, in the tree's order."""
    rows = diff(one, one)
    assert [(row.a, row.depth) for row in rows] == list(one.walk())
    assert all(row.a is row.b and row.change == row.self_change == 0 for row in rows)


@given(traces(), traces())
def test_every_span_is_in_one_row(a, b):
    """Each span of both traces appears exactly once, below its parent, and those of the first in their order."""
    rows = diff(a, b)
    assert [row.a for row in rows if row.a] == list(a.spans)
    assert sorted(row.b.span_id for row in rows if row.b) == sorted(b.index)
    assert sum(row.change for row in rows) == sum(s.duration for s in b.spans) - sum(s.duration for s in a.spans)
    above = {}
    for row in rows:
        parent = above.get(row.depth - 1)
        if row.a and row.depth:
            assert parent.a.span_id == row.a.parent_id
        if row.b and row.depth:
            assert parent.b.span_id == row.b.parent_id
        above[row.depth] = row


@given(traces(), traces())
def test_matched_spans_are_alike_and_none_was_missed(a, b):
    """What is matched has one service, operation and kind; below a matched pair no two such are left over."""
    above = {}
    left = {}
    for row in diff(a, b):
        key = row.span.service, row.span.name, row.span.kind
        if row.both:
            assert (row.a.service, row.a.name, row.a.kind) == (row.b.service, row.b.name, row.b.kind)
        else:
            parent = above.get(row.depth - 1)
            side = "a" if row.a else "b"
            assert left.setdefault((id(parent), key), side) == side or (parent and not parent.both)
        above[row.depth] = row


@given(traces(), traces())
def test_swapped_it_is_mirrored(a, b):
    """The other way round, what was added is removed, and each change has the other sign."""
    there, back = diff(a, b), diff(b, a)
    known = {(row.a and row.a.span_id, row.b and row.b.span_id, row.change, row.self_change) for row in there}
    assert known == {(row.b and row.b.span_id, row.a and row.a.span_id, -row.change, -row.self_change) for row in back}
