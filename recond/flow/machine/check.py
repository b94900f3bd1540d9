"""Readiness and plans without an erasure: `recond check` and `recond plan`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.census import Census
from recond.erasure import LevelWish, VerifyMode, WipePlan
from recond.errors import UsageError
from recond.flow.answers import parse_answers
from recond.flow.config import declared_docks
from recond.flow.machine.capture import write_capture
from recond.flow.machine.inventory import host_of
from recond.flow.profiles import load_cpu_marks, load_profile
from recond.flow.run.areas import plan_areas, with_reach
from recond.flow.run.choice import choose
from recond.flow.run.supervisor import plan_machine, plan_targets
from recond.host import Host
from recond.inspect.machine import read_machine
from recond.methods import find_method
from recond.model import Assessment, Known, Machine, Message, Outcome
from recond.readiness import assess_machine
from recond.wipe.plan import Wish


@dataclass(frozen=True, slots=True)
class Planned:
    """Plans to look at, and the disks that were left out, with the reason."""

    plans: tuple[WipePlan, ...]
    left_out: tuple[Message, ...] = ()
    census: Census | None = None


def capture(host: Host, file: Path, *, anonymous: bool) -> None:
    """Everything that inspect reads, in one archive. Raises `UsageError`, `BenchLacks`."""
    write_capture(host, file, anonymous=anonymous)


def check(
    bench: Host,
    profiles: tuple[str, ...],
    source: Path | None = None,
    marks: Path | None = None,
    answers: tuple[str, ...] = (),
) -> tuple[Assessment, ...]:
    """The bench's machine, or a capture's, by each profile. `answers` are `key=number`, what only a
    person can say.

    Raises `UsageError` for an unknown or wrong profile, table of marks or answer.
    """
    loaded = [load_profile(name) for name in profiles]
    table = load_cpu_marks(str(marks)) if marks else None
    said = parse_answers(answers)
    host = host_of(bench, source)
    machine = read_machine(host)
    return tuple(
        assess_machine(machine, profile, host.clock.now(), table, said) for profile in loaded
    )


def check_exit(found: tuple[Assessment, ...]) -> int:
    """0 where every profile passes, 3 otherwise: fixable and unknown are not ready."""
    return 0 if all(one.verdict is Outcome.PASS for one in found) else 3


def parse_wish(
    level: str,
    method: str | None,
    verify: str,
    restore_hidden: bool | None = None,
    psid: bool = False,
    try_unreported: bool = False,
) -> Wish:
    """The words of the command line. Raises `UsageError` naming the one that is wrong."""
    if level not in {word.value for word in LevelWish}:
        raise UsageError("cli.wish.level", found=level)
    if verify not in {word.value for word in VerifyMode}:
        raise UsageError("cli.wish.verify", found=verify)
    if method is not None:
        find_method(method)
    if psid and method is not None:
        raise UsageError("cli.psid.method")
    return Wish(LevelWish(level), method, VerifyMode(verify), restore_hidden, psid, try_unreported)


def plan_only(
    bench: Host,
    targets: tuple[str, ...],
    every: bool,
    wish: Wish,
    image: bool,
    source: Path | None = None,
    *,
    usb: bool = False,
    exclude: tuple[str, ...] = (),
    state: Path | None = None,
) -> Planned:
    """Plans to look at; with no target, or `every`, for each disk of this machine.

    `usb` and `exclude` as in `flow.run.choice`; `state` has the bench's configuration. Raises
    `UsageError` for a machine that shows no disk: an empty plan would look like nothing to erase.
    """
    host = host_of(bench, source)
    if source is None and targets and not every:
        plans = plan_targets(targets, wish, image=image, host=host)
        return Planned(_with_areas(plans, plan_areas(plans, wish, host), host))
    docks = declared_docks(state) if state is not None else ()
    machine = read_machine(host, smart=False, docks=docks)
    if not machine.disks:
        raise UsageError("cli.run.no_disk")
    choice = choose(machine, usb=usb, exclude=exclude)
    if source is not None:
        plans = plan_machine(machine, wish, host)
        kept = tuple(p for p in plans if {p.path, *p.paths} & set(choice.paths))
        return Planned(kept, choice.left_out, _census(machine))
    plans = plan_targets(choice.paths, wish, image=False, host=host)
    plans = _with_areas(plans, plan_areas(plans, wish, host, exclude), host)
    return Planned(plans, choice.left_out, _census(machine))


def _with_areas(
    plans: tuple[WipePlan, ...], areas: tuple[WipePlan, ...], host: Host
) -> tuple[WipePlan, ...]:
    return (*with_reach(plans, areas, host.files), *areas)


def _census(machine: Machine) -> Census | None:
    return machine.census.value if isinstance(machine.census, Known) else None
