"""Without libpri, gcc or the built binding: one sentence that names what is missing and the remedy."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from appliance.errors import DeviceError
from appliance.pri_card import build_libpri

WITHOUT_BINDING = """
import sys
sys.modules["appliance.pri_card._libpri"] = None
try:
    import appliance.pri_card.pri_trunk
except Exception as problem:
    print(type(problem).__name__, problem)
"""


def test_a_binding_that_is_not_built_names_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_BINDING], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.startswith("DeviceError libpri's binding is not built")
    assert "python -m appliance.pri_card.build_libpri" in done.stdout


def test_no_gcc_names_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(
        DeviceError, match=r"gcc is not installed\..*apt-get install libpri-dev gcc python3-dev"
    ):
        build_libpri.build(tmp_path)


def test_no_libpri_names_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer = subprocess.CompletedProcess(
        ["gcc"], 0, stdout="libpri.a\n", stderr=""
    )  # gcc's way to say "none"
    monkeypatch.setattr(subprocess, "run", lambda *_arguments, **_options: answer)
    with pytest.raises(DeviceError, match=r"libpri\.a.*apt-get install libpri-dev"):
        build_libpri.build(tmp_path)


def test_no_python_headers_names_where_they_were_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    with pytest.raises(DeviceError, match=f"{tmp_path}.*python3-dev"):
        build_libpri.build(tmp_path)


def test_what_does_not_compile_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build_libpri, "SOURCE", "this is not C")
    with pytest.raises(DeviceError, match="does not compile"):
        build_libpri.build(tmp_path)
    assert list(tmp_path.iterdir()) == []
