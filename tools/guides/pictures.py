"""Pictures of the real screens: `python -m tools.guides.pictures [NAME …]` makes docs/guides/pictures/*.png.

A seeded floor (tests/browser) serves the pages; Chromium opens them, numbers what the guides explain, and
crops.  The clock stands at a Friday afternoon, so that the pictures change only when the screens do.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from appliance.clock import SystemClock
from appliance.settings import Home
from tests.browser.conftest import Tab, log_in
from tests.browser.site import CHROMIUM, DESK, Site, running
from tools.guides import scenes
from tools.guides.scenes import Scene
from tools.guides.table_words import ROOT

PICTURES: Final = ROOT / "docs/guides/pictures"
NOON: Final = 1_795_150_980.0  # 2026/11/20 (a Friday) 14:03:00 in Japan
SEATS: Final = 100
COLOURS: Final = 32  # a screen has few; the paper shows no more
BYTES_MAX: Final = 150_000
SCALE: Final = 1.0  # dots of the picture for one of the screen: some 180 an inch on paper

NUMBERS: Final = """(marks) => {
  for (const [number, [where, x, y]] of Object.entries(marks)) {
    const box = document.querySelector(where).getBoundingClientRect();
    const badge = Object.assign(document.createElement("span"), { textContent: number });
    Object.assign(badge.style, { position: "fixed", zIndex: 99, left: `${box.left + box.width * x - 13}px`,
      top: `${box.top + box.height * y - 13}px`, width: "26px", height: "26px", borderRadius: "50%",
      background: "#a90000", color: "#fff", border: "2px solid #fff", font: "bold 16px/22px 'Noto Sans JP'",
      textAlign: "center" });
    document.body.append(badge);
  }
}"""


class Friday(SystemClock):
    """The machine's clocks, the wall's beginning at `NOON`."""

    def __init__(self) -> None:
        self._ahead_s = NOON - time.time()

    def wall(self) -> float:
        return time.time() + self._ahead_s


class Shot(NamedTuple):
    """One picture: who looks at which page, what is prepared, what is numbered, what is cropped.

    `marks` are a selector and where on it the number stands, as shares of its width and height.
    """

    login: str
    path: str
    prepare: Callable[[Page, Scene], None] = scenes.nothing
    marks: Mapping[str, tuple[str, float, float]] = {}
    crop: str = ""  # a selector; empty: the whole screen
    tall: int = 2000  # at most so many of its dots
    wide: int = 2000
    size: tuple[int, int] = (DESK["width"], DESK["height"])
    scale: float = SCALE


SHOTS: Final[dict[str, Shot]] = {
    "call": Shot(
        "op1", "/call", scenes.talking,
        {
            "1": ("#state", 0.92, 0.1), "2": ("#who", 0.36, 0.3), "3": ("#hold", 0, 0),
            "4": ("#customer", 0.93, 0.35), "5": ("#script", 0.93, 0.12), "6": ("#entries", 0.6, 0.12),
            "7": ("#codes", 0.5, 0.02), "8": ("#when-row", 0.95, 0.25), "9": ("#save-next", 0, 0),
        },
    ),
    "transfer": Shot("op1", "/call", scenes.consulting, crop="#transfer-panel", tall=230),
    "recalls": Shot("op1", "/recalls?box=past", scenes.promised, crop="#main", size=(1200, 330), wide=800),
    "monitor": Shot("manager", "/seat/A-01+A-02", scenes.monitored, size=(1366, 768), scale=0.4),
    "board": Shot(
        "manager", "/board", scenes.board,
        {
            "1": ("#project", 0.02, 0.85), "2": ("dl.kpis > div:nth-child(2)", 0.92, 0.2),
            "3": ("#reason", 0.4, 0.1), "4": (".board section:nth-child(1) h2", 1.2, 0.5),
            "5": ("#chart", 0.06, 0.1), "6": ("#seat-count", 0.05, -0.4),
        },
    ),
    "knobs": Shot("manager", "/board", scenes.knobs, crop="#knobs details .sheet", scale=1.6),
    "lists": Shot("manager", "/lists", scenes.lists, crop="#main", size=(1351, 300), tall=175),
    "import": Shot(
        "manager", "/imports/new", scenes.import_check, crop="#main", size=(1100, 600), tall=315, scale=0.75
    ),
    "codes": Shot("manager", "/lists", scenes.codes, crop="#main", size=(1100, 600), tall=315, scale=0.75),
    "incoming": Shot(
        "manager", "/incoming", scenes.incoming, crop="#main", size=(1100, 600), tall=190, scale=0.75
    ),
    "panel": Shot("super", "/board", scenes.panel, crop="#panel", scale=1.15),
    "layout": Shot("manager", "/layout", scenes.layout, size=(1351, 700), tall=640, crop="body", scale=0.5),
    "wall": Shot("manager", "/wall", scenes.nothing, size=(1920, 1080), scale=0.36),
    "kpi": Shot("manager", "/reports/hourly", scenes.nothing, crop="body", tall=300),
}  # fmt: skip


def take(browser: Browser, site: Site, name: str) -> None:
    """One picture.  Raises ValueError naming it when it is too large for the repository."""
    shot = SHOTS[name]
    context = browser.new_context(
        ignore_https_errors=True, locale="ja-JP", timezone_id="Asia/Tokyo", device_scale_factor=shot.scale,
        viewport={"width": shot.size[0], "height": shot.size[1]},
    )  # fmt: skip
    context.set_default_timeout(60_000)
    tab = Tab(context.new_page(), site)
    with Scene(site) as scene:
        log_in(tab, shot.login)
        page = tab.open(shot.path)
        shot.prepare(page, scene)
        page.evaluate("document.fonts.ready")
        if shot.marks:
            page.evaluate(NUMBERS, {mark: list(where) for mark, where in shot.marks.items()})
        path = PICTURES / f"{name}.png"
        page.mouse.move(0, 0)
        box = page.locator(shot.crop or "body").bounding_box()
        assert box is not None, f"{name}: {shot.crop} is not on the page"
        box["height"], box["width"] = min(box["height"], shot.tall), min(box["width"], shot.wide)
        page.screenshot(path=path, clip=box if shot.crop else None)
    context.close()
    squeeze(path)


def squeeze(path: Path) -> None:
    """Few colours, few bytes."""
    subprocess.run(
        ["pngquant", "--force", "--strip", "--speed", "1", "--output", path, str(COLOURS), path], check=True
    )
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}  {size / 1000:.0f} kB")
    if size > BYTES_MAX:
        raise ValueError(f"{path.name} has {size} bytes: crop it")


def main(names: list[str]) -> None:
    """Take the named pictures, or all."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        with running(Home(Path(directory)), seat_count=SEATS, clock=Friday()) as site:
            for name in names or SHOTS:
                take(browser, site, name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
