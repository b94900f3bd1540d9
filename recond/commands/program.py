"""The program: the options before any command, the module of the one that is asked for, its end.

Why: only what a command needs is imported (`recond.commands.index`); what goes wrong is said in
the reader's language, with its exit code. No decisions.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from typing import Annotated, Any

from recond import __version__
from recond.commands.frame import (
    ASKED,
    COMPLETED,
    Context,
    Plain,
    answer_error,
    app,
    leave,
    option,
    screen,
    start_debug,
    t,
)
from recond.commands.index import modules_for
from recond.errors import RecondError, SafetyRefusal, UsageError
from recond.host.log import log_swallowed
from recond.host.reason import as_lack
from recond.host.streams import hear_children, hear_interrupts, open_streams
from recond.model import Message
from recond.show.framework import usage_error
from recond.show.tones import Tone


@app.callback(invoke_without_command=True, no_args_is_help=False)  # --version is no command
def _main(
    ctx: Context,
    version: Annotated[bool, option("version", "--version")] = False,
    # --lang, --state and --debug are taken from the arguments before typer sees them (frame)
    _lang: Annotated[str | None, option("lang", "--lang", metavar="fr|en")] = None,
    _state: Annotated[str | None, option("state", "--state", metavar="DIR")] = None,
    _debug: Annotated[bool, option("debug", "--debug")] = False,
    plain: Plain = False,
) -> None:
    if version:
        screen().data(f"recond {__version__}")
        leave(0)
    if ctx.invoked_subcommand is not None:
        return
    if plain or (sys.stdin.isatty() and sys.stdout.isatty()):
        from recond.commands.guided import guided_command

        guided_command(plain=plain)
    screen().document(ctx.get_help())


def run_program() -> int:
    """Run a command; returns the exit code. Errors are said in the reader's language, and answered
    to a program that asked for `--json`.
    """
    open_streams()
    hear_children()
    import typer  # not above: the framework reads its words at its first import (commands.frame)

    start_debug()
    failures: Any = typer.BadParameter.__mro__[2]  # the framework's own error, wherever it lives
    try:
        _declare()
        hear_interrupts()
        result = app(prog_name="recond", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except SafetyRefusal as error:
        for refusal in error.reasons:
            screen().talk(t("cli.refused", reason=screen().clause(refusal)), Tone.BAD)
        return _end(error.exit_code, *error.reasons)
    except RecondError as error:
        screen().talk(t("cli.error", reason=screen().clause(error.message)), Tone.BAD)
        return _end(error.exit_code, *error.reasons)
    except typer.Exit as error:
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt, EOFError):
        screen().talk(t("cli.aborted"))
        return _end(130, Message("cli.aborted"))
    except failures as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            screen().document(error.format_message())
            return 0
        reason = usage_error(error.format_message())
        screen().talk(t("cli.error", reason=screen().clause(reason)), Tone.BAD)
        return _end(2, reason)
    except BrokenPipeError:
        raise  # of our own output: the reader is gone
    except SystemExit as end:  # the framework makes 1, "a bug of ours", of it
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        raise
    except OSError as error:  # a full disk, a link in a file's place: not a bug of ours
        log_swallowed("commands", error)
        lack = as_lack(error)
        screen().talk(t("cli.error", reason=screen().say(lack.message)), Tone.BAD)
        return _end(lack.exit_code, lack.message)
    except Exception as error:
        answer_error((Message.of("cli.bug", kind=type(error).__name__),), 1)
        raise


def _declare() -> None:
    """Import what the command line needs. Raises `UsageError` for a language that we lack."""
    if ASKED not in (None, "fr", "en"):
        raise UsageError("cli.lang.unknown", lang=str(ASKED))
    for name in modules_for(sys.argv[1:] or COMPLETED):
        importlib.import_module(f"recond.commands.{name}")


def _end(exit_code: int, *reasons: Message) -> int:
    """The code stands, whether or not anybody can still be answered."""
    with suppress(OSError):
        answer_error(reasons, exit_code)
    return exit_code
