"""Readiness and plans without an erasure: `recond check` and `recond plan`."""

from __future__ import annotations

from recond.erasure import LevelWish, VerifyMode, WipePlan
from recond.errors import UsageError
from recond.flow.profiles import load_profile
from recond.flow.wipe import plan_targets
from recond.host import Host
from recond.inspect.machine import read_machine
from recond.methods import find_method
from recond.model import Assessment, Outcome
from recond.readiness import assess_machine
from recond.wipe.plan import Wish


def check(profiles: tuple[str, ...], host: Host) -> tuple[Assessment, ...]:
    """This machine by each profile. Raises `UsageError` for an unknown or wrong profile."""
    loaded = [load_profile(name) for name in profiles]
    machine = read_machine(host)
    today = host.clock.now()[:10]
    return tuple(assess_machine(machine, profile, today) for profile in loaded)


def check_exit(found: tuple[Assessment, ...]) -> int:
    """0 where every profile passes, 3 otherwise: fixable and unknown are not ready."""
    return 0 if all(one.verdict is Outcome.PASS for one in found) else 3


def parse_wish(level: str, method: str | None, verify: str) -> Wish:
    """The words of the command line. Raises `UsageError` naming the one that is wrong."""
    if level not in {word.value for word in LevelWish}:
        raise UsageError("cli.wish.level", found=level)
    if verify not in {word.value for word in VerifyMode}:
        raise UsageError("cli.wish.verify", found=verify)
    if method is not None:
        find_method(method)
    return Wish(LevelWish(level), method, VerifyMode(verify))


def plan_only(
    targets: tuple[str, ...], every: bool, wish: Wish, image: bool, host: Host
) -> tuple[WipePlan, ...]:
    """Plans to look at; with no target, or `every`, for each disk of this machine."""
    if every or not targets:
        machine = read_machine(host, smart=False)
        targets = tuple(disk.path for disk in machine.disks)
        image = False
    return plan_targets(targets, wish, image=image, clock=host.clock)
