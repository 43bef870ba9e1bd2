"""sippy's transactions on one UDP socket, and its loop.  Decides nothing.

Sources outside the allowed networks are dropped, unreadable requests get 400, unknown methods 405 or 501.
The loop, `ED2`, belongs to the thread that imported this file; other threads enter by `call_soon`.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final

from sippy.CCEvents import CCEventTry
from sippy.Core.EventDispatcher import ED2
from sippy.MsgBody import MsgBody
from sippy.SipAddress import SipAddress
from sippy.SipConf import SipConf
from sippy.SipFrom import SipFrom
from sippy.SipRequest import SipRequest
from sippy.SipTo import SipTo
from sippy.SipTransactionManager import SipTransactionManager
from sippy.SipURL import SipURL
from sippy.Time.Timeout import Timeout
from sippy.Udp_server import Udp_server, Udp_server_opts

from appliance.errors import DeviceError
from appliance.phones.bindings import Contact
from appliance.phones.malformed import bad_request
from appliance.phones.sip_call import Call, Handler
from appliance.phones.sip_values import (
    ALLOWED,
    IN_DIALOG,
    KNOWN_METHODS,
    Wanted,
    contact_of,
    facts_of,
    response,
)

log = logging.getLogger("phones")

STRANGERS_LOGGED: Final = 1_000
DATAGRAM_BYTES_MAX: Final = 8_192


class Quiet:
    """sippy's logger, saying nothing: passwords' digests and numbers belong into no log."""

    def write(self, *_words: object, **_options: object) -> None:
        return None


class OneWorker(Udp_server_opts):  # type: ignore[misc]  # sippy has no types
    """One thread a direction: with sippy's three, messages overtake each other and calls fail.

    No SO_REUSEADDR: with it a second process takes the port without an error, and every other message.
    """

    nworkers = 1
    flags = 0


class Gate(SipTransactionManager):  # type: ignore[misc]  # sippy has no types
    """Transactions, behind a check of the source and with an answer for the unreadable."""

    model_udp_server = (Udp_server, OneWorker)

    def __init__(self, config: dict[str, Any], receive: Any, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]
        self._strangers: set[str] = set()
        super().__init__(config, receive)

    def handleIncoming(self, data_in: bytes, ra: Any, server: Any, rtime: Any) -> None:  # noqa: N802
        host = ra.address[0]
        if not self._is_allowed(host):
            if host not in self._strangers and len(self._strangers) < STRANGERS_LOGGED:
                self._strangers.add(host)
                log.warning("SIP from %s is dropped: outside phones.allowed_networks", host)
            return
        if len(data_in) > DATAGRAM_BYTES_MAX or not _is_readable(data_in):
            self._refuse(data_in, ra, server)
            return
        super().handleIncoming(data_in, ra, server, rtime)

    def newTransaction(self, msg: Any, *words: Any, **more: Any) -> Any:  # noqa: N802
        """Everything goes out by UDP, also to a phone whose Contact says `transport=UDP` or TCP."""
        msg.setTarget((msg.getTarget()[0], "udp"))
        return super().newTransaction(msg, *words, **more)

    def _is_allowed(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def _refuse(self, data: bytes, ra: Any, server: Any) -> None:
        answer = bad_request(data[:DATAGRAM_BYTES_MAX].decode(errors="replace"))
        if answer:
            server.send_to(answer, ra.address)


def _is_readable(data: bytes) -> bool:
    """Whether sippy can read it.  Parsing twice costs 0.2 ms and keeps every surprise out of its tables."""
    if len(data) < 32 or data.startswith(b"SIP/2.0 "):
        return True  # keep-alives; sippy drops responses that it did not ask for
    try:
        request = SipRequest(data.decode())
        request.getTIds()
        via = request.getHFBody("via")
        via.getTAddr()
        for name in ("from", "to", "call-id", "cseq"):
            request.getHFBody(name)
        number, method = request.getHFBody("cseq").getCSeq()
        _ = (request.getHFBody("from").getTag(), request.getHFBody("to").getTag())
        for name in ("contact", "route", "record-route", "max-forwards", "expires", "reason"):
            request.getHFBodys(name)
    except Exception:  # noqa: BLE001 - sippy raises whatever its parsers stumble over
        return False
    return bool(method == request.getMethod() and 0 <= number < 2**31)


class Stack:
    """The SIP side of the process.  Raises DeviceError when the port cannot be had."""

    def __init__(self, handler: Handler, *, address: str, port: int, networks: Iterable[str]) -> None:
        self.handler = handler
        SipConf.my_uaname = "Yobirin"
        self.config: dict[str, Any] = {
            "_sip_address": address,
            "_sip_port": port,
            "_sip_logger": Quiet(),
        }
        try:
            self._manager = Gate(self.config, self._receive, networks)
        except OSError as error:
            raise DeviceError(
                f"SIP port {port} on {address} cannot be opened: {error.strerror or error}.",
                remedy=(
                    "Another program has the port: stop it, or set phones.sip_port in site.toml."
                    if error.errno == errno.EADDRINUSE
                    else "Set phones.address in site.toml to an address of this box."
                ),
            ) from error
        self.config["_sip_tm"] = self._manager

    def place(self, contact: Contact, *, caller: str, body: str, password: str = "") -> Call:
        """INVITE someone; with a password a challenge is answered in the caller's name."""
        words = {"username": caller, "password": password} if password else {}
        call = Call(self.handler, self.config, nh_address=(contact.host, contact.port), **words)
        call.recvEvent(CCEventTry((None, caller, contact.user, MsgBody(body), None, None), origin="box"))
        return call

    def ping(self, contact: Contact, on_alive: Callable[[], None]) -> None:
        """OPTIONS to a phone; any answer of its own is a sign of life."""
        url = SipURL(username=contact.user or None, host=contact.host, port=contact.port)
        sender = SipFrom(address=SipAddress(url=SipURL(username="yobirin")))
        sender.genTag()
        request = SipRequest(
            method="OPTIONS", ruri=url, to=SipTo(address=SipAddress(url=url.getCopy())), fr0m=sender
        )

        def answered(reply: Any) -> None:
            if reply.getSCode()[0] != 408:  # sippy's own word for silence
                on_alive()

        self.send(request, answered)

    def send(self, request: Any, on_reply: Callable[[Any], None]) -> None:
        """Send a request outside dialogs; `on_reply` gets sippy's response, 408 where none came."""
        self._manager.newTransaction(request, resp_cb=on_reply)

    def close(self) -> None:
        self._manager.shutdown()

    def _receive(self, req: Any, sip_t: Any) -> Any:
        """A request outside every dialog."""
        method = req.getMethod()
        if req.getHFBody("to").getTag() is not None or method in IN_DIALOG - KNOWN_METHODS:
            return (response(req, 481), None, None)
        if method == "OPTIONS":
            return (response(req, 200, [("Allow", ALLOWED), ("Accept", "application/sdp")]), None, None)
        if method == "REGISTER":
            facts = facts_of(req)
            status, more = self.handler.register(facts) if facts else (400, ())
            return (response(req, status, more), None, None)
        if method == "INVITE":
            return self._invite(req, sip_t)
        status = 405 if method in KNOWN_METHODS else 501
        return (response(req, status, [("Allow", ALLOWED)]), None, None)

    def _invite(self, req: Any, sip_t: Any) -> Any:
        facts, contact = facts_of(req), contact_of(req)
        if facts is None or contact is None:
            return (response(req, 400), None, None)
        call = Call(self.handler, self.config)
        status, more = self.handler.invite(call, facts, contact, Wanted(req))
        if status != 100:
            return (response(req, status, more), None, None)
        req.delHFs("authorization")  # checked; sippy's own parser stumbles over some
        url = req.getHFBody("contact").getUrl()
        url.host, url.port, url.transport = contact.host, contact.port, None
        return call.recvRequest(req, sip_t)


# --- sippy's loop -------------------------------------------------------------------------------------


def loop(timeout_s: float | None = None) -> None:
    """Run sippy's loop in this thread, the one that imported this file, until `stop` or for so long."""
    ED2.loop(timeout_s)


def stop() -> None:
    """End the loop; from its own thread or a signal."""
    ED2.breakLoop()


def on_signal(number: int, work: Callable[[], None]) -> None:
    ED2.regSignal(number, work)


def call_soon(work: Callable[..., None], *arguments: Any) -> None:
    """Do `work` in sippy's thread; from any thread."""
    ED2.callFromThread(work, *arguments)


def every(seconds: float, work: Callable[[], None]) -> Any:
    """Do `work` again and again; `cancel()` the result to end it."""
    return Timeout(work, seconds, -1)
