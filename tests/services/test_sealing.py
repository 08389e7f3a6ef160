"""Keys, sealed objects, the switcher's helpers: what the scenarios leave out (TK-1...TK-20, CP-7, section 14.3)."""

import pytest

from rtos_model.machine.capability import NULL, ROOT_SEALING, Perm
from rtos_model.services import token
from rtos_model.services.errors import Errno
from rtos_model.services.events import Call, SealKey
from rtos_model.services.loader import sealing_capability
from rtos_model.services.session import Session
from rtos_model.services.timeout import NO_WAIT

SEALING = Perm.GL | Perm.SE | Perm.US


@pytest.fixture
def session():
    return Session()


def left(session):
    return session.call("heap_quota_remaining", session.quota)


def seal(session, key, size=16, name="token_sealed_alloc"):
    return session.call(name, NO_WAIT, session.quota, key, size)


def test_keys_run_out(session):
    """TK-2: 0x0100_0001 is the last, then null, without an event."""
    made = session.kernel.loaded.global_of("allocator", "keys_made")
    session.kernel.memory.store(made, 4_278_190_078 - 1)
    last = session.call("token_key_new")
    assert (last.tag, last.address, last.permissions) == (True, 0x0100_0001, SEALING)
    for _ in range(2):
        assert session.call("token_key_new") == NULL
    assert [event.ordinal for event in session.kernel.log if isinstance(event, SealKey)] == [4_278_190_078]


@pytest.mark.parametrize(
    "key",
    [
        NULL,
        sealing_capability(77, SEALING).without_tag(),
        sealing_capability(77, SEALING).with_address(78),
        ROOT_SEALING.with_address(64).with_bounds(2),
        ROOT_SEALING.with_address(64).with_bounds(0),
        sealing_capability(77, Perm.GL | Perm.US),
    ],
)
def test_what_is_no_key_seals_nothing(session, key):
    assert seal(session, key) == NULL
    assert left(session) == 4096


def test_a_key_for_both_needs_both_rights(session):
    key, out = session.call("token_key_new"), session.buffer(8)
    for weaker in (Perm.GL | Perm.US, Perm.GL | Perm.SE):
        session.ctx.store_cap(out, session.quota)
        made = session.call(
            "token_sealed_unsealed_alloc", NO_WAIT, session.quota, key.with_permissions(weaker), 16, out
        )
        assert (made, session.ctx.load_cap(out)) == (NULL, NULL)


def test_nothing_is_stored_when_the_time_limit_is_invalid(session):
    key, out = session.call("token_key_new"), session.buffer(8)
    session.ctx.store_cap(out, session.quota)
    bad = session.buffer(8).with_bounds(4)
    assert session.call("token_sealed_unsealed_alloc", bad, session.quota, key, 16, out) == NULL
    assert session.ctx.load_cap(out) == session.quota


def test_a_freed_place_for_the_payload_pointer(session):
    key = session.call("token_key_new")
    out = session.call("heap_allocate", NO_WAIT, session.quota, 8, 0)
    session.call("heap_free", session.quota, out)
    assert session.call("token_sealed_unsealed_alloc", NO_WAIT, session.quota, key, 16, out).tag


def test_eight_extra_bytes_stand_before_the_header(session):
    """TK-5, HP-9: in a hole of 8 bytes more than needed."""
    key, out = session.call("token_key_new"), session.buffer(8)
    hole = session.call("heap_allocate", NO_WAIT, session.quota, 32, 0)
    session.call("heap_allocate", NO_WAIT, session.quota, 8, 0)
    session.call("heap_free", session.quota, hole)
    session.call("heap_quarantine_empty")
    handle = session.call("token_sealed_unsealed_alloc", NO_WAIT, session.quota, key, 16, out)
    payload = session.ctx.load_cap(out)
    assert (handle.bounds(), handle.length) == (hole.bounds(), 32)
    assert (payload.address - hole.address, payload.length) == (16, 16)
    header = session.kernel.memory.peek(payload.address - 8, 8)
    assert header == key.address.to_bytes(4, "little") + bytes(4)
    assert session.call("token_obj_unseal", key, handle) == payload


@pytest.mark.parametrize("name", ["token_obj_unseal", "token_obj_unseal_dynamic"])
def test_unsealing_needs_the_very_key(session, name):
    key = session.call("token_key_new")
    handle = seal(session, key)
    assert session.call(name, key, handle).tag
    twin = sealing_capability(key.address, SEALING)
    assert session.call(name, twin, handle).tag
    for bad in (
        key.without_tag(),
        key.with_address(key.address - 1),
        key.with_permissions(Perm.GL | Perm.SE),
        sealing_capability(key.address - 1, SEALING),
        ROOT_SEALING.with_address(key.address).with_bounds(0),
        session.quota,
        NULL,
    ):
        assert session.call(name, bad, handle) == NULL
    for wrong in (NULL, handle.without_tag(), session.buffer(16), session.ctx.callback("entry")):
        assert session.call(name, key, wrong) == NULL


def test_unsealing_is_a_library_call_that_survives_the_allocator(session):
    """TK-13."""
    key = session.call("token_key_new")
    handle = seal(session, key)
    lock = session.kernel.loaded.global_of("allocator", "lock")
    session.kernel.memory.store(lock, 1 << 16 | 1)
    calls = sum(isinstance(event, Call) for event in session.kernel.log)
    assert session.call("token_obj_unseal", key, handle).tag
    assert session.call("token_permissions_and", handle, 1).tag
    assert sum(isinstance(event, Call) for event in session.kernel.log) == calls


def test_only_software_sealed_handles_have_permission_bits_to_lose(session):
    """TK-20: a callback pointer or a dead handle comes back untagged."""
    handle = seal(session, session.call("token_key_new"))
    for wrong in (session.ctx.callback("entry"), handle.without_tag(), session.buffer(8), NULL):
        assert not session.call("token_permissions_and", wrong, 7).tag
    assert session.call("token_permissions_and", handle, 7) == handle


def test_a_local_key_gives_a_local_payload(session):
    key = session.call("token_key_new")
    handle = seal(session, key)
    inside = session.call("token_obj_unseal", key.with_permissions(Perm.SE | Perm.US), handle)
    assert inside.tag and not inside.permissions & Perm.GL


def test_a_sealed_object_with_a_claim_outlives_its_destruction(session):
    """TK-10, TK-11: destroying takes the key and the quota, and drops the claim the quota has."""
    key = session.call("token_key_new")
    handle = seal(session, key)
    inside = session.call("token_obj_unseal", key, handle)
    assert session.call("heap_claim", session.quota, handle) == -Errno.EINVAL
    assert session.call("heap_claim", session.quota, inside) == 24
    assert session.call("token_obj_destroy", session.quota, key, handle) == 0
    assert session.call("token_obj_unseal", key, handle) == inside
    assert session.call("token_obj_can_destroy", session.quota, key, handle) == 0
    assert session.call("token_obj_destroy", session.quota, key, handle) == 0
    assert session.call("token_obj_unseal", key, handle) == NULL
    assert left(session) == 4096


def test_a_handle_that_died_in_a_register_does_not_open(session):
    """TK-12: as when a thread waited with it while another destroyed the object."""
    key = session.call("token_key_new")
    handle = seal(session, key)
    assert token.unseal(session.kernel, key, handle).tag
    session.call("token_obj_destroy", session.quota, key, handle)
    session.kernel.memory.poke(handle.address - 15, key.address.to_bytes(4, "little"))
    assert handle.tag and token.unseal(session.kernel, key, handle) == NULL


def test_pointer_checks(session):
    pointer = session.call("heap_allocate", NO_WAIT, session.quota, 64, 0)
    local = session.buffer(16)

    def check(*arguments):
        return session.call("check_pointer", *arguments)[0]

    assert check(pointer, int(Perm.LD | Perm.SD), 64) == 1
    assert check(pointer, int(Perm.LD), 65) == 0
    assert check(pointer.with_address(pointer.address + 60), int(Perm.LD), 5) == 0
    assert check(pointer.with_permissions(0xFFF & ~Perm.SD), int(Perm.SD), 1) == 0
    assert check(pointer.without_tag(), 0, 0) == check(session.quota, 0, 0) == 0
    assert check(local, int(Perm.LD), 16) == 0
    assert check(local, int(Perm.LD), 16, 0) == 1
    assert check(local, int(Perm.LD | Perm.GL), 16) == 0
    assert check(pointer, int(Perm.LD | Perm.GL), 16) == 1
    assert session.call("check_pointer", pointer, int(Perm.LD), 8)[1] == pointer
    fit, narrowed = session.call("check_pointer", pointer, int(Perm.LD), 8, 1, 1)
    assert (fit, narrowed.permissions, narrowed.length) == (1, Perm.LD, 8)
    session.call("heap_free", session.quota, pointer)
    assert check(pointer, 0, 0) == 0


def test_helpers_of_the_switcher(session):
    assert [session.call("trusted_stack_has_space", n) for n in (0, 7, 8)] == [1, 1, 0]
    stack = session.call("switcher_recover_stack")
    assert (stack.bounds(), stack.permissions) == (session.ctx.stack.bounds(), Perm(0x7E))
    assert stack.address == stack.bounds()[1] - 16
    session.buffer(64)
    assert session.call("stack_lowest_used_address") <= session.ctx.sp
    session.ctx.frame.faults = 3
    assert session.call("switcher_handler_invocation_count_reset") == 3
    assert session.call("switcher_handler_invocation_count_reset") == 0
