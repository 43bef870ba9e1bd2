"""Who hears whom in a talk: the whole matrix that audio wants, from the state of the talk.  Decides nothing.

Whoever adds ears or voices to a talk (a supervisor) appends to `Core.mix_overlays`: each is given the seat's
id (0: no operator is in it any more) and the matrix, and gives the matrix back.  The talk's own come first.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from appliance.audio.messages import Mix
from appliance.dialer.attempt import Attempt
from appliance.dialer.machine_core import Core
from appliance.dialer.party import WITHOUT_SEAT, State, Talk

C: Final = "customer"
O: Final = "operator"  # noqa: E741  # as in the table below
T: Final = "third party"


class Hearing(NamedTuple):
    """Who hears whom; `left` and `right` of the recording."""

    hears: dict[str, tuple[str, ...]]
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = (C,)


_ALONE: Final = Hearing({C: (), O: ()})  # the recording goes on: it belongs to the customer

HEARING: Final[dict[State, Hearing]] = {
    State.OPEN: Hearing({C: (O,), O: (C,)}, (O,)),
    State.HELD: _ALONE,
    State.CALLING: _ALONE,
    State.RINGING: _ALONE,
    State.PRIVATE: Hearing({C: (), O: (T,), T: (O,)}),
    State.JOINED: Hearing({C: (O, T), O: (C, T), T: (C, O)}, (O,), (C, T)),
    State.BLIND: Hearing({C: ()}),
    State.HANDED: Hearing({C: (T,), T: (C,)}, (), (C, T)),
    State.RETURNING: Hearing({C: ()}),
    State.SORRY: Hearing({C: ()}),
    State.PARTING: Hearing({C: ()}),
    State.ENDED: Hearing({}, (), ()),
}
assert set(HEARING) == set(State)


def mix_of(core: Core, attempt: Attempt) -> Mix:
    """The matrix of a standing conversation now; the same again does no harm."""
    talk = core.talks.get(attempt.attempt_id)
    state = talk.state if talk is not None else State.OPEN
    heard = HEARING[state]
    if talk is not None and state is State.PRIVATE and talk.is_phone_held:
        heard = Hearing({C: (), O: (), T: ()})
    if state is State.HANDED and not core.projects[attempt.project_id].settings.is_transfer_recorded:
        heard = Hearing(heard.hears, (), ())
    mix = _named(attempt.attempt_id, heard, _ports(core, attempt, talk))
    seat_id = 0 if state in WITHOUT_SEAT else attempt.seat_id
    for overlay in core.mix_overlays:
        mix = overlay(seat_id, mix)
    return mix


def _ports(core: Core, attempt: Attempt, talk: Talk | None) -> dict[str, str]:
    leg = talk.leg if talk is not None else None
    return {C: attempt.port, O: core.seats[attempt.seat_id].leg, T: leg.port if leg is not None else ""}


def _named(bridge_id: int, heard: Hearing, port: dict[str, str]) -> Mix:
    def names(roles: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(port[role] for role in roles if port[role])

    hears = {port[role]: names(sources) for role, sources in heard.hears.items() if port[role]}
    return Mix(bridge_id, hears, names(heard.left), names(heard.right))
