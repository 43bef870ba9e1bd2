"""The command line: help for people, errors in two lines, exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import cli


def test_help_lists_what_people_use_and_not_the_processes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    listed = capsys.readouterr().out.split("COMMAND", 2)[2]
    assert caught.value.code == 0
    for command in ("run", "demo", "simulate", "import", "report", "trace"):
        assert f"    {command} " in listed
    assert "    robots " not in listed


def test_a_box_that_was_never_set_up_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--home", str(tmp_path)]) == 5
    said = capsys.readouterr().err
    assert "yobirin.db does not exist" in said
    assert "demo" in said


def test_a_typo_in_the_site_file_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.toml").write_text("[web]\nprot = 1\n")
    assert cli.main(["run", "--home", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "prot" in said
    assert "Did you mean `port`?" in said


@pytest.mark.parametrize(
    "words",
    [
        ["demo", "--seats", "0"],
        ["demo", "--seats", "101"],
        ["demo", "--spans", "6"],
        ["demo", "--web-port", "x"],
        ["demo", "--seconds", "-1"],
        ["demo", "--json", "/no/such/place.json"],
        ["simulate", "--mode", "magic"],
        ["simulate", "--answer", "25"],
        ["simulate", "--target", "nan"],
        ["simulate", "--hours", "0.5"],
        ["simulate", "--talk", "0"],
        ["simulate", "--json", "/no/such/place.json"],
        ["report", "weekly"],
        ["trace", "export"],
        ["fly"],
    ],
)
def test_words_that_make_no_sense_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "error:" in said
    assert "robots" not in said
