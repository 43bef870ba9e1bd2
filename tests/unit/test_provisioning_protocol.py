"""Frames, the box's agent and the plan: pure, so noise, repeats and second runs are tables here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance import ipc
from appliance.store.seats import ha1
from provisioning import messages, plan, reading, wanted
from provisioning.agent import Agent, Ask, Renew, Send
from provisioning.frames import MAGIC, PAYLOAD_BYTES_MAX, Decoder, Frame, encode
from provisioning.messages import Present, Restart, SeatPresent, SetSeat, WriteFile
from provisioning.wanted import Wanted

SAMPLE = Path(reading.__file__).parent / "sample-site.toml"
FRAME = Frame(">", 7, b'{"t":"Hail"}')


# --- frames --------------------------------------------------------------------------------------------


@given(st.binary(max_size=200), st.integers(0, 999_999_999), st.binary(max_size=300))
def test_a_frame_is_found_after_any_noise(noise: bytes, number: int, payload: bytes) -> None:
    frame = Frame("<", number, payload.translate(None, b"\r\n"))
    assert list(Decoder().feed(noise + encode(frame)))[-1] == frame


@given(st.data())
def test_one_changed_byte_never_makes_another_frame(data: st.DataObject) -> None:
    raw = bytearray(encode(FRAME))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    assert all(found == FRAME for found in Decoder().feed(bytes(raw)) if found.kind != "!")


@given(st.lists(st.binary(max_size=50), max_size=30))
def test_frames_do_not_depend_on_how_bytes_are_cut(cuts: list[bytes]) -> None:
    raw = encode(FRAME) + b"".join(cuts) + encode(FRAME)
    whole = list(Decoder().feed(raw))
    decoder = Decoder()
    assert [frame for byte in raw for frame in decoder.feed(bytes([byte]))] == whole


def test_noise_without_end_is_bounded() -> None:
    decoder = Decoder()
    for _ in range(40):
        list(decoder.feed(b"x" * 10_000))
        assert len(decoder._pending) <= PAYLOAD_BYTES_MAX + 10_100
    assert list(decoder.feed(encode(FRAME)))[-1:] == [FRAME]


# --- agent ---------------------------------------------------------------------------------------------


def sent(outputs: list[Any]) -> list[Frame]:
    return [frame for each in outputs if isinstance(each, Send) for frame in Decoder().feed(each.data)]


def test_a_repeated_frame_is_asked_once_and_answered_twice() -> None:
    agent = Agent(0.0)
    assert agent.feed(encode(FRAME), 0.0) == [Ask(7, messages.Hail())]
    assert agent.feed(encode(FRAME), 1.0) == []

    first = agent.answered(7, ipc.Done(), 2.0)

    assert sent(first) == [Frame("<", 7, b'{"t":"Done"}')]
    assert agent.feed(encode(FRAME), 3.0) == first
    assert agent.answered(7, ipc.Done(), 4.0) == []


def test_a_long_step_shows_signs_of_life_and_silence_ends_it() -> None:
    agent = Agent(0.0)
    agent.feed(encode(FRAME), 0.0)
    assert agent.tick(0.5) == []
    assert sent(agent.tick(1.5)) == [Frame("~", 7, b"")]
    assert not agent.is_over(90.0)
    agent.answered(7, ipc.Done(), 100.0)
    assert not agent.is_over(150.0)
    assert agent.is_over(191.0)


def test_a_new_greeting_forgets_what_was_asked() -> None:
    agent = Agent(0.0)
    agent.feed(encode(FRAME), 0.0)
    outputs = agent.feed(b"\r\n" + MAGIC + b"\r\n" + encode(FRAME), 1.0)
    assert outputs == [Renew(), Ask(7, messages.Hail())]


def test_a_request_that_is_none_is_refused_in_words() -> None:
    outputs = Agent(0.0).feed(encode(Frame(">", 1, b'{"t":"Open","path":"/etc/shadow"}')), 0.0)
    refused = msgspec.json.decode(sent(outputs)[0].payload)
    assert "does not understand" in refused["what"]


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=80), max_size=20))
def test_no_bytes_make_the_agent_ask_anything_that_is_no_request(chunks: list[bytes]) -> None:
    agent = Agent(0.0)
    for chunk in chunks:
        assert not [each for each in agent.feed(chunk, 0.0) if isinstance(each, Ask)]


# --- plan ----------------------------------------------------------------------------------------------


def described(text: str = "") -> Wanted:
    site = reading.parse(SAMPLE.read_text(encoding="utf-8") + text)
    kept = wanted.fill(wanted.Secrets(), site, choose=lambda letters: letters[0])
    return wanted.build(site, kept, beside=SAMPLE.parent)


BLANK = Present(version="0.1.0", host_name="yobirin")


def present_of(want: Wanted, nonce: str = "n") -> Present:
    """A box that is exactly as wanted."""
    return Present(
        version="0.1.0",
        host_name="yobirin",
        files={name: plan.digest(text) for name, text in want.files.items()},
        tenants=((want.entry_code, want.tenant),),
        projects=(want.project,),
        callers=tuple(number for number, _ in want.callers),
        managers=(want.manager_login,),
        seats=tuple(
            SeatPresent(
                label=seat.label,
                extension=seat.extension,
                mark=plan.mark(ha1(seat.extension, seat.password), nonce),
            )
            for seat in want.seats
        ),
        is_pin_set=True,
        pin_mark=plan.mark(want.pin, nonce),
        has_crypt=True,
        recovery_mark=plan.digest(want.recovery),
    )


def test_a_box_that_is_as_wanted_has_nothing_to_do() -> None:
    want = described()
    assert plan.plan(want, present_of(want), nonce="n") == ()


def test_a_blank_box_gets_everything_in_an_order_that_can_stop_anywhere() -> None:
    steps = plan.plan(described(), BLANK)
    names = [step.name if isinstance(step, WriteFile) else type(step).__name__ for step in steps]
    assert names == [
        *("SetTenant", "SetManager", "SetSeat", "SetSeat"),
        *("host_name", "chrony", "dahdi", "network", "nft", "site", "SetPin", "Restart"),
    ]


def test_before_a_restore_only_what_no_backup_holds_is_set_up() -> None:
    steps = plan.plan(msgspec.structs.replace(described(), is_before_restore=True), BLANK)
    names = [step.name if isinstance(step, WriteFile) else type(step).__name__ for step in steps]
    assert names == ["host_name", "chrony", "dahdi", "network", "nft", "site", "Restart"]


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({"needs_restart": True}, [Restart]),
        ({"tenants": (("main", "別の名前"),)}, [messages.SetTenant, Restart]),
        ({"callers": ()}, [messages.SetTenant, Restart]),
        ({"managers": ()}, [messages.SetManager, Restart]),
        ({"pin_mark": ""}, [messages.SetPin]),
        ({"recovery_mark": ""}, [messages.SetRecovery]),
        ({"recovery_mark": "", "has_crypt": False}, []),
        ({"certificate": "0" * 64}, [messages.SetCertificate, Restart]),
    ],
)
def test_only_what_differs_is_done(change: dict[str, Any], kinds: list[type]) -> None:
    want = described()
    present = msgspec.structs.replace(present_of(want), **change)
    assert [type(step) for step in plan.plan(want, present, nonce="n")] == kinds


def test_a_seat_with_another_password_is_set_and_the_others_are_not() -> None:
    want = described()
    present = present_of(want)
    changed = msgspec.structs.replace(present.seats[1], mark="x")
    steps = plan.plan(want, msgspec.structs.replace(present, seats=(present.seats[0], changed)), nonce="n")
    assert [step.extension for step in steps if isinstance(step, SetSeat)] == ["202"]


def test_no_step_in_words_tells_a_secret() -> None:
    want = described()
    secrets = [want.manager_password, want.pin, want.recovery, *(seat.password for seat in want.seats)]
    for step in plan.plan(want, msgspec.structs.replace(BLANK, has_crypt=True)):
        assert not [secret for secret in secrets if secret in "".join(plan.step_words(step))]


def test_what_does_not_fit_the_box_is_said_before_anything_is_touched() -> None:
    site = reading.parse(SAMPLE.read_text(encoding="utf-8"))
    no_card = [note.en for note in plan.notes(site, BLANK)]
    assert any("No line card" in note for note in no_card)
    assert any("key stick" in note for note in no_card)
    card = messages.CardSpan(number=1, line_mode="E1", description="Wildcard TE133")
    fitted = msgspec.structs.replace(BLANK, card=(card,), disks=("/dev/vda",))
    words = " ".join(note.en for note in plan.notes(site, fitted))
    assert "Line 1 is E1 on the card and j1 in SITE.toml" in words
    assert "/dev/sda, /dev/sdb" in words


def test_generated_secrets_stay_the_same_until_the_recovery_key_was_told(tmp_path: Path) -> None:
    site = reading.parse(SAMPLE.read_text(encoding="utf-8"))
    path = wanted.secrets_file(tmp_path / "SITE.toml")
    first = wanted.fill(wanted.load_secrets(path), site)
    wanted.save_secrets(path, first)

    again = wanted.fill(wanted.load_secrets(path), site)

    assert again == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(set(first.seats.values())) == 2
    mark = plan.digest(first.recovery)
    told = wanted.Secrets(seats=first.seats, manager=first.manager, pin=first.pin, recovery_told=mark)
    want = wanted.build(site, wanted.fill(told, site), beside=tmp_path)
    assert want.recovery not in ("", first.recovery)
    keeps = msgspec.structs.replace(present_of(want), recovery_mark=mark)
    assert plan.plan(want, keeps, nonce="n") == ()
    was_reset = msgspec.structs.replace(keeps, recovery_mark="")
    assert plan.plan(want, was_reset, nonce="n") == (messages.SetRecovery(passphrase=want.recovery),)
