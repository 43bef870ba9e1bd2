"""Registers a phone once by SIP (RFC 3261, digest of RFC 2617) and prints the last status."""

import hashlib
import re
import socket
import sys

address, user, password = sys.argv[1:]
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.settimeout(5.0)
line.connect((address, 5060))
own = line.getsockname()


def ask(number: int, more: str) -> str:
    """One REGISTER; the answer."""
    line.send(
        (
            f"REGISTER sip:{address} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {own[0]}:{own[1]};branch=z9hG4bK{number}{own[1]}\r\n"
            f"Max-Forwards: 70\r\n"
            f"From: <sip:{user}@{address}>;tag=t{own[1]}\r\nTo: <sip:{user}@{address}>\r\n"
            f"Call-ID: c{own[1]}\r\nCSeq: {number} REGISTER\r\n"
            f"Contact: <sip:{user}@{own[0]}:{own[1]}>\r\nExpires: 60\r\n{more}Content-Length: 0\r\n\r\n"
        ).encode()
    )
    return line.recv(4096).decode()


def digest(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


challenge = dict(re.findall(r'(\w+)="([^"]*)"', ask(1, "")))
first = digest(f"{user}:{challenge['realm']}:{password}")
second = digest(f"REGISTER:sip:{address}")
response = digest(f"{first}:{challenge['nonce']}:{second}")
if "qop" in challenge:
    response = digest(f"{first}:{challenge['nonce']}:00000001:abcd:auth:{second}")
authorization = (
    f'Authorization: Digest username="{user}", realm="{challenge["realm"]}", nonce="{challenge["nonce"]}", '
    f'uri="sip:{address}", response="{response}", algorithm=MD5'
    + (', qop=auth, nc=00000001, cnonce="abcd"' if "qop" in challenge else "")
    + "\r\n"
)
print(ask(2, authorization).split()[1])
