"""A small system built and read back: order and exactness of regions, tables, header, relocations, names."""

import os
from dataclasses import replace

import pytest

from cosim.errors import UserError
from cosim.toolchain.elf_reader import read_elf
from cosim.toolchain.system import cache, header
from cosim.toolchain.system.build import build
from cosim.toolchain.system.reader import Memory, read
from rtos_model.machine.capability import alignment_mask, representable_length
from rtos_model.services.image import Export, FunctionImport, Posture, SealedImport, SealedObject
from tests.toolchain.system.small import IMAGE, MAIN, SCHEDULER, sources, text


@pytest.fixture(scope="module")
def system():
    return build(IMAGE, sources())


@pytest.fixture(scope="module")
def seen(system):
    return read(system.image, system.places.header[0])


def test_it_obeys_every_rule(seen):
    assert seen.problems == []


def test_parts_lie_in_the_order_of_the_format(system):
    p = system.places
    compartments = ("scheduler", "allocator", "main")
    code = ("switcher", "scheduler", "allocator", "token", "arithmetic", "main")
    order = [p.start, *(p.exports[name] for name in compartments), *(p.code[name] for name in code)]
    order += [p.boot_trusted_stack, *p.trusted_stacks.values(), p.boot_stack, *p.stacks.values()]
    order += [*(p.data[name] for name in compartments), *p.sealed.values(), *p.shared.values(), p.initialisers]
    order += [(*p.heap[:1], 0), *p.relocations.values(), p.header, p.code["loader"], p.data["loader"]]
    order += [p.exports[name] for name in ("switcher", "token", "arithmetic")]
    ends = [start + size for start, size in order]
    assert all(end <= start for end, (start, _) in zip(ends, order[1:], strict=False))
    assert p.heap[0] % 64 == 0 and p.start[0] == system.config.entry


def test_every_region_is_exactly_representable(system):
    p = system.places
    regions = [*p.code.values(), *p.data.values(), *p.exports.values(), *p.stacks.values(), *p.sealed.values()]
    for start, size in [*regions, p.heap, *p.trusted_stacks.values()]:
        assert representable_length(size) == size and not start & ~alignment_mask(size) & 0xFFFF_FFFF


def test_header_and_tables_name_what_was_described(system, seen):
    main = seen.units[4]
    assert [unit.kind for unit in seen.units] == ["privileged"] * 3 + ["library", "compartment"]
    run, init, critical, called = main.exports
    assert (run.arguments, run.posture, critical.posture, called.posture) == (0, "enabled", "disabled", "enabled")
    assert run.function == system.function("main", "run")
    before = main.imports_at[0] + main.imports_at[1]
    assert before + main.handlers[0] == system.function("main", "compartment_error_handler")
    assert main.handlers[1] == header.NO_HANDLER
    kinds = [one.kind for one in main.imports]
    assert kinds == ["region", "region", "sealed", "region", "sentry", "sentry", "sentry", "entry", "entry"]
    assert [one.letters for one in main.imports if one.kind == "region"] == ["RWc", "R", "RW"]
    scheduler = seen.units[0]
    assert [one.min_stack for one in scheduler.exports if not one.is_key][-1] == 64
    assert seen.initialisers == [init.address]
    assert [thread["PRIORITY"] for thread in seen.threads] == [0, 1]
    sizes = [thread["TRUSTED_STACK"][1] for thread in seen.threads]
    assert sizes == [192 + 24 * 4, 192 + 24 * 2]


def test_a_sealed_object_names_its_type_by_the_owners_entry(system):
    place = system.places.sealed["main.malloc"][0]
    memory = Memory(system.image)
    allocator = system.places.exports["allocator"][0]
    assert memory.structure("SEALED_OBJECT", place) == {"TYPE": allocator + 24, "ZERO": 0}
    assert memory.read(place + 8, 24) == (64).to_bytes(4, "little") + bytes(20)


def test_relocations_stay_in_the_compartment(system):
    start, _ = system.places.relocations["main"]
    found = Memory(system.image).structure("RELOCATION", start)
    pointer, word = system.word("main", "pointer"), system.word("main", "word")
    assert found == {"LOCATION": pointer[0], "BASE": word[0], "OFFSET": 0, "LENGTH": 4, "FLAGS": 0}


def test_symbols_of_entries_units_and_stacks(system):
    found = {symbol.name: symbol for symbol in read_elf(system.elf, "system").symbols}
    names = ("__export_main_run", "__library_export_libcalls_twice", "__export.sealing_type.allocator.MallocKey")
    assert all(found[name].size == 4 for name in names)
    assert found["main.word"].size == 4 and found["second.stack"].size == 9024
    assert found["main.run"].address == system.function("main", "run")


def test_same_sources_same_bytes(system, tmp_path, monkeypatch):
    """From the store and without it; a store that lost an object or holds nonsense is mended."""
    assert build(IMAGE, sources()).elf == system.elf
    monkeypatch.setattr(cache, "FOLDER", tmp_path)
    assert build(IMAGE, sources()).elf == system.elf
    for at, path in enumerate(sorted(path for path in tmp_path.rglob("*") if path.is_file())):
        path.write_bytes(b"nonsense") if path.suffix != ".o" and at % 2 else path.unlink()
    assert build(IMAGE, sources()).elf == system.elf


def test_the_store_forgets_what_is_oldest(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "FOLDER", tmp_path)
    monkeypatch.setattr(cache, "MOST_BYTES", 4000)
    for name in ("aaa", "bbb", "ccc", "ddd", "eee"):
        cache.store(name, bytes(1000))
        os.utime(tmp_path / name[:2] / name[2:], ns=(0, ord(name[0])))
    cache._prune.cache_clear()
    cache.store("fff", bytes(1000))
    assert [name for name in ("aaa", "bbb", "ccc", "ddd", "eee", "fff") if cache.is_stored(name)] == ["eee", "fff"]


def test_lines_listing_and_map(system):
    unit, file, line = system.line_of(system.function("main", "critical"))
    assert (unit, file, MAIN.splitlines()[line - 1].startswith("__cheriot_interrupts")) == ("main", "main.c", True)
    listing = "\n".join(system.listing())
    assert "<main.run>:" in listing and "main.c" in listing
    assert any("main.relocations" in line for line in system.map())


# ------------------------------------------------------------------------------------------- refusals


def altered(unit: str, **change) -> object:
    """The image with one unit's fields replaced."""
    groups = {}
    for group in ("compartments", "libraries"):
        groups[group] = tuple(replace(one, **change) if one.name == unit else one for one in getattr(IMAGE, group))
    return replace(IMAGE, **groups)


MAIN_IMPORTS = next(one for one in IMAGE.compartments if one.name == "main").imports
QUOTA = """
struct quota {{ uint32_t bytes, rest[5]; }};
DEFINE_STATIC_SEALED_VALUE(struct quota, {owner}, MallocKey, pocket, {value});
"""
RUN, INIT = Export(name="run", arguments=0), Export(name="init", arguments=0)
COUNT = IMAGE.compartments[0].exports[0]


@pytest.mark.parametrize(
    "image, changed, message",
    [
        (altered("main", exports=(RUN, INIT, Export(name="gone"))), {}, "no source of 'main' defines it (main.c"),
        (IMAGE, {"main": MAIN + 'int __cheri_compartment("main") extra(void) { return 0; }'}, "does not export it"),
        (altered("main", exports=(replace(RUN, posture=Posture.DISABLED), INIT)), {}, "says of main.run: disabled"),
        (altered("main", exports=(replace(RUN, arguments=2), INIT)), {}, "takes 0 argument registers"),
        (
            altered("scheduler", exports=(replace(COUNT, min_stack=72),)),
            {},
            "has minimum_stack 64 here, but the description says of scheduler.thread_count: 72",
        ),
        (altered("main", imports=MAIN_IMPORTS[:2]), {}, "uses the sealed object main.malloc"),
        (IMAGE, {"main": MAIN.replace("thread_id_get", "thread_id_got")}, "thread_id_got, which no library exports"),
        (IMAGE, {"main": MAIN.replace('("allocator")', '("alocator")')}, "did you mean"),
        (IMAGE, {"main": MAIN + "int helper(void);\nint use(void) { return helper(); }"}, 'undefined symbol "helper"'),
        (IMAGE, {"arithmetic": "#include <compartment.h>\nint n;\nint __cheri_libcall twice(int x) { return n += x; }"},
         "library 'arithmetic' has a global"),
        (IMAGE, {"scheduler": SCHEDULER + "int *p = &count;"}, "privileged units have no records"),
        (IMAGE, {"main": MAIN + QUOTA.format(owner="allocator", value=65)}, "is '41000000"),
        (IMAGE, {"main": MAIN + QUOTA.format(owner="scheduler", value=64)}, "scheduler.MallocKey here, but"),
        (IMAGE, {"main": MAIN + 'DEFINE_STATIC_SEALED_VALUE(int, main, Key, box, 3);'}, "its bytes are '03000000'"),
        (IMAGE, {"main": MAIN + 'DEFINE_STATIC_SEALED_VALUE(int *, main, Key, box, &word);'}, "holds an address"),
        (replace(IMAGE, heap_size=524_288), {}, "524288 bytes from"),
        (replace(IMAGE, heap_size=4104), {}, "use 4112"),
    ],
)  # fmt: skip
def test_a_contradiction_names_its_places(image, changed, message):
    given = sources() | {name: text(f"{name}.c", source) for name, source in changed.items()}
    with pytest.raises(UserError) as raised:
        build(image, given)
    assert message in str(raised.value)


def test_a_sealed_object_needs_an_owner_that_imports_its_key():
    sealed = SealedObject(name="box", owner="main", key="Lid", contents=b"\1")
    main = altered("main", keys=("Lid",), imports=(*MAIN_IMPORTS, SealedImport(sealed="main.malloc")))
    with pytest.raises(UserError, match="imports no key 'Lid'"):
        build(replace(main, sealed_objects=(*IMAGE.sealed_objects, sealed)), sources())


def test_a_sealed_object_may_be_defined_in_c_as_well(system):
    """Equal to the description's, it changes nothing."""
    main = text("main.c", MAIN + QUOTA.format(owner="allocator", value=64))
    assert build(IMAGE, sources() | {"main": main}).elf == system.elf


def test_a_service_that_nothing_reaches_is_left_out():
    spare = next(one for one in IMAGE.libraries if one.name == "arithmetic")
    image = replace(IMAGE, libraries=(*IMAGE.libraries, replace(spare, name="locks", exports=())))
    assert "locks" not in build(image, sources()).places.code


def test_functions_reach_the_table_from_the_code_alone(system):
    main = next(one for one in system.description.compartments if one.name == "main")
    assert FunctionImport(provider="arithmetic", function="twice") in main.imports
    assert FunctionImport(provider="main", function="critical") in main.imports
