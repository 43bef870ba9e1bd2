"""Stretches of listening and breaks with their reasons, as the dialer writes them and others read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from appliance.dialer import outputs
from appliance.store import breaks, compare, events, listenings
from tests.store_help import Floor, make_floor

AT = 1_794_787_200.0


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = make_floor(tmp_path)
    yield made
    made.store.close()


def stretch(floor: Floor, **more: object) -> outputs.SaveListening:
    known = {
        "user_id": 9, "from_at": AT, "tenant_id": floor.tenant, "seat_id": 3, "operator_id": 5,
        "how": "listen",
    }  # fmt: skip
    return outputs.SaveListening(**(known | more))  # type: ignore[arg-type]  # of the right types above


def apply(floor: Floor, output: object) -> str:
    event = events.of(output)
    assert event is not None
    (done,) = floor.write(event)
    return done.refused


def test_a_stretch_is_written_when_it_begins_and_ended_in_place(floor: Floor) -> None:
    ms = round(AT * 1000)
    apply(floor, stretch(floor))
    open_ = listenings.every(floor.store, floor.tenant, from_at=ms, to_at=ms + 1)
    assert [(row.how, row.to_at, row.ended) for row in open_] == [("listen", 0, "")]
    apply(floor, stretch(floor, to_at=AT + 10, ended="changed"))
    apply(floor, stretch(floor, from_at=AT + 10, how="whisper"))

    rows = listenings.every(floor.store, floor.tenant, from_at=ms, to_at=ms + 60_000, operator_id=5)

    assert [(row.how, row.from_at - ms, row.to_at - ms if row.to_at else 0, row.ended) for row in rows] == [
        ("whisper", 10_000, 0, ""),
        ("listen", 0, 10_000, "changed"),
    ]
    assert listenings.every(floor.store, floor.tenant, from_at=ms, to_at=ms + 60_000, operator_id=6) == []
    assert listenings.every(floor.store, floor.tenant + 1, from_at=ms, to_at=ms + 60_000) == []
    assert [
        row.how for row in listenings.every(floor.store, floor.tenant, from_at=ms + 10_001, to_at=ms + 20_000)
    ] == ["whisper"]


def test_at_a_start_nobody_listens_any_more(floor: Floor) -> None:
    apply(floor, stretch(floor))
    ms = round(AT * 1000)

    assert listenings.close_open(floor.store, at=ms + 5_000) == 1

    (row,) = listenings.every(floor.store, floor.tenant, from_at=ms, to_at=ms + 1)
    assert (row.to_at - ms, row.ended) == (5_000, "restart")
    assert listenings.close_open(floor.store, at=ms + 6_000) == 0


def test_breaks_are_kept_and_added_up_by_their_reason(floor: Floor) -> None:
    stretches = (
        (600.0, "break", "break"),
        (60.0, "away", "break"),
        (30.0, "break", "break"),
        (5.0, "", "wait"),
    )
    for seconds, reason, kind in stretches:
        row = outputs.SaveInterval("break", floor.tenant, 1, 5, floor.project, AT, seconds, 0, 0, reason)
        apply(floor, msgspec.structs.replace(row, kind=kind))
    ms = round(AT * 1000)

    found = breaks.by_reason(floor.store, floor.tenant, from_at=ms, to_at=ms + 1)

    assert [(row.reason, row.count, row.duration_ms) for row in found] == [
        ("away", 1, 60_000),
        ("break", 2, 630_000),
    ]
    assert breaks.by_reason(floor.store, floor.tenant, from_at=ms, to_at=ms + 1, user_id=6) == []
    assert compare.compare(floor.store) == []
