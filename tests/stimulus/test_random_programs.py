"""Random programs: they end, they repeat, they are what they say, and they use everything."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from cosim.errors import UserError
from cosim.stimulus.frame import frame
from cosim.stimulus.generator import ITEMS, WEIGHTS, generate
from cosim.stimulus.program import measure
from cosim.toolchain.program import build_program
from rtl.config import BENCH, SAFE, TimerConfig, profile
from rtl.isa.table import INSNS, Unit

COUNT = 40


@pytest.fixture(scope="module")
def programs(request):
    first = 1000 * request.config.getoption("--seed")
    return [generate(seed, SAFE) for seed in range(first, first + COUNT)]


@pytest.fixture(scope="module")
def measures(programs):
    return [measure(program) for program in programs]


def test_every_program_ends_by_itself(programs, measures):
    for program, found in zip(programs, measures, strict=True):
        assert found.exit_code == 0, f"seed {program.seed}: {found.steps} steps, exit code {found.exit_code}"
        assert len(program.items) == ITEMS


def test_everything_comes_up(programs, measures):
    rows = sum((found.rows for found in measures), Counter())
    assert {row.name for row in INSNS if row.unit is not Unit.BITS} == set(rows), "every instruction"
    causes = sum((found.causes for found in measures), Counter())
    assert set(causes) == {1, 2, 3, 4, 5, 6, 7, 11, 28}, "every trap"
    assert sum(found.interrupts for found in measures) > COUNT
    assert {item.kind for program in programs for item in program.items} == {make.__name__ for make in WEIGHTS}


def test_optional_instructions_come_up_where_the_core_has_them(seed):
    rows = sum((measure(generate(seed + n, profile("safe+zb"))).rows for n in range(COUNT)), Counter())
    assert {row.name for row in INSNS} == set(rows)


def test_most_accesses_go_through_a_tagged_capability(measures):
    share = sum(found.tagged_accesses for found in measures) / sum(found.accesses for found in measures)
    assert 0.6 <= share < 1, f"{share:.3f}"


def test_registers_mostly_hold_valid_capabilities(programs):
    """At the end of the body, before the jump out of it."""
    tagged = 0
    for program in programs:
        machine = program.machine()
        end = program.frame.body + len(program.body()) - 12
        while machine.pc != end:
            machine.run(1)
        tagged += sum(value >> 64 for value in machine.registers[1:16])
    assert tagged > 15 * COUNT / 2


def test_the_same_seed_gives_the_same_program(programs):
    assert generate(programs[0].seed, SAFE) == programs[0]
    assert programs[1].image() != programs[0].image()


@pytest.mark.parametrize("config", [SAFE, BENCH], ids=lambda config: config.name)
def test_the_listing_assembles_to_the_image(config, tmp_path, seed):
    program = generate(seed, config)
    source = tmp_path / "program.S"
    source.write_text(program.listing())
    assert build_program([source], config).flat().ljust(len(program.image()), b"\0") == program.image()


def test_any_item_can_be_taken_out(programs, rng):
    """What is left may make less sense, but it comes to its end."""
    for program in programs[:10]:
        items = tuple(item for item in program.items if rng.random() < 0.5)
        found = measure(program.with_items(items))
        assert found.exit_code == 0, f"seed {program.seed}"


def test_with_the_registers_of_a_clint():
    config = replace(SAFE, name="clint", timer=TimerConfig(base=0x0200_0000, layout="clint", prescaler=2))
    found = measure(generate(3, config))
    assert found.exit_code == 0 and found.interrupts


def test_a_system_without_the_devices_is_refused():
    with pytest.raises(UserError, match="random programs need timer"):
        generate(0, replace(SAFE, name="bare", timer=None))


def test_too_many_items_are_refused(programs):
    program = programs[0]
    with pytest.raises(ValueError, match="do not fit"):
        program.with_items(program.items * 50).image()


def test_the_frame_is_what_the_source_says():
    source = Path("cosim/firmware/include/random.inc").read_text()
    found = frame(SAFE)
    for name in ("BODY", "DATA", "FRAME", "PARAMETERS"):
        assert f".equ {name}," in source and found.symbols[name] % 8 == 0
    assert found.symbols["handler"] % 4 == 0 and len(found.code) <= found["FRAME"]
