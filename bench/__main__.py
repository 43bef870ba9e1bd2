"""`python -m bench [NAME …]`: run the benches, every one by default, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def names() -> list[str]:
    """Every file here that has a `main`."""
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if not path.stem.startswith("_") and "\ndef main(" in path.read_text(encoding="utf-8")
    )


def main(wanted: list[str]) -> int:
    """Run those named; 0 when all held their limits."""
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        print(f"no bench named {', '.join(unknown)}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    short = [name for name in wanted or names() if _run(name)]
    if short:
        print(f"SHORT: {', '.join(short)}")
    return 1 if short else 0


def _run(name: str) -> int:
    print(f"== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=HERE.parent, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
