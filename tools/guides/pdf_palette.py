"""Makes a PDF of Chromium's smaller: pictures of few colours are kept with a palette, as they were before it.

Chromium writes one object after another and a classic table of where they begin; so does this.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

import numpy as np

OBJECT: Final = re.compile(rb"(?<=\n)(\d+) 0 obj\n.*?endobj\n", re.DOTALL)
PICTURE: Final = re.compile(
    rb"/Width (\d+)\n/Height (\d+)\n/ColorSpace (\[[^\]]*\]|/DeviceRGB)(.*?)"
    rb"/Length \d+>> stream\n(.*)\nendstream",
    re.DOTALL,
)


def smaller(pdf: bytes) -> bytes:
    """The same pages.  Raises ValueError for a PDF that is not as Chromium writes it."""
    bodies = {int(found[1]): _with_palette(found[0]) for found in OBJECT.finditer(pdf)}
    trailer = re.search(rb"trailer\n.*?startxref\n", pdf, re.DOTALL)
    first = OBJECT.search(pdf)
    if trailer is None or first is None or sorted(bodies) != list(range(1, len(bodies) + 1)):
        raise ValueError("not a PDF of Chromium's: its objects do not follow one another")
    out, begins = bytearray(pdf[: first.start()]), {}
    for number, body in bodies.items():
        begins[number] = len(out)
        out += body
    table = b"".join(b"%010d 00000 n \n" % begins[number] for number in sorted(begins))
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    return bytes(out) + head + table + trailer[0] + b"%d\n%%%%EOF\n" % len(out)


def _with_palette(body: bytes) -> bytes:
    """An object; where it is a picture of up to 256 colours, each dot is a number of its palette."""
    found = PICTURE.search(body) if b"/Subtype /Image" in body else None
    if found is None or b"/SMask" in body:
        return body
    width, height, space = int(found[1]), int(found[2]), found[3]
    dots = np.frombuffer(zlib.decompress(found[5]), np.uint8)
    if dots.size != width * height * 3:
        return body
    colours, numbers = np.unique(dots.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colours) > 256:
        return body
    data = zlib.compress(numbers.astype(np.uint8).tobytes(), 9)
    palette = b"[/Indexed %s %d <%s>]" % (space, len(colours) - 1, colours.tobytes().hex().encode())
    parts = (b"/Width %d\n/Height %d\n/ColorSpace " % (width, height), palette, found[4])
    head = body[: found.start()] + b"".join(parts) + b"/Length %d>> stream\n" % len(data)
    return head + data + b"\nendstream" + body[found.end() :]
