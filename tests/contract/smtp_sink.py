"""A small mail relay for tests: takes what is sent (RFC 5321), or refuses it; keeps letters in memory."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import threading
from email.message import EmailMessage


class SmtpSink:
    """Runs in a thread of its own.  `refuse` makes it answer 451 to every letter."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.tries = 0
        self.refuse = False
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
                    writer.write(self._take(await reader.readuntil(b"\r\n.\r\n")))
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 ok\r\n")
        writer.close()

    def _take(self, data: bytes) -> bytes:
        self.tries += 1
        if self.refuse:
            return b"451 try again later\r\n"
        found = email.message_from_bytes(data[:-3], policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.letters.append(found)
        return b"250 taken\r\n"
