"""The allocator under threads that interrupt each other at any instruction (DV-44, E-HEAP-4, E-HEAP-6, E-HEAP-9)."""

from pathlib import Path

import pytest

from cosim.errors import UserError
from cosim.image import linked_program
from cosim.run import golden_machine
from cosim.toolchain.cc.driver import FIRMWARE
from cosim.toolchain.system.build import build
from cosim.toolchain.system.units import Source
from rtl.config import SAFE
from rtos_model.services.image import Compartment, Export, RevokerKind, SealedImport, Thread, Word, quota
from rtos_model.services.registry import link

SOURCE = Path(__file__).with_name("heap_threads.c")
QUOTA, HEAP_SIZE, ROUNDS = 1500, 2048, 90
CYCLES_PER_TICK = 900
LIMIT = 4_000_000
WORDS = ("failed_line", "failed_thread", "finished", "claims_seen", "hazards_seen")


def system(seed: int, kind: RevokerKind, **sources):
    names, quotas = ("first", "second", "third"), ("q1", "q2", "q3")
    main = Compartment(
        name="main",
        exports=tuple(Export(name=name, arguments=0) for name in names),
        imports=tuple(SealedImport(sealed=one) for one in quotas),
        globals=tuple(Word(name=name) for name in WORDS),
    )
    image = link(
        compartments=[main],
        threads=[Thread(name=n, compartment="main", entry=n, priority=1, stack=2048) for n in names],
        program=dict.fromkeys((f"main.{name}" for name in names), ()),
        sealed_objects=[quota(one, QUOTA) for one in quotas],
        heap_size=HEAP_SIZE,
        revoker=kind,
        timer_hz=CYCLES_PER_TICK * 1000,
        tick_hz=1000,
    )
    values = {"SEED": seed, "QUOTA": QUOTA, "HEAP_SIZE": HEAP_SIZE, "ROUNDS": ROUNDS}
    text = "".join(f"#define {name} {value}\n" for name, value in values.items()) + SOURCE.read_text()
    return build(image, {"main": [Source(SOURCE, text)], **sources})


def play(built) -> dict[str, int]:
    """Run on the golden machine; the words of the program at the end. Raises AssertionError if it does not end."""
    machine = golden_machine(SAFE, linked_program("threads", built.image))
    machine.run(LIMIT)
    found = {name: machine.memory.load(built.word("main", name)[0], 4) for name in WORDS}
    assert machine.platform.exit_code == 0, (found, built.line_of(machine.pc))
    return found


FAULTS = {
    "slots looked through, but the object dies later": (
        "hazards.c",
        "\tif (!deferred)\n\t\tkill(object);\n\tscan_end();\n",
        "\tscan_end();\n\tfor (volatile int i = 0; i < 150; i++)\n\t\t;\n\tif (!deferred)\n\t\tkill(object);\n",
    ),
}


def allocator_with(file: str, old: str, new: str) -> list[Source]:
    """The allocator's sources, one of them changed."""
    folder = FIRMWARE / "rtos" / "allocator"
    texts = {path: path.read_text() for path in sorted(folder.glob("*.c"))}
    assert texts[folder / file].count(old) == 1
    texts[folder / file] = texts[folder / file].replace(old, new)
    return [Source(path, text) for path, text in texts.items()]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name):
    """Wrong contents, a trap, a deadlock: anything but the right end."""
    for seed in range(4):
        try:
            found = play(system(seed, RevokerKind.INTERRUPT, allocator=allocator_with(*FAULTS[name])))
        except AssertionError:
            return
        if found["failed_line"] or found["finished"] != 6:
            return
    pytest.fail("the threads noticed nothing")


@pytest.mark.parametrize(("seed", "kind"), [(1, RevokerKind.INTERRUPT), (2, RevokerKind.POLLED)])
def test_threads_share_the_heap(seed, kind):
    found = play(system(seed, kind))
    assert found["failed_line"] == 0, found
    assert found["finished"] == 6
    assert found["claims_seen"] > 5 and found["hazards_seen"] > 5


def test_a_software_revoker_is_refused():
    with pytest.raises(UserError, match="needs a hardware revoker"):
        system(1, RevokerKind.SOFTWARE)
