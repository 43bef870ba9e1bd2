"""Nagios' form: every check's line against the rules, its time-out, its failures, its command line."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from appliance import cli
from appliance.errors import BadInput
from appliance.monitoring import nrpe, plugin, runner, words
from appliance.monitoring.box import Box, NotFitted
from appliance.monitoring.plugin import Figure, Range, Status, Thresholds, Verdict
from appliance.monitoring.sentences import SENTENCES
from appliance.monitoring.table import BY_NAME, CHECKS, Check
from appliance.settings import Home, Monitor, Settings

NUMBER = r"-?\d+(?:\.\d+)?"
RANGE = rf"@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?"
DATUM = (
    rf"(?:'[^'=|]+'|[^\s'=|]+)=({NUMBER})(us|ms|s|%|B|KB|MB|TB|c)?"
    rf"(?:;(?:{RANGE})?)?(?:;(?:{RANGE})?)?(?:;(?:{NUMBER})?)?(?:;(?:{NUMBER})?)?"
)
LINE = re.compile(rf"[A-Z]+ (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+(?: \| {DATUM}(?: {DATUM})*)?")
"""Guidelines 2.1 (one line, one bar), 2.5 (ranges) and 2.6 (performance data)."""


@pytest.mark.parametrize(
    ("text", "well", "bad"),
    [
        ("10", (0, 5, 10), (-1, 10.1)),
        ("10:", (10, 99), (9.9, -1)),
        ("~:10", (-99, 10), (10.1,)),
        ("10:20", (10, 20), (9, 21)),
        ("@10:20", (9, 21), (10, 15, 20)),
        ("0", (0,), (1, -1)),
    ],
)
def test_a_range_alerts_as_the_guidelines_say(
    text: str, well: tuple[float, ...], bad: tuple[float, ...]
) -> None:
    found = Range.parse(text)
    assert [found.alerts(value) for value in well] == [False] * len(well)
    assert [found.alerts(value) for value in bad] == [True] * len(bad)


@pytest.mark.parametrize("text", ["", "@", "x", "20:10", "10:20:30", "1e3", "10 "])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Range.parse(text)


def test_the_text_cannot_break_the_line() -> None:
    figure = Figure("free space", 12.5, "MB", "10:", "5:", "0", "99")
    line = plugin.line("disk", Status.OK, "a|b\nc", (figure,))
    assert line == "DISK OK - a b c | 'free space'=12.5MB;10:;5:;0;99"
    assert LINE.fullmatch(line)


@pytest.mark.parametrize("name", BY_NAME)
def test_every_check_keeps_to_the_form_on_a_bare_box(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["check", name, "--home", str(tmp_path)])
    printed = capsys.readouterr().out
    assert printed.endswith("\n")
    assert LINE.fullmatch(printed.rstrip("\n")), printed
    assert Status(code).name == printed.split()[1]


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize(
    "error", [NotFitted("nothing"), OSError(5, "Input/output error"), ValueError("a|b\nc")]
)
def test_every_check_keeps_to_the_form_when_it_fails(name: str, error: Exception) -> None:
    check = BY_NAME[name]

    def fail(_box: Box) -> None:
        raise error

    verdict = runner.look(Check(**{**vars(check), "read": fail}), None, _limits())  # type: ignore[arg-type]  # not read
    line = plugin.line(
        name, verdict.status, words.sentence(verdict.key, verdict.values, "en"), verdict.figures
    )
    assert LINE.fullmatch(line), line
    assert verdict.status is (Status.OK if isinstance(error, NotFitted) else Status.UNKNOWN)


def test_a_check_that_hangs_is_critical_in_its_own_time() -> None:
    release = threading.Event()
    check = Check("load", lambda _box: release.wait(20), _judge_nothing, "1", "2", "x")
    verdict = runner.run_once(check, None, _limits(), timeout_s=0.1)  # type: ignore[arg-type]  # not read
    release.set()
    assert verdict.status is Status.CRITICAL
    assert words.sentence(verdict.key, verdict.values, "en") == "timed out after 0.1 seconds"


def test_a_hanging_check_is_not_started_twice_and_comes_back(tmp_path: Path) -> None:
    release, started = threading.Event(), []

    def read(_box: Box) -> int:
        started.append(1)
        release.wait(20)
        return 0

    now = [0.0]
    check = Check("load", read, _judge_nothing, "1", "2", "x", timeout_s=10)
    ran = runner.Runner(Box(Home(tmp_path), Settings()), now=lambda: now[0])
    ran.start(check)
    now[0] = 10.0
    assert [each.verdict.key for each in ran.take()] == ["timed_out"]
    ran.start(check)
    assert [each.verdict.key for each in ran.take()] == ["timed_out"]
    assert len(started) == 1
    release.set()
    for thread in threading.enumerate():
        if thread.name == "check-load":
            thread.join(10)
    assert ran.take() == [], "its old end is no news"
    ran.start(check)
    for thread in threading.enumerate():
        if thread.name == "check-load":
            thread.join(10)
    assert [each.verdict.status for each in ran.take()] == [Status.OK]


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], [], ["load", "-w", "5:2"], ["load", "--timeout", "0"], ["load", "--timeout", "soon"]],
)
def test_wrong_arguments_are_unknown(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", "--home", str(tmp_path), *arguments])
    assert ended.value.code == 3
    assert LINE.fullmatch(capsys.readouterr().out.rstrip("\n"))


def test_thresholds_come_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "load", "--home", str(tmp_path), "-w", "~:-1", "-c", "~:999"]) == 1
    assert "load5_per_core=" in capsys.readouterr().out
    assert cli.main(["check", "load", "--home", str(tmp_path), "-w", "~:-1", "-c", "~:-1"]) == 2


def test_nrpe_asks_for_every_check_with_its_limits() -> None:
    text = nrpe.configuration(Settings(monitor=Monitor()), home="/var/lib/yobirin")
    rows = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(rows) == len(CHECKS)
    disk = "/usr/bin/yobirin check disk --home /var/lib/yobirin -w 1000: -c 500: --timeout 10"
    assert f"command[yobirin_disk]={disk}" in rows


def test_every_sentence_exists_in_both_languages() -> None:
    for key, said in SENTENCES.items():
        assert said.ja, key
        assert said.en, key
        assert bool(said.do_ja) == bool(said.do_en), key
        assert not re.search("[ぁ-んァ-ン一-龥]", said.en + said.do_en), key


def _limits() -> Thresholds:
    return Thresholds.parse("1", "2")


def _judge_nothing(_seen: object, _limits: Thresholds) -> Verdict:
    return Verdict(Status.OK, "load", {"load": "0", "cores": "1"})
