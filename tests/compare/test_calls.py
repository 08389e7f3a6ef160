"""The demo on the golden machine, and its reported calls against the golden services."""

from dataclasses import replace

import pytest

from cosim.compare.calls import Replay, call_of, first_difference
from cosim.errors import UserError
from cosim.toolchain.bootrom import boot_rom
from cosim.toolchain.demo import demo_image
from rtl.config import SAFE
from rtos_model.machine.machine import Machine
from rtos_model.services.wire import Service, Word

MOST_INSTRUCTIONS = 100_000


@pytest.fixture(scope="module")
def finished():
    """The golden machine after the demo, from reset through the boot ROM."""
    segments = [(segment.address, segment.data) for segment in demo_image(SAFE).segments()]
    machine = Machine(SAFE, [(SAFE.rom.base, boot_rom(SAFE)), *segments])
    machine.run(MOST_INSTRUCTIONS)
    return machine


@pytest.fixture
def calls(finished):
    return [call_of(event.stores) for event in finished.platform.simctl.events]


def test_demo_ends_without_a_surprise(finished):
    text = finished.platform.console.decode()
    assert finished.platform.exit_code == 0, text
    assert "surprise!" not in text and text.endswith("surprises: 0\n")


def test_demo_agrees_with_the_services(calls):
    assert first_difference(calls) is None


def test_demo_shows_what_it_promises(calls):
    assert {call.service for call in calls} == set(Service)
    assert {call.result for call in calls} >= {0, 1, 3, 4, 28, 48, -2, -13, -22, -110}
    assert [call.result for call in calls if call.service is Service.RELOAD] == [1, 0]
    assert [call.value for call in calls if call.service is Service.TRAPPED_LOAD] == [8 << 5 | 1, 8 << 5 | 2]
    assert [call.data for call in calls if call.service is Service.QUEUE_RECEIVE][:2] == [b"message1", b"message2"]


def test_every_wrong_result_is_found(calls):
    for index, call in enumerate(calls):
        wrong = replace(call, result=call.result + 1)
        assert first_difference([*calls[:index], wrong]).startswith(f"service call {index}: "), str(call)


@pytest.mark.parametrize("field", ["value", "data"])
def test_wrong_values_and_messages_are_found(calls, field):
    chosen = Service.QUEUE_RECEIVE if field == "data" else Service.QUEUE_ITEMS_REMAINING
    index = next(i for i, call in enumerate(calls) if call.service is chosen and call.result == 0)
    wrong = replace(calls[index], **{field: b"message!" if field == "data" else 3})
    assert first_difference([*calls[:index], wrong]) is not None


def test_a_lost_call_is_found(calls):
    index = next(i for i, call in enumerate(calls) if call.service is Service.QUEUE_SEND)
    assert first_difference(calls[:index] + calls[index + 1 :]) is not None


def test_unknown_service_is_refused():
    with pytest.raises(UserError, match="unknown service, number 99"):
        call_of([(Word.SERVICE, 99)])


def test_messages_longer_than_a_record_are_refused(calls):
    replay = Replay()
    create = next(call for call in calls if call.service is Service.QUEUE_CREATE and call.result == 0)
    replay.expect(replace(create, number=32, buffer=2))
    send = next(call for call in calls if call.service is Service.QUEUE_SEND)
    with pytest.raises(UserError, match="holds 24 bytes"):
        replay.expect(replace(send, buffer=32))
