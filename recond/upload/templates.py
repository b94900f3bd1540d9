"""The templates that come with recond, and a workshop's own by its path."""

from __future__ import annotations

from importlib import resources

from recond.documents import read_toml
from recond.errors import UsageError
from recond.host.reason import os_reason
from recond.host.spool import read_text
from recond.upload.mapping import Template, read_template

_ENDING = ".toml"


def known_templates() -> tuple[str, ...]:
    """The names of the shipped ones."""
    folder = resources.files("recond.data").joinpath("exports")
    names = (file.name for file in folder.iterdir() if file.name.endswith(_ENDING))
    return tuple(sorted(name.removesuffix(_ENDING) for name in names))


def load_template(name: str) -> Template:
    """A shipped template by its name, or a file that ends in .toml. Raises `UsageError`."""
    try:
        if name.endswith(_ENDING):
            text = read_text(name)
        elif name in known_templates():
            folder = resources.files("recond.data").joinpath("exports")
            text = folder.joinpath(name + _ENDING).read_text(encoding="utf-8")
        else:
            raise UsageError("upload.map.unknown", map=name, known=", ".join(known_templates()))
        table = read_toml(text)
    except OSError as error:
        raise UsageError("upload.map.unreadable", map=name, reason=os_reason(error)) from None
    except ValueError as error:
        raise UsageError("upload.map.unreadable", map=name, reason=str(error)[:200]) from None
    return read_template(name.rpartition("/")[2].removesuffix(_ENDING), table)
