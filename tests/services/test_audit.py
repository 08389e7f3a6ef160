"""The audit report: its shape, its agreement with the grants, the policy and the questions (AU-1...AU-5)."""

import json
from dataclasses import replace

import pytest

from rtos_model.machine.capability import Perm
from rtos_model.services import audit, audit_policy
from rtos_model.services.image import (
    Compartment,
    Device,
    DeviceImport,
    Export,
    ImageError,
    Posture,
    SealedImport,
    SealedObject,
    SharedImport,
    SharedObject,
    Thread,
    quota,
)
from rtos_model.services.kernel import Kernel
from rtos_model.services.loader import load
from rtos_model.services.quarantine import RIGHT
from rtos_model.services.registry import REVOKER, link
from rtos_model.services.scenario import STACK, catalogue

DEVICES = {"revoker": (REVOKER.start, REVOKER.length), "plic": (0x1000_0000, 0x1000), "clint": (0x1100_0000, 16)}
KNOWN = catalogue()


def system(*imports, sealed=(), shared=(), devices=()):
    program = {"main.entry": ()}
    image = link(
        compartments=[Compartment(name="main", exports=(Export(name="entry"),), imports=tuple(imports))],
        threads=[Thread(name="T", compartment="main", entry="entry")],
        program=program,
        sealed_objects=sealed,
        shared_objects=shared,
        devices=devices,
    )
    return load(image)


def report_of(*imports, **more):
    return audit.report(system(*imports, **more))


@pytest.mark.parametrize("name", KNOWN)
def test_report_and_grants_agree_for_every_scenario(name):
    scenario = KNOWN[name]
    loaded = load(scenario.image)
    found = audit.report(loaded, scenario.program)
    assert audit.differences(found, loaded) == []
    assert json.loads(json.dumps(found)) == found


def test_grant_that_is_not_listed_and_entry_without_grant_are_told():
    loaded = system(SealedImport(sealed="q"), sealed=[quota("q", 64)])
    found = audit.report(loaded)
    grant = next(one for one in loaded.grants if one.holder == "main")
    loaded.grants.append(replace(grant, holder="compartment_helpers"))
    assert audit.differences(found, loaded) == [
        "granted, not in the report: compartment_helpers sealed __export.sealing_type.allocator.MallocKey 40000000"
        + " 00000000" * 5
    ]
    loaded.grants.pop()
    loaded.grants.remove(grant)
    assert [line.partition(":")[0] for line in audit.differences(found, loaded)] == ["in the report, not granted"]


def test_wider_capability_than_declared_is_told():
    loaded = system(SharedImport(shared="box", permissions="R"), shared=[SharedObject(name="box", size=16)])
    found = audit.report(loaded)
    index = next(n for n, one in enumerate(loaded.grants) if one.holder == "main")
    whole = loaded.shared["box"]
    readable = whole.with_permissions(Perm.GL | Perm.LD)
    for wrong in (whole.with_permissions(Perm.GL | Perm.LD | Perm.SD), readable.with_bounds(8)):
        loaded.grants[index] = replace(loaded.grants[index], capability=wrong)
        assert len(audit.differences(found, loaded)) == 2


def test_quota_contents():
    assert audit_policy.quota("00040000" + " 00000000" * 5) == 1024
    assert audit_policy.quota("00001000" + " 00000000" * 5) == 1 << 20
    assert audit_policy.quota("00040000" + " 00000000" * 4 + " 00000001") is None
    assert audit_policy.quota("00040000") is None


def test_policy_holds_for_the_plain_system():
    assert audit_policy.violations(report_of(), DEVICES) == []


@pytest.mark.parametrize(
    "more, line",
    [
        (dict(imports=[DeviceImport(device="revoker", offset=8, length=4)]), "main reaches the revoker"),
        (
            dict(
                imports=[DeviceImport(device="plic", permissions="R")],
                devices=[Device(name="plic", start=0x1000_0000, length=0x1000)],
            ),
            "main reaches the plic",
        ),
        (
            dict(imports=[SharedImport(shared="allocator_hazard_pointers", permissions="R")]),
            "main has allocator_hazard_pointers with other rights than the allocator's",
        ),
        (dict(imports=[SharedImport(shared="allocator_epoch", permissions="RW")]), "main may write allocator_epoch"),
        (
            dict(
                imports=[SealedImport(sealed="q")],
                sealed=[SealedObject(name="q", owner="allocator", key="MallocKey", contents=bytes(23) + b"\1")],
            ),
            f"main: quota {' '.join(['00000000'] * 5 + ['00000001'])!r} is not well-formed",
        ),
    ],
)
def test_policy_names_each_violation(more, line):
    assert audit_policy.violations(report_of(*more.pop("imports"), **more), DEVICES) == [line]


@pytest.mark.parametrize(
    "right, value",
    [
        ("permits_load", False),
        ("permits_load_store_capabilities", False),
        ("permits_store", True),
        ("permits_load_mutable", True),
    ],
)
def test_allocator_has_no_other_rights_to_the_hazard_slots(right, value):
    found = report_of()
    (own,) = [
        one
        for holder, one in audit_policy.imports(found, "SharedObject")
        if holder == "allocator" and one["shared_object"] == "allocator_hazard_pointers"
    ]
    own[right] = value
    assert len(audit_policy.violations(found, DEVICES)) == 1


def test_reading_the_epoch_is_allowed():
    assert audit_policy.violations(report_of(SharedImport(shared="allocator_epoch", permissions="R")), DEVICES) == []


def test_questions():
    loaded = load(KNOWN["SC-190"].image)
    found = audit.report(loaded, KNOWN["SC-190"].program)
    assert audit_policy.callers_of(found, "caesar", "encrypt") == ["main"]
    assert [one[1:] for one in audit_policy.software_capabilities(found) if one[0] == "main"] == [
        ("caesar", "CaesarKey", "03000000 01000000"),
        ("caesar", "CaesarKey", "03000000 02000000"),
    ]
    assert audit_policy.users_of(found, REVOKER.start, 4) == ["allocator"]
    assert "scheduler.futex_wake" in audit_policy.runs_with_interrupts_disabled(found)
    assert audit_policy.stack_budgets(found) == [("main.H", STACK, 168 + 24 * 9)]
    assert audit_policy.may_allocate(report_of(SealedImport(sealed="q"), sealed=[quota("q", 64)])) == {"main": [64]}
    other = audit.report(loaded, KNOWN["SC-190"].program | {"caesar.encrypt": ()})
    before, after = audit_policy.binaries(found), audit_policy.binaries(other)
    assert {unit for unit in before if before[unit] != after[unit]} == {"caesar"}
    assert other["final_hash"] != found["final_hash"]


@pytest.mark.parametrize(
    "fields, words",
    [
        (dict(shared_objects=(SharedObject(name="x", size=4), SharedObject(name="x", size=8))), "sizes 4 and 8"),
        (dict(threads=(Thread(name="T", compartment="main", entry="gone"),)), "not exported"),
        (dict(sealed_objects=(RIGHT, SealedObject(name="s", owner="main", key="K", contents=b""))), "nobody exports"),
    ],
)
def test_contradictions_end_the_build(fields, words):
    with pytest.raises(ImageError, match=words):
        replace(load_plain(), **fields)


def load_plain():
    return Kernel(system().image, {"main.entry": ()}).image


def test_entry_that_inherits_the_posture_ends_the_build():
    with pytest.raises(ImageError, match="cannot inherit"):
        link(
            compartments=[Compartment(name="main", exports=(Export(name="entry", posture=Posture.INHERIT),))],
            threads=[],
            program={},
        )
