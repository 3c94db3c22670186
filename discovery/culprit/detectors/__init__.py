"""One function for each fault: what its traces look like, and why that proves it.

`slow` costs time, `failing` errors, `wrong` neither though something is wrong, `unseen` is trouble with the traces
themselves. A new detector is a function of a case in one of them, and a line in `ALL`.
"""
