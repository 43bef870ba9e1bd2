"""Messages between processes: typed, versioned, with bounds, over real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance import ipc


class Add(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    a: int
    b: int


class Sum(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    value: int


class Slow(msgspec.Struct, frozen=True, tag=True, tag_field="t"):
    pass


Union = Add | Sum | Slow


async def answer(_peer: ipc.Peer, body: Any) -> Any:
    if isinstance(body, Slow):
        await asyncio.sleep(30)
    if body.a < 0:
        raise ipc.Refused("a is negative.", remedy="Give a positive one.")
    return Sum(body.a + body.b)


def with_server(path: Path, work: Callable[[ipc.Server], Awaitable[None]]) -> None:
    async def go() -> None:
        server = ipc.Server(
            path, Union, name="adder", on_request=answer, on_connect=lambda peer: peer.send(Sum(0))
        )
        await server.start()
        try:
            await asyncio.wait_for(work(server), 10)
        finally:
            await server.stop()

    asyncio.run(go())


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it never happened")


def test_a_request_gets_its_own_answer_and_the_snapshot_comes_first(tmp_path: Path) -> None:
    seen: list[Any] = []

    async def work(server: ipc.Server) -> None:
        client = ipc.Client(tmp_path / "s", Union, name="test", on_event=seen.append)
        task = asyncio.create_task(client.run())
        await until(lambda: bool(seen))
        answers = await asyncio.gather(*(client.request(Add(n, n)) for n in range(50)))
        assert [body.value for body in answers] == [2 * n for n in range(50)]
        server.publish(Sum(7))
        await until(lambda: len(seen) == 2)
        assert seen == [Sum(0), Sum(7)]
        task.cancel()

    with_server(tmp_path / "s", work)


def test_an_error_of_the_server_reaches_the_asker_with_its_remedy(tmp_path: Path) -> None:
    async def work(_server: ipc.Server) -> None:
        client = ipc.Client(tmp_path / "s", Union, name="test")
        task = asyncio.create_task(client.run())
        await until(lambda: client.is_up)
        with pytest.raises(ipc.Refused) as caught:
            await client.request(Add(-1, 0))
        assert (caught.value.what, caught.value.remedy) == ("a is negative.", "Give a positive one.")
        with pytest.raises(ipc.PeerGone, match="did not answer"):
            await client.request(Slow(), timeout_s=0.05)
        task.cancel()

    with_server(tmp_path / "s", work)


def test_a_client_comes_back_after_the_server_restarted(tmp_path: Path) -> None:
    changes: list[bool] = []

    async def go() -> None:
        client = ipc.Client(tmp_path / "s", Union, name="test", on_change=changes.append, retry_s=0.01)
        task = asyncio.create_task(client.run())
        with pytest.raises(ipc.PeerGone, match="is not running"):
            await client.request(Add(1, 1))
        for _ in range(2):
            server = ipc.Server(tmp_path / "s", Union, name="adder", on_request=answer)
            await server.start()
            await until(lambda: client.is_up)
            assert (await client.request(Add(1, 1))).value == 2
            await server.stop()
            await until(lambda: not client.is_up)
        task.cancel()

    asyncio.run(go())
    assert changes == [True, False, True, False]


def test_a_thread_can_ask_too(tmp_path: Path) -> None:
    found: list[Any] = []

    def ask() -> None:
        client = ipc.BlockingClient(tmp_path / "s", Union, name="thread")
        found.append(client.request(Add(2, 3)))
        client.close()

    async def work(_server: ipc.Server) -> None:
        thread = threading.Thread(target=ask)
        thread.start()
        await until(lambda: bool(found))
        thread.join()

    with_server(tmp_path / "s", work)
    assert found == [Sum(5)]


def test_nobody_there_is_said_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ipc.PeerGone) as caught:
        ipc.BlockingClient(tmp_path / "dialer.sock", Union, name="test")
    assert "dialer is not running" in caught.value.what
    assert "yobirin run" in caught.value.remedy


@pytest.mark.parametrize(
    "line",
    [b"garbage\n", b'{"b":{"t":"Unknown"}}\n', b'{"b":{"t":"Add","a":"x","b":1}}\n', b"\xff\xfe\n"],
)
def test_a_line_that_is_not_of_the_protocol_ends_the_connection_alone(line: bytes) -> None:
    codec = ipc.Codec(Union)
    with pytest.raises(ipc.PeerGone):
        list(codec.feed(line))


def test_another_version_is_refused_by_name() -> None:
    ours = ipc.Codec(Union)
    theirs = ours.encode(ipc.Hello("old-web", version=99))
    with pytest.raises(ipc.PeerGone, match="old-web speaks version 99"):
        list(ours.feed(theirs))


def test_lines_may_arrive_in_any_pieces() -> None:
    codec = ipc.Codec(Union)
    data = codec.encode(Add(1, 2), number=5) + codec.encode(Sum(3), number=5, is_answer=True)
    found = [message for index in range(len(data)) for message in codec.feed(data[index : index + 1])]
    assert [(message.body, message.number, message.is_answer) for message in found] == [
        (Add(1, 2), 5, False),
        (Sum(3), 5, True),
    ]


def test_an_endless_line_is_cut_off() -> None:
    codec = ipc.Codec(Union)
    with pytest.raises(ipc.PeerGone, match="more than"):
        list(codec.feed(b"x" * (ipc.LINE_BYTES_MAX + 1)))


def test_a_socket_left_by_a_crash_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    ipc.listen(path).close()
    with ipc.listen(path):
        assert path.stat().st_mode & 0o777 == 0o600
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.connect(str(path))
        client.close()
