"""The configuration as lines: what is set, from where, what each key is for, what is wrong.

Why no table: a value is copied into a file, so neither it nor a path is ever folded into a column.
"""

from __future__ import annotations

from recond.flow.configlook import ConfigFile, ConfigValue, ConfigView, Origin
from recond.show.screen import Screen
from recond.show.tones import Tone


def show_config(screen: Screen, found: ConfigView) -> None:
    """Every key below its table: its value, where that stands, what it means; then the mistakes."""
    table = ""
    for one in found.settings:
        head, _, name = one.key.partition(".")
        if head != table:
            screen.data(f"{'' if not table else chr(10)}[{head}]")
            table = head
        screen.data(f"{name} = {_value(screen, one)}  ({_origin(screen, one)})")
        screen.data(f"    {screen.t(f'cli.config.about.{one.key}')}")
    screen.data("")
    for one_file in found.files:
        screen.data(_file(screen, one_file))
    for mistake in found.mistakes:
        screen.talk(screen.say(mistake.message), Tone.BAD)


def show_config_mistakes(screen: Screen, found: ConfigView) -> None:
    """Every mistake, or that there is none."""
    for mistake in found.mistakes:
        screen.data(screen.say(mistake.message))
    if not found.mistakes:
        there = [one.path for one in found.files if one.exists]
        code = "cli.config.clean" if there else "cli.config.none"
        files = ", ".join(there or [one.path for one in found.files])
        screen.talk(screen.t(code, files=files))


def show_config_paths(screen: Screen, found: ConfigView) -> None:
    """The files that are looked for, the stronger one last, and whether each is there."""
    for one in (*found.files, found.destinations):
        screen.data(_file(screen, one))


def check_fields(found: ConfigView) -> dict[str, object]:
    """As a program reads it."""
    return {"files": found.files, "mistakes": found.mistakes}


def path_fields(found: ConfigView) -> dict[str, object]:
    """As a program reads it."""
    return {"state": found.state, "files": found.files, "destinations": found.destinations}


def _file(screen: Screen, one: ConfigFile) -> str:
    return screen.t(f"cli.config.file.{'there' if one.exists else 'absent'}", file=one.path)


def _value(screen: Screen, one: ConfigValue) -> str:
    if one.secret and one.origin is Origin.FILE:
        return screen.t("cli.config.secret")
    if one.value is None:
        return screen.t("cli.config.unset")
    return '"' + one.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _origin(screen: Screen, one: ConfigValue) -> str:
    if one.origin is Origin.FILE:
        return screen.t("cli.config.from.file", file=one.file or "", line=one.line or 0)
    return screen.t(f"cli.config.from.{one.origin.value}")
