"""Prints the guides: `python -m tools.guides.print_pdf` makes webui/static/guides/*.pdf with Chromium.

A sheet more or less than promised is an error.  `SHEETS` is also what the tests look at.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from tools.guides.pdf_palette import smaller
from tools.guides.table_words import ROOT

SOURCES: Final = ROOT / "docs/guides"
PRINTED: Final = ROOT / "webui/static/guides"
SHEETS: Final = {"operator": 2, "supervisor": 4, "keys": 1}
CHROMIUM: Final = "/usr/bin/chromium"
MARKS: Final = SOURCES / "printed.json"


def sheets(pdf: bytes) -> int:
    """How many pages a PDF of Chromium's has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def mark(name: str) -> str:
    """Of what a guide is printed from: its page, the style, its pictures."""
    page = SOURCES / f"{name}.html"
    text = page.read_text(encoding="utf-8")
    pictures = sorted(set(re.findall(r'src="(pictures/[^"]+)"', text)))
    parts = [page, SOURCES / "guide.css", *(SOURCES / picture for picture in pictures)]
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()


def printed(browser: Browser, name: str) -> bytes:
    """The PDF of one guide.  Raises ValueError naming it when it has another number of sheets."""
    page = browser.new_page()
    page.goto((SOURCES / f"{name}.html").as_uri())
    page.evaluate("document.fonts.ready")
    pdf = smaller(page.pdf(prefer_css_page_size=True, print_background=True))
    page.close()
    if sheets(pdf) != SHEETS[name]:
        raise ValueError(f"{name}.html fills {sheets(pdf)} sheets, not {SHEETS[name]}: shorten it")
    return pdf


def main() -> None:
    """Print what is no longer as its source."""
    marks: dict[str, str] = json.loads(MARKS.read_text()) if MARKS.exists() else {}
    PRINTED.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name in SHEETS:
            path: Path = PRINTED / f"{name}.pdf"
            if path.exists() and marks.get(name) == mark(name):
                continue
            path.write_bytes(printed(browser, name))
            marks[name] = mark(name)
            MARKS.write_text(json.dumps(marks, indent=1) + "\n", encoding="utf-8")
            print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
