"""`recond config`: what this bench is set to, where each value came from, and what is wrong.

Why apart from what a run reads: a run stops at the first mistake; a person who mends the file wants
all of them, each with its line, and every key with its meaning, set or not. Reads only. A secret is
never part of it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recond.errors import UsageError
from recond.flow.config import CONFIG, MOST_BYTES, config_files, read_logo
from recond.flow.configkeys import FILE_KEYS, KEYS, TABLES, Fault, faults_of, fits, keys_of
from recond.flow.deliver.settings import FILE as DESTINATIONS
from recond.host.reason import os_reason
from recond.model import Message, Text
from recond.readiness import Broken, Lines, read_source


class Origin(Text):
    """Where a value came from."""

    FILE = "file"
    DEFAULT = "default"
    UNSET = "unset"


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """One key. `value` is None where nothing is set, and for a secret always; `file` and `line` (of
    the file, from 1) where it stands in one.
    """

    key: str
    value: str | None
    secret: bool
    origin: Origin
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigMistake:
    """Something in a file that recond does not know or cannot take."""

    file: str
    line: int | None
    key: str
    message: Message


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file that is looked for; the later one wins, key by key."""

    path: str
    exists: bool


@dataclass(frozen=True, slots=True)
class ConfigView:
    """The whole: every key in the order of the documentation."""

    state: str
    files: tuple[ConfigFile, ...]
    destinations: ConfigFile
    settings: tuple[ConfigValue, ...]
    mistakes: tuple[ConfigMistake, ...]

    @property
    def exit_code(self) -> int:
        """2, written wrongly, where anything is."""
        return 2 if self.mistakes else 0


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as far as it could be read."""

    tables: dict[str, Any]
    lines: Lines
    mistakes: tuple[ConfigMistake, ...]


def look_at_config(state: Path) -> ConfigView:
    """Every key with its value and source, and every mistake. Raises nothing for a bad file."""
    read = {}
    for file, reader in config_files(state):
        if file.exists() or file.is_symlink():
            try:
                read[str(file)] = _read(reader(file, MOST_BYTES), str(file))
            except OSError as error:
                said = Message.of("cli.config.unreadable", file=str(file), reason=os_reason(error))
                read[str(file)] = _Read({}, Lines(""), (ConfigMistake(str(file), None, "", said),))
    mistakes = [one for found in read.values() for one in found.mistakes]
    if not mistakes:
        mistakes += _together(read)
    return ConfigView(
        str(state),
        tuple(ConfigFile(str(file), str(file) in read) for file, _ in config_files(state)),
        ConfigFile(str(state / DESTINATIONS), (state / DESTINATIONS).exists()),
        tuple(_setting(key.table, key.name, read) for key in KEYS),
        tuple(mistakes),
    )


def _read(raw: bytes, file: str) -> _Read:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        said = Message.of("cli.config.mistake.encoding", file=file, line=line)
        return _Read({}, Lines(""), (ConfigMistake(file, line, "", said),))
    source = read_source(text)
    lines = Lines(source.text)
    found = [_mistake(fault, lines, file) for fault in faults_of(source.tables)]
    found += [_no_toml(broken, file) for broken in source.broken]
    return _Read(source.tables, lines, tuple(sorted(found, key=lambda one: one.line or 0)))


def _no_toml(broken: Broken, file: str) -> ConfigMistake:
    said = Message.of(
        "readiness.mistake.syntax",
        file=file,
        line=broken.line,
        key=broken.key or "@readiness.type.file",
        detail=f"@readiness.syntax.{broken.kind}",
    )
    return ConfigMistake(file, broken.line, broken.key, said)


def _mistake(fault: Fault, lines: Lines, file: str) -> ConfigMistake:
    line = lines.of(tuple(filter(None, (fault.table, fault.name))))
    code, near = f"cli.config.mistake.{fault.kind}", ""
    if fault.kind in ("table", "key"):
        known = TABLES if fault.kind == "table" else tuple(keys_of(fault.table))
        near = next(iter(difflib.get_close_matches(fault.name or fault.table, known, 1)), "")
        code += "_near" if near else ""
    known_words = ", ".join(keys_of(fault.table) or TABLES)
    said = Message.of(code, file=file, line=line, key=fault.path, near=near, known=known_words)
    return ConfigMistake(file, line, fault.path, said)


def _together(read: dict[str, _Read]) -> Iterator[ConfigMistake]:
    """What only shows when all is read: a key that needs another, a file that is not there."""
    where = {key.path: _setting(key.table, key.name, read) for key in KEYS}
    url, authority = where["timestamp.url"], where["timestamp.ca_file"]
    if authority.file and not url.file:
        yield _of_setting(authority, "cli.config.mistake.needs", needed=url.key)
    for key in FILE_KEYS:
        one = where[key.path]
        if one.file and one.value:
            path = Path(one.file).parent / one.value
            if not path.is_file():
                yield _of_setting(one, "cli.config.mistake.no_file", path=str(path))
            elif key.path == "workshop.logo" and (reason := _logo_fault(path)):
                yield _of_setting(one, "cli.config.mistake.logo", path=str(path), reason=reason)


def _logo_fault(file: Path) -> str:
    """Why nothing would be erased with this logo; "" where it can be taken."""
    try:
        read_logo(file)
    except UsageError as error:
        return str(dict(error.message.args)["reason"])
    return ""


def _of_setting(one: ConfigValue, code: str, **args: str) -> ConfigMistake:
    file, line = one.file or CONFIG, one.line or 1
    return ConfigMistake(
        file, line, one.key, Message.of(code, file=file, line=line, key=one.key, **args)
    )


def _setting(table: str, name: str, read: dict[str, _Read]) -> ConfigValue:
    """A key's value of the last file that gives it one that can be taken."""
    key = keys_of(table)[name]
    for file, found in reversed(read.items()):
        entries = found.tables.get(table)
        value = entries.get(name) if isinstance(entries, dict) else None
        if isinstance(value, str) and fits(key, value):
            line = found.lines.of((table, name))
            shown = None if key.secret else value
            return ConfigValue(key.path, shown, key.secret, Origin.FILE, file, line)
    origin = Origin.DEFAULT if key.usual is not None else Origin.UNSET
    return ConfigValue(key.path, key.usual, key.secret, origin)
