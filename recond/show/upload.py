"""What was sent, what waits and where, as tables and lines. Never a secret."""

from __future__ import annotations

from collections.abc import Sequence

from recond.flow.deliver.check import Checked
from recond.flow.deliver.export import Exported
from recond.flow.deliver.queue import Moved, QueueView
from recond.flow.deliver.settings import Settings
from recond.flow.deliver.upload import Uploaded
from recond.locale import date
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
                _tries(one.attempts, one.where),
                screen.say(one.words),
            )
            for record_id, one in done.deliveries
        ],
    )
    for hold in done.holds:
        _show_hold(screen, hold.destination, hold.until, hold.words)
    if done.busy:
        screen.talk(screen.t("upload.busy_elsewhere"))
    elif (
        not done.deliveries
        and not done.waiting
        and not done.parked
        and not (done.kept_back or done.refused)
    ):
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
                    _tries(one.attempts, one.where) if one else "0",
                    screen.say(one.words) if one else screen.t("upload.table.not_tried"),
                )
            )
    _table(screen, rows)
    for hold in view.holds:
        _show_hold(screen, hold.destination, hold.until, hold.words)
    if view.not_queued:
        screen.talk(screen.t("upload.queue.not_queued", n=len(view.not_queued)))
    elif not view.entries:
        screen.talk(screen.t("upload.queue.empty"))
    if not view.destinations and (view.entries or view.not_queued):
        screen.talk(screen.t("upload.none"))
    if view.done or not view.lacking:
        screen.talk(screen.t("upload.queue.done", n=view.done))
    for name, count in view.lacking:
        screen.talk(screen.t("upload.queue.lacking", n=count, destination=name))


def destination_fields(one: Settings) -> dict[str, str]:
    """A destination for a program. Never a secret: `where` is what a person is shown."""
    return {"name": one.name, "kind": one.kind, "where": one.shown}


def destinations_fields(found: Sequence[Settings]) -> dict[str, object]:
    """The destinations for a program."""
    return {"destinations": [destination_fields(one) for one in found]}


def show_destinations(screen: Screen, found: Sequence[Settings]) -> None:
    """The destinations, a line each: name, kind, where."""
    for one in found:
        screen.data("  ".join((one.name, one.kind, one.shown)))
    if not found:
        screen.talk(screen.t("upload.none"))


def show_checked(screen: Screen, found: Checked) -> None:
    """What a check found, in at most ten lines."""
    screen.data(f"{found.name}  {found.kind}  {found.where}")
    for step in found.steps:
        mark = {True: "✓", False: "✗", None: "–"}[step.good]
        words = f"{screen.t('cli.colon')} {screen.say(step.words)}" if step.words else ""
        screen.data(f"  {mark} {screen.t(f'upload.step.{step.key}')}{words}")
    if found.record_id is None:
        screen.data(f"  {screen.t('upload.check.no_record')}")
        return
    told = ", ".join(_told(screen, key, value) for key, value in found.example)
    screen.data(f"  {screen.t('upload.check.example', record=found.record_id)}")
    screen.data(f"    {told}")


def _told(screen: Screen, key: str, value: str) -> str:
    if key in ("verdict", "level"):
        value = screen.t(f"upload.{key}.{value}")
    if key == "date":
        value = date(screen.lang, value)
    return screen.t(f"upload.told.{key}", value=value)


def show_exported(screen: Screen, done: Exported) -> None:
    """A table that was made; without a file it is the answer itself."""
    show_problems(screen, done.left_out)
    if done.file is None:
        screen.document(done.text)
    else:
        screen.talk(screen.t("upload.exported", n=done.lines, file=done.file))


def _tries(failures: int, where: str) -> str:
    """A delivery is a try too."""
    return str(failures + (where == "sent"))


def show_moved(screen: Screen, moved: Moved) -> None:
    """What an export or import did."""
    show_problems(screen, moved.problems)
    screen.talk(screen.t("upload.moved.new", n=len(moved.new)))
    if moved.known:
        screen.talk(screen.t("upload.moved.known", n=len(moved.known)))


def show_added(screen: Screen, one: Settings) -> None:
    """A destination that was added."""
    screen.talk(screen.t("upload.added", name=one.name, kind=one.kind, where=one.shown))


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
        said = screen.say(message)  # which may begin with the name itself
        once = said.startswith(name)
        screen.talk(said if once else screen.t("upload.problem", name=name, reason=said))


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
