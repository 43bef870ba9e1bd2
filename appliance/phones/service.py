"""The phones room at work: carries out what registrar and leg tables decide, between SIP and the dialer.

Runs in sippy's thread alone.  A leg outlives the dialer's connection: nothing is hung up because nobody
listens.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from appliance.errors import YobirinError
from appliance.ipc import Refused
from appliance.phones import info_digits, messages, sdp, session_timer
from appliance.phones.bindings import Contact
from appliance.phones.digest import Nonces
from appliance.phones.legs import Do, Input, Leg, Legs, State
from appliance.phones.messages import Media
from appliance.phones.registrar import Facts, Registrar
from appliance.phones.sip_call import Call
from appliance.phones.sip_stack import Stack
from appliance.phones.sip_values import Headers, Wanted
from appliance.settings import Settings

log = logging.getLogger("phones")

LEGS_MAX: Final = 400  # four a seat: beyond it somebody floods, and 503 says so
NO_STREAM_YET: Final = 9  # the discard port, RFC 863: what an INVITE without an offer stands for
NAMES_PER_S: Final = 100
SESSION_ID_BITS: Final = 31


class Service:
    """Registrar, legs and the SIP stack.  `publish` hands events to the dialer."""

    def __init__(
        self,
        settings: Settings,
        publish: Callable[[messages.Message], None],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publish = publish
        self._now = now
        self.registrar = Registrar(Nonces(secrets.token_bytes(32)))
        # A leg's name outlives a restart in the dialer's books, so names must not come again.
        self.legs = Legs(first=int(time.time() * NAMES_PER_S))
        self._session = secrets.randbits(SESSION_ID_BITS)
        self._stack = Stack(
            self,
            address=settings.phones.address,
            port=settings.phones.sip_port,
            networks=settings.phones.allowed_networks,
        )
        self._commands: dict[type, Callable[[Any], Any]] = {
            messages.SetAccounts: self._set_accounts,
            messages.AnswerLeg: lambda what: self._step(what.leg, Input.ANSWER, what.media),
            messages.RejectLeg: lambda what: self._step(what.leg, Input.REJECT, what.status),
            messages.HangUpLeg: lambda what: self._step(what.leg, Input.HANG_UP),
            messages.RingPhone: self._ring,
        }
        self._deeds: dict[Do, Callable[[Leg, Any], None]] = {
            Do.NOTHING: lambda _leg, _what: None,
            Do.SEND_ANSWER: self._send_answer,
            Do.SEND_REJECT: lambda leg, status: leg.call.reject(status),
            Do.SEND_BYE: lambda leg, _what: leg.call.end(),
            Do.TELL_ANSWERED: self._tell_answered,
            Do.TELL_MEDIA: self._tell_media,
            Do.TELL_KEY: lambda leg, key: self._publish(messages.InfoDigit(leg.name, key)),
            Do.TELL_ENDED: lambda leg, status: self._publish(messages.LegEnded(leg.name, status or 0)),
        }
        assert set(self._deeds) == set(Do)

    # --- the dialer -----------------------------------------------------------------------------------

    def command(self, body: Any) -> Any:
        """Do what the dialer asks; the answer, or None for done.  Raises YobirinError."""
        carry_out = self._commands.get(type(body))
        if carry_out is None:
            raise Refused(f"{type(body).__name__} is not a command to phones.")
        return carry_out(body)

    def snapshot(self) -> messages.PhonesSnapshot:
        return messages.PhonesSnapshot(self.registrar.bindings.sources(), self.legs.snapshot())

    def tick(self) -> None:
        """Once a second: expiry, signs of life, session timers."""
        now = self._now()
        self.registrar.tick(now)
        self._tell_registrar()
        for binding in self.registrar.bindings.due_pings(now):
            self._ping(binding.extension, binding.contact)
        for leg in self.legs.all():
            if leg.session_s and now >= leg.session_due and leg.state is not State.ENDED:
                log.info("leg %s: the phone did not refresh its session", leg.name)
                leg.call.end()
                self._step(leg.name, Input.GONE, 408)

    def hang_up_all(self) -> None:
        """We are about to stop and forget: every phone is told."""
        for leg in self.legs.all():
            self._step(leg.name, Input.HANG_UP)

    def close(self) -> None:
        self._stack.close()

    def _set_accounts(self, what: messages.SetAccounts) -> None:
        self.registrar.set_accounts(what.accounts)
        self._tell_registrar()

    def _ring(self, what: messages.RingPhone) -> messages.PlacedLeg:
        binding = self.registrar.bindings.get(what.extension)
        if binding is None:
            raise Refused(
                f"Phone {what.extension} is not registered.", remedy="Check its network, name and password."
            )
        leg = self.legs.add(what.extension, "", Media("", 0), State.RINGING)
        leg.own = what.media
        body = sdp.offer_of(what.media, session=self._session, version=leg.sdp_version)
        leg.call = self._stack.place(binding.contact, caller=what.caller or "yobirin", body=body)
        leg.call.leg = leg.name
        return messages.PlacedLeg(leg.name)

    def _ping(self, extension: str, contact: Contact) -> None:
        self._stack.ping(contact, lambda: self.registrar.bindings.alive(extension, self._now()))

    # --- SIP (Handler) --------------------------------------------------------------------------------

    def register(self, facts: Facts) -> tuple[int, Headers]:
        reply = self.registrar.register(facts, self._now())
        self._tell_registrar()
        return reply.status, reply.headers

    def invite(self, call: Call, facts: Facts, contact: Contact, request: Wanted) -> tuple[int, Headers]:
        refusal = self.registrar.authenticate(facts, self._now())
        if refusal is not None:
            self._tell_registrar()
            return refusal.status, refusal.headers
        if len(self.legs) >= LEGS_MAX:
            return 503, ()
        timer = session_timer.of(request.session_expires, request.supported)
        if timer.is_too_short:
            return 422, timer.headers
        try:
            offer = sdp.parse(request.body) if request.body else None
        except YobirinError as error:
            log.warning("phone %s: %s", facts.extension, error)
            return 488, ()
        media = offer.media if offer else Media(facts.source_host, NO_STREAM_YET, 0, is_held=True)
        leg = self.legs.add(facts.extension, request.dialled, media, State.INVITED)
        leg.call, leg.offer = call, offer
        call.leg = leg.name
        self._hold_to(leg, timer)
        self.registrar.called(facts, contact, self._now())
        self._tell_registrar()
        self._publish(messages.Invited(leg.name, leg.extension, leg.dialled, media))
        return 100, ()

    def reoffer(self, call: Call, request: Wanted) -> tuple[int, str, Headers]:
        leg = self.legs.get(call.leg)
        if leg is None or leg.own is None:
            return 481, "", ()
        timer = session_timer.of(request.session_expires, request.supported)
        if timer.is_too_short:
            return 422, "", timer.headers
        offer = None
        if request.body:
            try:
                offer = sdp.parse(request.body)
            except YobirinError:
                return 488, "", ()  # the session goes on as it was, RFC 3261 14.2
        self._hold_to(leg, timer)
        leg.sdp_version += 1
        if offer is None:
            body = sdp.offer_of(leg.own, session=self._session, version=leg.sdp_version)
        else:
            leg.offer = offer
            body = sdp.answer(offer, leg.own, session=self._session, version=leg.sdp_version)
            if offer.media != leg.remote:
                self._step(leg.name, Input.REOFFERED, offer.media)
        return 200, body, timer.headers

    def picked_up(self, call: Call, body: str) -> None:
        if not body:
            return  # the ACK of an ordinary call
        try:
            media = sdp.parse(body).media
        except YobirinError as error:
            log.warning("leg %s: %s", call.leg, error)
            call.end()
            self._step(call.leg, Input.GONE, 488)
            return
        self._step(call.leg, Input.PICKED_UP, media)

    def info(self, call: Call, content_type: str, body: str) -> None:
        key = info_digits.key_of(content_type, body)
        if key:
            self._step(call.leg, Input.KEY, key)

    def gone(self, call: Call, status: int) -> None:
        self._step(call.leg, Input.GONE, status)

    # --- carrying out ---------------------------------------------------------------------------------

    def _step(self, name: str, what: Input, value: Any = None) -> None:
        leg = self.legs.get(name)
        if leg is None:
            return  # ended in the meantime
        do = leg.feed(what)
        if leg.state is State.ENDED:
            self.legs.forget(leg)
        self._deeds[do](leg, value)

    def _send_answer(self, leg: Leg, own: Media) -> None:
        leg.own = own
        is_offer = leg.offer is None
        if leg.offer is None:
            body = sdp.offer_of(own, session=self._session, version=leg.sdp_version)
        else:
            body = sdp.answer(leg.offer, own, session=self._session, version=leg.sdp_version)
        timer = session_timer.headers_of(leg.session_s)
        leg.call.answer(body, timer, is_offer=is_offer)

    def _tell_answered(self, leg: Leg, media: Media) -> None:
        leg.remote = media
        self._publish(messages.LegAnswered(leg.name, media))

    def _tell_media(self, leg: Leg, media: Media) -> None:
        leg.remote = media
        self._publish(messages.MediaChanged(leg.name, media))

    def _hold_to(self, leg: Leg, timer: session_timer.Timer) -> None:
        leg.session_s = timer.session_s
        leg.session_due = timer.due(self._now())

    def _tell_registrar(self) -> None:
        for event in self.registrar.events:
            self._publish(event)
        self.registrar.events.clear()
