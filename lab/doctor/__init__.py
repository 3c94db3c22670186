"""`tracelab doctor`: looks at this machine, walks the path of a trace, and says what mends what is wrong."""
