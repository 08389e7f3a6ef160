"""The C test suite: small programs by language feature, each checked by what it prints on the golden machine.

`cases/*.txt` hold them as `=== name`, source, `---`, expected output. Expectations of portable programs came from
another compiler on another machine; those of `cheri.txt` from the CHERIoT ISA document.
"""

from pathlib import Path

import pytest

from tests.cc.support import run

CASES = Path(__file__).parent / "cases"


def cases():
    for path in sorted(CASES.glob("*.txt")):
        for part in path.read_text().split("=== ")[1:]:
            name, _, rest = part.partition("\n")
            source, _, expected = rest.partition("\n---\n")
            yield pytest.param(source, expected, id=f"{path.stem}: {name}")


@pytest.mark.parametrize("source, expected", list(cases()))
def test_program(tmp_path, source, expected):
    path = tmp_path / "program.c"
    path.write_text(f'#include "prelude.h"\n#line 1\n{source}\n')
    outcome = run(path, include=(CASES,))
    assert outcome.output == expected
    assert outcome.code == 0
