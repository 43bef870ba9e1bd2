"""The end of a connection whose browser went away in the middle of an answer."""

from __future__ import annotations

import socket

import pytest

from webui.server import Connection, Server


def test_an_answer_cut_short_leaves_nothing_to_the_collector() -> None:
    ours, browser = socket.socketpair()
    connection = Connection(Server(("127.0.0.1", 0), None), ours)
    browser.close()
    with pytest.raises(BrokenPipeError):
        connection.wfile.write(b"event: delta\n\n")

    connection.close()

    assert connection.wfile.closed
    assert ours.fileno() == -1
