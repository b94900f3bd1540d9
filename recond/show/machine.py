"""A machine, an assessment and plans as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recond.census import Census, Kind
from recond.erasure import TargetKind, WipePlan
from recond.flow.run.supervisor import shown_token
from recond.locale import clock_time, date, duration, size, size_binary, voltage
from recond.locks import holding_locks, lock_message, lock_question
from recond.model import (
    Assessment,
    Device,
    Disk,
    Known,
    Machine,
    MemoryModule,
    Message,
    Outcome,
    Reading,
    Unknown,
    Why,
)
from recond.naming import computer_name, disk_name, part_name, processor_name, screen_name
from recond.show.screen import Row, Screen
from recond.show.tones import Tone

if TYPE_CHECKING:
    from recond.flow.machine.check import Planned
    from recond.readiness import Mistake

OUTCOME_TONE = {
    Outcome.PASS: Tone.GOOD,
    Outcome.FIXABLE: Tone.DOUBT,
    Outcome.UNKNOWN: Tone.DOUBT,
    Outcome.FAIL: Tone.BAD,
}
SHOWN_ROLES = (
    "graphics",
    "audio",
    "camera",
    "optical",
    "storage",
    "bluetooth",
    "touch",
    "fingerprint",
)
"""The parts that a buyer or a technician asks for."""


def show_machine(screen: Screen, machine: Machine) -> None:
    """The inventory."""
    t, r, pair = screen.t, screen.reading, screen.pair
    system, cpu, memory = machine.system, machine.cpu, machine.memory
    form = (
        r(system.form, t(f"cli.form.{system.form.value}"))
        if isinstance(system.form, Known)
        else r(system.form)
    )
    rows: list[Row] = [
        (t("cli.machine.computer"), computer_name(system) or r(system.model)),
        (t("cli.machine.serial"), r(system.serial)),
        *_own_number(screen, system.asset_tag),
        (t("cli.machine.form"), form),
        (t("cli.machine.cpu"), processor_name(cpu) or r(cpu.name)),
        (t("cli.machine.cores"), f"{r(cpu.cores)} / {r(cpu.threads)}"),
        (t("cli.machine.memory"), _ram(screen, memory.installed_bytes, memory.visible_bytes)),
        (t("cli.machine.slots"), f"{r(memory.slots_free)} / {r(memory.slots_total)}"),
        *_modules(screen, memory.modules),
        (t("cli.machine.firmware"), _firmware(screen, machine)),
        (t("cli.machine.tpm"), r(machine.tpm.version)),
    ]
    rows += [
        (t("cli.machine.battery"), _battery(screen, n, w, machine))
        for n, w in ((b.name, b.wear_percent) for b in machine.batteries)
    ]
    rows += [
        (
            t("cli.machine.display"),
            pair(d.connector, f"{screen_name(d) or r(d.name)} {r(d.width_px)}×{r(d.height_px)}"),
        )
        for d in machine.displays
    ]
    rows += [
        (
            t("cli.machine.network"),
            _told(pair(n.name, f"{r(n.kind)} {r(n.mac)} {r(n.description)}"), n.standard),
        )
        for n in machine.networks
    ]
    rows += [
        (t(f"cli.role.{d.role}"), _device(screen, d))
        for d in machine.devices
        if d.role in SHOWN_ROLES
    ]
    rows += lock_rows(screen, machine)
    rows.append((t("cli.machine.licence"), licence(screen, machine)))
    if isinstance(machine.keyboard, Known):
        rows.append((t("cli.machine.keyboard"), r(machine.keyboard)))
    rows += [
        (t("cli.machine.place"), pair(name, t(f"cli.place.{use}"))) for name, use in machine.slots
    ]
    screen.table(
        t("cli.machine.title", date=date(screen.lang, machine.inspected_at)), ("", ""), rows
    )
    show_disks(screen, machine.disks)
    found = machine.census
    show_census(screen, found.value if isinstance(found, Known) else None)
    for problem in machine.problems:
        screen.talk(screen.say(problem))


def lock_rows(screen: Screen, machine: Machine) -> list[Row]:
    """Each lock: found, not found, or where to look and whom to ask."""
    rows: list[Row] = []
    for lock in machine.locks:
        if isinstance(lock.found, Known):
            told = screen.t("inspect.lock.found" if lock.found.value else "inspect.lock.not_found")
            if lock in holding_locks(machine):
                told = f"! {told}, {screen.t('inspect.lock.return')}"
            told += f" [{lock.found.source}]"
        else:
            told = f"{screen.t('inspect.lock.unsure')} ({screen.say(lock_question(lock, machine))})"
        rows.append(
            (screen.t("cli.machine.lock"), screen.pair(screen.say(lock_message(lock)), told))
        )
    return rows


def licence(screen: Screen, machine: Machine) -> str:
    """« oui » where the firmware holds a Windows key (ACPI MSDM); never the key itself."""
    key = machine.windows_key
    if isinstance(key, Known):
        return screen.t("cli.machine.licence_there")
    absent = key.why is Why.ABSENT
    return screen.t("cli.machine.licence_absent") if absent else screen.reading(key)


def _modules(screen: Screen, modules: Reading[tuple[MemoryModule, ...]]) -> list[Row]:
    """Each module: where, how much, of what kind, whose."""
    rows: list[Row] = []
    for one in modules.value if isinstance(modules, Known) else ():
        size_told = (
            size_binary(screen.lang, one.size_bytes.value)
            if isinstance(one.size_bytes, Known)
            else screen.reading(one.size_bytes)
        )
        words = _told(size_told, one.kind, one.form, one.maker, one.part)
        if isinstance(one.speed_mts, Known):
            words += f", {one.speed_mts.value} MT/s"
        if isinstance(one.channel, Known):
            words += ", " + screen.t("cli.machine.channel", name=one.channel.value)
        rows.append((screen.t("cli.machine.module"), screen.pair(screen.reading(one.slot), words)))
    return rows


def _told(words: str, *more: Reading[str]) -> str:
    """Words, and after them what else is known."""
    return " ".join((words, *(one.value for one in more if isinstance(one, Known))))


def _device(screen: Screen, device: Device) -> str:
    words = _told(part_name(device) or screen.reading(device.name), device.version)
    if isinstance(device.memory_bytes, Known):
        words += f", {size_binary(screen.lang, device.memory_bytes.value)}"
    return words


def _own_number(screen: Screen, tag: Reading[str]) -> list[Row]:
    """The inventory number that the machine itself carries, where it carries one."""
    return (
        [(screen.t("cli.machine.asset_tag"), screen.reading(tag))] if isinstance(tag, Known) else []
    )


def _ram(screen: Screen, installed: Reading[int], visible: Reading[int]) -> str:
    if isinstance(installed, Known):
        return size_binary(screen.lang, installed.value)
    if isinstance(visible, Known):
        return screen.t("cli.machine.visible", seen=size_binary(screen.lang, visible.value))
    return screen.reading(installed)


def _firmware(screen: Screen, machine: Machine) -> str:
    found = machine.firmware
    mode = (
        screen.reading(found.mode).upper()
        if isinstance(found.mode, Known)
        else (screen.reading(found.mode))
    )
    if isinstance(found.secure_boot, Known):
        state = "cli.machine.secure_on" if found.secure_boot.value else "cli.machine.secure_off"
        return f"{mode}, {screen.t(state)}"
    return mode


def _battery(screen: Screen, name: str, wear: Reading[int], machine: Machine) -> str:
    battery = next(b for b in machine.batteries if b.name == name)
    cycles = screen.reading(battery.cycles)
    worn = screen.t("cli.machine.wear", wear=screen.reading(wear), cycles=cycles)
    words = screen.pair(name, worn)
    if isinstance(battery.design_voltage_mv, Known):
        words += ", " + voltage(screen.lang, battery.design_voltage_mv.value)
    if isinstance(battery.made, Known):
        words += ", " + screen.t("cli.machine.made", date=battery.made.value)
    return words


def show_disks(screen: Screen, disks: tuple[Disk, ...]) -> None:
    """The disks: where, what, which, how large, what holds them."""
    t, r = screen.t, screen.reading
    rows = [
        (
            disk.path,
            t(f"cli.medium.{disk.medium}"),
            r(disk.bus),
            _disk_name(disk) or r(disk.model),
            r(disk.serial),
            _size(screen, disk.size_bytes),
            _health(screen, disk),
            ", ".join(f"{t(f'cli.use.{u.kind}')} {u.where}" for u in disk.uses) or t("cli.free"),
        )
        for disk in disks
    ]
    head = ("path", "medium", "bus", "model", "serial", "size", "health", "use")
    screen.table(t("cli.disks.title"), tuple(t(f"cli.disks.{name}") for name in head), rows)


def show_census(
    screen: Screen, census: Census | None, planned: frozenset[str] = frozenset()
) -> None:
    """What a table of disks cannot show: media out of reach, hints at others, questions left. Of an
    eMMC's area that is `planned` with its disk nothing more is said.
    """
    if census is None:
        return
    lines = [
        (one.why, one.remedy)
        for one in census.media
        if one.why is not None and not (one.kind is Kind.BOOT_AREA and one.key in planned)
    ]
    lines += [(one.what, one.todo) for one in census.suspicions]
    for what, todo in lines:
        screen.data("! " + " ".join(screen.say(part) for part in (what, todo) if part is not None))
    for gap in census.gaps:
        gone = screen.pair(screen.t(f"cli.look.{gap.look}"), screen.say(gap.why))
        screen.data(f"? {gone}")


def _disk_name(disk: Disk) -> str:
    vendor, model = disk.vendor, disk.model
    return disk_name(
        vendor.value if isinstance(vendor, Known) else None,
        model.value if isinstance(model, Known) else None,
    )


def _size(screen: Screen, reading: Reading[int]) -> str:
    return (
        size(screen.lang, reading.value)
        if isinstance(reading, Known)
        else (screen.reading(reading))
    )


def _health(screen: Screen, disk: Disk) -> str:
    """The verdict, and of an SSD what it has left and what was written to it."""
    if isinstance(disk.health, Unknown):
        return screen.t("cli.health.unknown")
    verdict, left, written = (
        disk.health.verdict,
        disk.health.life_left_percent,
        disk.health.written_bytes,
    )
    known = verdict.value if isinstance(verdict, Known) else "unknown"
    words = [screen.t(f"cli.health.{known}")]
    if isinstance(left, Known):
        words.append(screen.t("cli.disks.left", n=left.value))
        if isinstance(written, Known):
            words.append(screen.t("cli.disks.written", size=size(screen.lang, written.value)))
    return ", ".join(words)


def show_assessment(screen: Screen, found: Assessment) -> None:
    """One profile: the verdict, its lines tier by tier, then what to do and to know."""
    from recond.readiness import lay_out

    words = lay_out(found, screen.lang)
    head = tuple(screen.t(f"cli.check.{name}") for name in ("outcome", "line", "seen", "asked"))
    score_head = ("", *head[1:3], screen.t("readiness.tier.score"))
    tone = OUTCOME_TONE[found.verdict]
    screen.data(words.heading, tone)
    screen.data("")
    tones = {screen.t(f"readiness.outcome.{one}"): OUTCOME_TONE[one] for one in Outcome}
    for group in words.groups:
        screen.table(
            group.title,
            score_head if group.scored else head,
            [row[:4] for row in group.rows],
            tones=tones,
        )
    for line in (*words.closing, ""):
        screen.data(line)
    screen.data(words.heading, tone)


def show_assessments(screen: Screen, found: tuple[Assessment, ...]) -> None:
    """Each profile."""
    for one in found:
        show_assessment(screen, one)
        if one.price is not None:
            title = screen.say(one.title) if one.title else one.profile
            low, high = one.price
            screen.data(
                screen.t("readiness.price", title=title, low=low, high=high, currency=one.currency)
            )


def show_names(screen: Screen, names: tuple[str, ...]) -> None:
    """Profiles by their names, a line each."""
    for name in names:
        screen.data(name)


def show_mistakes(screen: Screen, mistakes: tuple[Mistake, ...], *, file: str) -> None:
    """What is wrong in a profile, or that nothing is."""
    for one in mistakes:
        screen.data(screen.say(one.message))
    if not mistakes:
        screen.talk(screen.t("cli.profile.clean", file=file))


def show_planned(screen: Screen, found: Planned, *, now: str) -> None:
    """`recond plan`: the plans, and what no plan can show."""
    show_plans(screen, found.plans, now, found.left_out)
    planned = frozenset(plan.disk.token for plan in found.plans if not plan.refusals)
    show_census(screen, found.census, planned)


def show_plans(
    screen: Screen, plans: tuple[WipePlan, ...], now_utc: str, left_out: tuple[Message, ...] = ()
) -> None:
    """What would be erased, how, to what level, in what time, and when it ends if it begins now
    (RFC 3339); what would be refused, and what is left out.
    """
    t = screen.t
    rows = []
    for plan in plans:
        disk = plan.disk
        what = (
            t("cli.plan.refused")
            if plan.refusals
            else t("cli.plan.steps", n=len(plan.steps), method=plan.method)
        )
        rows.append(
            (
                short_path(plan),
                disk_name(disk.vendor, disk.model) or "—",
                shown_token(plan) if plan.place else disk.serial or "—",
                size(screen.lang, disk.size_bytes),
                what,
                "—" if plan.refusals else t(f"cli.level.{plan.level_promised}"),
                "—" if plan.refusals else duration(screen.lang, plan.estimate_s or 0),
            )
        )
    head = ("path", "model", "serial", "size", "how", "level", "time")
    screen.table(
        t("cli.plan.title"),
        tuple(t(f"cli.plan.{name}") for name in head),
        rows,
        tones={t("cli.plan.refused"): Tone.BAD},
    )
    longest_s = max((plan.estimate_s or 0 for plan in plans if not plan.refusals), default=0)
    if longest_s:  # disks are erased side by side
        screen.data("  " + t("cli.plan.ends", at=clock_time(screen.lang, now_utc, longest_s)))
    for plan in plans:
        if plan.paths:
            screen.data("  " + t("cli.plan.paths", paths=", ".join(plan.paths)))
        for message in (*plan.refusals, *plan.notes):
            screen.data(_line(screen, plan, message))
        if not plan.refusals:
            for message in plan.not_reached:
                screen.data(_line(screen, plan, message))
    for message in left_out:
        screen.data(f"  {screen.say(message)}")


def short_path(plan: WipePlan) -> str:
    """Where the disk is; of an image its file's name only."""
    return plan.path.rsplit("/", 1)[-1] if plan.disk.kind is TargetKind.IMAGE else plan.path


def _line(screen: Screen, plan: WipePlan, message: Message) -> str:
    """A sentence about one disk, which names it once."""
    said = screen.say(message)
    if said.startswith(plan.path):
        return f"  {said}"
    return f"  {short_path(plan)} – {said}"
