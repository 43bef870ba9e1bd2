"""Scenarios for sipp, the judge of SIP that nobody here wrote."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.contract.phones_rig import PASSWORD

_HEADS = """\
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]>;tag=[call_number]f
{to_line}
Call-ID: [call_id]
CSeq: {cseq} {method}
Max-Forwards: 70
Contact: <sip:[field0]@[local_ip]:[local_port]>
User-Agent: sipp
{more}Content-Length: [len]

{body}"""

SDP = """\
v=0
o=phone 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 {address}
t=0 0
m=audio 26000 RTP/AVP {formats}
{direction}a=rtpmap:101 telephone-event/8000
"""


def sdp(*, version: int = 1, direction: str = "", formats: str = "0 101", address: str = "[local_ip]") -> str:
    line = f"a={direction}\n" if direction else ""
    return SDP.format(version=version, direction=line, formats=formats, address=address)


def send(
    method: str,
    cseq: int,
    *,
    more: str = "",
    body: str = "",
    to: str = "9000",
    is_inside: bool = False,
    uri: str = "",
) -> str:
    """One request; retransmitted by sipp until answered."""
    start = f"{method} {uri or f'sip:{to}@[remote_ip]:[remote_port]'} SIP/2.0\n"
    heads = _HEADS.format(
        to_line=_to_line(to, is_inside=is_inside), cseq=cseq, method=method, more=more, body=body
    )
    retrans = "" if method == "ACK" else ' retrans="500"'
    return f"<send{retrans}><![CDATA[\n\n{start}{heads}\n]]></send>\n"


def _to_line(to: str, *, is_inside: bool) -> str:
    """Within a call the To of its 200: sipp's own peer tag is that of whatever came last, late 401s too."""
    return "To:[$2]" if is_inside else f"To: <sip:{to}@[remote_ip]>"


def refused(cseq: int) -> str:
    """The ACK of a refusal."""
    return send("ACK", cseq).replace("@[remote_ip]>\nCall-ID", "@[remote_ip]>[peer_tag_param]\nCall-ID")


def answered(pattern: str = "a=rtpmap:0 PCMU/8000") -> str:
    """The 200 of an INVITE, matching a pattern; its To is kept."""
    return (
        '<recv response="200"><action>'
        f'<ereg regexp="{pattern}" search_in="msg" check_it="true" assign_to="1"/>'
        '<ereg regexp=".*" search_in="hdr" header="To:" check_it="true" assign_to="2"/>'
        '<log message="[$1]"/></action></recv>\n'
    )


def receive(status: int, *, is_optional: bool = False, more: str = "") -> str:
    optional = ' optional="true"' if is_optional else ""
    auth = ' auth="true"' if status == 401 else ""
    return f'<recv response="{status}"{optional}{auth}>{more}</recv>\n'


def expect(pattern: str) -> str:
    """Fail the call unless the message last named matches."""
    return (
        f'<action><ereg regexp="{pattern}" search_in="msg" check_it="true" assign_to="1"/>'
        '<log message="[$1]"/></action>'
    )


REGISTER = (
    send("REGISTER", 1, more="Expires: 300\n", to="[field0]", uri="sip:[remote_ip]:[remote_port]")
    + receive(100, is_optional=True)
    + receive(401)
    + send("REGISTER", 2, more="[field1]\nExpires: 300\n", to="[field0]", uri="sip:[remote_ip]:[remote_port]")
    + receive(200, more=expect("expires=300"))
)


def call(*within: str, more: str = "", offer: str = "") -> str:
    """Call the service code with digest, do what is given within, hang up."""
    return (
        dial(more=more, offer=offer)
        + answered()
        + send("ACK", 2, is_inside=True)
        + "".join(within)
        + hang_up(9)
    )


def hang_up(cseq: int) -> str:
    """BYE and its own 200: a transaction by name, or sipp takes a late 200 of the INVITE for it."""
    return send("BYE", cseq, is_inside=True).replace("<send", '<send start_txn="bye"') + receive(200).replace(
        "<recv", '<recv response_txn="bye"'
    )


def dial(*, more: str = "", offer: str = "", is_trying_needed: bool = False) -> str:
    """INVITE with digest, up to the answer; its branch is the one of message 4."""
    body = offer or sdp()
    kind = "Content-Type: application/sdp\n"
    return (
        send("INVITE", 1, more=more + kind, body=body)
        + receive(100, is_optional=True)
        + receive(401)
        + refused(1)
        + send("INVITE", 2, more=f"[field1]\n{more}{kind}", body=body)
        + receive(100, is_optional=not is_trying_needed)
    )


def pause(milliseconds: int) -> str:
    return f'<pause milliseconds="{milliseconds}"/>\n'


def run(
    directory: Path,
    scenario: str,
    port: int,
    *words: str,
    extensions: tuple[str, ...] = ("201",),
    password: str = PASSWORD,
    within_s: float = 40.0,
) -> str:
    """Run sipp to its end; its screen.  Raises AssertionError unless every call succeeded."""
    file = directory / "scenario.xml"
    text = f'<?xml version="1.0"?>\n<scenario name="test">\n{scenario}</scenario>\n'
    file.write_text(text, encoding="utf-8")
    people = directory / "people.csv"
    lines = [f"{e};[authentication username={e} password={password}]" for e in extensions]
    people.write_text("SEQUENTIAL\n" + "\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        [
            "sipp", f"127.0.0.1:{port}", "-i", "127.0.0.1", "-sf", str(file), "-inf", str(people),
            "-nostdin", "-trace_err", "-error_file", str(directory / "errors.log"), *words,
        ],
        cwd=directory, capture_output=True, text=True, timeout=within_s, check=False,
    )  # fmt: skip
    errors = directory / "errors.log"
    told = errors.read_text(errors="replace")[:3_000] if errors.exists() else ""
    assert done.returncode == 0, f"{done.stdout[-2_500:]}\n{done.stderr[-500:]}\n{told}"
    return done.stdout


def successes(screen: str) -> int:
    """Calls that went through, from sipp's last screen."""
    found = re.findall(r"Successful call\s*\|\s*\d+\s*\|\s*(\d+)", screen)
    return int(found[-1]) if found else 0
