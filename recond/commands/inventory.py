"""The computer as it is: inspect, capture.

Why: apart from the rest, for the framework prepares every command of a module that it is given,
and these two are asked most often.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

from recond.commands.frame import (
    AsJson,
    From,
    argument,
    command,
    leave,
    option,
    screen,
    t,
    this_host,
)

if TYPE_CHECKING:
    from recond.model import Machine
    from recond.show.screen import Screen


@command("inspect")
def inspect_command(
    from_: From = None,
    json_: AsJson = False,
    diff: Annotated[tuple[Path, Path] | None, option("diff", "--diff", metavar="A B")] = None,
    self_test: Annotated[
        str | None, option("self_test", "--self-test", metavar="short|conveyance|long")
    ] = None,
) -> None:
    """Inventory."""
    if self_test is not None:
        _self_test(self_test, from_, as_json=json_)
    if diff is not None:
        _diff(*diff, as_json=json_)
    from recond.flow.machine.inventory import inventory

    screen().give("inspect", inventory(this_host(), from_), _show, as_json=json_)


def _show(where: Screen, machine: Machine) -> None:
    """For a person; a program does not wait for what only a screen needs."""
    from recond.show.machine import show_machine

    show_machine(where, machine)


def _diff(first: Path, second: Path, *, as_json: bool) -> NoReturn:
    from recond.flow.machine.compare import compare_captures
    from recond.show.compare import show_comparison

    found = compare_captures(this_host(), first, second)
    screen().give("inspect.diff", found, show_comparison, as_json=as_json)
    leave(0)


def _self_test(kind: str, source: Path | None, *, as_json: bool) -> NoReturn:
    from recond.flow.machine.inventory import host_of
    from recond.flow.machine.selftest import self_test
    from recond.show.selftest import Followed, show_self_tests

    found = self_test(host_of(this_host(), source), kind, Followed(screen()))
    screen().give("inspect.self-test", found, show_self_tests, as_json=as_json)
    leave(found.exit_code)


@command("capture")
def capture_command(
    file: Annotated[Path, argument("capture", "FILE")],
    anonymous: Annotated[bool, option("anonymous", "--anonymous")] = False,
    json_: AsJson = False,
) -> None:
    """Everything that inspect reads, in one archive."""
    from recond.flow.machine.check import capture

    capture(this_host(), file, anonymous=anonymous)
    screen().talk(t("cli.capture.done", file=str(file)))
    if json_:
        screen().answer("capture", {"file": str(file), "anonymous": anonymous})
