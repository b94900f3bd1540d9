"""The donor's page that was written: where it is, and above all whom it believes.

Why: whoever hands the page out answers for the fingerprints in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recond.show.screen import Screen

if TYPE_CHECKING:
    from recond.flow.verify.donor_page import PageMade


def page_fields(made: PageMade) -> dict[str, object]:
    """`recond verify --html FILE` for a program."""
    return {
        "file": str(made.file),
        "believed": made.believed,
        "revoked": made.revoked,
        "sha256": made.sha256,
    }


def show_page_made(screen: Screen, made: PageMade) -> None:
    """`recond verify --html FILE`."""
    t = screen.t
    screen.data(t("donor.command.written", file=str(made.file)))
    for one in made.believed:
        screen.data(t("donor.command.believes", name=one.name, fingerprint=one.fingerprint))
    if made.revoked:
        screen.data(t("donor.command.revoked", n=made.revoked))
    screen.data(t("donor.command.digest", digest=made.sha256))
