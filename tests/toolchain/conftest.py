"""Short ways to assemble and link in tests."""

import pytest

from cosim.toolchain.assembler import assemble
from cosim.toolchain.linker import link
from rtl.config import Region

MEMORY = Region(base=0x2004_0000, size=4 << 20)


@pytest.fixture
def build():
    """Assemble sources (a main one first) and link them at 0x2004_0000."""

    def run(*sources: str, memory: Region = MEMORY, **options):
        objects = [assemble(text, f"t{index}.S") for index, text in enumerate(sources)]
        return link(objects, memory, **{"entry": "_start", **options})

    return run


@pytest.fixture
def code(build):
    """The bytes of a source's code, and of nothing else; no entry is needed."""

    def run(text: str, *others: str) -> bytes:
        image = build(f"_start:\n{text}", *others)
        return bytes(image.sections[0].data)

    return run
