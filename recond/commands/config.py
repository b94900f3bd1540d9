"""What this bench is set to: config show, check, path."""

from __future__ import annotations

from typing import NoReturn

from recond.commands.frame import (
    AsJson,
    Context,
    app,
    command,
    leave,
    make_group,
    screen,
    state_to_read,
)

CONFIG = make_group("cli.help.config", bare=True)
app.add_typer(CONFIG, name="config")


@CONFIG.callback(invoke_without_command=True)
def config_command(ctx: Context, json_: AsJson = False) -> None:
    """Every key."""
    if ctx.invoked_subcommand is None:
        _show("config", as_json=json_)


@command("show", CONFIG, about="cli.help.config.show")
def config_show_command(json_: AsJson = False) -> None:
    """Every key, by its own word."""
    _show("config.show", as_json=json_)


def _show(form: str, *, as_json: bool) -> NoReturn:
    from recond.flow.configlook import look_at_config
    from recond.show.config import show_config

    found = look_at_config(state_to_read())
    screen().give(form, found, show_config, as_json=as_json)
    leave(found.exit_code)


@command("check", CONFIG, about="cli.help.config.check")
def config_check_command(json_: AsJson = False) -> None:
    """Every mistake."""
    from recond.flow.configlook import look_at_config
    from recond.show.config import check_fields, show_config_mistakes

    found = look_at_config(state_to_read())
    screen().give("config.check", found, show_config_mistakes, as_json=json_, fields=check_fields)
    leave(found.exit_code)


@command("path", CONFIG, about="cli.help.config.path")
def config_path_command(json_: AsJson = False) -> None:
    """The files."""
    from recond.flow.configlook import look_at_config
    from recond.show.config import path_fields, show_config_paths

    found = look_at_config(state_to_read())
    screen().give("config.path", found, show_config_paths, as_json=json_, fields=path_fields)
    leave(0)
