"""What a destination is told: its kind's fields, which of them are needed, which are secret.

    [asso]
    kind = "https"
    url = "https://stock.example.org/recond"
    token = "…"

A mistake is named with its key, never with its value. It reads no file (`recond.flow` does) and
opens no destination (`recond.upload.kinds` does).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from recond.errors import UsageError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Fields:
    """What a kind of destination is told; the `secret` among them are never shown nor arguments."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    asked_with: tuple[tuple[str, str], ...] = ()  # an optional secret, and the field that needs it


NET = ("ca", "proxy")
"""What every kind that speaks to a server may have."""

KINDS: dict[str, Fields] = {
    "folder": Fields(("path",)),
    "board": Fields(("url", "token"), NET, ("token",)),
    "https": Fields(("url", "token"), NET, ("token",)),
    "s3": Fields(("bucket", "key_id", "secret"), ("url", "region", "prefix", *NET), ("secret",)),
    "devicehub": Fields(("url", "token"), (*NET, "link"), ("token",)),
    "tectech": Fields(
        ("url", "client_id", "client_secret", "stock", "lot"), (*NET, "state"), ("client_secret",)
    ),
    "snipeit": Fields(("url", "token", "status"), (*NET, "category", "model"), ("token",)),
    "table": Fields(("path", "map")),
    "tectech-csv": Fields(("path", "stock"), ("state",)),
    "glpi": Fields(
        ("url",),
        (
            *NET,
            *("token_url", "client_id", "client_secret"),
            *("user", "password"),
            *("api", "user_token", "app_token"),
        ),
        ("client_secret", "password", "user_token", "app_token"),
        (
            ("client_secret", "client_id"),
            ("password", "user"),
            ("user_token", "api"),
            ("app_token", "api"),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One destination as it is written down. Secrets are not shown."""

    name: str
    kind: str
    values: dict[str, str] = field(repr=False)

    def get(self, key: str) -> str:
        """A field's value; empty where an optional one is not set."""
        return self.values.get(key, "")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not appear anywhere."""
        return tuple(self.values[key] for key in KINDS[self.kind].secret if key in self.values)

    @property
    def shown(self) -> str:
        """Where it goes, for a list."""
        return self.get("url") or self.get("path") or self.get("bucket")


def check_settings(name: str, table: object) -> Settings:
    """A table of the file as settings. Raises `UsageError` with the key that is wrong."""
    if not NAME.fullmatch(name):
        raise UsageError("upload.config.name", name=name)
    if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
        raise UsageError("upload.config.table", name=name)
    values: dict[str, str] = dict(table)
    kind = values.pop("kind", "")
    fields = KINDS.get(kind)
    if fields is None:
        raise UsageError("upload.config.kind", kind=kind, known=", ".join(KINDS))
    known = (*fields.required, *fields.optional)
    for key in values:
        if key not in known:
            raise UsageError("upload.config.key", name=name, key=key, known=", ".join(known))
    for key in fields.required:
        if not values.get(key):
            raise UsageError("upload.config.missing", name=name, key=key)
    return Settings(name, kind, values)
