"""What the reuse of a lot may save: a range, its formula, its source. Pure, but for the data file.

Why so little: a donor prints these figures. Only machines that can be used again count (the
whole computer erased, some profile passed), each once; for a kind without a figure in the source no
figure is made up, and nothing is claimed for scrap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from recond.data import read_table
from recond.flow.lot.rows import MachineRow


@dataclass(frozen=True, slots=True)
class Impact:
    """`machines` of a kind × what each saves a year × years; the two ends of each range."""

    machines: int
    without_figure: int  # can be used again, of a kind for which the source has no kilogrammes
    years: tuple[int, int]
    co2e_kg_per_year: int
    material_kg_per_year: int
    ewaste_g_per_year: int
    source: str
    url: str

    @property
    def co2e_kg(self) -> tuple[int, int]:
        """Kilogrammes of CO2 equivalent that are not emitted: least, most."""
        return self._range(self.co2e_kg_per_year)

    @property
    def material_kg(self) -> tuple[int, int]:
        """Kilogrammes of raw material that are not extracted: least, most."""
        return self._range(self.material_kg_per_year)

    @property
    def ewaste_kg(self) -> tuple[int, int]:
        """Kilogrammes of electronic waste that do not arise, rounded down: least, most."""
        low, high = self._range(self.ewaste_g_per_year)
        return low // 1000, high // 1000

    def _range(self, kg: int) -> tuple[int, int]:
        return self.machines * self.years[0] * kg, self.machines * self.years[1] * kg


def impact_of(machines: tuple[MachineRow, ...]) -> Impact:
    """The impact of the machines of a lot that can be used again."""
    latest = {
        row.found_by or row.record_id: row
        for row in sorted(machines, key=lambda one: one.issued_at)
    }
    forms = Counter(str(row.form) for row in latest.values() if is_reusable(row))
    return impact_of_forms(forms)


def impact_of_forms(again: Mapping[str, int]) -> Impact:
    """The impact of machines that can be used again, counted by what kind of computer they are."""
    data = read_table("impact.toml")
    kind = data["notebook"]
    counted = sum(n for form, n in again.items() if form in kind["forms"])
    return Impact(
        counted,
        sum(again.values()) - counted,
        (data["years"][0], data["years"][1]),
        kind["co2e_kg_per_year"],
        kind["material_kg_per_year"],
        kind["ewaste_g_per_year"],
        kind["source"],
        kind["url"],
    )


def is_reusable(row: MachineRow) -> bool:
    """Whether the whole computer is erased and some profile is passed as the machine stands."""
    ready = any(word.endswith("=pass") for word in row.profiles)
    return ready and row.is_whole and bool(row.disks)
