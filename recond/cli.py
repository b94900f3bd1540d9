"""The command line: parse, call one function, render, exit. No decisions here.

There is no `__main__` block on purpose: `python recond/cli.py` would put this folder first on the
path, and `recond/inspect` would shadow the standard library's `inspect` (use `python -m recond`).
Whatever costs time to import (rich, cryptography, reportlab, the readers) is imported in the
command that uses it: `recond --help` stays under a quarter of a second.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from recond import __version__
from recond.errors import RecondError, SafetyRefusal, UsageError
from recond.locale import language, text
from recond.show.framework import say_usage_error, translate_framework
from recond.show.screen import Screen

if TYPE_CHECKING:
    from recond.flow.run import Order, Prepared
    from recond.flow.wipe import Confirmed


def _global_option(name: str) -> str | None:
    """Take `--lang X` or `--state X` out of the arguments, wherever it stands."""
    for index, word in enumerate(sys.argv):
        if word == "--":
            return None
        if word == name and index + 1 < len(sys.argv):
            value = sys.argv[index + 1]
            del sys.argv[index : index + 2]
            return value
        if word.startswith(name + "="):
            del sys.argv[index]
            return word[len(name) + 1 :]
    return None


_asked = _global_option("--lang")
LANG = language(_asked, dict(os.environ))
_STATE = _global_option("--state")
translate_framework(LANG)

import typer  # noqa: E402 - after the framework's words are in place
from typer.core import TyperCommand, TyperGroup  # noqa: E402


def _t(code: str, **args: str | int) -> str:
    return text(LANG, code, **args)


class _Words:
    """Usage and help lines in the reader's language."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """« Utilisation : recond … »."""
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined] # of the command
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=_t("cli.frame.usage"))

    def get_help_option(self, ctx: Any) -> Any:
        """The help option's own help."""
        option = super().get_help_option(ctx)  # type: ignore[misc] # of the command
        if option is not None:
            option.help = _t("cli.frame.help")
        return option


class Command(_Words, TyperCommand):
    """A command that speaks the reader's language."""


class Group(_Words, TyperGroup):
    """The commands, in the order of the flow."""


app = typer.Typer(
    cls=Group, help=_t("cli.help.app"), add_completion=False, no_args_is_help=True,
    rich_markup_mode=None, pretty_exceptions_enable=False, epilog=_t("cli.help.epilog"),
    options_metavar=_t("cli.frame.options_meta"), subcommand_metavar=_t("cli.frame.command_meta"),
)
profile_app = typer.Typer(
    cls=Group, help=_t("cli.help.profile"), no_args_is_help=True, rich_markup_mode=None,
    options_metavar=_t("cli.frame.options_meta"), subcommand_metavar=_t("cli.frame.command_meta"),
)
app.add_typer(profile_app, name="profile")


def _option(code: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=_t(f"cli.option.{code}"), metavar=metavar, show_default=False)


def _argument(code: str, metavar: str) -> Any:
    return typer.Argument(help=_t(f"cli.option.{code}"), metavar=metavar, show_default=False)


def _command(name: str, group: typer.Typer = app) -> Any:
    return group.command(
        name, cls=Command, help=_t(f"cli.help.{name}"),
        options_metavar=_t("cli.frame.options_meta"))


Targets = Annotated[list[str] | None, _argument("targets", "CIBLE…" if LANG == "fr" else "TARGET…")]
AsJson = Annotated[bool, _option("json", "--json")]
Level = Annotated[str, _option("level", "--level", metavar="clear|purge|best")]
Method = Annotated[str | None, _option("method", "--method", metavar="NOM")]
Verify = Annotated[str, _option("verify", "--verify", metavar="full|sample|none")]
Image = Annotated[bool, _option("image", "--image")]
Out = Annotated[Path, _option("out", "--out", metavar="DIR")]
Profiles = Annotated[list[str] | None, _option("profile", "--profile", metavar="NOM")]
Confirm = Annotated[list[str] | None, _option("confirm", "--confirm", metavar="SERIAL")]
Events = Annotated[bool, _option("events", "--json-events")]
Operator = Annotated[str | None, _option("operator", "--operator", metavar="NOM")]
Lot = Annotated[str | None, _option("lot", "--lot", metavar="LOT")]
Donor = Annotated[str | None, _option("donor", "--donor", metavar="NOM")]
All = Annotated[bool, _option("all", "--all")]


def _screen() -> Screen:
    return Screen(LANG)


def _state() -> Path:
    from recond.host.state import state_folder

    return state_folder(Path(_STATE) if _STATE else None)


def _print_json(value: object) -> None:
    from recond.codec import to_json

    _screen().data(json.dumps(to_json(value), ensure_ascii=False, indent=2))


def _finish(code: int) -> NoReturn:
    raise typer.Exit(code)


@app.callback()
def _main(
    version: Annotated[bool, _option("version", "--version")] = False,
    lang: Annotated[str | None, _option("lang", "--lang", metavar="fr|en")] = None,
    state: Annotated[Path | None, _option("state", "--state", metavar="DIR")] = None,
) -> None:
    # --lang and --state are taken from the arguments before typer sees them (see the top)
    if version:
        _screen().data(f"recond {__version__}")
        _finish(0)


@_command("inspect")
def inspect_command(json_: AsJson = False) -> None:
    """Inventory."""
    from recond.host import Host
    from recond.inspect.machine import read_machine
    from recond.show.machine import show_machine

    machine = read_machine(Host())
    _print_json(machine) if json_ else show_machine(_screen(), machine)


@_command("check")
def check_command(profile: Profiles = None, json_: AsJson = False) -> None:
    """Readiness."""
    from recond.flow.check import check, check_exit
    from recond.host import Host
    from recond.show.machine import show_assessment

    found = check(tuple(profile or ["windows-10"]), Host())
    if json_:
        _print_json(list(found))
    else:
        for one in found:
            show_assessment(_screen(), one)
    _finish(check_exit(found))


@_command("plan")
def plan_command(
    targets: Targets = None, level: Level = "clear", method: Method = None,
    verify: Verify = "full", image: Image = False, all_: All = False, json_: AsJson = False,
) -> None:
    """What would be erased; touches nothing."""
    from recond.flow.check import plan_only
    from recond.host import Host
    from recond.show.machine import show_plans

    plans = plan_only(tuple(targets or ()), all_, _wish(level, method, verify), image, Host())
    _print_json(list(plans)) if json_ else show_plans(_screen(), plans)
    _finish(4 if targets and any(plan.refusals for plan in plans) else 0)


@_command("wipe")
def wipe_command(
    targets: Targets = None, level: Level = "clear", method: Method = None,
    verify: Verify = "full", confirm: Confirm = None, out: Out = Path("recond-out"),
    image: Image = False, operator: Operator = None, lot: Lot = None, donor: Donor = None,
    json_: AsJson = False, events: Events = False,
) -> None:
    """Erase and certify."""
    order = _order(targets, False, _wish(level, method, verify), image, (), out,
                   operator, lot, donor)
    _run(order, tuple(confirm or ()), unattended=False, as_json=json_, events=events)


@_command("run")
def run_command(
    targets: Targets = None, all_: All = False, profile: Profiles = None, level: Level = "clear",
    method: Method = None, verify: Verify = "full", confirm: Confirm = None,
    unattended: Annotated[bool, _option("unattended", "--unattended")] = False,
    out: Out = Path("recond-out"), image: Image = False, operator: Operator = None,
    lot: Lot = None, donor: Donor = None, json_: AsJson = False, events: Events = False,
) -> None:
    """All of it."""
    order = _order(targets, all_ or not targets, _wish(level, method, verify), image,
                   tuple(profile or ["windows-10"]), out, operator, lot, donor)
    if unattended and order.every_unused and not all_:
        raise UsageError("cli.run.unattended_needs_all")
    _run(order, tuple(confirm or ()), unattended=unattended, as_json=json_, events=events)


def _wish(level: str, method: str | None, verify: str) -> Any:
    from recond.flow.check import parse_wish

    return parse_wish(level, method, verify)


def _order(
    targets: list[str] | None, every: bool, wish: Any, image: bool, profiles: tuple[str, ...],
    out: Path, operator: str | None, lot: str | None, donor: str | None,
) -> Order:
    from recond.flow.config import Overrides
    from recond.flow.run import Order

    if not targets and not every:
        raise UsageError("cli.run.no_target")
    return Order(
        targets=tuple(targets or ()), every_unused=every and not targets, wish=wish, image=image,
        profiles=profiles, out=out, state=_state(), lang=LANG,
        overrides=Overrides(operator=operator, lot=lot, donor=donor),
    )


def _run(
    order: Order, words: tuple[str, ...], *, unattended: bool, as_json: bool, events: bool
) -> NoReturn:
    from recond.flow.run import execute, prepare, refuse_if_asked
    from recond.host import Host
    from recond.show.machine import show_plans
    from recond.show.progress import Display
    from recond.show.result import show_finished

    screen, host = _screen(), Host()
    prepared = prepare(order, host)
    refuse_if_asked(prepared)
    if not as_json:
        show_plans(screen, prepared.plans)
    confirmed = _confirm(prepared, words, unattended=unattended)
    totals = {plan.disk.token: plan.disk.size_bytes for plan in prepared.plans}
    with Display(screen, json_events=events, totals=totals) as display:
        finished = execute(prepared, confirmed, host, display.on_event)
    show_finished(screen, finished, as_json=as_json)
    _finish(finished.exit_code)


def _confirm(
    prepared: Prepared, words: tuple[str, ...], *, unattended: bool
) -> tuple[Confirmed, ...]:
    from recond.flow.wipe import confirm_all, confirm_by_flag
    from recond.show.ask import ask_each

    if words:
        return confirm_by_flag(prepared.plans, words)
    if unattended and prepared.order.every_unused:
        return confirm_all(prepared.plans, "flag")  # --unattended --all, both typed out
    if unattended or not sys.stdin.isatty():
        return confirm_by_flag(prepared.plans, ())
    return ask_each(_screen(), prepared.plans)


@_command("resume")
def resume_command(
    run: Annotated[str | None, _argument("run", "RUN")] = None,
    json_: AsJson = False, events: Events = False,
) -> None:
    """Go on after a crash, a power cut, a stop."""
    from recond.flow.resume import resume_runs
    from recond.host import Host
    from recond.show.progress import Display
    from recond.show.result import show_finished

    screen, code = _screen(), 0
    with Display(screen, json_events=events, totals={}) as display:
        finished = resume_runs(_state(), run, Host(), display.on_event)
    if not finished:
        screen.talk(_t("cli.resume.nothing"))
    for one in finished:
        show_finished(screen, one, as_json=json_)
        code = max(code, one.exit_code)
    _finish(code)


@_command("certify")
def certify_command(
    run: Annotated[str, _argument("run", "RUN")],
    out: Annotated[Path | None, _option("out", "--out", metavar="DIR")] = None,
    json_: AsJson = False,
) -> None:
    """(Again) record, signature, PDF from the journals."""
    from recond.flow.run import Finished, certify_run, exit_code
    from recond.flow.runfolder import find_run
    from recond.host import Host
    from recond.show.result import show_finished

    folder = find_run(_state(), run)
    issued = certify_run(folder, _state(), Host(), out, LANG)
    finished = Finished(folder, issued, exit_code(issued, frozenset()))
    show_finished(_screen(), finished, as_json=json_)
    _finish(0 if issued.signed else 7)


@_command("verify")
def verify_command(
    files: Annotated[list[Path], _argument("files", "FICHIER…" if LANG == "fr" else "FILE…")],
    trust: Annotated[list[Path] | None, _option("trust", "--trust", metavar="CERT")] = None,
    json_: AsJson = False,
) -> None:
    """Is this certificate, record or journal true, whole, and signed by whom."""
    from recond.flow.verify_files import verify_paths
    from recond.show.result import show_report

    report = verify_paths(tuple(files), tuple(trust or ()), state=_state())
    show_report(_screen(), report, as_json=json_)
    _finish(report.exit_code)


@_command("methods")
def methods_command(json_: AsJson = False) -> None:
    """The methods and what they promise."""
    from recond.methods import all_methods
    from recond.show.result import show_methods

    methods = tuple(all_methods().values())
    _print_json(list(methods)) if json_ else show_methods(_screen(), methods)


@_command("doctor")
def doctor_command(json_: AsJson = False) -> None:
    """What is missing on this bench."""
    from recond.flow.doctor import examine
    from recond.host import Host
    from recond.show.result import show_bench

    found = examine(Host(), _state())
    _print_json(list(found)) if json_ else show_bench(_screen(), found)
    _finish(0 if all(one.present or not one.needed for one in found) else 9)


@_command("demo")
def demo_command(
    out: Out = Path("demo-out"), json_: AsJson = False, events: Events = False
) -> None:
    """The whole main job on two scratch disk images, without root."""
    from recond.flow.demo import demo
    from recond.host import Host
    from recond.show.demo import DemoScreen

    _finish(demo(Host(), out, LANG, DemoScreen(_screen(), as_json=json_, events=events)))


@_command("list", profile_app)
def profile_list_command() -> None:
    """The profiles that are there."""
    from recond.flow.profiles import list_profiles

    for name in list_profiles():
        _screen().data(str(name))


def run_app() -> int:
    """Run the command line; returns the exit code. Errors are said in the reader's language."""
    failures: Any = typer.BadParameter.__mro__[2]  # the framework's own error, wherever it lives
    try:
        if _asked not in (None, "fr", "en"):
            raise UsageError("cli.lang.unknown", lang=str(_asked))
        result = app(standalone_mode=False)
        return result if isinstance(result, int) else 0
    except SafetyRefusal as error:
        for refusal in error.refusals:
            _screen().talk(_t("cli.refused", reason=_screen().say(refusal)))
        return error.exit_code
    except RecondError as error:
        _screen().talk(_t("cli.error", reason=_screen().say(error.message)))
        return error.exit_code
    except typer.Exit as error:
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt, EOFError):
        _screen().talk(_t("cli.aborted"))
        return 130
    except failures as error:
        _screen().talk(_t("cli.error", reason=say_usage_error(LANG, error.format_message())))
        return 2
