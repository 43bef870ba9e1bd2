"""The monitor as a process: checks run by themselves, alarms reach page, books and mail, and outlive it."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import heartbeat
from appliance.ipc import BlockingClient, Refused
from appliance.monitoring import ballast, messages, post
from appliance.monitoring.plugin import Status
from appliance.monitoring.syslog import open_syslog
from appliance.settings import Home, Mail, Web
from appliance.store import alarms, mail
from appliance.store.open import open_store
from appliance.store.times import ms
from tests.contract.smtp_sink import SmtpSink
from webui import tls

WITHIN_S = 20.0


def until(found: Callable[[], bool], what: str, *, timeout_s: float = WITHIN_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < deadline, f"{what} did not come in {timeout_s:g} s"
        time.sleep(0.05)


class Running:
    """One monitor on a home where neither a dialer nor supervisord runs."""

    def __init__(self, home: Home) -> None:
        self.home = home
        home.socket("monitor").unlink(missing_ok=True)
        self.child = subprocess.Popen(
            [sys.executable, "-m", "appliance", "monitor", "--home", str(home.root)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        until(lambda: home.socket("monitor").exists() or self.child.poll() is not None, "its socket")

    def ask(self, body: messages.Message) -> object:
        client = BlockingClient(self.home.socket("monitor"), messages.Union, name="test")
        try:
            return client.request(body)
        finally:
            client.close()

    def health(self) -> messages.Health:
        found = self.ask(messages.AskHealth())
        assert isinstance(found, messages.Health)
        return found

    def check(self, name: str) -> messages.CheckHealth:
        return next(check for check in self.health().checks if check.name == name)

    def stop(self) -> str:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.child.communicate(timeout=15)[0]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    open_store(found, create=True).close()
    return found


@pytest.fixture
def start(home: Home) -> Iterator[Callable[[], Running]]:
    running: list[Running] = []

    def begin() -> Running:
        running.append(Running(home))
        return running[-1]

    yield begin
    for one in running:
        one.stop()


def site(home: Home, text: str) -> None:
    home.site_file.write_text(text, encoding="utf-8")


def test_alarms_reach_page_books_and_mail_and_outlive_the_monitor(
    home: Home, start: Callable[[], Running]
) -> None:
    with SmtpSink() as sink:
        site(
            home,
            f'site_name = "本社"\n[mail]\nrelay = "127.0.0.1"\nport = {sink.port}\n'
            'sender = "box@example.jp"\nto = ["a@example.jp", "b@example.jp"]\n'
            '[monitor]\nping = ["127.0.0.1"]\n',
        )
        monitor = start()
        until(lambda: monitor.check("processes").alarm == "raised", "the alarm: no supervisord")
        assert monitor.check("pri").alarm in ("fine", "doubtful"), "its cause took the blame"
        assert monitor.check("pri").held_by == "processes"
        assert monitor.check("database").status == 0
        assert not monitor.check("chassis").is_fitted
        until(lambda: "processes" in heartbeat_free(home), "a heartbeat of its own")
        until(lambda: any("プログラム" in letter["Subject"] for letter in sink.letters), "the mail")
        letter = next(letter for letter in sink.letters if "プログラム" in letter["Subject"])
        assert letter["Subject"] == "[Yobirin 本社] 警報 プログラム: 発生"
        assert letter["To"] == "a@example.jp, b@example.jp"
        assert "supervisord does not answer" in letter.get_content()
        assert [entry.event for entry in monitor.health().history] == ["raised"]

        monitor.ask(messages.Acknowledge("processes", "田中", "わかりました"))
        assert monitor.check("processes").acknowledged_by == "田中"
        with pytest.raises(Refused):
            monitor.ask(messages.Acknowledge("load", "田中"))

        monitor.ask(messages.Locate(is_on=True))
        assert monitor.health().is_located

        said = monitor.stop()
        assert monitor.child.returncode == 0, said
        with contextlib.closing(open_store(home)) as store:
            assert [(row.check_name, row.state, row.who) for row in alarms.standing(store)] == [
                ("processes", "acknowledged", "田中")
            ]
            assert [row.event for row in alarms.history(store)] == ["acknowledged", "raised"]

        again = start()
        assert again.check("processes").alarm == "acknowledged"
        assert len([letter for letter in sink.letters if "プログラム" in letter["Subject"]]) == 1
        assert (home.root / "data" / ballast.NAME).stat().st_size > 0


def heartbeat_free(home: Home) -> set[str]:
    """`processes` once the monitor beats: what its check reads."""
    return {"processes"} if "monitor" in heartbeat.ages_s(home) else set()


def test_a_monitor_runs_without_a_database(tmp_path: Path) -> None:
    running = Running(Home(tmp_path))
    try:
        until(lambda: running.check("database").alarm != "fine", "doubt about the database")
        until(lambda: running.check("load").checked_at > 0, "a look at the load")
    finally:
        said = running.stop()
    assert running.child.returncode == 0, said


def test_the_daily_letter_comes_once(home: Home, start: Callable[[], Running]) -> None:
    with contextlib.closing(open_store(home)) as store:
        mail.put(store, topic="alive", subject="yesterday", body="", at=ms(time.time()) - 2 * 86_400_000)
        waiting = mail.due(store, at=ms(time.time()))
        mail.sent(store, waiting[0].id, at=ms(time.time()))
    with SmtpSink() as sink:
        site(home, f'[mail]\nrelay = "127.0.0.1"\nport = {sink.port}\nto = ["a@example.jp"]\n')
        start()
        until(lambda: bool(daily(sink)), "the daily letter", timeout_s=75.0)
        assert "正常 負荷" in daily(sink)[0] or "負荷" in daily(sink)[0]
        assert len(daily(sink)) == 1


def daily(sink: SmtpSink) -> list[str]:
    return [letter.get_content() for letter in sink.letters if "定時報告" in letter["Subject"]]


def test_a_relay_that_refuses_is_asked_again_and_loses_no_letter(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "PAUSES_S", (0.05,))
    monkeypatch.setattr(post, "LOOK_EVERY_S", 0.05)
    with SmtpSink() as sink, contextlib.closing(open_store(home)) as store:
        sink.refuse = True
        relay = post.relay_of(
            Mail(relay="127.0.0.1", port=sink.port, to=("a@example.jp",)), home=home, site="x"
        )
        sender = post.Post(home, relay, wall=time.time)
        for number in range(3):
            mail.put(store, topic=f"t{number}", subject=f"letter {number}", body="b\n", at=ms(time.time()))
        sender.start()
        try:
            until(lambda: sink.tries >= 2, "a second try")
            assert "451" in sender.state.error
            assert sender.state.waiting == 3
            sink.refuse = False
            until(lambda: sender.state.waiting == 0, "all letters")
        finally:
            sender.stop()
        assert [letter["Subject"] for letter in sink.letters] == ["letter 0", "letter 1", "letter 2"]
        assert sender.state.error == ""


def test_a_relay_behind_tls_gets_its_password(home: Home) -> None:
    (home.directory("secrets") / "mail.password").write_text("pass phrase\n", encoding="utf-8")
    with SmtpSink(tls.ensure(home, Web())) as sink:
        relay = post.relay_of(
            Mail(
                relay="127.0.0.1", port=sink.port, to=("a@example.jp",), starttls=True, user="box",
                password_file="secrets/mail.password",
            ),
            home=home, site="x",
        )  # fmt: skip
        assert relay is not None
        relay.send(mail.Mail(id=1, created_at=0, subject="警報", body="本文\n", tries=0), at=time.time())
        assert sink.logins == [b"\0box\0pass phrase"]
        assert sink.letters[0].get_content().strip() == "本文"


def test_no_relay_sends_nothing(home: Home) -> None:
    assert post.relay_of(Mail(), home=home, site="x") is None
    sender = post.Post(home, None, wall=time.time)
    sender.start()
    sender.stop()
    assert not sender.state.is_set_up
    assert not any(thread.name == "post" for thread in threading.enumerate())


def test_alarms_go_to_the_systems_log_where_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))
        log.settimeout(5)
        say = open_syslog("本社", path)
        say(Status.CRITICAL, "mirror raised: md0 is degraded")
        line = log.recv(1000).decode()
    assert line.startswith("<26>yobirin[本社]: mirror raised"), "facility daemon (3), severity critical (2)"
    say(Status.OK, "nobody listens any more, and nothing breaks")
    open_syslog("本社", tmp_path / "absent")(Status.OK, "into the void")
