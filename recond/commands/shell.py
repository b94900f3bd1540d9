"""The command line about itself: help, the manual page, completion in a shell, its version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from recond.commands.complete import COMPLETE, complete_paths
from recond.commands.frame import (
    LANG,
    SETTINGS,
    AsJson,
    app,
    argument,
    command,
    leave,
    option,
    screen,
    state_to_read,
    this_host,
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


@command("version")
def version_command(
    where: Annotated[str | None, argument("update_where", "NOTE", complete=complete_paths)] = None,
    check: Annotated[bool, option("update_check", "--check")] = False,
    signer: Annotated[Path | None, option("update_signer", "--signer", metavar="CERT")] = None,
    json_: AsJson = False,
) -> None:
    """What runs here; with a release note, how that release stands to it."""
    if not (check or where or signer):
        from recond.flow.software import versions
        from recond.show.version import show_versions, version_fields

        screen().give("version", versions(), show_versions, as_json=json_, fields=version_fields)
        leave(0)
    from recond.flow.updates import look_for_update
    from recond.show.version import show_update

    found = look_for_update(where, signer, state_to_read(), this_host().clock.now())
    screen().give("version.check", found, show_update, as_json=json_)
    leave(found.exit_code)


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
