"""SIP messages as values: what is read from sippy's requests, how headers and refusals are written."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

from sippy.SipConf import SipConf
from sippy.SipHeader import SipHeader

from appliance.phones.bindings import Contact
from appliance.phones.registrar import Facts

ALLOWED: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, UPDATE"
KNOWN_METHODS: Final = frozenset(
    ("SUBSCRIBE", "NOTIFY", "PUBLISH", "MESSAGE", "PRACK", "REFER")
)  # known to RFCs, not allowed here: 405; anything else is 501
IN_DIALOG: Final = frozenset(("BYE", "INFO", "UPDATE", "REFER", "PRACK", "NOTIFY"))
REASONS: Final = {
    100: "Trying", 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 422: "Session Interval Too Small",
    423: "Interval Too Brief", 480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist",
    486: "Busy Here", 488: "Not Acceptable Here", 500: "Server Internal Error", 501: "Not Implemented",
    503: "Service Unavailable", 603: "Decline",
}  # fmt: skip

Headers = Iterable[tuple[str, str]]


class Wanted:
    """What an INVITE, re-INVITE or UPDATE asks for."""

    __slots__ = ("body", "dialled", "session_expires", "supported")

    def __init__(self, request: Any) -> None:
        self.body: str = body_text(request)
        self.dialled = str(request.getRURI().username or "")
        self.session_expires = header(request, "session-expires") or header(request, "x")
        self.supported = ",".join(headers(request, "supported") + headers(request, "k"))


def header(message: Any, name: str) -> str:
    """The first header of a name as it came; "" where there is none."""
    found = headers(message, name)
    return found[0] if found else ""


def headers(message: Any, name: str) -> list[str]:
    return [str(one.body) for one in message.getHFs(name)]


def body_text(message: Any) -> str:
    """The body; "" where there is none."""
    body = message.getBody()
    return "" if body is None else str(body)


def sip_headers(pairs: Headers) -> tuple[Any, ...]:
    return tuple(SipHeader(f"{name}: {value}") for name, value in pairs)


def response(req: Any, status: int, more: Headers = ()) -> Any:
    """A final response with headers."""
    answer = req.genResponse(status, REASONS.get(status, "Refused"), server=SipConf.my_uaname)
    answer.appendHeaders(sip_headers(more))
    return answer


def contact_of(req: Any) -> Contact | None:
    """Where requests to the sender go: its Contact, or its source where that is no plain address."""
    found = _contacts(req)
    return found[0][0] if found else None


def facts_of(req: Any) -> Facts | None:
    """A REGISTER or INVITE as the registrar sees it; None where it names nobody."""
    who = req.getHFBody("to" if req.getMethod() == "REGISTER" else "from").getUrl().username
    if not who:
        return None
    host, port = req.getSource()
    stars = [body for body in req.getHFBodys("contact") if body.asterisk]
    return Facts(
        method=req.getMethod(),
        extension=str(who),
        source_host=host,
        source_port=port,
        authorization=header(req, "authorization"),
        user_agent=header(req, "user-agent")[:120],
        contacts=_contacts(req),
        is_star=bool(stars),
        expires_s=_number(header(req, "expires")),
    )


def _contacts(req: Any) -> tuple[tuple[Contact, int], ...]:
    source = req.getSource()
    return tuple(
        (_contact(body.getUrl(), source), _number(body.address.params.get("expires") or ""))
        for body in req.getHFBodys("contact")
        if not body.asterisk
    )


def _contact(url: Any, source: tuple[str, int]) -> Contact:
    host, port = str(url.host), int(url.port or SipConf.default_port)
    try:
        ipaddress.IPv4Address(host)
    except ValueError:  # a name that the box cannot look up on an isolated network
        host, port = source
    return Contact(str(url.username or ""), host, port)


def _number(text: str) -> int:
    word = text.strip().strip('"')
    return int(word) if word.isdecimal() and len(word) < 10 else -1
