"""A state table as a drawing: states in a column, a line a row of the table, buses to the states that follow.

Arrows down the table run on the right, arrows up on the left; lines to one state share a bus of one colour.
Letters are of one width, so that nothing must be measured.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from tools.guides.table_words import Arrow, Machine

LINE, LETTER, SIZE = 16, 6.05, 10  # of a row, of a letter of the monospaced face, of its type
BOX_W, GAP, LANE, MARGIN = 150, 12, 9, 12
COLOURS: Final = (
    "#0055ad", "#c74700", "#197a4b", "#7a3db8", "#a90000", "#6e5600", "#00707a", "#5b5b5b",
)  # fmt: skip


class Port(NamedTuple):
    """Where a row leaves its box."""

    arrow: Arrow
    y: float


def drawn(machine: Machine) -> str:
    """The SVG."""
    return _Drawing(machine).text()


class _Drawing:
    def __init__(self, machine: Machine) -> None:
        self.machine, self.order = machine, {state: at for at, state in enumerate(machine.states)}
        self.sides: dict[str, list[Arrow]] = {"right": [], "left": []}
        for arrow in machine.arrows:
            self.sides[self._side(arrow)].append(arrow)
        self.label_w = {side: self._label_w(arrows) for side, arrows in self.sides.items()}
        self.lanes = {side: self._lanes(arrows) for side, arrows in self.sides.items()}
        self.left = MARGIN + self._side_w("left")
        self.width = self.left + BOX_W + self._side_w("right") + MARGIN
        self._place()

    def _side(self, arrow: Arrow) -> str:
        return "left" if self.order[arrow.follows] < self.order[arrow.state] else "right"

    @staticmethod
    def _label_w(arrows: list[Arrow]) -> float:
        return max((len(label(arrow)) * LETTER + 14 for arrow in arrows), default=0)

    def _lanes(self, arrows: list[Arrow]) -> dict[str, int]:
        """Which lane each followed state's bus runs in: the first that is free along its whole way."""
        ways: dict[str, list[int]] = {}
        for arrow in arrows:
            if arrow.follows != arrow.state:
                ways.setdefault(arrow.follows, [self.order[arrow.follows]]).append(self.order[arrow.state])
        taken: list[list[tuple[int, int]]] = []
        lanes: dict[str, int] = {}
        for state, stops in sorted(ways.items(), key=lambda way: max(way[1]) - min(way[1])):
            way = (min(stops), max(stops))
            free = (n for n, used in enumerate(taken) if all(way[1] < a or b < way[0] for a, b in used))
            lane = next(free, len(taken))
            if lane == len(taken):
                taken.append([])
            taken[lane].append(way)
            lanes[state] = lane
        return lanes

    def _side_w(self, side: str) -> float:
        if not self.sides[side]:
            return 0
        return self.label_w[side] + (max(self.lanes[side].values(), default=-1) + 2) * LANE

    def _place(self) -> None:
        """Boxes as high as they have rows; the first row of each takes the arrows that come in."""
        self.tops, self.heights, self.ports = {}, {}, dict[Arrow, Port]()
        y: float = MARGIN
        for state in self.machine.states:
            mine = {side: [a for a in arrows if a.state == state] for side, arrows in self.sides.items()}
            rows = max(len(mine["left"]), len(mine["right"]))
            self.tops[state], self.heights[state] = y, (rows + 1) * LINE + 4
            for arrows in mine.values():
                for at, arrow in enumerate(arrows):
                    self.ports[arrow] = Port(arrow, y + (at + 1.5) * LINE + 2)
            y += self.heights[state] + GAP
        self.height = y - GAP + MARGIN

    def _x(self, side: str, away: float) -> float:
        """So far outside the boxes."""
        return self.left + BOX_W + away if side == "right" else self.left - away

    def text(self) -> str:
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:.0f}" height="{self.height:.0f}"'
            f' viewBox="0 0 {self.width:.0f} {self.height:.0f}" font-family="DejaVu Sans Mono, monospace"'
            f' font-size="{SIZE}">',
            f"<title>{escape(self.machine.module)}</title>",
            '<rect width="100%" height="100%" fill="#fff"/>',
        ]
        for side in ("right", "left"):
            for state in self.lanes[side]:
                parts += self._bus(side, state)
        parts += [part for state in self.machine.states for part in self._box(state)]
        parts += [self._label(port) for port in self.ports.values()]
        return "\n".join([*parts, "</svg>"]) + "\n"

    def _bus(self, side: str, state: str) -> list[str]:
        """Every row that leads to `state` on this side, and the arrow into it."""
        colour = COLOURS[self.order[state] % len(COLOURS)]
        x = self._x(side, self.label_w[side] + (self.lanes[side][state] + 1) * LANE)
        into, edge = self.tops[state] + LINE / 2 + 2, self._x(side, 0)
        ys = [self.ports[a].y for a in self.sides[side] if a.follows == state != a.state]
        path = "".join(f"M{edge:.1f} {y:.1f}H{x:.1f}" for y in ys)
        path += f"M{x:.1f} {min(*ys, into):.1f}V{max(*ys, into):.1f}M{x:.1f} {into:.1f}H{edge:.1f}"
        tip = 5 if side == "right" else -5
        head = f"M{edge:.1f} {into:.1f}l{tip} -3v6z"
        return [
            f'<path d="{path}" fill="none" stroke="{colour}"/>',
            f'<path d="{head}" fill="{colour}"/>',
        ]

    def _box(self, state: str) -> list[str]:
        y, high = self.tops[state], self.heights[state]
        fill = "#f2f2f2" if any(arrow.state == state for arrow in self.machine.arrows) else "#ddd"
        return [
            f'<rect x="{self.left:.1f}" y="{y:.1f}" width="{BOX_W}" height="{high:.1f}" rx="4" fill="{fill}"'
            ' stroke="#1a1a1a"/>',
            f'<text x="{self.left + BOX_W / 2:.1f}" y="{y + 14:.1f}" text-anchor="middle" font-weight="bold"'
            f' font-size="11">{escape(state)}</text>',
        ]

    def _label(self, port: Port) -> str:
        """On its line, or in its box where the state stays."""
        side = self._side(port.arrow)
        anchor = "start" if side == "right" else "end"
        x = self._x(side, 8)
        colour = "#666" if port.arrow.follows == port.arrow.state else "#1a1a1a"
        return (
            f'<text x="{x:.1f}" y="{port.y - 3:.1f}" text-anchor="{anchor}" fill="{colour}">'
            f"{escape(label(port.arrow))}</text>"
        )


def label(arrow: Arrow) -> str:
    """`CLEARED, FAULT → DISPOSE`; `↺` where the state stays."""
    stays = "↺ " if arrow.follows == arrow.state else ""
    does = f" → {arrow.does}" if arrow.does else ""
    return f"{stays}{', '.join(arrow.events)}{does}"
