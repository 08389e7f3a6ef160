"""Deliberate faults of the circuit, to see (and test) that the checkers notice."""
