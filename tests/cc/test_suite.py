"""The C test suite: small programs by language feature, each checked by what it prints on golden machine and RTL.

`cases/*.txt` hold them as `=== name`, source, `---`, expected output. Expectations of portable programs came from
another compiler on another machine; those of `cheri.txt` from the CHERIoT ISA document.
"""

from pathlib import Path

import pytest

from cosim.toolchain.cc.execute import on_model

CASES = Path(__file__).parent / "cases"


def cases():
    for path in sorted(CASES.glob("*.txt")):
        for part in path.read_text().split("=== ")[1:]:
            name, _, rest = part.partition("\n")
            source, _, expected = rest.partition("\n---\n")
            yield pytest.param(source, expected, id=f"{path.stem}: {name}")


def check(execute, folder, source, expected):
    path = folder / "program.c"
    path.write_text(f'#include "prelude.h"\n#line 1\n{source}\n')
    outcome = execute(path, include=(CASES,))
    assert (outcome.output, outcome.code) == (expected, 0)


@pytest.mark.parametrize("source, expected", list(cases()))
def test_program(tmp_path, source, expected):
    check(on_model, tmp_path, source, expected)


@pytest.mark.sim
@pytest.mark.parametrize("source, expected", list(cases()))
def test_program_on_rtl(tmp_path, on_rtl, source, expected):
    check(on_rtl, tmp_path, source, expected)
