"""A person's session on the emulated laptop, with disks that are image files or mere plans."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from recond.erasure import LevelWish, WipePlan
from recond.flow.config import Overrides
from recond.flow.guided import order_for
from recond.flow.run.run import Prepared, prepare
from recond.flow.run.supervisor import target_of
from recond.guided.app import GuidedApp
from recond.guided.session import GuidedSession
from recond.guided.words import GuidedWords
from recond.host import Host
from recond.locale import Lang
from recond.model import Known, Medium, Message
from recond.wipe.plan import Wish, plan_wipe
from tests.inspect import laptop

MIB = 1 << 20
WIDER = ((120, 40), (200, 50))
SCREENS = Path(__file__).parent / "screens"
Act = Callable[[GuidedApp, "Pilot[None]"], Awaitable[None]]


class HeldClock:
    """A clock whose time is set by the test."""

    def __init__(self) -> None:
        self.time_s = 1000.0

    def now(self) -> str:
        return "2026-11-24T04:11:30.123Z"

    def monotonic_s(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.time_s += seconds

    def random_bytes(self, count: int) -> bytes:
        return bytes(range(count % 256)) if count < 256 else os.urandom(count)


def images(folder: Path, *names: str, size_bytes: int = 2 * MIB) -> tuple[str, ...]:
    """Disk images full of a donor's words."""
    for name in names:
        (folder / name).write_bytes((b"DONOR DATA 42 " * (size_bytes // 14 + 1))[:size_bytes])
    return tuple(str(folder / name) for name in names)


def laptop_host(folder: Path) -> Host:
    return laptop.make_laptop(folder / "laptop").host()


def session_on(folder: Path, lang: Lang, targets: tuple[str, ...]) -> GuidedSession:
    """A session of the laptop that is to erase these images."""
    order = order_for(
        targets,
        (),
        image=True,
        out=folder / "out",
        state=folder / "state",
        lang=lang,
        overrides=Overrides(operator="Camille"),
    )
    return GuidedSession(GuidedWords(lang), laptop_host(folder), folder / "state", order)


def shown_session(folder: Path, lang: Lang) -> GuidedSession:
    """A session that has read the laptop: an SSD, a hard disk, a stick, and one that is in use."""
    session = session_on(folder, lang, images(folder, "x.img"))
    assert session.order is not None
    prepared = prepare(session.order, session.host)
    session.prepared = replace(prepared, plans=plans_of_a_bench(prepared))
    paths = [plan.path for plan in session.prepared.plans]
    session.chosen = frozenset(paths[:2])
    return session


def plans_of_a_bench(prepared: Prepared) -> tuple[WipePlan, ...]:
    disk = prepared.machine.disks[0]
    free = replace(disk, uses=())
    hdd = replace(
        free,
        path="/dev/sdb",
        medium=Medium.HDD,
        model=Known("ST1000LM035-1RK172", "x"),
        serial=Known("WDE9ABCD", "x"),
        wwn=Known("5000c500", "x"),
        size_bytes=Known(1_000_204_886_016, "x"),
    )
    stick = replace(
        free,
        path="/dev/sdc",
        medium=Medium.USB_FLASH,
        bus=Known("usb", "x"),
        model=Known("DataTraveler 3.0", "x"),
        serial=Known("60A44C3FACF5", "x"),
        size_bytes=Known(31_037_849_600, "x"),
    )
    used = replace(
        stick,
        path="/dev/sdd",
        model=Known("SanDisk Ultra", "x"),
        serial=Known("4C53000AAA", "x"),
        size_bytes=Known(15_376_000_000, "x"),
    )
    refusal = Message.of("wipe.refusal.medium", path="/dev/sdd", where="/run/live/medium")
    wish, seed = Wish(level=LevelWish.BEST), bytes(range(32))
    made = []
    for one, refusals in ((free, ()), (hdd, ()), (stick, ()), (used, (refusal,))):
        target = target_of(one)
        assert target is not None
        made.append(plan_wipe(target, wish, seed, refusals))
    return tuple(made)


def play(session: GuidedSession, first: str, act: Act) -> None:
    """Show the screen at 80 by 25 and act on it."""

    async def run() -> None:
        app = GuidedApp(session, first)
        async with app.run_test(size=(80, 25)) as pilot:
            await pilot.pause()
            await app.workers.wait_for_complete()
            await pilot.pause()
            await act(app, pilot)

    asyncio.run(run())


def text_of(app: GuidedApp) -> str:
    """What stands on the screen, as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def check_screen(lang: str, name: str, found: str) -> None:
    """Compare with the screen that was looked at; RECOND_SCREENS=1 writes it anew."""
    file = SCREENS / lang / f"{name}.txt"
    if os.environ.get("RECOND_SCREENS") == "1":
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8"), f"\n{found}"


async def check_sizes(app: GuidedApp, pilot: Pilot[None], lang: str, name: str) -> None:
    """The screen as it is, then as it fills a window and a whole large screen."""
    check_screen(lang, name, await settled(app, pilot))
    for width, height in WIDER:
        await pilot.resize_terminal(width, height)
        check_screen(lang, f"{name}-{width}x{height}", await settled(app, pilot))


async def settled(app: GuidedApp, pilot: Pilot[None]) -> str:
    """The screen once it changes no more: on a busy machine a pause ends before it is drawn."""
    before = ""
    for _ in range(50):
        await pilot.pause()
        now = text_of(app)
        if now == before:
            break
        before = now
    return before
