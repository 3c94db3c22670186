"""What the command line changes about a scenario, without editing its file."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from load import document, quantity
from load.errors import WrongUse
from load.scenario import Phase, Scenario

_PERCENT = 20.0  # of the requests, where only a fault is named


def adjusted(
    scenario: Scenario,
    *,
    rate: float | None = None,
    duration: str | None = None,
    fault: str | None = None,
    percent: float | None = None,
) -> Scenario:
    """Change rate, length of the whole run, fault and share; WrongUse where that makes no sense.

    `rate` is requests a second at the start; what comes later keeps its proportion, so that a spike stays one.
    """
    phases = scenario.phase
    try:
        if fault is not None:
            phases = _with_fault(phases, fault)
        if percent is not None:
            phases = _with_percent(phases, percent)
        if duration is not None:
            phases = _lasting(phases, quantity.milliseconds(duration))
        if rate is not None:
            phases = tuple(_paced(phase, rate / phases[0].rate) for phase in phases)
        # Through the same checks as a file: a struct made in Python is not held to its bounds.
        return msgspec.convert(msgspec.to_builtins(scenario) | {"phase": msgspec.to_builtins(phases)}, Scenario)
    except msgspec.ValidationError as error:
        raise WrongUse(f"These options do not work: {document.complaint(error, Scenario)}.") from None
    except ValueError as error:
        raise WrongUse(f"These options do not work: {error}.") from None


def _with_fault(phases: tuple[Phase, ...], fault: str) -> tuple[Phase, ...]:
    if any(phase.fault for phase in phases):
        return tuple(replace(phase, fault=fault) if phase.fault else phase for phase in phases)
    if len(phases) > 1:
        raise ValueError(
            "--fault cannot know which phase is meant; write fault = ... into one of the scenario's phases"
        )
    before, during, after = _thirds(phases[0])
    return (
        replace(before, name="baseline"),
        replace(during, name="fault", fault=fault, percent=_PERCENT),
        replace(after, name="recovery"),
    )


def _thirds(phase: Phase) -> list[Phase]:
    """Cut a phase in three; a ramp goes on from one to the next."""
    duration = quantity.written(phase.milliseconds / 3)
    if phase.ramp_to is None:
        return [replace(phase, duration=duration)] * 3
    step = (phase.ramp_to - phase.rate) / 3
    rates = [phase.rate + step * part for part in range(4)]
    return [replace(phase, duration=duration, rate=rates[part], ramp_to=rates[part + 1]) for part in range(3)]


def _with_percent(phases: tuple[Phase, ...], percent: float) -> tuple[Phase, ...]:
    if not any(phase.fault for phase in phases):
        raise ValueError("--percent is the share of requests that carry a fault; name one with --fault")
    return tuple(replace(phase, percent=percent) if phase.fault else phase for phase in phases)


def _lasting(phases: tuple[Phase, ...], wanted: float) -> tuple[Phase, ...]:
    """Make the run take so many milliseconds, each phase keeping its part."""
    factor = wanted / sum(phase.milliseconds for phase in phases)
    return tuple(replace(phase, duration=quantity.written(phase.milliseconds * factor)) for phase in phases)


def _paced(phase: Phase, factor: float) -> Phase:
    return replace(phase, rate=phase.rate * factor, ramp_to=None if phase.ramp_to is None else phase.ramp_to * factor)
