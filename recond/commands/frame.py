"""What every command shares: the reader's language, options, the frame of help.

Why: the framework speaks English only and reads its words when commands are declared; so the
language is settled here, before any command module is imported. Commands parse, call one function
of `recond.flow`, render with `recond.show`, and exit; they decide nothing. Whatever costs time to
import is imported inside the command that uses it: `recond --help` stays under a quarter of a
second.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

from recond.commands.complete import (
    complete_lots,
    complete_methods,
    complete_paths,
    complete_profiles,
    complete_serials,
    completed_words,
)
from recond.commands.index import ENTRIES, help_text
from recond.commands.values import give_plain_values
from recond.errors import BenchLacks
from recond.locale import language, text
from recond.show.framework import translate_framework
from recond.show.help import free_hyphens, hold_hyphens, placeholder
from recond.show.screen import Screen

if TYPE_CHECKING:
    from recond.host import Host
    from recond.model import Message

F = TypeVar("F", bound=Callable[..., None])


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


def _global_flag(name: str) -> bool:
    """Take `--debug` out of the arguments, wherever it stands before `--`."""
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    found = name in sys.argv[1:end]
    if found:
        del sys.argv[sys.argv.index(name, 1, end)]
    return found


ASKED = _global_option("--lang")
LANG = language(ASKED, dict(os.environ))
_STATE = _global_option("--state")
DEBUG = _global_flag("--debug")
WANTS_JSON = "--json" in sys.argv[1 : sys.argv.index("--") if "--" in sys.argv else None]
"""Known without the framework: what is wrong with the arguments is answered too."""
COMPLETED = completed_words(dict(os.environ))
"""The words before the one that a shell asks about; empty in every other use."""
translate_framework(LANG)

import typer  # noqa: E402 - after the framework's words are in place
from typer.core import TyperCommand, TyperGroup  # noqa: E402


def t(code: str, **args: str | int) -> str:
    """The sentence for a code, in the reader's language."""
    return text(LANG, code, **args)


class _Words:
    """Usage and help lines in the reader's language."""

    def get_help(self, ctx: Any) -> str:
        """Folded between words: the framework takes a hyphen for a place to break."""
        formatter = ctx.make_formatter()
        for name in ("write_dl", "write_text", "write_usage"):
            setattr(formatter, name, _holding(getattr(formatter, name)))
        self.format_help(ctx, formatter)  # type: ignore[attr-defined] # of the command
        return free_hyphens(formatter.getvalue().rstrip("\n"))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """« Utilisation : recond … »."""
        pieces = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined] # of the command
        usage = " ".join(_piece(piece) for piece in pieces)
        formatter.write_usage(ctx.command_path, usage, prefix=t("cli.frame.usage"))

    def get_params(self, ctx: Any) -> Any:
        """Without the arguments' Python types."""
        found = super().get_params(ctx)  # type: ignore[misc] # of the command
        for one in found:
            give_plain_values(one)
            if one.param_type_name == "argument":
                one.display_type_rich = _no_type
        return found

    def get_help_option(self, ctx: Any) -> Any:
        """The help option's own help."""
        option = super().get_help_option(ctx)  # type: ignore[misc] # of the command
        if option is not None:
            option.help = t("cli.frame.help")
        return option


def _holding(write: Callable[..., None]) -> Callable[..., None]:
    """A formatter's method that is given its words with hyphens at which nothing breaks."""

    def hold(value: Any) -> Any:
        if isinstance(value, str):
            return hold_hyphens(value)
        return [tuple(map(hold, row)) for row in value] if isinstance(value, list) else value

    return lambda *args, **named: write(*map(hold, args), **named)


def _piece(piece: str) -> str:
    """`{LOT} {FOLDER}...` of the framework as `LOT FOLDER…`, as everywhere else."""
    return piece.replace("{", "").replace("}", "").replace("...", "…")


def _no_type(ctx: Any) -> None:
    """Beside an argument's name stands what it is, in words."""


class Command(_Words, TyperCommand):
    """A command that speaks the reader's language."""


class CommandGroup(_Words, TyperGroup):
    """The commands, in the order of the flow."""

    def list_commands(self, ctx: Any) -> list[str]:
        """As a person meets them: below the first level in the order of the code."""
        names: list[str] = super().list_commands(ctx)
        return names if ctx.parent else sorted(names, key=list(ENTRIES).index)

    def get_help(self, ctx: Any) -> str:
        """Of the whole program: known without importing its commands."""
        if ctx.parent is None:
            return help_text(LANG)
        return str(super().get_help(ctx))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Each command with its whole sentence: the framework cuts it."""
        named = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.help or "") for name, one in named if one and not one.hidden]
        if rows:
            with formatter.section(t("cli.frame.commands")):
                formatter.write_dl(rows)


Context = typer.Context
SETTINGS = {"help_option_names": ["-h", "--help"]}


def start_debug() -> None:
    """Show the log where `--debug` or the environment asks for it."""
    if DEBUG or os.environ.get("RECOND_DEBUG"):
        from recond.host.log import ask_for_debug, start_log

        ask_for_debug() if DEBUG else start_log()


def make_group(code: str, *, epilog: str | None = None, bare: bool = False) -> typer.Typer:
    """A group of commands, with its help in the reader's language. `bare`: it does something
    without a command of its own too.
    """
    return typer.Typer(
        cls=CommandGroup,
        help=t(code),
        add_completion=False,
        no_args_is_help=not bare,
        context_settings=SETTINGS,
        epilog=epilog,
        invoke_without_command=bare,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        options_metavar=t("cli.frame.options_meta"),
        subcommand_metavar=t(f"cli.frame.command_{'maybe' if bare else 'meta'}"),
    )


app = make_group("cli.help.app", epilog=t("cli.help.epilog"))


Complete = Callable[[str], list[str]]
"""What a shell offers for a word that has begun."""


def option(
    code: str, *names: str, metavar: str | None = None, complete: Complete | None = None
) -> Any:
    """An option with its help from the catalogue (`cli.option.CODE`, or a whole code).

    `metavar` is written as `cli.meta.*` knows it, or as the words to choose from: `full|sample`.
    """
    return typer.Option(
        *names,
        help=_help(code),
        metavar=metavar and placeholder(LANG, metavar),
        autocompletion=complete or _one_of(metavar or ""),
        show_default=False,
    )


def argument(code: str, metavar: str, *, complete: Complete | None = None) -> Any:
    """An argument with its help from the catalogue (`cli.option.CODE`, or a whole code)."""
    return typer.Argument(
        help=_help(code),
        metavar=placeholder(LANG, metavar),
        autocompletion=complete,
        show_default=False,
    )


def _one_of(metavar: str) -> Complete | None:
    """The words of `clear|purge|best`."""
    if "|" not in metavar or metavar != metavar.lower():
        return None
    return lambda incomplete: [w for w in metavar.split("|") if w.startswith(incomplete)]


def _help(code: str) -> str:
    return t(code) if "." in code else t(f"cli.option.{code}")


def command(name: str, group: typer.Typer = app, *, about: str | None = None) -> Callable[[F], F]:
    """Declare a command; its help is `cli.help.NAME`, or the code `about`."""
    return group.command(
        name,
        cls=Command,
        help=t(about or f"cli.help.{name}"),
        context_settings=SETTINGS,
        options_metavar=t("cli.frame.options_meta"),
    )


Targets = Annotated[list[str] | None, argument("targets", "TARGET", complete=complete_paths)]
AsJson = Annotated[bool, option("json", "--json")]
Level = Annotated[str, option("level", "--level", metavar="clear|purge|best")]
Method = Annotated[
    str | None, option("method", "--method", metavar="NAME", complete=complete_methods)
]
Verify = Annotated[str, option("verify", "--verify", metavar="full|sample|none")]
Hidden = Annotated[bool | None, option("hidden", "--restore-hidden/--keep-hidden")]
Psid = Annotated[bool, option("psid", "--psid")]
Unreported = Annotated[bool, option("unreported", "--try-unreported")]
Reformat = Annotated[bool, option("reformat_sectors", "--reformat-sectors")]
Usb = Annotated[bool, option("usb", "--usb")]
SignLater = Annotated[bool, option("sign_later", "--sign-later")]
Exclude = Annotated[
    list[str] | None, option("exclude", "--exclude", metavar="SERIAL", complete=complete_serials)
]
Image = Annotated[bool, option("image", "--image")]
Out = Annotated[Path, option("out", "--out", metavar="DIR")]
DemoOut = Annotated[Path, option("demo_out", "--out", metavar="DIR")]
Profiles = Annotated[
    list[str] | None, option("profile", "--profile", metavar="NAME", complete=complete_profiles)
]
Confirm = Annotated[
    list[str] | None, option("confirm", "--confirm", metavar="SERIAL", complete=complete_serials)
]
Bell = Annotated[bool, option("bell", "--bell")]
Events = Annotated[bool, option("events", "--json-events")]
Operator = Annotated[str | None, option("operator", "--operator", metavar="NAME")]
Speaker = Annotated[str | None, option("speaker", "--operator", metavar="NAME")]
Lot = Annotated[str | None, option("lot", "--lot", metavar="LOT", complete=complete_lots)]
Donor = Annotated[str | None, option("donor", "--donor", metavar="NAME")]
Asset = Annotated[str | None, option("asset", "--asset", metavar="NUMBER")]
Answer = Annotated[list[str] | None, option("answer", "--answer", metavar="X=N")]
Note = Annotated[str | None, option("note", "--note", metavar="TEXT")]
Photos = Annotated[Path | None, option("photos", "--photos", metavar="DIR")]
Plain = Annotated[bool, option("guided.option.plain", "--plain")]
All = Annotated[bool, option("all", "--all")]
Checked = Annotated[list[str] | None, option("checked", "--checked", metavar="KEY")]
Removed = Annotated[list[str] | None, option("removed", "--removed", metavar="KEY")]
Destroyed = Annotated[list[str] | None, option("destroyed", "--destroyed", metavar="KEY")]
From = Annotated[Path | None, option("from", "--from", metavar="PATH")]


def screen() -> Screen:
    """Where the reader reads."""
    from recond.host.terminal import terminal_columns, wants_colour

    return Screen(LANG, terminal_columns(), wants_colour())


def this_host() -> Host:
    """This computer. The real one is made here and passed down: nothing below makes its own."""
    from recond.host import Host

    return Host()


def state_path() -> Path:
    """The state folder of a command that may write there: `--state`, else the environment's, else
    the usual one. An older form is brought forward.

    Raises `BenchLacks` for the form of a newer recond.
    """
    from recond.flow.stateform import open_state

    open_state(_state())
    return _state()


def state_to_read() -> Path:
    """The same for a command that only reads there: of a newer form it is said."""
    from recond.flow.stateform import newest_form, read_form

    state = _state()
    try:
        found = read_form(state)
    except BenchLacks as error:
        screen().talk(screen().say(error.message))
        return state
    if found > newest_form():
        known = newest_form()
        screen().talk(t("host.form.newer_read", folder=str(state), form=found, known=known))
    return state


def _state() -> Path:
    from recond.host.state import state_folder

    return state_folder(Path(_STATE) if _STATE else None)


def fail(*reasons: Message, exit_code: int) -> NoReturn:
    """End a command that gives up: the reasons were said; with `--json` a program reads them."""
    answer_error(reasons, exit_code)
    leave(exit_code)


def answer_error(reasons: tuple[Message, ...], exit_code: int) -> None:
    """`recond.error/1` to standard output, where the arguments ask for an answer to a program."""
    if WANTS_JSON:
        from recond.show.answer import error_fields

        screen().answer("error", error_fields(LANG, reasons, exit_code))


def leave(code: int, *, bell: bool = False) -> NoReturn:
    """End the command with an exit code; `bell`: the terminal rings, for who looks elsewhere."""
    if bell:
        from recond.host.terminal import ring

        ring(well=code == 0)
    raise typer.Exit(code)
