"""What the command line changes about a scenario, without editing its file."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from load import quantity
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
    """Change rate (requests a second), length of the whole run, fault and share; WrongUse where that makes no sense."""
    phases = scenario.phase
    try:
        if fault is not None:
            phases = _with_fault(phases, fault)
        if percent is not None:
            phases = _with_percent(phases, percent)
        if duration is not None:
            phases = _lasting(phases, quantity.milliseconds(duration))
        if rate is not None:
            phases = tuple(_paced(phase, rate) for phase in phases)
        # Through the same checks as a file: a struct made in Python is not held to its bounds.
        return msgspec.convert(msgspec.to_builtins(scenario) | {"phase": msgspec.to_builtins(phases)}, Scenario)
    except ValueError as error:  # msgspec's ValidationError is one
        what, _, key = str(error).partition(" - at `$.")
        raise WrongUse(f"These options do not work: {key.rstrip('`') + ': ' if key else ''}{what}.") from None


def _with_fault(phases: tuple[Phase, ...], fault: str) -> tuple[Phase, ...]:
    if any(phase.fault for phase in phases):
        return tuple(replace(phase, fault=fault) if phase.fault else phase for phase in phases)
    if len(phases) > 1:
        raise ValueError(
            "--fault cannot know which phase is meant; write fault = ... into one of the scenario's phases"
        )
    third = replace(phases[0], duration=quantity.written(phases[0].milliseconds / 3))
    return (
        replace(third, name="baseline"),
        replace(third, name="fault", fault=fault, percent=_PERCENT),
        replace(third, name="recovery"),
    )


def _with_percent(phases: tuple[Phase, ...], percent: float) -> tuple[Phase, ...]:
    if not any(phase.fault for phase in phases):
        raise ValueError("--percent is the share of requests that carry a fault; name one with --fault")
    return tuple(replace(phase, percent=percent) if phase.fault else phase for phase in phases)


def _lasting(phases: tuple[Phase, ...], wanted: float) -> tuple[Phase, ...]:
    """Make the run take so many milliseconds, each phase keeping its part."""
    factor = wanted / sum(phase.milliseconds for phase in phases)
    return tuple(replace(phase, duration=quantity.written(phase.milliseconds * factor)) for phase in phases)


def _paced(phase: Phase, rate: float) -> Phase:
    """Set the rate; a ramp keeps its steepness in proportion."""
    return replace(phase, rate=rate, ramp_to=None if phase.ramp_to is None else phase.ramp_to * rate / phase.rate)
