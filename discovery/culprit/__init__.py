"""Names the culprit: from the traces of a healthy time and of one with trouble to a verdict with evidence.

A trace becomes a `sample`: its `visit`s of services, the `account` of where its time went, its `failure`s. Two heaps of
samples make a `case`, which knows what is `usual`. Each fault has one of the `detectors`; each gives suspicions with
their sightings, and `judge` weighs these into a `verdict`, with `words` for people. `gather` brings the traces.
"""
