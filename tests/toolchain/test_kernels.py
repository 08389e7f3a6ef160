"""The benchmark kernels are fixed instruction streams: a change of one byte changes what cores are compared by."""

import hashlib

import pytest

from cosim.toolchain.program import FIRMWARE, build_program
from rtl.config import profile

SUMS = {  # of the flat images that the peers' cycles were measured with
    "alu": "aae4ff4eb31703e60083004ca2bb64cacbde524d5c0f7cef01c804cac8ae4374",
    "bubble": "ab49ea0a1041fac47f35c0c18e2f647da79f81b3855bee849babce1149474a52",
    "callret": "47921aa1ba5e64cdbc5759254f5511e73539e5681f068a4259dff5821e361726",
    "capcopy": "539f3b4e784f4c1db205ceffb9f900776194d38ccbd9861f4e0b8307695f680b",
    "capops": "4d401adc72bb6d5949ad40347cda54bc18ccbae837207364b857754dff130f3f",
    "lwchain": "47bbd302f7484ee2e2498f654e7a9fa7fdcd357ca666ef676a597bbf51f048ef",
    "memcpyb": "8f1dc27978fa7c156d8e17bc09c2298ef430c4583e3554a50f7aaa3af8547a47",
    "muldiv": "9b5445fa4fd908055d72ed921f8d7c11315d60d55ea60ef89f17234e3b4ce597",
}


@pytest.mark.parametrize("name", SUMS)
def test_kernel_is_the_measured_one(name):
    image = build_program([FIRMWARE / "kernels" / f"{name}.S"], profile("bench"))
    assert hashlib.sha256(image.flat()).hexdigest() == SUMS[name]
    assert image.entry == profile("bench").entry


def test_every_kernel_is_pinned():
    assert {path.stem for path in (FIRMWARE / "kernels").glob("*.S")} == set(SUMS)
