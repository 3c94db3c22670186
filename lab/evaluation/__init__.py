"""How right `tracelab find` is: random faults, run for real, against what it makes of their traces."""
