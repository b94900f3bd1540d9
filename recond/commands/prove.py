"""The proof: verify, in its forms (files, a ledger, the disk itself, the donor's page); labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

from recond.commands.frame import (
    LANG,
    AsJson,
    Image,
    argument,
    command,
    leave,
    option,
    screen,
    state_to_read,
    this_host,
)
from recond.errors import UsageError


@command("verify")
def verify_command(
    files: Annotated[list[Path] | None, argument("files", "FILE")] = None,
    trust: Annotated[list[Path] | None, option("trust", "--trust", metavar="CERT")] = None,
    ledger: Annotated[
        Path | None, option("recheck.option.ledger", "--ledger", metavar="FILE")
    ] = None,
    disk: Annotated[str | None, option("recheck.option.disk", "--disk", metavar="DEVICE")] = None,
    html: Annotated[Path | None, option("donor.command.option", "--html", metavar="FILE")] = None,
    mode: Annotated[str, option("recheck.option.mode", "--verify", metavar="full|sample")] = "full",
    image: Image = False,
    json_: AsJson = False,
) -> None:
    """Is this certificate, record, journal or ledger true, whole, and signed by whom."""
    from recond.flow.runfolder import certificate_paths
    from recond.flow.verify.ledger import verify_with_ledger
    from recond.show.result import report_json, show_report

    given = certificate_paths(state_to_read(), tuple(files or ()))
    certificates = tuple(trust or ())
    if html is not None:
        if given or ledger is not None or disk is not None:
            raise UsageError("donor.command.with-files")
        _page(html, certificates, as_json=json_)
    if disk is not None:
        _disk(disk, given, certificates, mode, image=image, as_json=json_)
    if ledger is not None:
        report = verify_with_ledger(given, certificates, ledger, state=state_to_read())
    elif given:
        _many_or_few(given, certificates, as_json=json_)
    else:
        raise UsageError("recheck.nothing")
    screen().give("verify", report, show_report, as_json=json_, fields=report_json)
    leave(report.exit_code)


def _many_or_few(
    files: tuple[Path, ...], certificates: tuple[Path, ...], *, as_json: bool
) -> NoReturn:
    """Few are shown each with its answers; many as they come, and only what is wrong."""
    from recond.flow.keys.keyring import Keyring
    from recond.flow.verify.files import Report, groups_of, verify_groups
    from recond.show.result import show_report
    from recond.show.verify_many import MANY, answer_each, show_each

    trust = Keyring(state_to_read()).trust(certificates)
    groups = groups_of(files)
    found = verify_groups(groups, trust)
    if as_json:
        leave(answer_each(screen(), found))
    if len(groups) >= MANY:
        leave(show_each(screen(), found, len(groups)))
    report = Report(tuple(found))
    show_report(screen(), report)
    leave(report.exit_code)


def _page(html: Path, certificates: tuple[Path, ...], *, as_json: bool) -> NoReturn:
    from recond.flow.verify.donor_page import write_donor_page
    from recond.show.donor import page_fields, show_page_made

    made = write_donor_page(html, certificates, state=state_to_read())
    screen().give("verify.html", made, show_page_made, as_json=as_json, fields=page_fields)
    leave(0)


def _disk(
    path: str,
    files: tuple[Path, ...],
    certificates: tuple[Path, ...],
    mode: str,
    *,
    image: bool,
    as_json: bool,
) -> NoReturn:
    from recond.flow.verify.disk import parse_mode, verify_certificate_and_disk
    from recond.show.progress import ProgressDisplay
    from recond.show.recheck import disk_answer_fields, show_disk_answer

    if len(files) != 1:
        raise UsageError("recheck.disk.one-file")
    with ProgressDisplay(screen(), this_host().clock.now, json_events=False) as display:
        report, answer = verify_certificate_and_disk(
            path,
            files[0],
            certificates,
            parse_mode(mode),
            image=image,
            state=state_to_read(),
            clock=this_host().clock,
            on_event=display.on_event,
        )
    screen().give(
        "verify.disk",
        (report, answer),
        show_disk_answer,
        as_json=as_json,
        fields=disk_answer_fields,
    )
    leave(report.exit_code or answer.exit_code)


@command("label", about="label.command.about")
def label_command(
    files: Annotated[list[Path] | None, argument("label.option.files", "FILE")] = None,
    form: Annotated[
        str, option("label.option.format", "--format", metavar="roll-62|a4-24")
    ] = "roll-62",
    start: Annotated[int, option("label.option.start", "--start", metavar="N")] = 1,
    out: Annotated[Path, option("label.option.out", "--out", metavar="FILE")] = Path(
        "recond-labels.pdf"
    ),
    per_disk: Annotated[bool, option("label.option.per_disk", "--per-disk")] = False,
    print_: Annotated[bool, option("label.option.print", "--print")] = False,
    printer: Annotated[
        str | None, option("label.option.printer", "--printer", metavar="NAME")
    ] = None,
    json_: AsJson = False,
) -> None:
    """A machine's sticker, from a certificate that is verified first."""
    from recond.flow.deliver.label import make_labels, print_labels
    from recond.flow.runfolder import certificate_paths
    from recond.show.label import label_fields, show_labels

    given = certificate_paths(state_to_read(), tuple(files or ()))
    made = make_labels(
        given, out, form=form, start=start, lang=LANG, state=state_to_read(), per_disk=per_disk
    )
    if print_ or printer:
        made = print_labels(made, this_host().processes, printer)
    screen().give("label", made, show_labels, as_json=json_, fields=label_fields)
    leave(made.exit_code)


@command("runs")
def runs_command(
    since: Annotated[str | None, option("runs_since", "--since", metavar="DATE")] = None,
    limit: Annotated[int, option("runs_limit", "--limit", metavar="N")] = 20,
    json_: AsJson = False,
) -> None:
    """What this bench did, the newest first."""
    from recond.flow.runlist import list_runs
    from recond.show.runs import show_runs

    found = list_runs(state_to_read(), since, limit)
    screen().give("runs", found, show_runs, as_json=json_)
    leave(0)
