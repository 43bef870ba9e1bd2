"""A dialog on sippy's user agent, with its holes closed: UPDATE is answered, REFER is refused without harm to
the leg, a re-INVITE is answered by the handler with or without an offer.  Decides nothing.
"""

from __future__ import annotations

from typing import Any, Protocol

from sippy.CCEvents import CCEventConnect, CCEventDisconnect, CCEventFail, CCEventInfo
from sippy.MsgBody import MsgBody
from sippy.SipHeader import SipHeader
from sippy.SipURL import SipURL
from sippy.UA import UA

from appliance.phones.bindings import Contact
from appliance.phones.registrar import Facts
from appliance.phones.sip_values import (
    ALLOWED,
    REASONS,
    Headers,
    Wanted,
    body_text,
    contact_of,
    response,
    sip_headers,
)


class Handler(Protocol):
    """Who decides.  Statuses are SIP's; bodies are text, "" where there is none."""

    def register(self, facts: Facts) -> tuple[int, Headers]:
        """A REGISTER."""

    def invite(self, call: Call, facts: Facts, contact: Contact, request: Wanted) -> tuple[int, Headers]:
        """A new call; 100 lets it stand until `Call.answer` or `Call.reject`."""

    def reoffer(self, call: Call, request: Wanted) -> tuple[int, str, Headers]:
        """A re-INVITE or UPDATE within `call`: status, our description, headers."""

    def picked_up(self, call: Call, body: str) -> None:
        """A phone we called answered, or its ACK carries the stream."""

    def info(self, call: Call, content_type: str, body: str) -> None:
        """An INFO within a call."""

    def gone(self, call: Call, status: int) -> None:
        """The other side ended the call, or failed."""


class Call(UA):  # type: ignore[misc]  # sippy has no types
    """A dialog.  `leg` is the handler's own, opaque here."""

    def __init__(self, handler: Handler, config: dict[str, Any], **words: Any) -> None:
        super().__init__(config, event_cb=self._event, **words)
        self.leg: Any = None
        self.rCSeq: Any = None
        self._handler = handler
        self._is_over = False

    # --- what the handler may do ----------------------------------------------------------------------

    def answer(self, body: str, answer_headers: Headers = (), *, is_offer: bool = False) -> None:
        """200 to the INVITE; with `is_offer` the ACK is waited for, it carries the phone's stream."""
        event = CCEventConnect((200, REASONS[200], MsgBody(body)), origin="box")
        event.extra_headers = sip_headers([("Allow", ALLOWED), *answer_headers])
        if is_offer:
            self.lSDP = MsgBody(body)
            self.sendUasResponse(
                200,
                REASONS[200],
                self.lSDP,
                (self.lContact,),
                extra_headers=event.extra_headers,
                ack_wait=True,
            )
            self.changeState((self.UaStateConnected,))
        else:
            self.recvEvent(event)

    def reject(self, status: int) -> None:
        """A final refusal of the INVITE."""
        self._is_over = True
        self.recvEvent(CCEventFail((status, REASONS.get(status, "Refused")), origin="box"))

    def end(self) -> None:
        """BYE, CANCEL, or a refusal, whichever the state asks for."""
        self._is_over = True
        self.recvEvent(CCEventDisconnect(origin="box"))

    # --- from sippy -----------------------------------------------------------------------------------

    def recvRequest(self, req: Any, sip_t: Any) -> Any:  # noqa: N802
        method = req.getMethod()
        if self.state is None or (self.isConnected() and method == "BYE") or method == "INFO":
            return super().recvRequest(req, sip_t)
        if not self.isConnected():
            if method in ("INVITE", "BYE") and method in self.state.recv_request_handlers:
                return super().recvRequest(req, sip_t)
            return self._outside(req, sip_t, method)
        if self.rCSeq is not None and self.rCSeq >= req.getHFBody("cseq").getCSeqNum():
            return (response(req, 500), None, None)
        self.rCSeq = req.getHFBody("cseq").getCSeqNum()
        if method == "INVITE":
            return self._reinvite(req, sip_t)
        if method == "UPDATE":
            return self._update(req)
        status = {"OPTIONS": 200, "REFER": 603}.get(method, 405)
        return (response(req, status, [("Allow", ALLOWED)]), None, None)

    def _outside(self, req: Any, sip_t: Any, method: str) -> Any:
        """Before the answer or after the end."""
        if method == "BYE" and not self._is_over and not self.isDead():
            self._is_over = True
            self.recvEvent(CCEventDisconnect(origin="phone"))
            self._handler.gone(self, 0)
            return (response(req, 200), None, None)
        return (response(req, 200 if method == "BYE" else 481), None, None)

    def _reinvite(self, req: Any, sip_t: Any) -> Any:
        self._follow_contact(req)
        status, body, more = self._handler.reoffer(self, Wanted(req))
        if status != 200:
            return (response(req, status, more), None, None)
        self.uasResp = req.genResponse(100, REASONS[100], server=self.local_ua)
        is_offer = not body_text(req)
        self.lSDP = MsgBody(body)
        self.sendUasResponse(
            200,
            REASONS[200],
            self.lSDP,
            (self.lContact,),
            extra_headers=sip_headers([("Allow", ALLOWED), *more]),
            ack_wait=is_offer,
        )
        return (None, None, None)

    def _update(self, req: Any) -> Any:
        self._follow_contact(req)
        status, body, more = self._handler.reoffer(self, Wanted(req))
        answer = response(req, status, [("Allow", ALLOWED), *more])
        if status == 200:
            answer.appendHeader(SipHeader(name="contact", body=self.lContact))
            if body_text(req):
                self.lSDP = MsgBody(body)
                answer.setBody(self.lSDP)
        return (answer, None, None)

    def _follow_contact(self, req: Any) -> None:
        """RFC 3261 12.2.2: the phone may have moved."""
        contact = contact_of(req)
        if contact is not None and not self.routes:
            self.rTarget = SipURL(username=contact.user or None, host=contact.host, port=contact.port)
            self.rAddr = self.rTarget.getTAddr()

    def _event(self, event: Any, _ua: Any) -> None:
        handler = self._handler
        if self._is_over:
            return
        if isinstance(event, CCEventConnect):
            handler.picked_up(self, str(event.getData()[2] or ""))
        elif isinstance(event, CCEventInfo):
            body = event.getData()
            if body is not None:
                handler.info(self, str(body.getType()), str(body))
        elif isinstance(event, CCEventFail):
            self._is_over = True
            handler.gone(self, int(event.getData()[0]))
        elif isinstance(event, CCEventDisconnect):
            self._is_over = True
            handler.gone(self, 0)
