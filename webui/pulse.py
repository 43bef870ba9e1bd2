"""The page asks itself: a thread fetches `/health` over HTTPS, as a browser would, and beats on an answer.

What beats has gone through the accept loop, the queue, a thread of the pool and the handlers; a server
that only looks alive beats no more.  Any status is an answer: what is ill is told elsewhere.
"""

from __future__ import annotations

import http.client
import logging
import ssl
import threading
from collections.abc import Callable
from typing import Final

log = logging.getLogger("web")

EVERY_S: Final = 4.0
TIMEOUT_S: Final = 10.0
ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked, not bound


class Pulse:
    """Asks every few seconds until `stop`."""

    def __init__(
        self,
        beat: Callable[[], None],
        *,
        address: str,
        port: int,
        every_s: float = EVERY_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._beat = beat
        self._address = ANYWHERE.get(address, address)
        self._port = port
        self._every_s = every_s
        self._timeout_s = timeout_s
        self._stopped = threading.Event()
        # Nothing secret is sent, and a certificate that has expired is no reason to start the page again.
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def start(self) -> None:
        threading.Thread(target=self._run, name="pulse", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            if self._is_answered():
                self._beat()

    def _is_answered(self) -> bool:
        connection = http.client.HTTPSConnection(
            self._address, self._port, timeout=self._timeout_s, context=self._context
        )
        try:
            connection.request("GET", "/health", headers={"Connection": "close"})
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            if not self._stopped.is_set():
                log.warning("the page does not answer itself: %s", error)
            return False
        finally:
            connection.close()
        return True
