"""The site's own speech: names of result codes, the apology that names the caller, words of incoming routes.

Each prompt is a WAV in the site's directory beside a note of its text, so that only what changed is spoken
again.  Does its work in the caller's time (a second a prompt at most): call it from a worker.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from appliance.audio import prompts, speech
from appliance.errors import BadInput, YobirinError
from appliance.files import write_atomically
from appliance.settings import Home, file_mode

log = logging.getLogger("audio")

PREFIXES: Final = ("code-", "project-", "route-")  # what is ours to remove; uploads have other names
Speak = Callable[[str, Path], None]


def code_name(project_id: int, code: str) -> str:
    """The prompt of a result code's name."""
    return f"code-{project_id}-{code}"


def apology_name(project_id: int) -> str:
    """The prompt of a project's apology for an answer without a free seat."""
    return f"project-{project_id}-apology"


def ensure(home: Home, wanted: Mapping[str, str], *, speak: Speak = speech.speak) -> dict[str, str]:
    """Make the prompts that are missing or whose text changed, remove those nobody wants any more.

    `wanted` is name to text, complete for the site.  Returns name to reason for those that could not be made;
    an old prompt of another text is gone then, so that nothing wrong is said.  Raises BadInput on a bad name.
    """
    for name in wanted:
        if not prompts.NAME.fullmatch(name) or not name.startswith(PREFIXES):
            raise BadInput(f"{name!r} is no name of a site prompt.", remedy=f"Begin it with {PREFIXES}.")
    for path in home.prompts.glob("*.wav"):
        if path.name.startswith(PREFIXES) and path.stem not in wanted:
            _remove(path)
    failed = {}
    for name, text in wanted.items():
        try:
            _ensure_one(home.prompts / f"{name}.wav", text, speak)
        except (YobirinError, OSError) as error:
            log.warning("prompt %s: %s", name, error)
            failed[name] = str(error)
    return failed


def missing(home: Home, names: list[str]) -> list[str]:
    """Those of `names` that the site has no speech for."""
    return [name for name in names if not (home.prompts / f"{name}.wav").exists()]


def _ensure_one(path: Path, text: str, speak: Speak) -> None:
    """The note is written last: without it the prompt is made again."""
    mark = hashlib.sha256(f"{speech.RATE} {speech.SPEECH_DBM0} {text}".encode()).hexdigest()
    if path.exists() and _note(path).exists() and _note(path).read_text(encoding="ascii") == mark:
        return
    _remove(path)
    speak(text, path)
    write_atomically(_note(path), mark.encode("ascii"), mode=file_mode(path.parent) & 0o640)


def _note(path: Path) -> Path:
    return path.with_suffix(".text-sha256")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _note(path).unlink(missing_ok=True)
