"""The keys of a keyboard: their places, the kernel's codes for them, what is printed on each.

Why: which key is meant is told by its place, as the kernel's codes are (KEY_Q is the first key of
the upper row of letters, where a French keyboard has A); a person knows it by its print. Pure.

Sources: linux/input-event-codes.h; ISO/IEC 9995-2 and -3 (places); XKB's layouts (prints).
"""

from __future__ import annotations

from recond.data import read_table

TABLE = "keyboards.toml"
UNKNOWN_LAYOUT = "us"
BACKSLASH, ISO, LOWER = 43, 86, 10  # KEY_BACKSLASH, KEY_102ND, letters of the lowest row
NAMED = {
    "Esc": 1,
    "Del": 111,
    "Backspace": 14,
    "Tab": 15,
    "Caps": 58,
    "Enter": 28,
    "Shift": 42,
    "Shift-R": 54,
    "Ctrl": 29,
    "Alt": 56,
    "Space": 57,
    "AltGr": 100,
    "Left": 105,
    "Up": 103,
    "Down": 108,
    "Right": 106,
}
Row = tuple[tuple[int, str], ...]
"""Keys from left to right: (code, what is printed on it)."""


def key_rows(layout: str) -> tuple[Row, ...]:
    """The six rows of a keyboard of this layout ("fr", as in XKB), the upper one first: the keys
    that every such keyboard has. Of a layout that is not in the table, as of a US keyboard.
    """
    table = read_table(TABLE)
    known = table.get(layout, table[UNKNOWN_LAYOUT])
    prints: dict[str, str] = known.get("prints", {})
    digits, upper, home, lower = known["rows"]
    functions = [*range(59, 69), 87, 88]

    def named(*names: str) -> Row:
        return tuple((NAMED[name], prints.get(name, name)) for name in names)

    return (
        (
            *named("Esc"),
            *((code, f"F{n}") for n, code in enumerate(functions, 1)),
            *named("Del"),
        ),
        (*zip((41, *range(2, 14)), digits, strict=True), *named("Backspace")),
        (*named("Tab"), *zip((*range(16, 28), BACKSLASH), upper, strict=False)),
        (
            *named("Caps"),
            *zip((*range(30, 41), BACKSLASH), home, strict=False),
            *named("Enter"),
        ),
        (
            *named("Shift"),
            *zip(((ISO,) if len(lower) > LOWER else ()) + (*range(44, 54),), lower, strict=True),
            *named("Shift-R"),
        ),
        named("Ctrl", "Alt", "Space", "AltGr", "Left", "Up", "Down", "Right"),
    )


def layout_keys(layout: str) -> dict[int, str]:
    """Each key that a keyboard of this layout has, in the order of its rows: code → print."""
    return {code: printed for row in key_rows(layout) for code, printed in row}
