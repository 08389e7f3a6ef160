"""`cheriot ccsuite`: each program is passed, refused with a diagnosis or failed; nothing is lost in silence."""

import pytest

from cosim.c_suites import COREMARK
from cosim.cli import main

PROGRAMS = {
    "right": ('#include <stdio.h>\nint main(void) { puts("yes"); return 0; }', "yes\n"),
    "wrong": ('#include <stdio.h>\nint main(void) { puts("no"); return 0; }', "yes\n"),
    "ends_badly": ("int main(void) { return 3; }", ""),
    "outside": ("double x;\nint main(void) { return 0; }", ""),
}


@pytest.fixture
def suite(tmp_path):
    def make(*names):
        for name in names:
            source, expected = PROGRAMS[name]
            (tmp_path / f"{name}.c").write_text(source)
            (tmp_path / f"{name}.c.expected").write_text(expected)
        return str(tmp_path)

    return make


def test_every_program_is_in_a_class(suite, capsys):
    assert main(["ccsuite", suite(*PROGRAMS)]) == 1
    output = capsys.readouterr().out
    assert "wrong: failed: the output differs" in output
    assert "ends_badly: failed: exit 3" in output
    assert "outside.c:1:1: error: type 'double' is outside the subset" in output
    assert "4 programs: 1 passed, 1 outside the subset and told so, 2 failed" in output


def test_refused_programs_are_no_failures(suite, capsys):
    assert main(["ccsuite", suite("right", "outside")]) == 0
    assert "2 programs: 1 passed, 1 outside the subset and told so, 0 failed" in capsys.readouterr().out


def test_folders_without_a_suite(tmp_path, capsys):
    assert main(["ccsuite", str(tmp_path)]) == 252
    assert "neither CoreMark (core_main.c) nor programs with NAME.c.expected" in capsys.readouterr().err
    assert main(["ccsuite", str(tmp_path / "absent")]) == 252
    assert "no such folder" in capsys.readouterr().err


def test_part_of_coremark(tmp_path, capsys):
    (tmp_path / COREMARK[1]).write_text("int main(void) { return 0; }")
    assert main(["ccsuite", str(tmp_path)]) == 252
    assert "CoreMark's core_list_join.c, core_matrix.c" in capsys.readouterr().err


def test_coremark_that_does_not_validate(tmp_path, capsys):
    for name in COREMARK:
        (tmp_path / name).write_text("")
    (tmp_path / "coremark.h").write_text('#include "core_portme.h"\ntypedef ee_u32 secs_ret;\n')
    (tmp_path / COREMARK[1]).write_text('#include <stdio.h>\nint main(void) { puts("Errors detected"); return 0; }')
    assert main(["ccsuite", str(tmp_path)]) == 1
    assert "CoreMark did not validate:\nErrors detected" in capsys.readouterr().err
