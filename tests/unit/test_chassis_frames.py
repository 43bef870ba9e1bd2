"""The object dictionary and the controller's frames: table, data sheet and canopen agree; garbage is none."""

from __future__ import annotations

import io
import struct

import pytest
from canopen.objectdictionary.eds import import_eds
from hypothesis import given
from hypothesis import strategies as st

from appliance.chassis import dictionary as od
from appliance.chassis import eds, telegrams
from appliance.chassis.chassis import FrameRate
from appliance.chassis.link import Link
from appliance.chassis.messages import Relay, RelayState, Supply
from appliance.chassis.relay import Input, Outcome, RelayMove, State
from appliance.chassis.telegrams import ClimateTold, FansTold, Heartbeat, SdoAnswer, SupplyTold
from appliance.chassis.wire import Frame, heard_ids

NODE = 0x10


def test_the_data_sheet_is_the_table() -> None:
    assert eds.FILE.read_text(encoding="utf-8") == eds.text(), "run python -m appliance.chassis.eds"


def test_canopen_reads_the_data_sheet_as_the_table_says() -> None:
    read = import_eds(io.StringIO(eds.text()), NODE)

    assert sorted(read) == sorted(od.OBJECTS)
    for index, described in od.OWN.items():
        variables = [read[index][sub] for sub in range(1, len(described.entries) + 1)]
        told = [(variable.name, variable.data_type, variable.access_type) for variable in variables]
        assert told == [(entry.name, entry.type.number, entry.access) for entry in described.entries]
        assert [len(variable) // 8 for variable in variables] == [
            entry.type.size for entry in described.entries
        ]


def test_the_identifiers_are_those_of_the_predefined_connection_set() -> None:
    read = import_eds(io.StringIO(eds.text()), NODE)
    told = [read[0x1800 + place][1].default & 0x7FF for place in range(4)]

    assert told == [0x190, 0x290, 0x390, 0x490]
    assert heard_ids(NODE) == (0x190, 0x290, 0x390, 0x490, 0x590, 0x710)


@pytest.mark.parametrize(
    ("can_id", "data", "told"),
    [
        (0x710, "05", Heartbeat(5)),
        (0x710, "85", Heartbeat(5)),  # the toggle bit of node guarding
        (0x190, "03e02e a00f", SupplyTold(0, Supply(True, True, 12.0, 4.0))),
        (0x290, "01 0000 0000", SupplyTold(1, Supply(True, False, 0.0, 0.0))),
        (0x390, "b80b 0000 ffff 0100", FansTold((3000, 0, None, 1))),
        (0x490, "fa00 0080 9cff 01 00", ClimateTold(25.0, None, -10.0, RelayState(Relay.BOX_B, Relay.BOX_A))),
        (0x490, "fa00 fa00 fa00 00 02", ClimateTold(25.0, 25.0, 25.0, RelayState(Relay.BOX_A, None))),
        (0x490, "fa00 fa00 fa00 ff ff", ClimateTold(25.0, 25.0, 25.0, None)),
        (0x590, "60 3020 01 00000000", SdoAnswer(0x2030, 1, 0)),
        (0x590, "80 3020 01 30000906", SdoAnswer(0x2030, 1, 0x06090030)),
    ],
)
def test_a_frame_is_read(can_id: int, data: str, told: telegrams.Telegram) -> None:
    assert telegrams.parse(Frame(can_id, bytes.fromhex(data)), NODE) == told


@pytest.mark.parametrize(
    ("can_id", "data"),
    [(0x711, "05"), (0x710, ""), (0x190, "03e02ea0"), (0x490, "00"), (0x590, "60"), (0x123, "")],
)
def test_what_is_not_of_the_dictionary_is_nothing(can_id: int, data: str) -> None:
    assert telegrams.parse(Frame(can_id, bytes.fromhex(data)), NODE) is None


@given(frames=st.lists(st.tuples(st.sampled_from(heard_ids(NODE)), st.binary(max_size=8)), max_size=30))
def test_any_frames_are_survived(frames: list[tuple[int, bytes]]) -> None:
    link = Link(node=NODE, now=0.0)
    for at, (can_id, data) in enumerate(frames):
        link.feed(Frame(can_id, data), float(at))
        link.tick(float(at))

    assert link.malformed <= len(frames)
    assert link.moved() == []
    assert all(frame.can_id == od.NMT for frame in link.take_frames()), "nobody asked for the relay"


def all_frames(command: int = 0, read_back: int = 0) -> list[Frame]:
    climate = struct.pack("<hhhBB", 250, 500, 400, command, read_back)
    return [
        Frame(0x710, b"\x05"),
        Frame(0x190, struct.pack("<BHH", 3, 12000, 4000)),
        Frame(0x290, struct.pack("<BHH", 3, 12000, 4000)),
        Frame(0x390, struct.pack("<4H", 3000, 3000, 3000, 3000)),
        Frame(0x490, climate),
    ]


@pytest.mark.parametrize("missing", range(5))
def test_each_part_that_stays_away_grows_old(missing: int) -> None:
    link = Link(node=NODE, now=0.0)
    for frame in all_frames():
        link.feed(frame, 1.0)
    for place, frame in enumerate(all_frames()):
        if place != missing:
            link.feed(frame, 9.0)

    assert link.age_s(10.0) == 9.0


def test_readings_are_there_once_all_was_told() -> None:
    link = Link(node=NODE, now=0.0)
    for frame in all_frames()[:-1]:
        link.feed(frame, 1.0)
        assert link.readings() is None
    link.feed(all_frames()[-1], 1.0)

    readings = link.readings()
    assert readings is not None
    assert readings.cpu_c == 50.0


def test_a_controller_that_is_not_operational_is_started_once_a_second() -> None:
    link = Link(node=NODE, now=0.0)
    sent = []
    for tick in range(40):
        link.feed(Frame(0x710, b"\x7f"), tick / 10)
        sent += link.take_frames()

    assert sent == [Frame(0x000, b"\x01\x10")] * 4


def move(link: Link, *, now: float = 1.0) -> list[Frame]:
    assert link.command(Relay.BOX_B, now) == ""
    return link.take_frames()


ACCEPTED = Frame(0x590, bytes.fromhex("6030200100000000"))


def test_the_relay_is_done_when_its_contacts_say_so() -> None:
    link = Link(node=NODE, now=0.0)
    assert move(link) == [Frame(0x610, bytes.fromhex("2f30200101000000"))]
    link.feed(ACCEPTED, 1.01)
    link.feed(all_frames(1, 2)[-1], 1.02)
    assert link.moved() == []

    link.feed(all_frames(1, 1)[-1], 1.1)

    assert [(moved.position, moved.error) for moved in link.moved()] == [(Relay.BOX_B, "")]


@pytest.mark.parametrize(
    ("frames", "error"),
    [
        ([], "does not answer"),
        ([ACCEPTED], "contacts do not say"),
        ([ACCEPTED, all_frames(1, 0)[-1]], "contacts do not say"),
        ([Frame(0x590, bytes.fromhex("8030200130000906"))], "SDO abort 0x06090030"),
        ([Frame(0x590, bytes.fromhex("8030200200000000"))], "does not answer"),  # of another entry
    ],
)
def test_how_a_movement_fails(frames: list[Frame], error: str) -> None:
    link = Link(node=NODE, now=0.0)
    move(link)
    for frame in frames:
        link.feed(frame, 1.1)
    for tick in range(50):
        link.tick(1.1 + tick / 10)

    (moved,) = link.moved()
    assert error in moved.error


def test_a_second_movement_waits_for_the_first() -> None:
    link = Link(node=NODE, now=0.0)
    move(link)

    assert "still moving" in link.command(Relay.BOX_A, 1.1)
    assert link.take_frames() == []


def test_contacts_that_stood_there_before_do_not_end_a_movement_unheard() -> None:
    relay = RelayMove()
    relay.feed(Input.COMMANDED, 0.0)

    assert relay.feed(Input.READ_BACK, 0.1) is Outcome.NOTHING
    assert relay.state is State.WRITING


def test_the_rate_of_a_bus() -> None:
    rate = FrameRate()
    rates = [rate.at(tick * 50, tick / 10) for tick in range(100)]

    assert rates[5] == 0.0  # too short to say
    assert rates[50] == pytest.approx(500, rel=0.02)
    assert rate.at(0, 10.0) == 0.0  # the counter began anew
