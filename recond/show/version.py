"""What runs here, and how a release stands to it, as lines."""

from __future__ import annotations

from recond.flow.updates import FileState, ReleaseStanding, UpdateLook
from recond.show.screen import Screen
from recond.show.tones import Tone

TONES = {
    FileState.OTHER: Tone.BAD,
    FileState.UNREADABLE: Tone.BAD,
    FileState.UNNAMED: Tone.DOUBT,
}


def show_versions(screen: Screen, found: tuple[tuple[str, str], ...]) -> None:
    """recond first, then what its certificates depend on."""
    for name, version in sorted(found, key=lambda one: one[0] != "recond"):
        if name != "page":
            screen.data(f"{name} {version or screen.t('cli.update.absent')}")
    screen.data(screen.t("cli.update.page", number=dict(found)["page"]))


def version_fields(found: tuple[tuple[str, str], ...]) -> dict[str, object]:
    """As a program reads it."""
    return {"versions": [{"name": name, "version": version} for name, version in found]}


def show_update(screen: Screen, found: UpdateLook) -> None:
    """The one sentence that counts, then whose word it is, then the files beside the note."""
    note = found.note
    standing = f"cli.update.{found.standing}"
    told = {"running": found.running, "version": note.version, "on_date": note.released_on}
    newer = found.standing is ReleaseStanding.NEWER
    screen.data(screen.t(standing, **told), Tone.DOUBT if newer else None)
    if found.unsafe:
        screen.data(screen.t("cli.update.unsafe", running=found.running), Tone.BAD)
    screen.data(
        screen.t("cli.update.signer", name=found.signer.name, fingerprint=found.signer.fingerprint)
    )
    for one in found.beside:
        screen.data(screen.t(f"cli.update.file_{one.state}", file=one.name), TONES.get(one.state))
    if newer and all(one.state is FileState.UNNAMED for one in found.beside):
        screen.talk(screen.t("cli.update.next"))
