"""The house rules that a machine can read: imports go down only, one importer a library, a README a room."""

from __future__ import annotations

import ast
import fnmatch
import functools
import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FLOORS = {
    "appliance.errors": 0,
    "appliance.clock": 0,
    "appliance.files": 0,
    "appliance.settings": 0,
    "appliance.ipc": 0,
    "appliance.heartbeat": 0,
    "appliance.turn": 0,
    "appliance.supervisor_client": 0,
    "appliance.store": 1,
    "appliance.pri_card": 2,
    "appliance.audio": 2,
    "appliance.phones": 2,
    "appliance.gpio_leds": 2,
    "appliance.watchdog": 2,
    "appliance.chassis": 2,
    "appliance.monitoring": 2,
    "appliance.backup": 2,
    "appliance.dialer": 3,
    "appliance.simulator": 3,
    "appliance.worker": 3,
    "appliance.worker_speech": 3,
    "appliance.cli": 4,
    "appliance.cli_store": 4,
    "appliance.cli_backup": 4,
    "appliance.cli_box": 4,
    "appliance.cli_words": 4,
    "appliance.demo": 4,
    "appliance.demo_figures": 4,
    "appliance.demo_floor": 4,
    "appliance.demo_secrets": 4,
    "appliance.processes": 4,
    "appliance.rights": 4,
    "appliance.__main__": 4,
    "webui": 4,
    "provisioning": 4,
}

ONE_IMPORTER = {
    "peewee": ("appliance/store/",),
    "playhouse": ("appliance/store/",),
    "sqlcipher3": ("appliance/store/",),
    "huey": ("appliance/store/", "appliance/worker.py"),
    "sippy": ("appliance/phones/", "appliance/simulator/robot"),
    "cheroot": ("webui/",),
    "bottle": ("webui/",),
    "jinja2": ("webui/",),
    "supervisor": ("appliance/processes.py",),
    "openpyxl": ("appliance/store/", "webui/"),
    "serial": ("provisioning/",),
    "smbus2": ("appliance/gpio_leds/",),
    "can": ("appliance/chassis/",),
    "canopen": ("appliance/chassis/",),
}

SOURCES = sorted(
    [*ROOT.glob("appliance/**/*.py"), *ROOT.glob("webui/**/*.py"), *ROOT.glob("provisioning/**/*.py")]
)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@functools.cache
def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def floor_of(module: str) -> int | None:
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        floor = FLOORS.get(".".join(parts[:size]))
        if floor is not None:
            return floor
    return None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    own = floor_of(module_name(path))
    if own is None:
        assert path.read_text(encoding="utf-8").strip() == "" or module_name(path) == "appliance", (
            f"{path} stands on no floor"
        )
        return
    climbing = {name for name in imports_of(path) if (floor_of(name) or 0) > own}
    assert not climbing, f"{path} (floor {own}) imports upwards: {sorted(climbing)}"


@pytest.mark.parametrize("library", sorted(ONE_IMPORTER))
def test_a_library_is_imported_in_its_room_alone(library: str) -> None:
    rooms = ONE_IMPORTER[library]
    strangers = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(name == library or name.startswith(f"{library}.") for name in imports_of(path))
        and not str(path.relative_to(ROOT)).startswith(rooms)
    ]
    assert strangers == []


def test_every_room_has_a_readme() -> None:
    rooms = [path for path in (ROOT / "appliance").iterdir() if path.is_dir() and path.name != "__pycache__"]
    rooms += [ROOT / name for name in ("webui", "provisioning", "image-build", "tests", "bench")]
    assert [str(room) for room in rooms if not (room / "README.md").exists()] == []


def tree() -> list[str]:
    """Every path of the checkout, from its root; nothing that was built or installed."""
    skipped = {"__pycache__", "build", "dist"}
    found: list[str] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in skipped and not name.startswith(".")]
        here = Path(folder).relative_to(ROOT)
        found += [(here / name).as_posix() for name in (*folders, *files)]
    return found


MADE = {
    "HOME/site.toml", "site.toml", "SITE.toml", "SITE.secrets.json", "SITE-handover.html", "manifest.txt",
    "/usr/share/yobirin/manifest.txt", "data/backup.json", "run/watchdog.json",
    "run/factory-reset-asked.json", "DIR/population.toml", "tests/.artifacts/", "/tmp/qemu.lock",
}  # fmt: skip
"""Files and folders that a document names and no checkout has."""
WRITTEN = re.compile(
    r"[\w./*-]*(?:\w/|\.(?:py|md|sh|toml|html|js|css|json|sql|txt|csv|wav|svg|png|po|service|conf|lock))"
)


@functools.cache
def documents() -> list[Path]:
    everything = [ROOT / name for name in tree() if name.endswith(".md")]
    return [path for path in everything if path.name != "CHANGELOG.md"]


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(path: Path) -> None:
    known, bases = tree(), {*path.relative_to(ROOT).parents, Path("appliance"), Path("webui")}
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    named = {word for word in re.findall(r"`([^`\n]+)`", text) if WRITTEN.fullmatch(word)} - MADE
    names = {name.rsplit("/", 1)[-1] for name in known}

    def is_there(word: str) -> bool:
        if "/" not in word:
            return bool(fnmatch.filter(names, word))
        return any(fnmatch.filter(known, (base / word).as_posix()) for base in bases)

    assert sorted(word for word in named if not is_there(word)) == []


def test_every_source_file_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.read_text(encoding="utf-8").strip()
        and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []
