"""Faults that ride on a request: `plane` reads which, `kinds` lists them, one module a kind says what it does.

Which requests are hit is not decided here but by whoever sends them. Frames of this package, and of a service's own
`faults.py`, are taken out of tracebacks (`traceback`): what is recorded tells of the trouble, never of who ordered it.
"""
