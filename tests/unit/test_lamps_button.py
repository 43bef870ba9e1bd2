"""The maintenance button: held, bounced, stuck, and lost."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from appliance.gpio_leds.button import TRANSITIONS, Button, Input, State
from appliance.gpio_leds.lamps import Asked


def feed(button: Button, samples: Iterable[tuple[float, bool | None]]) -> list[tuple[float, Asked]]:
    """What was asked for, and when."""
    asked = [(at, button.feed(is_down, at)) for at, is_down in samples]
    return [(at, what) for at, what in asked if what is not Asked.NOTHING]


def held(first: float, last: float, is_down: bool | None = True) -> list[tuple[float, bool | None]]:
    """Samples every 100 ms, `last` not among them."""
    return [(tick / 10, is_down) for tick in range(round(first * 10), round(last * 10))]


def ready() -> Button:
    button = Button()
    feed(button, held(0, 1, False))
    return button


def test_a_short_press_asks_for_nothing() -> None:
    assert feed(ready(), held(1, 5.9) + held(5.9, 7, False)) == []


def test_five_seconds_show_the_address_once() -> None:
    assert feed(ready(), held(1, 12) + held(12, 13, False)) == [(6.0, Asked.ADDRESS)]


def test_fifteen_seconds_ask_for_the_factory_reset_once() -> None:
    assert feed(ready(), held(1, 60)) == [(6.0, Asked.ADDRESS), (16.0, Asked.FACTORY_RESET)]


def test_a_bounce_begins_the_count_again() -> None:
    samples = [*held(1, 5), (5.0, False), *held(5.1, 9.9)]

    assert feed(ready(), samples) == []


def test_a_bounce_shorter_than_the_debounce_lets_nothing_go() -> None:
    button = ready()
    feed(button, held(1, 3))
    button.feed(False, 3.0)  # one sample of a bouncing contact
    assert button.state is State.DOWN
    button.feed(True, 3.02)

    assert button.state is State.DOWN


def test_a_button_that_is_down_from_the_start_is_broken_until_let_go() -> None:
    button = Button()

    assert feed(button, held(0, 30)) == []
    assert feed(button, held(30, 31, False) + held(31, 37)) == [(36.0, Asked.ADDRESS)]


@pytest.mark.parametrize("lost_at", [3, 8, 18])
def test_a_panel_that_fails_asks_for_nothing(lost_at: float) -> None:
    button = ready()
    before = feed(button, held(1, lost_at))

    after = feed(button, [(lost_at, None), *held(lost_at + 0.1, lost_at + 40)])

    assert len(before) == (lost_at > 6) + (lost_at > 16)
    assert after == []


def test_samples_that_come_late_do_not_skip_the_address() -> None:
    button = ready()

    assert feed(button, [(1.0, True), (2.0, True), (20.0, True), (20.1, True)]) == [
        (20.0, Asked.ADDRESS),
        (20.1, Asked.FACTORY_RESET),
    ]


def test_letting_go_always_ends_it() -> None:
    assert {row[Input.RELEASED] for row in TRANSITIONS.values()} == {(Asked.NOTHING, State.UP)}


def test_only_a_button_seen_up_can_ask() -> None:
    asking = {
        state
        for state, row in TRANSITIONS.items()
        if any(asked is not Asked.NOTHING for asked, _ in row.values())
    }

    assert asking == {State.DOWN, State.HELD}
