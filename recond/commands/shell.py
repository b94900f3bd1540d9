"""The command line about itself: help of a command, the manual page, completion in a shell."""

from __future__ import annotations

from typing import Annotated, Any

from recond.commands.complete import COMPLETE
from recond.commands.frame import (
    LANG,
    SETTINGS,
    app,
    argument,
    command,
    leave,
    option,
    screen,
)
from recond.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


def _shells(incomplete: str) -> list[str]:
    return [shell for shell in SHELLS if shell.startswith(incomplete)]


@command("completion")
def completion_command(
    shell: Annotated[str, argument("shell", "SHELL", complete=_shells)],
) -> None:
    """The script that a shell reads."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined] # its own

    if shell not in SHELLS:
        raise UsageError("cli.completion.unknown", shell=shell)
    script = get_completion_script(prog_name="recond", complete_var=COMPLETE, shell=shell)
    screen().document(script)


@command("help")
def help_command(
    words: Annotated[list[str] | None, argument("help_words", "COMMAND")] = None,
    man: Annotated[bool, option("man", "--man")] = False,
    schema: Annotated[bool, option("schema", "--schema")] = False,
) -> None:
    """The help of a command, the manual page of all, or the form of every `--json`."""
    if schema:
        from recond.data import read_schemas

        screen().document(read_schemas())
        leave(0)
    top = _top()
    if man:
        from recond.show.man import manual_page

        screen().document(manual_page(LANG, _pages(top)))
        leave(0)
    context = top
    for word in words or ():
        found = context.command.resolve_command(context, [word])[1]
        context = _below(context, word, found)
    screen().document(context.get_help())


def _top() -> Any:
    import typer

    program: Any = typer.main.get_command(app)
    return program.context_class(program, info_name="recond", **SETTINGS)


def _below(context: Any, name: str, found: Any) -> Any:
    """The context of a command of another: what its help is made from."""
    return found.context_class(found, parent=context, info_name=name, **SETTINGS)


def _pages(context: Any) -> list[tuple[str, str]]:
    """Each command's path and its help, group by group."""
    pages = []
    for name in context.command.list_commands(context):
        found = context.command.get_command(context, name)
        below = _below(context, name, found)
        pages.append((below.command_path, below.get_help()))
        if hasattr(found, "list_commands"):
            pages += _pages(below)
    return pages
