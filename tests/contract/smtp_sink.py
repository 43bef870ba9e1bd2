"""A small mail relay for tests: takes what is sent (RFC 5321), or refuses it; keeps letters in memory."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import email
import email.policy
import ssl
import threading
from email.message import EmailMessage
from pathlib import Path


class SmtpSink:
    """Runs in a thread of its own.  `refuse` makes it answer 451 to every letter, `silent` close
    the line behind a letter that it has taken.

    With `certificate` (files of certificate and key) it takes letters only after STARTTLS and AUTH PLAIN.
    """

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self._certificate = certificate
        self.logins: list[bytes] = []
        self.letters: list[EmailMessage] = []
        self.tries = 0
        self.refuse = False
        self.silent = False
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> SmtpSink:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := await reader.readline():
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    answer = self._take(await reader.readuntil(b"\r\n.\r\n"))
                    if self.silent:
                        break
                    writer.write(answer)
                elif verb == b"STARTTLS":
                    writer.write(b"220 ready\r\n")
                    await writer.start_tls(self._context())
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(self._said(verb, line))
        writer.close()

    def _said(self, verb: bytes, line: bytes) -> bytes:
        if self._certificate is None:
            return b"250 ok\r\n"
        if verb == b"EHLO":
            return b"250-sink\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
        if verb == b"AUTH":
            self.logins.append(base64.b64decode(line.split()[2]))
            return b"235 welcome\r\n"
        return b"250 ok\r\n" if self.logins else b"530 log in first\r\n"

    def _context(self) -> ssl.SSLContext:
        assert self._certificate is not None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self._certificate)
        return context

    def _take(self, data: bytes) -> bytes:
        self.tries += 1
        if self.refuse:
            return b"451 try again later\r\n"
        found = email.message_from_bytes(data[:-3], policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.letters.append(found)
        return b"250 taken\r\n"
