"""The one clock of the machine, which its caller sets: cycles since reset."""

NEVER = 1 << 64
"""A clock number that no run reaches."""


class Time:
    """`now` is the clock cycle in which the current instruction makes its access."""

    def __init__(self) -> None:
        self.now = 0
