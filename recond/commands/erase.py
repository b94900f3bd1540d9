"""The erasure: wipe, run, resume, certify, demo."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, NoReturn

from recond.commands.complete import complete_runs
from recond.commands.frame import (
    LANG,
    All,
    Answer,
    AsJson,
    Asset,
    Bell,
    Checked,
    Confirm,
    Destroyed,
    Donor,
    Events,
    Exclude,
    Hidden,
    Image,
    Level,
    Lot,
    Method,
    Note,
    Operator,
    Out,
    Photos,
    Profiles,
    Psid,
    Reformat,
    Removed,
    SignLater,
    Speaker,
    Targets,
    Unreported,
    Usb,
    Verify,
    answer_error,
    argument,
    command,
    fail,
    leave,
    option,
    screen,
    state_path,
    t,
    this_host,
)
from recond.commands.sitting import seated
from recond.ends import ConfirmedBy
from recond.errors import RecondError, UsageError
from recond.model import Message

if TYPE_CHECKING:
    from recond.flow.config import Overrides
    from recond.flow.run.batch import Batch, Judged
    from recond.flow.run.closed import Closed
    from recond.flow.run.run import Finished, Order, Prepared
    from recond.flow.run.supervisor import Confirmed


@command("wipe")
def wipe_command(
    targets: Targets = None,
    level: Level = "clear",
    method: Method = None,
    verify: Verify = "full",
    confirm: Confirm = None,
    out: Out = Path("recond-out"),
    image: Image = False,
    operator: Operator = None,
    lot: Lot = None,
    donor: Donor = None,
    asset: Asset = None,
    answer: Answer = None,
    note: Note = None,
    photos: Photos = None,
    hidden: Hidden = None,
    psid: Psid = False,
    try_unreported: Unreported = False,
    reformat: Reformat = False,
    sign_later: SignLater = False,
    json_: AsJson = False,
    events: Events = False,
    bell: Bell = False,
) -> None:
    """Erase and certify."""
    from recond.flow.answers import said_of
    from recond.flow.config import Overrides
    from recond.flow.machine.check import parse_wish

    wish = parse_wish(level, method, verify, hidden, psid, try_unreported)
    order = _order(
        targets, False, wish, image, (), out, Overrides(operator, None, lot, donor, asset)
    )
    said = said_of(answer or (), note)
    order = replace(order, sign_later=sign_later, answers=said, photos=photos)
    words = tuple(confirm or ())
    asked = _Telling(json_, events, bell)
    _run("wipe", order, words, asked, unattended=False, reformat=reformat)


@command("run")
def run_command(
    targets: Targets = None,
    all_: All = False,
    profile: Profiles = None,
    level: Level = "clear",
    method: Method = None,
    verify: Verify = "full",
    confirm: Confirm = None,
    unattended: Annotated[bool, option("unattended", "--unattended")] = False,
    manifest: Annotated[Path | None, option("manifest", "--manifest", metavar="CSV")] = None,
    out: Out = Path("recond-out"),
    image: Image = False,
    operator: Operator = None,
    lot: Lot = None,
    donor: Donor = None,
    asset: Asset = None,
    answer: Answer = None,
    note: Note = None,
    photos: Photos = None,
    hidden: Hidden = None,
    try_unreported: Unreported = False,
    usb: Usb = False,
    exclude: Exclude = None,
    sign_later: SignLater = False,
    json_: AsJson = False,
    events: Events = False,
    bell: Bell = False,
) -> None:
    """All of it."""
    from recond.flow.answers import said_of
    from recond.flow.config import Overrides
    from recond.flow.machine.check import parse_wish

    wish = parse_wish(level, method, verify, hidden, try_unreported=try_unreported)
    order = _order(
        targets,
        all_ or not targets,
        wish,
        image,
        tuple(profile or ["windows-10"]),
        out,
        Overrides(operator, None, lot, donor, asset),
    )
    if order.every_unused:
        order = replace(order, usb=usb, exclude=tuple(exclude or ()))
    elif usb or exclude:
        raise UsageError("cli.run.choice_needs_all")
    if unattended and order.every_unused and not all_ and manifest is None:
        raise UsageError("cli.run.unattended_needs_all")
    _run(
        "run",
        replace(order, sign_later=sign_later, answers=said_of(answer or (), note), photos=photos),
        tuple(confirm or ()),
        _Telling(json_, events, bell),
        unattended=unattended,
        manifest=manifest,
    )


def _order(
    targets: list[str] | None,
    every: bool,
    wish: Any,
    image: bool,
    profiles: tuple[str, ...],
    out: Path,
    overrides: Overrides,
) -> Order:
    from recond.flow.run.run import Order

    if not targets and not every:
        raise UsageError("cli.run.no_target")
    return Order(
        targets=tuple(targets or ()),
        every_unused=every and not targets,
        wish=wish,
        image=image,
        profiles=profiles,
        out=out,
        state=state_path(),
        lang=LANG,
        overrides=overrides,
    )


class _Telling(NamedTuple):
    """How the end and the way there are told."""

    as_json: bool
    events: bool
    bell: bool


def _run(
    form: str,
    order: Order,
    words: tuple[str, ...],
    told: _Telling,
    *,
    unattended: bool,
    manifest: Path | None = None,
    reformat: bool = False,
) -> NoReturn:
    from recond.flow.run.run import execute, prepare, refuse_if_asked
    from recond.show.machine import show_plans
    from recond.show.progress import ProgressDisplay
    from recond.show.result import finished_fields, show_finished

    shown, host, as_json, held = screen(), this_host(), told.as_json, ExitStack()
    try:
        order = seated(order, words, unattended, manifest, as_json)
        prepared = prepare(order, host)
        if reformat:
            prepared = _reformat(prepared, words)
        refuse_if_asked(prepared)
        if not as_json:
            plans = (*prepared.plans, *prepared.areas)
            show_plans(shown, plans, host.clock.now(), prepared.left_out)
        for warning in prepared.warnings:
            shown.talk(t("cli.warning", what=shown.clause(warning)))
        batch = _by_manifest(prepared, manifest, held) if manifest else None
        confirmed = batch.confirmed if batch else _confirm(prepared, words, unattended=unattended)
    except (KeyboardInterrupt, EOFError):
        shown.talk(t("cli.aborted.before"))
        fail(Message("cli.aborted.before"), exit_code=130)
    left = batch.left if batch else ()
    if batch and not confirmed:
        _nothing_begun(form, "cli.manifest.nothing_left", batch.exit_code, left, as_json=as_json)
        leave(batch.exit_code)
    with held, ProgressDisplay(shown, host.clock.now, json_events=told.events) as display:
        finished = execute(prepared, confirmed, host, display.on_event)
    if batch:
        finished = replace(finished, exit_code=max(finished.exit_code, batch.exit_code))
    fields = partial(finished_fields, left=left)
    shown.give(form, finished, show_finished, as_json=as_json, fields=fields)
    _send(finished, as_json=as_json)
    leave(finished.exit_code, bell=told.bell)


def _nothing_begun(
    form: str, why: str, exit_code: int, left: tuple[Judged, ...] = (), *, as_json: bool
) -> None:
    from recond.show.result import nothing_begun_fields

    if as_json:
        screen().answer(form, nothing_begun_fields(exit_code, left))
    else:
        screen().data(t(why))


def _by_manifest(prepared: Prepared, manifest: Path, held: ExitStack) -> Batch:
    from recond.flow.run.batch import confirm_by_manifest
    from recond.flow.run.claim import claiming
    from recond.flow.run.history import read_past

    state, lot, files = prepared.order.state, prepared.context.lot, this_host().files
    look = claiming(state, held, lambda plan: read_past(state, plan, lot, files))
    batch = confirm_by_manifest(prepared.plans, manifest, look)
    for one in batch.left:
        if one.message is not None:
            screen().talk(screen().say(one.message))
    return batch


def _send(finished: Finished, *, as_json: bool) -> None:
    """Queue and try; what does not leave waits, and the run's own exit code stays."""
    from recond.flow.deliver.upload import after_run
    from recond.show.upload import show_uploaded

    try:
        run, place = finished.folder.run_id, finished.issued.handed_over
        done = after_run(state_path(), run, place, this_host().clock)
    except RecondError as error:
        screen().talk(t("cli.error", reason=screen().clause(error.message)))
        return
    if done is not None and not as_json:
        show_uploaded(screen(), done)


def _confirm(
    prepared: Prepared, words: tuple[str, ...], *, unattended: bool
) -> tuple[Confirmed, ...]:
    from recond.flow.run.supervisor import confirm_all, confirm_by_flag
    from recond.show.ask import ask_each

    if words:
        return _with_psids(confirm_by_flag(prepared.plans, words))
    if unattended and prepared.order.every_unused:
        return confirm_all(prepared.plans, ConfirmedBy.FLAG)  # --unattended --all, both typed out
    if unattended or not sys.stdin.isatty():
        return confirm_by_flag(prepared.plans, ())
    return _with_psids(ask_each(screen(), prepared.plans, prepared.confirming_number))


def _reformat(prepared: Prepared, words: tuple[str, ...]) -> Prepared:
    """Ask for each disk of odd sectors, have it reformat itself, and plan anew."""
    from recond.flow.run.reformat import odd_plans, real_bay, reformat_confirmed
    from recond.flow.run.run import prepare
    from recond.flow.run.supervisor import confirm_by_flag, names_disk
    from recond.progress import DRIVE_TOTAL, Phase, ProgressEvent
    from recond.show.ask import ask_each
    from recond.show.progress import ProgressDisplay

    odd, host, shown = odd_plans(prepared.plans), this_host(), screen()
    if not odd:
        return prepared
    asked = {plan.path for plan in odd}
    for refusal in (one for plan in prepared.plans if plan.path in asked for one in plan.refusals):
        shown.talk(shown.say(refusal))
    shown.talk(t("cli.reformat.ask"))
    own = tuple(word for word in words if any(names_disk(plan, word) for plan in odd))
    by_flag = own or not sys.stdin.isatty()
    confirmed = confirm_by_flag(odd, own) if by_flag else ask_each(shown, odd)
    with ProgressDisplay(shown, host.clock.now, json_events=False) as display:
        bay = real_bay(
            host,
            lambda disk, permille: display.on_event(
                disk, ProgressEvent(Phase.DRIVE, 0, 1, done=permille, total=DRIVE_TOTAL)
            ),
        )
        return reformat_confirmed(prepared, confirmed, bay, lambda: prepare(prepared.order, host))


def _with_psids(confirmed: tuple[Confirmed, ...]) -> tuple[Confirmed, ...]:
    from recond.flow.run.supervisor import with_psids
    from recond.show.ask import ask_psid

    return with_psids(confirmed, lambda plan: ask_psid(screen(), plan))


@command("resume")
def resume_command(
    run: Annotated[str | None, argument("run", "RUN", complete=complete_runs)] = None,
    json_: AsJson = False,
    events: Events = False,
    bell: Bell = False,
) -> None:
    """Go on after a crash, a power cut, a stop."""
    from recond.flow.run.resume import resume_runs
    from recond.show.closed import show_closed
    from recond.show.progress import ProgressDisplay
    from recond.show.result import finished_fields, show_finished

    shown, code, lost = screen(), 0, dict[str, RecondError]()
    closed: dict[str, tuple[Closed, ...]] = {}
    with ProgressDisplay(shown, this_host().clock.now, json_events=events) as display:
        hear, host = display.on_event, this_host()
        finished = resume_runs(
            state_path(), run, host, hear, on_lost=lost.__setitem__, on_closed=closed.__setitem__
        )
    for name, why in closed.items():
        show_closed(shown, name, why, as_json=json_)
    for name, error in lost.items():
        shown.talk(t("cli.resume.lost", run=name, reason=shown.clause(error.message)))
        code = max(code, error.exit_code)
    for one in finished:
        shown.give("resume", one, show_finished, as_json=json_, fields=finished_fields)
        code = max(code, one.exit_code)
    if lost:
        answer_error(tuple(error.message for error in lost.values()), code)
    elif not finished and not (closed and json_):
        _nothing_begun("resume", "cli.resume.nothing", 0, as_json=json_)
    leave(code, bell=bell and bool(finished or lost))


@command("certify")
def certify_command(
    run: Annotated[str, argument("run", "RUN", complete=complete_runs)],
    out: Annotated[Path | None, option("out", "--out", metavar="DIR")] = None,
    checked: Checked = None,
    removed: Removed = None,
    destroyed: Destroyed = None,
    operator: Speaker = None,
    json_: AsJson = False,
) -> None:
    """(Again) record, signature, PDF from the journals."""
    from recond.census import Said
    from recond.flow.run.run import certify_again, finished_of
    from recond.flow.runfolder import find_run
    from recond.show.result import finished_fields, show_finished

    folder = find_run(state_path(), run)
    said = ((Said.CHECKED, checked), (Said.REMOVED, removed), (Said.DESTROYED, destroyed))
    words = tuple((word, key) for word, keys in said for key in keys or ())
    issued = certify_again(
        folder, state_path(), this_host(), out, LANG, words=words, operator=operator
    )
    finished = finished_of(folder, issued)
    screen().give("certify", finished, show_finished, as_json=json_, fields=finished_fields)
    leave(finished.exit_code)
