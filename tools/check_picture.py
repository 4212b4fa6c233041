# SPDX-License-Identifier: MIT
"""Checks that docs/architecture.svg shows the rooms, loops and clients that there are; --fix draws it.

Usage: check_picture.py [--fix] [PROJECT]

The rooms come from core/rooms.txt, the names of loops and clients from the first lines of their pages.
"""

import sys
from html import escape
from pathlib import Path

WIDTH = 880
LEFT = 150  # of the layers; what they are called is to the left
INNER = WIDTH - LEFT - 16
LETTER = 6.9  # about the width of one, in pixels
COLOURS = {
    "yours": ("#fff3e0", "#d8743b"),
    "core": ("#e0f2ef", "#00796b"),
    "adapter": ("#ede7f6", "#6a51a3"),
    "native": ("#eceff1", "#546e7a"),
}


def titles(root: Path, part: str) -> list[str]:
    """What the pages of a part's folders are called, in the order of the folders."""
    pages = sorted(root.glob(f"{part}/*/README.md"))
    return [page.read_text().splitlines()[0].removeprefix("# ") for page in pages]


def rooms(root: Path) -> list[str]:
    lines = (root / "core/rooms.txt").read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


class Picture:
    def __init__(self) -> None:
        self.shapes: list[str] = []
        self.y = 16

    def text(self, x: float, y: float, words: str, style: str = "") -> None:
        self.shapes.append(f'<text x="{x:g}" y="{y:g}"{style}>{escape(words)}</text>')

    def chips(self, words: list[str], y: float, colour: str, left: float = LEFT + 12) -> float:
        """Words in boxes, in as many rows as they need; returns where they end."""
        x = left
        for word in words:
            width = len(word) * LETTER + 18
            if x + width > LEFT + INNER - 8:
                x, y = left, y + 30
            self.shapes.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="24" rx="4" fill="white" stroke="{colour}"/>')
            self.text(x + width / 2, y + 16, word, ' text-anchor="middle"')
            x += width + 8
        return y + 24

    def layer(self, name: str, about: str, kind: str, lines: list[str], words: list[str]) -> None:
        """One layer: lines of text, then words in boxes."""
        fill, stroke = COLOURS[kind]
        place = len(self.shapes)
        y = self.y + 10
        for line in lines:
            self.text(LEFT + 12, y + 13, line)
            y += 20
        if words:
            y = self.chips(words, y + (4 if lines else 0), stroke)
        height = y + 10 - self.y
        self.shapes.insert(
            place,
            f'<rect x="{LEFT}" y="{self.y:g}" width="{INNER}" height="{height:g}" rx="6" fill="{fill}" stroke="{stroke}"/>',
        )
        middle = self.y + height / 2
        self.text(12, middle, name, ' font-weight="bold"')
        self.text(12, middle + 17, about, ' font-size="11.5" fill="#555"')
        self.y += height

    def arrows(self, words: str) -> None:
        """What goes between a layer and the next."""
        for x, mark in ((LEFT + INNER / 2 - 150, "down"), (LEFT + INNER / 2 + 150, "up")):
            start, end = (self.y + 4, self.y + 27) if mark == "down" else (self.y + 27, self.y + 4)
            self.shapes.append(f'<path d="M{x:g} {start:g} V{end:g}" stroke="#555" stroke-width="1.5" marker-end="url(#arrow)"/>')
        self.text(LEFT + INNER / 2, self.y + 20, words, ' text-anchor="middle" font-size="11.5" fill="#555"')
        self.y += 31


def draw(root: Path) -> str:
    picture = Picture()
    picture.layer(
        "your code", "names no loop", "yours",
        ["co_await · call_soon · call_later · watch · gather · with_timeout · post"],
        [f"client: {name}" for name in titles(root, "clients")],
    )  # fmt: skip
    picture.arrows("futures, callbacks")
    picture.layer(
        "interloop's core", "the same everywhere", "core",
        [
            "one turn: what was ready, what other threads posted, due timers,",
            "then what those caused, up to 16 generations; then the one alarm is set",
        ],
        rooms(root),
    )  # fmt: skip
    picture.arrows("one wake-up, one timer, readiness")
    picture.layer("an adapter", "130 to 350 lines", "adapter", [], ["wake()", "set_alarm(when)", "watch(fd)"])
    picture.arrows("the loop's own functions")
    native = titles(root, "loops") + ["asyncio, uvloop, Twisted", "a clock that tests move", "yours"]
    picture.layer("the native loop", "runs everything", "native", [], native)
    height = picture.y + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
        ' font-family="sans-serif" font-size="13">\n'
        '<marker id="arrow" markerWidth="6" markerHeight="6" refX="4" refY="3" orient="auto">'
        '<path d="M0 0 L6 3 L0 6 z" fill="#555"/></marker>\n'
        '<rect width="100%" height="100%" rx="6" fill="white"/>\n' + "\n".join(picture.shapes) + "\n</svg>\n"
    )


def check(root: Path, fix: bool = False) -> list[str]:
    """Returns the problems of the picture of the project at `root`; with `fix`, draws it."""
    path = root / "docs/architecture.svg"
    wanted = draw(root)
    if path.is_file() and path.read_text() == wanted:
        return []
    if fix:
        path.write_text(wanted)
        return []
    return [f"{path}: does not show the rooms, loops and clients as they are. tools/check_picture.py --fix draws it."]


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--fix"]
    found = check(Path(arguments[0] if arguments else "."), fix="--fix" in sys.argv)
    print("\n".join(found) if found else "check_picture: the picture of the architecture is up to date")
    sys.exit(bool(found))
