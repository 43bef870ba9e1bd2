"""The telephones of robot operators: SIP on sippy (one socket for all), RTP by `robot_rtp.py`.

A telephone registers with digest and refreshes, calls the service code, answers re-INVITEs, and tells when
its call stands or ends.  Runs in sippy's thread.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from typing import Any, Final

from sippy.SipAddress import SipAddress
from sippy.SipContact import SipContact
from sippy.SipFrom import SipFrom
from sippy.SipHeader import SipHeader
from sippy.SipRequest import SipRequest
from sippy.SipTo import SipTo
from sippy.SipURL import SipURL
from sippy.Time.Timeout import Timeout

from appliance.errors import YobirinError
from appliance.phones import sdp
from appliance.phones.bindings import Contact
from appliance.phones.messages import Media
from appliance.phones.registrar import Facts
from appliance.phones.sip_call import Call
from appliance.phones.sip_stack import Stack
from appliance.phones.sip_values import Headers, Wanted
from appliance.settings import Settings
from appliance.simulator.robot_rtp import Line, Lines

EXPIRES_S: Final = 300
REFRESH_S: Final = 120.0
RETRY_S: Final = 1.0
TRIES_MAX: Final = 2  # a challenge, and a stale nonce
TONE_FIRST_HZ, TONE_STEP_HZ, TONES = 2_000, 50, 10  # no callee's tone, no key's, no tone of the exchange


class Exchange:
    """All telephones of the process, on one SIP socket."""

    def __init__(self, settings: Settings, lines: Lines) -> None:
        self.address = settings.phones.address
        self.box = (settings.phones.address, settings.phones.sip_port)
        self.service_code = settings.phones.service_code
        self.lines = lines
        self.port = _free_port(self.address)
        self.phones: dict[str, Phone] = {}
        self.stack = Stack(self, address=self.address, port=self.port, networks=(f"{self.address}/32",))

    def phone(
        self, extension: str, password: str, *, on_up: Callable[[], None], on_gone: Callable[[int], None]
    ) -> Phone:
        """One more telephone; it registers at once."""
        phone = Phone(self, extension, password, on_up=on_up, on_gone=on_gone)
        self.phones[extension] = phone
        phone.register()
        return phone

    def close(self) -> None:
        self.stack.close()

    # --- SIP (Handler) --------------------------------------------------------------------------------

    def register(self, _facts: Facts) -> tuple[int, Headers]:
        return 405, ()

    def invite(self, _call: Call, _facts: Facts, _contact: Contact, _wanted: Wanted) -> tuple[int, Headers]:
        return 486, ()  # a robot takes no calls

    def reoffer(self, call: Call, request: Wanted) -> tuple[int, str, Headers]:
        phone: Phone = call.leg
        return phone.reoffer(request)

    def picked_up(self, call: Call, body: str) -> None:
        phone: Phone = call.leg
        phone.picked_up(call, body)

    def info(self, _call: Call, _content_type: str, _body: str) -> None:
        return

    def gone(self, call: Call, status: int) -> None:
        phone: Phone = call.leg
        phone.gone(call, status)


class Phone:
    """One telephone."""

    def __init__(
        self,
        exchange: Exchange,
        extension: str,
        password: str,
        *,
        on_up: Callable[[], None],
        on_gone: Callable[[int], None],
    ) -> None:
        self._exchange = exchange
        self.extension = extension
        self._password = password
        self._on_up = on_up
        self._on_gone = on_gone
        self._call: Call | None = None
        self.line: Line | None = None
        self.is_registered = False
        self._tries = 0
        self._sequence = 0
        self._call_id = hashlib.sha256(f"{extension}{exchange.port}".encode()).hexdigest()[:20]
        self._timer: Any = None

    # --- the handset ----------------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        """Off hook, dialling or connected."""
        return self._call is not None

    def lift(self) -> None:
        """Off hook, and dial the service code."""
        if self._call is not None:
            return
        exchange = self._exchange
        number = int(self.extension)
        tone_hz = TONE_FIRST_HZ + TONE_STEP_HZ * (number % TONES)
        self.line = Line(exchange.address, source=0x0B07_0000 + number, tone_hz=tone_hz)
        exchange.lines.add(self.line)
        own = Media(exchange.address, self.line.port)
        host, port = exchange.box
        self._call = exchange.stack.place(
            Contact(exchange.service_code, host, port),
            caller=self.extension,
            body=sdp.offer_of(own, session=int(self.extension), version=1),
            password=self._password,
        )
        self._call.leg = self

    def put_down(self) -> None:
        """On hook."""
        call = self._call
        self._forget()
        if call is not None:
            call.end()

    def press(self, keys: str) -> None:
        if self.line is not None:
            self.line.press(keys)

    def speak(self, is_on: bool) -> None:
        if self.line is not None:
            self.line.speak(is_on)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.put_down()

    # --- the call -------------------------------------------------------------------------------------

    def picked_up(self, call: Call, body: str) -> None:
        """200 from the box."""
        if call is not self._call or self.line is None:
            return
        try:
            media = sdp.parse(body).media
        except YobirinError:
            self.put_down()
            self._on_gone(488)
            return
        self.line.connect(media.address, media.port, media.digits_payload)
        self._on_up()

    def reoffer(self, request: Wanted) -> tuple[int, str, Headers]:
        """The box moves its stream."""
        if self.line is None:
            return 481, "", ()
        own = Media(self._exchange.address, self.line.port)
        if not request.body:
            return 200, sdp.offer_of(own, session=int(self.extension), version=2), ()
        try:
            offer = sdp.parse(request.body)
        except YobirinError:
            return 488, "", ()
        self.line.connect(offer.media.address, offer.media.port, offer.media.digits_payload)
        return 200, sdp.answer(offer, own, session=int(self.extension), version=2), ()

    def gone(self, call: Call, status: int) -> None:
        if call is self._call:
            self._forget()
            self._on_gone(status)

    def _forget(self) -> None:
        self._call = None
        if self.line is not None:
            self.line.close()
            self.line = None

    # --- registration ---------------------------------------------------------------------------------

    def register(self) -> None:
        """REGISTER, and again before it expires; where it fails, again a second later."""
        self._tries = 0
        self._send_register(None)

    def _send_register(self, authorization: Any) -> None:
        host, port = self._exchange.box
        self._sequence += 1
        aor = SipURL(username=self.extension, host=host, port=port)
        sender = SipFrom(address=SipAddress(url=aor))
        sender.genTag()
        own = SipURL(username=self.extension, host=self._exchange.address, port=self._exchange.port)
        request = SipRequest(
            method="REGISTER",
            ruri=SipURL(host=host, port=port),
            to=SipTo(address=SipAddress(url=aor.getCopy())),
            fr0m=sender,
            cseq=self._sequence,
            contact=SipContact(address=SipAddress(url=own)),
        )
        request.appendHeader(SipHeader(f"Expires: {EXPIRES_S}"))
        if authorization is not None:
            request.appendHeader(SipHeader(body=authorization))
        self._exchange.stack.send(request, self._registered)

    def _registered(self, reply: Any) -> None:
        status = reply.getSCode()[0]
        if status == 401 and self._tries < TRIES_MAX and reply.countHFs("www-authenticate"):
            self._tries += 1
            host, port = self._exchange.box
            challenge = reply.getHFBody("www-authenticate")
            uri = str(SipURL(host=host, port=port))
            self._send_register(
                challenge.genAuthHF(self.extension, self._password, "REGISTER", uri, qop="auth")
            )
            return
        if status >= 200:
            self.is_registered = status == 200
            self._timer = Timeout(self.register, REFRESH_S if self.is_registered else RETRY_S)


def _free_port(address: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
