"""Every key of `recond.toml`: its table, what may stand in it, whether it is a secret.

Why one list: what reads a bench's configuration, what reads a live system's orders, what
`recond config` shows and what docs/config.md says must not differ. What a key means is a sentence
of the catalogue (`cli.config.about.TABLE.KEY`). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class ConfigKey(NamedTuple):
    """One key. `allowed`: what its text must be, whole; `secret`: its value is never shown."""

    table: str
    name: str
    allowed: re.Pattern[str]
    secret: bool = False
    usual: str | None = None  # what counts where it is not set
    is_file: bool = False  # a path; one that is not absolute begins where its recond.toml lies

    @property
    def path(self) -> str:
        """`workshop.name`."""
        return f"{self.table}.{self.name}"


_TEXT = re.compile(r"(?s).*")
_LINE = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_WIFI = re.compile(r"(?s).{0,63}")
_PERSON = ("name", "title", "contact")


def _texts(table: str, *names: str) -> tuple[ConfigKey, ...]:
    return tuple(ConfigKey(table, name, _TEXT) for name in names)


KEYS: tuple[ConfigKey, ...] = (
    *_texts("workshop", "name", "address", "contact", "registration"),
    ConfigKey("workshop", "logo", _TEXT, is_file=True),
    *_texts("operator", *_PERSON),
    *_texts("verifier", *_PERSON),
    *_texts("bench", "name", "dock"),
    *_texts("timestamp", "url"),
    ConfigKey("timestamp", "ca_file", _TEXT, is_file=True),
    ConfigKey("label", "printer", re.compile(r"[!\"$-.0-~]{1,127}")),  # a name of CUPS
    ConfigKey("release", "url", re.compile(r"https://[!-~]{1,2000}")),
    ConfigKey("release", "signer", _TEXT, is_file=True),
    ConfigKey("release", "ca_file", _TEXT, is_file=True),
    ConfigKey("stick", "language", re.compile(r"fr|en"), usual="fr"),
    ConfigKey("stick", "keyboard", re.compile(r"[a-z]{2,12}"), usual="fr"),
    ConfigKey("stick", "lot", _LINE),
    ConfigKey("stick", "mode", re.compile(r"guided|unattended"), usual="guided"),
    ConfigKey("stick", "erase", re.compile(r"all(\+usb)?")),
    ConfigKey("stick", "end", re.compile(r"wait|poweroff"), usual="wait"),
    ConfigKey("wifi", "name", _WIFI),
    ConfigKey("wifi", "password", _WIFI, secret=True),
)
"""In the order in which they are shown and documented."""

LIVE_TABLES = ("stick", "wifi")
"""What only the system of the stick looks at (`recond.flow.live.order`)."""


def keys_of(table: str) -> Mapping[str, ConfigKey]:
    """The keys of a table by their names; none for a table that recond does not know."""
    return {one.name: one for one in KEYS if one.table == table}


FILE_KEYS = tuple(one for one in KEYS if one.is_file)

TABLES = tuple(dict.fromkeys(one.table for one in KEYS))
BENCH_TABLES = tuple(name for name in TABLES if name not in LIVE_TABLES)


class Fault(NamedTuple):
    """What is wrong at a place of the document: `kind` is the end of `cli.config.mistake.KIND`."""

    table: str
    name: str
    kind: str

    @property
    def path(self) -> str:
        """`workshop.nom`, or the table alone."""
        return f"{self.table}.{self.name}" if self.name else self.table


FAULT_CODES = {
    "table": "cli.config.strange_table",
    "outside": "cli.config.key",
    "no_table": "cli.config.table",
    "key": "cli.config.key",
    "no_text": "cli.config.key",
    "value": "cli.config.key",
}
"""What a command says that cannot work with such a file."""


def faults_of(tables: Mapping[str, object]) -> Iterator[Fault]:
    """Everything in a document that recond does not know or cannot take, in its order."""
    for table, entries in tables.items():
        known = keys_of(table)
        if not known:
            yield Fault(table, "", "table" if isinstance(entries, dict) else "outside")
        elif not isinstance(entries, dict):
            yield Fault(table, "", "no_table")
        else:
            for name, value in entries.items():
                if name not in known:
                    yield Fault(table, name, "key")
                elif not isinstance(value, str):
                    yield Fault(table, name, "no_text")
                elif not fits(known[name], value):
                    yield Fault(table, name, "value")


def fits(key: ConfigKey, value: str) -> bool:
    """Whether a key may have this text. A network's name and password are counted in bytes."""
    counted = len(value.encode()) if key.table == "wifi" else 0
    return key.allowed.fullmatch(value) is not None and counted <= 63
