"""Small systems for tests of the switcher: who calls whom, with labels where a test looks or meddles.

`a.main` is the outermost invocation of thread 1. At `a.go` it jumps to the switcher, `a.after` is where it comes back
to, with nothing done in between. `b.f` is called, and returns at `b.f` at once unless the test changes something.
"""

from tests.rtos.handmade import DISABLED, ENABLED, HandMade, Thread, Unit

CALLER = """
main:
  cincaddr csp, csp, -16
  csc   cra, 0(csp)
call:
  import ct1, 1
  import ct2, 0
go:
  cjalr ct2
after:
  nop
  clc   cra, 0(csp)
  cincaddr csp, csp, 16
  cret
"""
CALLEE = """
f:
  cret
"""
MIDDLE = CALLER.replace("main:", "g:")
FAULTING = """
f:
  li    a0, 77
bad:
  clc   ca0, 0(cnull)
beyond:
  cret
"""


def caller(target: str = "b.f", flags: int = ENABLED, *imports: str) -> Unit:
    return Unit(CALLER, exports=(("main", flags, 0),), imports=(target, *imports))


def callee(arguments: int = 0, flags: int = ENABLED, stack: int = 0, code: str = CALLEE, **more) -> Unit:
    return Unit(code, exports=(("f", flags | arguments, stack),), **more)


def pair(make=HandMade, callee_unit: Unit | None = None, flags: int = ENABLED, **thread) -> HandMade:
    """a.main calls b.f; up to the jump into the switcher."""
    units = {"a": caller(flags=flags), "b": callee_unit or callee()}
    scene = make(units, [Thread("a.main", enabled=flags != DISABLED, **thread)])
    scene.until("a.go")
    return scene


def chain(make=HandMade, last: Unit | None = None, middle: Unit | None = None, **thread) -> HandMade:
    """a.main calls m.g, which calls b.f; up to m's jump into the switcher."""
    g = Unit(MIDDLE, exports=(("g", ENABLED, 0),), imports=("b.f",))
    scene = make({"a": caller("m.g"), "m": middle or g, "b": last or callee()}, [Thread("a.main", **thread)])
    scene.until("m.go")
    return scene


def faulting(code: str = FAULTING, flags: int = ENABLED, **handlers: str) -> Unit:
    """b.f faults at b.bad."""
    return Unit(code + HANDLERS, exports=(("f", flags, 0),), **handlers)


HANDLERS = """
rich:
  nop
rich_done:
  cret
stackless:
  nop
stackless_done:
  cret
"""
