"""The command-line framework's own words, in the reader's language.

Why: typer says "Usage:", "Options", "Missing argument" in English only; a French volunteer must not
read two languages on one screen. Help is made here from our catalogue; an error of the framework is
recognised by its sentence and said anew.
"""

from __future__ import annotations

import gettext
import re

from recond.locale import Lang, text
from recond.model import Message

_WORDS = {
    "Options": "cli.frame.options",
    "Arguments": "cli.frame.arguments",
    "Commands": "cli.frame.commands",
    "required": "cli.frame.required",
    "default: {default}": "cli.frame.default",
    "env var: {var}": "cli.frame.env",
    "Show this message and exit.": "cli.frame.help",
    "Aborted!": "cli.aborted",
}
_ERRORS = (
    (
        re.compile(r"No such command '(?P<name>.*?)'\. Did you mean '(?P<near>[^']*)'"),
        "cli.frame.near_command",
    ),
    (re.compile(r"No such command '(?P<name>.*?)'"), "cli.frame.no_command"),
    (
        re.compile(r"No such option:? '?(?P<name>[^' ]+).*\(Possible options: (?P<near>[^)]*)\)"),
        "cli.frame.near_option",
    ),
    (re.compile(r"No such option:? '?(?P<name>[^' ]+)"), "cli.frame.no_option"),
    (re.compile(r"Missing argument '?(?P<name>[^'.]+)"), "cli.frame.no_argument"),
    (re.compile(r"Missing option '?(?P<name>[^'.]+)"), "cli.frame.missing_option"),
    (re.compile(r"Missing command"), "cli.frame.missing_command"),
    (re.compile(r"Option '?(?P<name>[^' ]+)'? requires"), "cli.frame.needs_value"),
    (re.compile(r"unexpected extra arguments? \((?P<name>.*)\)"), "cli.frame.extra"),
    (
        re.compile(r"Invalid value for '?(?P<name>[^:']+)'?: '(?P<given>.*)' is not a valid int"),
        "cli.frame.invalid_number",
    ),
    (re.compile(r"Invalid value for '?(?P<name>[^:']+)'?: (?P<why>.*)"), "cli.frame.invalid"),
)


def translate_framework(lang: Lang) -> None:
    """Have gettext answer from our catalogue. Call before typer is imported: it binds at import."""
    original = gettext.gettext

    def translated(message: str) -> str:
        code = _WORDS.get(message)
        # the framework fills {default} and {var} itself, so they pass through as they are
        return text(lang, code, default="{default}", var="{var}") if code else original(message)

    gettext.gettext = translated


def usage_error(said: str) -> Message:
    """An error sentence of the framework as a message of our catalogue."""
    for pattern, code in _ERRORS:
        found = pattern.search(said)
        if found:
            return Message.of(code, **found.groupdict())
    return Message.of("cli.frame.other", message=said)
