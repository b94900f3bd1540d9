"""The report of a lot as `recond.flow.lot.paper` fills it, with any rows."""

from __future__ import annotations

from collections.abc import Iterable

from recond.certify.pages.lot import LotPages
from recond.computer import Overall

ROW = ("a", "b", "c", "d")


def lot_pages(rows: Iterable[tuple[str, str, str, str]]) -> LotPages:
    """One of each part, and these rows."""
    return LotPages(
        title="Lot 2026-11",
        subtitle="bilan",
        workshop="Bricol’Café",
        stamp="2026-11-24T04:11:30.123Z",
        verdict=(Overall.PARTIAL, "4 sur 5 effacés", "1 manquant"),
        facts=(("Donateur", "Mairie"),),
        balance=("Le lot ne s’équilibre pas.",),
        balanced=False,
        words=[ROW],
        words_head=ROW,
        sentences=("Une phrase.",),
        anomalies=(("un", "deux"),),
        head=ROW,
        rows=rows,
        source=("lot.csv", b"a;b\n"),
        signed=True,
        lang="fr",
    )
