"""Letters six rows high, to be read from two metres. Pure.

Why: a terminal has one size of letters. Only full blocks are used, which every console font has.
"""

from __future__ import annotations

GLYPHS = {
    "A": "......|.###.|#...#|#####|#...#|#...#",
    "C": "......|.####|#....|#....|#....|.####",
    "D": "......|####.|#...#|#...#|#...#|####.",
    "E": "......|#####|#....|####.|#....|#####",
    "É": "...##.|#####|#....|####.|#....|#####",
    "F": "......|#####|#....|####.|#....|#....",
    "G": "......|.####|#....|#..##|#...#|.####",
    "I": "....|###|.#.|.#.|.#.|###",
    "K": "......|#...#|#..#.|###..|#..#.|#...#",
    "L": "......|#....|#....|#....|#....|#####",
    "N": "......|#...#|##..#|#.#.#|#..##|#...#",
    "O": "......|.###.|#...#|#...#|#...#|.###.",
    "P": "......|####.|#...#|####.|#....|#....",
    "R": "......|####.|#...#|####.|#..#.|#...#",
    "S": "......|.####|#....|.###.|....#|####.",
    "T": "......|#####|..#..|..#..|..#..|..#..",
    "0": "......|.###.|#..##|#.#.#|##..#|.###.",
    "1": "......|..#..|.##..|..#..|..#..|.###.",
    "2": "......|####.|....#|.###.|#....|#####",
    "3": "......|####.|....#|.###.|....#|####.",
    "4": "......|#..#.|#..#.|#####|...#.|...#.",
    "5": "......|#####|#....|####.|....#|####.",
    "6": "......|.###.|#....|####.|#...#|.###.",
    "7": "......|#####|....#|...#.|..#..|..#..",
    "8": "......|.###.|#...#|.###.|#...#|.###.",
    "9": "......|.###.|#...#|.####|....#|.###.",
    "%": "......|##..#|##.#.|..#..|.#.##|#..##",
    "?": "......|####.|....#|..##.|.....|..#..",
    " ": "..|..|..|..|..|..",
}
HEIGHT = 6


def big(word: str) -> tuple[str, ...]:
    """A word as rows of blocks. Raises `KeyError` for a letter that has no form here."""
    rows = ["" for _ in range(HEIGHT)]
    for letter in word:
        shape = GLYPHS[letter].split("|")
        width = max(len(row) for row in shape[1:])
        for number, row in enumerate(shape):
            drawn = row[:width].ljust(width, ".").replace("#", "█").replace(".", " ")
            rows[number] += (" " if rows[number] else "") + drawn
    return tuple(rows)


def big_lines(text: str, width: int) -> tuple[str, ...]:
    """Words beside each other where they fit in `width`, else below each other."""
    words = [text] if len(big(text)[0]) <= width else text.split()
    rows = [row for word in words for row in big(word)]
    return tuple(rows if rows[0].strip() else rows[1:])  # the first is for accents
