"""C programs on the RTL in lockstep: one simulator for all of a module's."""

import pytest

from cosim.c_on_rtl import OnRtl


@pytest.fixture(scope="module")
def on_rtl(tmp_path_factory):
    with OnRtl(tmp_path_factory.mktemp("rtl")) as execute:
        yield execute
