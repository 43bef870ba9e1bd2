"""HTTPS for the page: cheroot's threads behind TLS 1.2+, nothing over plain HTTP.

An event stream holds its thread for as long as a browser listens, so streams are bounded well under the
number of threads; the rest always answers pages.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from cheroot import errors, wsgi
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

from appliance.errors import SettingsError
from webui.streams import STREAMS_MAX

log = logging.getLogger("web")

THREADS: Final = STREAMS_MAX + 24
SOCKET_TIMEOUT_S: Final = 30
BACKLOG: Final = 128
BODY_BYTES_MAX_SPARE: Final = 1_000_000  # form fields beside an uploaded file

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Adapter(BuiltinSSLAdapter):
    """TLS whose handshake runs in the worker thread.

    cheroot shakes hands in its accept loop, where one silent client would hold up everybody for the whole
    time-out; left to the first read it holds up its own thread only.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__(str(certificate), str(key))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2

    def wrap(self, sock: Any) -> tuple[Any, dict[str, Any]]:
        try:
            secure = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except (ssl.SSLError, OSError) as error:
            raise errors.FatalSSLAlert(*error.args) from error
        return secure, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class Connection(HTTPConnection):
    """A connection that shakes hands in its own thread; one that fails is dropped without a word."""

    _is_secure = False

    def communicate(self) -> bool:
        if not self._is_secure:
            try:
                self.socket.do_handshake()
            except (ssl.SSLError, OSError) as error:
                log.debug("%s: no TLS: %s", self.remote_addr, error)
                return False
            self._is_secure = True
        return bool(super().communicate())  # type: ignore[no-untyped-call]  # cheroot's own

    def close(self) -> None:
        super().close()
        # cheroot leaves its writer to the collector, where Python 3.13 prints a traceback for unsent words.
        with contextlib.suppress(OSError, ValueError):
            self.wfile.close()


class Server(wsgi.Server):
    """cheroot's server; its own words go to our log."""

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        # A lid that is shut in the middle of an answer is of no interest; our own mistakes are.
        is_peers = isinstance(sys.exc_info()[1], OSError)
        log.log(logging.DEBUG if is_peers or level < logging.ERROR else level, "%s", msg, exc_info=traceback)


def build(app: Wsgi, *, address: str, port: int, certificate: Path, key: Path, body_bytes_max: int) -> Any:
    """A server that is bound but not yet serving.  Raises SettingsError when the port is taken."""
    server = Server((address, port), app, numthreads=THREADS, request_queue_size=BACKLOG)
    server.ConnectionClass = Connection
    server.server_name = "yobirin"
    server.timeout = SOCKET_TIMEOUT_S
    server.max_request_header_size = 65_536
    server.max_request_body_size = body_bytes_max + BODY_BYTES_MAX_SPARE
    try:
        server.ssl_adapter = Adapter(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            f"{certificate} and {key} cannot be used: {error}.",
            remedy="Give a PEM certificate and its key, or remove both and a new pair is made.",
        ) from error
    try:
        server.prepare()
    except OSError as error:
        raise SettingsError(
            f"The page cannot listen on {address} port {port}: {error}.",
            remedy="Stop the program that holds the port, or give another one as web.port.",
        ) from error
    return server
