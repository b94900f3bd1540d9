"""Lines with their marks as what a widget shows."""

from __future__ import annotations

from textual.content import Content

from recond.guided.words import BAD, CARE, FAINT, GOOD, PLAIN, STRONG, Line

STYLES = {
    PLAIN: "",
    STRONG: "bold",
    FAINT: "dim",
    GOOD: "bold #55ff55",
    BAD: "bold #ffffff on #aa0000",
    CARE: "#000000 on #ffff55",
}
"""On a bare console with eight colours bright red is dark red, which nobody reads on black: what
must be read stands on a colour, in black or white.
"""


def drawn(lines: list[Line]) -> Content:
    """Lines with their marks, for a widget."""
    return Content("\n").join(Content.styled(text, STYLES[mark]) for text, mark in lines)
