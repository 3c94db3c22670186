"""What an evaluation found, as one object and as a page of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import Any

from lab.evaluation.grade import Grade
from lab.options import SERVICES

_ASPECTS = ("service", "operation", "fault", "evidence")
_Z = 1.96  # of a 95% interval


def interval(hits: int, of: int) -> tuple[float, float]:
    """Return a share's 95% confidence interval (E. B. Wilson, "Probable Inference", JASA 1927)."""
    if not of:
        return 0.0, 1.0
    share, z2 = hits / of, _Z**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * sqrt(share * (1 - share) / of + z2 / (4 * of**2)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def summary(grades: Sequence[Grade]) -> dict[str, Any]:
    """Count: each share with its interval, false alarms, abstentions, the confusion matrix, the rules of thumb."""
    faulty = [each for each in grades if each.truth]
    healthy = [each for each in grades if not each.truth]
    named = [each for each in faulty if each.said]
    confusion = Counter((truth_of(each), each.said or "nobody") for each in grades)
    return {
        "trials": len(grades),
        "invalid": sum(not each.valid for each in grades),
        "faults": len(faulty),
        "healthy": len(healthy),
        **{aspect: _share(sum(each.right[aspect] for each in faulty), len(faulty)) for aspect in _ASPECTS},
        "proven_when_right": _share(
            sum(each.right["evidence"] for each in faulty if each.right["fault"]),
            sum(each.right["fault"] for each in faulty),
        ),
        "second_found": _share(*_seconds(faulty)),
        "false_alarms": _share(sum(bool(each.said) for each in healthy), len(healthy)),
        "abstentions": _share(len(faulty) - len(named), len(faulty)),
        "beside": {
            "chance": {"share": 1 / len(SERVICES)},
            "longest self time": _share(sum(each.longest in _services(each) for each in faulty), len(faulty)),
            "most red spans": _share(sum(each.reddest in _services(each) for each in faulty), len(faulty)),
        },
        "confusion": [{"truth": truth, "said": said, "trials": count} for (truth, said), count in confusion.items()],
        "seeds": [each.seed for each in grades],
    }


def text(grades: Sequence[Grade]) -> str:
    """Write the summary for people, within 80 columns."""
    found = summary(grades)
    lines = [
        f"{found['trials']} trials, {found['faults']} with a fault and {found['healthy']} healthy"
        + (f"; in {found['invalid']} the load itself was late" if found["invalid"] else ""),
        "",
        f"{'':24}{'right':>10}{'share':>8}   95% interval",
        *(_line(aspect, found[aspect]) for aspect in _ASPECTS),
        _line("evidence, where right", found["proven_when_right"]),
        _line("second of two faults", found["second_found"]),
        _line("named nobody", found["abstentions"]),
        _line("false alarms, healthy", found["false_alarms"]),
        "",
        "the service alone, named by",
        f"{'  chance':24}{'':>10}{found['beside']['chance']['share']:>8.2f}",
        *(_line(f"  {rule}", found["beside"][rule]) for rule in ("longest self time", "most red spans")),
        "",
        "truth -> said, where not the same",
        *(
            f"  {row['truth']} -> {row['said']}" + (f"  x{row['trials']}" if row["trials"] > 1 else "")
            for row in sorted(found["confusion"], key=lambda row: row["truth"])
            if row["said"] not in row["truth"].split(" + ") and (row["truth"], row["said"]) != ("nothing", "nobody")
        ),
    ]
    return "\n".join(lines)


def truth_of(each: Grade) -> str:
    """Spell what was injected."""
    return " + ".join(each.truth) or "nothing"


def _services(each: Grade) -> set[str]:
    return {fault.partition(".")[0] for fault in each.truth}


def _seconds(faulty: Sequence[Grade]) -> tuple[int, int]:
    """How often both services of two faults were named."""
    twice = [each for each in faulty if len(each.truth) > 1]
    both = sum(_services(each) <= {fault.partition(".")[0] for fault in (each.said, *each.also)} for each in twice)
    return both, len(twice)


def _share(hits: int, of: int) -> dict[str, Any]:
    low, high = interval(hits, of)
    return {"right": hits, "of": of, "share": hits / of if of else None, "low": round(low, 3), "high": round(high, 3)}


def _line(label: str, found: dict[str, Any]) -> str:
    counts = f"{found['right']} of {found['of']}"
    share = "-" if found["share"] is None else f"{found['share']:.2f}"
    return f"{label:24}{counts:>10}{share:>8}   {found['low']:.2f} to {found['high']:.2f}"
