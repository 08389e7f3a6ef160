"""The audit report of a built system against the model's, and against what lies in memory."""

from dataclasses import replace

import pytest

from cosim.toolchain.system import header
from cosim.toolchain.system.build import build
from rtos_model.services.audit import report as model_report
from rtos_model.services.image import FunctionImport
from rtos_model.services.loader import load
from tests.toolchain.system.small import IMAGE, sources

PLACED = set("start end length sha256 inputs start_offset section_name core file final_hash code data".split())
"""What the two differ in by nature: addresses, code, and where an image's files come from."""


@pytest.fixture(scope="module")
def system():
    return build(IMAGE, sources())


def content(thing):
    if isinstance(thing, dict):
        return {key: content(value) for key, value in thing.items() if key not in PLACED}
    return [content(one) for one in thing] if isinstance(thing, list) else thing


def test_it_says_what_the_models_report_says(system):
    mine, models = content(system.report("image")), content(model_report(load(system.description)))
    own = FunctionImport(provider="main", function="critical")
    index = next(one for one in system.description.compartments if one.name == "main").imports.index(own)
    toggling = mine["compartments"]["main"]["imports"][index]
    assert toggling["kind"] == "LibraryFunction"  # an own function with another posture (rtos.md 17)
    toggling["kind"] = "CompartmentExport"
    assert mine == models


def test_addresses_are_those_of_the_image(system):
    report = system.report("image")
    board = next(one for one in report["compartments"]["main"]["imports"] if one.get("shared_object") == "board")
    assert board["start"] == system.places.shared["board"][0] and board["length"] == 12
    heap = [one for one in report["compartments"]["allocator"]["imports"] if one.get("start") == system.places.heap[0]]
    assert [one["length"] for one in heap] == [IMAGE.heap_size]
    assert report["threads"][1]["stack"] == {"start": system.places.stacks["second"][0], "length": 9024}
    inputs = report["compartments"]["main"]["code"]["inputs"]
    assert {one["file"] for one in inputs} >= {"main.c", "cosim/firmware/runtime/memset.c"}


def test_an_import_that_was_tampered_with_is_found(system):
    """One bit of one slot: the grant is no longer the described one."""
    slot = system.auditor.units["main"].imports[0].slot
    section = next(one for one in system.image.sections if one.address <= slot < one.end)
    at = slot - section.address + header.offset("IMPORT", "SIZE_AND_PERMISSIONS") + 3
    before = section.data[at]
    section.data[at] |= 0x08  # load-global
    try:
        auditor = type(system.auditor)(
            system.description, system.places, system.slots, system.linked, replace(system.image)
        )
        assert any("nobody described" in line for line in auditor.differences())
        assert any("lacks its import" in line for line in auditor.differences())
    finally:
        section.data[at] = before
    assert system.auditor.differences() == []
