"""What a shell offers for a word that has begun: disks, profiles, methods, lots, runs, places.

Why: a serial number is what a person types worst. Offered is only what can be read at once and
without asking a drive; what cannot be read offers nothing, for a shell has no place for an error.
A completion confirms nothing: what was completed is checked like what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

COMPLETE = "_RECOND_COMPLETE"
"""In the environment where a shell asks (`complete_bash`, …): the framework's own way."""

_Words = Callable[[], Iterable[str]]


def completed_words(environ: Mapping[str, str]) -> list[str]:
    """The words before the one that a shell completes; none where no shell asks."""
    if not environ.get(COMPLETE):
        return []
    from typer.completion import completion_init  # type: ignore[attr-defined] # no other way in

    completion_init()
    typed = environ.get("COMP_WORDS") or environ.get("_TYPER_COMPLETE_ARGS") or ""
    words = typed.split()[1:]
    return words if typed[-1:].isspace() else words[:-1]


def _offer(words: _Words, begun: str) -> list[str]:
    """Those that begin so, in any case of letters; none where they cannot be read."""
    from recond.errors import RecondError

    try:
        found = sorted(set(words()))
    except (OSError, ValueError, RecondError):
        return []
    return [word for word in found if word.lower().startswith(begun.lower())]


def complete_paths(incomplete: str) -> list[str]:
    """The whole disks of this computer by path; the shell itself offers files where none fits."""
    return _offer(lambda: (path for path, _ in _disks()), incomplete) if incomplete else []


def complete_serials(incomplete: str) -> list[str]:
    """The serial numbers of this computer's disks."""
    return _offer(lambda: (serial for _, serial in _disks() if serial), incomplete)


def _disks() -> Iterable[tuple[str, str | None]]:
    from recond.flow.machine.inventory import disk_words
    from recond.host import Host

    return disk_words(Host())


def complete_profiles(incomplete: str) -> list[str]:
    """The readiness profiles by name."""
    from recond.flow.profiles import list_profiles

    return _offer(list_profiles, incomplete)


def complete_methods(incomplete: str) -> list[str]:
    """The methods of overwriting."""
    from recond.methods import all_methods

    return _offer(all_methods, incomplete)


def complete_runs(incomplete: str) -> list[str]:
    """The runs of this bench, by id."""

    def names() -> Iterable[str]:
        from recond.flow.runindex import newest_runs
        from recond.host.state import state_folder

        return (one.run_id for one in newest_runs(state_folder(None), incomplete.lower()))

    return _offer(names, incomplete)


def complete_lots(incomplete: str) -> list[str]:
    """The lots of this computer's own database."""

    def names() -> Iterable[str]:
        from recond.flow.lot.lot import LotDatabase, list_lots
        from recond.host.state import state_folder

        where = LotDatabase(state_folder(None))
        there = (where.state / "lots.sqlite").exists()
        return (lot.name for lot in list_lots(where)) if there else ()  # a look makes no database

    return _offer(names, incomplete)


def complete_destinations(incomplete: str) -> list[str]:
    """The places that receive records, by name."""

    def names() -> Iterable[str]:
        from recond.flow.deliver.settings import read_settings
        from recond.host.state import state_folder

        return (one.name for one in read_settings(state_folder(None)))

    return _offer(names, incomplete)
