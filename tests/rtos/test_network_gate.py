"""The network gate, a system in TOML and C: memory, state and access are what the specification asks for (TK-30)."""

from cosim.image import linked_program
from cosim.run import Verdict, run_model
from cosim.toolchain.cc.driver import FIRMWARE
from cosim.toolchain.system.description import read_system
from rtl.config import SAFE

SYSTEM = FIRMWARE / "examples" / "network_gate" / "system.toml"
PRINTED = """\
1. Memory is the caller's.
lookup on a quota of 40 bytes: -13
left of it: 40
lookup on a quota of 4,096 bytes: 0
left of it: 4040
2. State is protected from the caller.
reading inside the connection faults: 1
opening it with a key of one's own: 0
freeing it as heap memory: -22
3. Access needs a right, first a static, then a dynamic one.
lookup with a quota for a host: -22
lookup with a host that may not be used: -2
connect with a host for a connection: -22
connect: 443
connect with a right that was reduced: -2
close: 0
connect with a right that is gone: -22
left of the quota: 4096
"""


def test_network_gate():
    system = read_system(SYSTEM).build()
    result = run_model(SAFE, linked_program("network_gate", system.image), scripted=True, max_cycles=1_000_000)
    assert result.console.decode() == PRINTED
    assert (result.verdict, result.program_code) == (Verdict.EXIT, 0)
