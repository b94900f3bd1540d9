"""An eMMC's areas beside its user area: each is erased for itself when its disk is.

Why: boot0, boot1 and the general-purpose partitions are media of their own, which no erasure of the
disk reaches, and who gives a computer away means all of it. Each gets a plan, a worker and a
journal; whoever confirms the disk confirms them with it, and sees them in the plan. One that reads
as blank, or that nobody may write, gets none: the census tells of it.
"""

from __future__ import annotations

from dataclasses import replace

from recond.census import disk_of_area, emmc_area, is_erasable_area
from recond.erasure import VerifyMode, WipePlan
from recond.errors import RecondError
from recond.flow.run.supervisor import Confirmed
from recond.host import Host
from recond.host.cards import is_blank
from recond.host.files import Files
from recond.host.target import look_at_target, with_holders
from recond.model import Medium, Message
from recond.wipe import guard
from recond.wipe.plan import Wish, plan_digest, plan_wipe

ALL_LEFT, AREAS_LEFT = "wipe.not_reached.emmc_boot", "wipe.not_reached.emmc_areas"


def plan_areas(
    plans: tuple[WipePlan, ...], wish: Wish, host: Host, exclude: tuple[str, ...] = ()
) -> tuple[WipePlan, ...]:
    """A plan for each area that holds something, or may, of every eMMC that is to be erased.

    Read back in full, whatever is asked of the disk: they are small. `exclude`: the tokens of those
    that stay as they are, because a board starts from them.
    """
    cards = {
        plan.path.rsplit("/", 1)[-1]
        for plan in plans
        if plan.disk.medium is Medium.EMMC and not plan.refusals
    }
    names = (
        [name for name in host.files.list("/sys/block") if is_erasable_area(name)] if cards else []
    )
    own = replace(wish, verify=VerifyMode.FULL, restore_hidden=None, psid=False)
    found = [_plan(f"/dev/{name}", own, host) for name in names if disk_of_area(name) in cards]
    return tuple(one for one in found if one is not None and one.disk.token not in exclude)


def with_reach(
    plans: tuple[WipePlan, ...], areas: tuple[WipePlan, ...], files: Files
) -> tuple[WipePlan, ...]:
    """The same plans; that of an eMMC whose areas are erased with it names only those that are not.

    So the journal, a resumed run and the certificate say no more and no less than what was done.
    """
    return tuple(
        replace(plan, not_reached=_left(plan, own, files))
        if (own := areas_of(plan, areas))
        else plan
        for plan in plans
    )


def _left(plan: WipePlan, own: tuple[WipePlan, ...], files: Files) -> tuple[Message, ...]:
    """RPMB is always left: nobody but its owner writes there (JESD84-B51 6.6.22)."""
    erased = {area.path.rsplit("/", 1)[-1] for area in own}
    names = [name for name in files.list("/sys/block") if f"/dev/{disk_of_area(name)}" == plan.path]
    left = [emmc_area(name) for name in names if is_erasable_area(name) and name not in erased]
    told = Message.of(AREAS_LEFT, areas=", ".join((*(one for one in left if one), "RPMB")))
    return tuple(told if one.code == ALL_LEFT else one for one in plan.not_reached)


def _plan(path: str, wish: Wish, host: Host) -> WipePlan | None:
    """The plan of one area; None where it is blank or is no medium that can be told."""
    try:
        target = with_holders(look_at_target(path, image=False, files=host.files), host.files)
    except RecondError:
        return None
    if is_blank(path, target.identity.size_bytes):
        return None
    return plan_wipe(target, wish, host.clock.random_bytes(32), guard.refusals(target), area=True)


def areas_of(plan: WipePlan, areas: tuple[WipePlan, ...]) -> tuple[WipePlan, ...]:
    """Those of `areas` that are erased with this disk."""
    return tuple(
        area
        for area in areas
        if not (plan.refusals or area.refusals) and disk_of_area(area.path) == plan.path
    )


def with_areas(
    confirmed: tuple[Confirmed, ...], areas: tuple[WipePlan, ...]
) -> tuple[Confirmed, ...]:
    """The same with each area of a confirmed disk behind it, by that disk's confirmation.

    An area that is refused is none: of it nothing is said but what the census says.
    """
    there = {one.plan.path for one in confirmed}
    found: list[Confirmed] = []
    for one in confirmed:
        found.append(one)
        found += [
            replace(one, plan=area, digest=plan_digest(area), psid=None)
            for area in areas_of(one.plan, areas)
            if area.path not in there
        ]
    return tuple(found)
