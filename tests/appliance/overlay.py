"""The test overlay: a drive that a test box lays over its read-only root, and the hook that does it.

It brings the command channel, the exchange and robots as services, and the span pair's start.  The product's
image holds none of it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
GUEST: Final = Path(__file__).resolve().parent / "guest"
SITE_PACKAGES: Final = "opt/yobirin/lib/python3.13/site-packages"


def make_drive(path: Path) -> Path:
    """An ext4 file named YOBIRIN-TEST with guest/overlay, the hook, and the contract tests.

    With YOBIRIN_LIVE_TREE set, the working tree's Python and image-build/root lie over the image's: for
    work on a scenario, never for a proof.
    """
    tree = path.with_suffix(".tree")
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(GUEST / "overlay", tree, symlinks=True)
    hook = tree / "usr/lib/yobirin-test/hook.cpio"
    hook.write_bytes(initrd_hook())
    _lay_contract_tests(tree / "usr/lib/yobirin-test")
    if os.environ.get("YOBIRIN_LIVE_TREE"):
        _lay_live_tree(tree)
        shutil.copytree(ROOT / "image-build" / "root", tree, symlinks=True, dirs_exist_ok=True)
    for each in (tree, *tree.rglob("*")):  # a young /usr or /etc would make systemd rebuild its caches
        os.utime(each, (0, 0), follow_symlinks=False)
    path.unlink(missing_ok=True)
    size_kb = sum(file.lstat().st_size for file in tree.rglob("*")) // 1024
    subprocess.run(
        [
            *("mkfs.ext4", "-q", "-L", "YOBIRIN-TEST", "-O", "^has_journal", "-E", "root_owner=0:0"),
            *("-d", str(tree), str(path), f"{size_kb * 2 + 16_384}k"),
        ],
        check=True,
    )
    shutil.rmtree(tree)
    return path


def _lay_contract_tests(place: Path) -> None:
    """The span's contract, and pytest as this Python has it (it is pure Python), for a run in the box."""
    contract = place / "tests" / "contract"
    contract.mkdir(parents=True)
    for module in (ROOT / "tests").glob("*.py"):
        shutil.copy(module, place / "tests" / module.name)
    (place / "tests" / "conftest.py").unlink()  # the whole suite's; it wants what the box has not
    for name in ("__init__.py", "fake_dahdi.py", "test_span.py"):
        shutil.copy(ROOT / "tests" / "contract" / name, contract / name)
    for name in ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments"):
        found = importlib.util.find_spec(name)
        assert found is not None, f"{name} is in requirements-dev.lock"
        assert found.origin is not None
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, place / origin.name)


def _lay_live_tree(tree: Path) -> None:
    """The working tree's packages, compiled for the image's Python, which does not look at a source's age."""
    workshop = ROOT / "build" / "image" / "work" / "workshop"
    with tempfile.TemporaryDirectory(prefix="live-", dir=workshop / "tmp") as scratch:
        for room in ("appliance", "webui", "provisioning"):
            without = shutil.ignore_patterns("__pycache__", "*.so")
            shutil.copytree(ROOT / room, Path(scratch) / room, ignore=without)
        inside = f"/tmp/{Path(scratch).name}"
        words: tuple[str, ...] = (
            "python3",
            "-m",
            "compileall",
            "-q",
            "--invalidation-mode",
            "unchecked-hash",
        )
        words += ("-s", inside, "-p", f"/{SITE_PACKAGES}", inside)
        subprocess.run(["chroot", str(workshop), *words], check=True)
        shutil.copytree(scratch, tree / SITE_PACKAGES, dirs_exist_ok=True)
    (tree / SITE_PACKAGES).chmod(0o755)  # the scratch folder's own mode came along


def initrd_hook() -> bytes:
    """A cpio archive (newc) with scripts/yobirin-more, to be appended to an initial RAM disk."""
    entries = [
        ("scripts", 0o040755, b""),
        ("scripts/yobirin-more", 0o100644, (GUEST / "yobirin-more").read_bytes()),
    ]
    archive = b"".join(_cpio(name, mode, data) for name, mode, data in [*entries, ("TRAILER!!!", 0, b"")])
    return archive + bytes(-len(archive) % 512)


def _cpio(name: str, mode: int, data: bytes) -> bytes:
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
