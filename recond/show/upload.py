"""What was sent, what waits and where, as tables and lines. Never a secret."""

from __future__ import annotations

from collections.abc import Sequence

from recond.flow.deliver.queue import Moved, QueueView
from recond.flow.deliver.upload import Uploaded
from recond.model import Message
from recond.show.screen import Row, Screen


def show_uploaded(screen: Screen, done: Uploaded) -> None:
    """What one upload did, each delivery with the destination's words."""
    show_problems(screen, (*done.refused, *done.kept_back))
    _table(
        screen,
        [
            (
                record_id,
                one.destination,
                screen.t(f"upload.where.{one.where}"),
                str(one.attempts),
                screen.say(one.words),
            )
            for record_id, one in done.deliveries
        ],
    )
    for hold in done.holds:
        _show_hold(screen, hold.destination, hold.until, hold.words)
    if done.busy:
        screen.talk(screen.t("upload.busy_elsewhere"))
    elif not done.deliveries and not done.waiting and not done.parked:
        screen.talk(screen.t("upload.queue.empty"))


def show_queue(screen: Screen, view: QueueView) -> None:
    """What waits, a line for each record and destination."""
    show_problems(screen, [(e.record_id, e.problem) for e in view.entries if e.problem])
    rows: list[Row] = []
    for entry in view.entries:
        for name in () if entry.problem else view.destinations or ("—",):
            one = entry.at(name)
            rows.append(
                (
                    entry.record_id,
                    name,
                    screen.t(f"upload.where.{one.where if one else 'waiting'}"),
                    str(one.attempts if one else 0),
                    screen.say(one.words) if one else screen.t("upload.table.not_tried"),
                )
            )
    _table(screen, rows)
    for hold in view.holds:
        _show_hold(screen, hold.destination, hold.until, hold.words)
    if not view.entries:
        screen.talk(screen.t("upload.queue.empty"))
    elif not view.destinations:
        screen.talk(screen.t("upload.none"))
    screen.talk(screen.t("upload.queue.done", n=view.done))


def show_moved(screen: Screen, moved: Moved) -> None:
    """What an export or import did."""
    show_problems(screen, moved.problems)
    screen.talk(screen.t("upload.moved.new", n=len(moved.new)))
    if moved.known:
        screen.talk(screen.t("upload.moved.known", n=len(moved.known)))


def show_added(screen: Screen, name: str, kind: str, where: str) -> None:
    """A destination that was added."""
    screen.talk(screen.t("upload.added", name=name, kind=kind, where=where))


def show_removed(screen: Screen, name: str) -> None:
    """A destination that was removed."""
    screen.talk(screen.t("upload.removed", name=name))


def ask_secret(screen: Screen, name: str, key: str) -> str:
    """A secret, typed unseen."""
    from getpass import getpass

    return getpass(screen.t("upload.ask.secret", name=name, key=key) + " ")


def show_problems(screen: Screen, problems: Sequence[tuple[str, Message]]) -> None:
    """Each thing that is wrong, by its file or record."""
    for name, message in problems:
        screen.talk(screen.t("upload.problem", name=name, reason=screen.say(message)))


def _table(screen: Screen, rows: list[Row]) -> None:
    if rows:
        heads = ("record", "destination", "state", "tries", "words")
        screen.table(
            screen.t("upload.table.title"),
            [screen.t(f"upload.table.{head}") for head in heads],
            rows,
        )


def _show_hold(screen: Screen, destination: str, until: str, words: Message) -> None:
    screen.talk(
        screen.t("upload.hold", destination=destination, until=until, reason=screen.say(words))
    )
