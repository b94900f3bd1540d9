"""What the pieces of a page are, for who hears it: headings, paragraphs, tables, figures in words.

Why: a screen reader knows of a page only what its structure says; without one it reads words in the
order in which they were drawn. What is drawn is noted while it is drawn, each piece under a number
of its page; lines, grounds, heads and feet are marked as ornaments. No claim of PDF/UA is made: no
checker of it is among our tools.

Source: ISO 32000-1 14.6 to 14.8 (marked content, logical structure, tagged PDF), ISO 14289-1.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from pikepdf import Array, Dictionary, Name, Pdf, String
from reportlab.platypus import Table

CELLS = ("TD", "TH")
ORNAMENT = "/Artifact BMC"


@dataclass(slots=True)
class Element:
    """A piece: what it is, its words where it is a picture, what it heads where it is a heading of
    a table; below it other pieces, or (page from 1, number on it).
    """

    kind: str
    alt: str = ""
    scope: str = ""
    kids: list[Element | tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class PaperTags:
    """The structure of one document, while it is drawn and afterwards."""

    root: Element = field(default_factory=lambda: Element("Document"))
    _open: list[Element] = field(default_factory=list)
    _marking: bool = False
    _numbers: dict[int, int] = field(default_factory=dict)

    @property
    def here(self) -> Element:
        """Where the next piece belongs."""
        return self._open[-1] if self._open else self.root

    def below(self, parent: Element, element: Element) -> AbstractContextManager[None]:
        """Pieces that are drawn meanwhile are parts of an element, and it of its parent."""
        parent.kids.append(element)
        return _Below(self._open, element)

    def mark(self, canvas: Any, begin: str) -> AbstractContextManager[None]:
        """What is drawn meanwhile is one piece, whatever it is made of."""
        return _Marks(self, canvas, begin)

    def next_number(self, page: int) -> int:
        """The number of one more piece of a page."""
        number = self._numbers.get(page, 0)
        self._numbers[page] = number + 1
        return number

    @property
    def is_marking(self) -> bool:
        """Whether a piece is being drawn."""
        return self._marking


@dataclass(slots=True)
class _Below(AbstractContextManager[None]):
    """An element that is open. A class, as pieces are many: a generator takes twice as long."""

    open: list[Element]
    element: Element

    def __enter__(self) -> None:
        self.open.append(self.element)

    def __exit__(self, *_error: object) -> None:
        self.open.pop()


@dataclass(slots=True)
class _Marks(AbstractContextManager[None]):
    """The marks around a piece."""

    tree: PaperTags
    canvas: Any
    begin: str

    def __enter__(self) -> None:
        self.canvas._code.append(self.begin)
        self.tree._marking = True

    def __exit__(self, *_error: object) -> None:
        self.tree._marking = False
        self.canvas._code.append("EMC")


_NOTHING = nullcontext()


def _tree(canvas: Any) -> PaperTags | None:
    tree = getattr(canvas, "tree", None)
    return tree if isinstance(tree, PaperTags) and not tree.is_marking else None


def marked(canvas: Any, kind: str, alt: str = "") -> AbstractContextManager[None]:
    """What is drawn meanwhile is one piece of this kind; words in a cell are the cell's own."""
    tree = _tree(canvas)
    if tree is None:
        return _NOTHING
    page = canvas.getPageNumber()
    number = tree.next_number(page)
    owner = tree.here
    if kind != "P" or owner.kind not in CELLS:
        owner.kids.append(owner := Element(kind, alt))
    owner.kids.append((page, number))
    return tree.mark(canvas, f"/{owner.kind} <</MCID {number}>> BDC")


def ornament(canvas: Any) -> AbstractContextManager[None]:
    """What is drawn meanwhile says nothing that is not said elsewhere."""
    tree = _tree(canvas)
    return _NOTHING if tree is None else tree.mark(canvas, ORNAMENT)


class OnePiece:
    """A flowable that is one piece. Stands before the flowable among the bases."""

    role = "P"
    alt = ""

    def drawOn(self, canvas: Any, x: float, y: float, _sW: float = 0) -> None:  # noqa: N802, N803
        """As reportlab's, between its marks."""
        with marked(canvas, self.role, self.alt):
            super().drawOn(canvas, x, y, _sW)  # type: ignore[misc]


class Side(Table):  # type: ignore[misc] # reportlab has no types
    """Pieces beside each other: a table for the eye only."""

    def _drawBkgrnd(self) -> None:  # noqa: N802
        with ornament(self.canv):
            super()._drawBkgrnd()

    def _drawLines(self) -> None:  # noqa: N802
        with ornament(self.canv):
            super()._drawLines()


class Block(Side):
    """A table that is one piece, read line by line: a structure of a hundred thousand rows would be
    larger than the page.
    """

    def draw(self) -> None:
        """Draw it."""
        with marked(self.canv, "P"):
            super().draw()


class Grid(Side):
    """A table: its repeated rows head its columns."""

    heads_rows = False

    def draw(self) -> None:
        """Draw it, row by row and cell by cell."""
        self._cell, self._row = 0, Element("TR")
        tree = _tree(self.canv)
        if tree is None:
            super().draw()
            return
        with tree.below(tree.here, Element("Table")):
            super().draw()

    def _drawCell(self, value: Any, look: Any, place: Any, size: Any) -> None:  # noqa: N802
        tree = _tree(self.canv)
        if tree is None:
            super()._drawCell(value, look, place, size)
            return
        row, column = divmod(self._cell, self._ncols)
        self._cell += 1
        if column == 0:
            self._row = Element("TR")
            tree.here.kids.append(self._row)
        words = isinstance(value, str)
        scope = "Column" if row < self.repeatRows else ""
        scope = scope or ("Row" if self.heads_rows and column == 0 else "")
        cell = Element("TH" if scope else "TD", scope=scope)
        with tree.below(self._row, cell), marked(self.canv, "P") if words else _NOTHING:
            super()._drawCell(value, look, place, size)


class Facts(Grid):
    """A table of two columns: the first one heads its rows."""

    heads_rows = True


# --- In the file -----------------------------------------------------------------------------


def write_structure(pdf: Pdf, tree: PaperTags) -> None:
    """Put the structure into the file, and say that it has one."""
    pages = [page.obj for page in pdf.pages]
    owners: list[dict[int, Any]] = [{} for _ in pages]
    top = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    top.K = _written(pdf, tree.root, top, pages, owners)
    numbers = Array()
    for index, found in enumerate(owners):
        pages[index].StructParents = index
        pages[index].Tabs = Name.S
        numbers.append(index)
        numbers.append(pdf.make_indirect(Array([found[at] for at in sorted(found)])))
    top.ParentTree = pdf.make_indirect(Dictionary(Nums=numbers))
    top.ParentTreeNextKey = len(pages)
    pdf.Root.StructTreeRoot = top
    pdf.Root.MarkInfo = Dictionary(Marked=True)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)


def _written(
    pdf: Pdf, one: Element, parent: Any, pages: list[Any], owners: list[dict[int, Any]]
) -> Any:
    """One piece and what is below it; made whole, as each change of what stands in the file costs
    as much as the piece.
    """
    entries: dict[str, Any] = {"/S": Name(f"/{one.kind}"), "/P": parent}
    if one.alt:
        entries["/Alt"] = String(one.alt)
    if one.scope:
        entries["/A"] = Dictionary(O=Name.Table, Scope=Name(f"/{one.scope}"))
    marks = [kid for kid in one.kids if not isinstance(kid, Element)]
    own = marks[0][0] if marks else 0
    if own:
        entries["/Pg"] = pages[own - 1]
    if len(one.kids) == len(marks) == 1:  # as most are
        entries["/K"] = marks[0][1]
        made = pdf.make_indirect(Dictionary(entries))
        owners[own - 1][marks[0][1]] = made
        return made
    made = pdf.make_indirect(Dictionary(entries))
    kids: list[Any] = []
    for kid in one.kids:
        if isinstance(kid, Element):
            kids.append(_written(pdf, kid, made, pages, owners))
            continue
        page, number = kid
        owners[page - 1][number] = made
        kids.append(
            number
            if page == own
            else Dictionary({"/Type": Name.MCR, "/Pg": pages[page - 1], "/MCID": number})
        )
    made.K = kids[0] if len(kids) == 1 else Array(kids)
    return made
