"""Eight kernels and the cycles that public CHERIoT cores take for the same instructions. Facts only.

Measured with Verilator on the public RTL, cheriot-ibex at commit a3e4caf and cheriot-kudu at 8529c10, with the
default multiplier options: memory that answers in the cycle after the request, for fetch and data; load filter on,
revocation bitmap zero. Checksums and instruction counts agree with the Sail model of the ISA. The kernels are
`cosim/firmware/kernels`.
"""

from typing import NamedTuple

PEERS = {
    "ibex3/33": "cheriot-ibex, 3 stages, 33-bit data bus",
    "ibex3/65": "cheriot-ibex, 3 stages, 65-bit data bus",
    "ibex2/65": "cheriot-ibex, 2 stages, 65-bit data bus",
    "kudu": "cheriot-kudu, dual issue, 5 stages",
}
REFERENCE = "ibex3/65"
"""The peer that this core is compared with: the same width of data bus."""
LARGEST_RATIO, MEAN_RATIO = 1.0, 0.85
"""What this core must reach: of each kernel's cycles to the reference's, and their geometric mean."""


class Kernel(NamedTuple):
    """Instructions and checksum of the measured region, and cycles per instruction of each peer."""

    instructions: int
    checksum: int
    peers: dict[str, float]


def peers(*figures: float) -> dict[str, float]:
    return dict(zip(PEERS, figures, strict=True))


KERNELS = {
    "alu": Kernel(26_408, 0x394040D7, peers(1.045, 1.045, 1.046, 0.909)),
    "bubble": Kernel(22_639, 0x5E15CEFD, peers(1.438, 1.438, 1.705, 1.072)),
    "callret": Kernel(7_908, 0x000000E9, peers(1.524, 1.334, 1.524, 1.195)),
    "capcopy": Kernel(6_250, 0x800083FD, peers(1.740, 1.371, 1.617, 0.998)),
    "capops": Kernel(16_808, 0x00001C20, peers(1.048, 1.048, 1.048, 0.714)),
    "lwchain": Kernel(10_507, 0x000569D0, peers(1.533, 1.533, 1.533, 1.266)),
    "memcpyb": Kernel(24_587, 0xAF7B9588, peers(1.500, 1.500, 1.666, 0.833)),
    "muldiv": Kernel(6_410, 0xFB309D38, peers(10.724, 10.724, 10.724, 9.850)),
}
