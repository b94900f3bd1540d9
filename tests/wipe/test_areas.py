"""An eMMC's areas beside its user area: planned with their disk, written, read back, or left."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from recond.ends import ConfirmedBy
from recond.erasure import Level, LevelWish, Status, Target, Verdict, VerifyMode, WipePlan
from recond.errors import SafetyRefusal, UsageError
from recond.flow.machine.check import Planned, plan_only
from recond.flow.run import areas as areas_module
from recond.flow.run.areas import plan_areas, with_areas, with_reach
from recond.flow.run.choice import choose
from recond.flow.run.supervisor import confirm_all
from recond.guided.app import GuidedApp
from recond.guided.confirm import are_together
from recond.guided.plain import talk_through
from recond.guided.session import GuidedSession
from recond.host import Host
from recond.host.diskid import read_size, read_strings
from recond.host.files import Files
from recond.host.held_identity import identity_of
from recond.host.sim.disk import Faults, SimCells, SimDisk
from recond.host.sim.drive import Killed
from recond.host.write_switch import WriteSwitch, lock_faults, may_lift
from recond.inspect.census_cards import look_at_cards
from recond.model import Medium, Message
from recond.show.machine import show_planned
from recond.show.screen import Screen
from recond.wipe.plan import Wish, plan_wipe
from tests.certify.test_computer import AREA_MEDIUM, census, record
from tests.computers import prepared_image
from tests.guided.stage import play, shown_session, text_of
from tests.wipe.disks import HDD, SEED, Bay, bay

CARD = "/dev/mmcblk0"
AREA_BYTES = 256 * 1024


class Tree(Files):
    """A /sys with one eMMC, as Linux shows it: boot areas read-only, their switch at 1."""

    def put(self, path: str, text: str) -> None:
        place = self.at(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text + "\n")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    found = Tree(tmp_path)
    for name in ("mmcblk0", "mmcblk0boot0", "mmcblk0boot1", "mmcblk0rpmb", "mmcblk0gp0", "mmcblk1"):
        found.put(f"/sys/block/{name}/size", str(AREA_BYTES // 512))
        found.put(f"/sys/block/{name}/ro", str(int("boot" in name)))
        found.put(f"/sys/block/{name}/force_ro", str(int("boot" in name)))
    for name, kind in (("mmcblk0", "MMC"), ("mmcblk1", "SD")):
        found.put(f"/sys/block/{name}/device/serial", f"0xabcd123{name[-1]}")
        found.put(f"/sys/block/{name}/device/name", "DA4064")
        found.put(f"/sys/block/{name}/device/type", kind)
    return found


def target_at(files: Files, path: str) -> Target:
    """What a look at a device finds, by what sysfs shows of it."""
    name = path.rsplit("/", 1)[-1]
    identity = identity_of(read_strings(files, name), (read_size(files, name) or 0, 512, 512))
    if identity.serial is None:
        raise UsageError("host.target.not_disk", path=path)
    shut = files.read_text(f"/sys/block/{name}/ro") == "1" and not may_lift(files, name)
    return Target(path, identity, (), shut, name, (), lock_faults(files, path))


@pytest.fixture
def host(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(areas_module, "look_at_target", lambda path, **_: target_at(tree, path))
    monkeypatch.setattr(areas_module, "with_holders", lambda target, _: target)
    monkeypatch.setattr(areas_module, "is_blank", lambda path, _: path.endswith("boot1"))
    return replace(Host(), files=tree)


def card_plan(tree: Tree, path: str = CARD, **changes: Any) -> WipePlan:
    return replace(plan_wipe(target_at(tree, path), Wish(), SEED, ()), **changes)


# --- Which are planned -----------------------------------------------------------------------


def test_an_area_is_a_medium_of_its_own(tree: Tree) -> None:
    disk, area = (read_strings(tree, name) for name in ("mmcblk0", "mmcblk0boot0"))
    assert (area.serial, area.wwn) == (f"{disk.serial}-boot0", None)
    assert (area.bus, area.medium, area.model) == ("mmc", Medium.EMMC, disk.model)


def test_areas_that_hold_something_are_planned_with_their_disk(tree: Tree, host: Host) -> None:
    wish = Wish(LevelWish.BEST, verify=VerifyMode.SAMPLE)
    found = plan_areas((card_plan(tree), card_plan(tree, "/dev/mmcblk1")), wish, host)
    assert [plan.path for plan in found] == ["/dev/mmcblk0boot0", "/dev/mmcblk0gp0"]  # boot1: blank
    for plan in found:
        assert not plan.refusals
        assert (plan.verify, plan.level_promised, len(plan.steps)) == (
            VerifyMode.FULL,
            Level.CLEAR,
            2,
        )
        assert {"wipe.note.emmc_area"} <= {note.code for note in plan.notes}
        assert [one.code for one in plan.not_reached] == ["wipe.not_reached.spare"]


def test_an_area_that_a_board_starts_from_can_be_left(tree: Tree, host: Host) -> None:
    found = plan_areas((card_plan(tree),), Wish(), host, ("0xabcd1230-boot0",))
    assert [plan.path for plan in found] == ["/dev/mmcblk0gp0"]


@pytest.mark.parametrize(
    ("path", "said", "code"),
    [
        ("mmcblk0boot0/ro_lock_until_next_power_on", "1", "wipe.refusal.area_locked"),
        ("mmcblk0boot0/ro_lock_until_next_power_on", "2", "wipe.refusal.area_locked_for_good"),
        ("mmcblk0/ro", "1", "wipe.refusal.read_only"),  # the whole card is shut
    ],
)
def test_an_area_that_nobody_may_write_is_refused(
    tree: Tree, host: Host, path: str, said: str, code: str
) -> None:
    plan = card_plan(tree)
    tree.put(f"/sys/block/{path}", said)
    area, _ = plan_areas((plan,), Wish(), host)
    assert [one.code for one in area.refusals] == [code]
    assert len(with_areas(confirm_all((plan,), ConfirmedBy.TYPED), (area,))) == 1


def test_a_general_purpose_area_that_somebody_shut_stays_shut(tree: Tree, host: Host) -> None:
    """Linux shows those writable: a switch at 1 is somebody's word there, as on a disk."""
    tree.put("/sys/block/mmcblk0gp0/ro", "1")
    tree.put("/sys/block/mmcblk0gp0/force_ro", "1")
    _, area = plan_areas((card_plan(tree),), Wish(), host)
    assert [one.code for one in area.refusals] == ["wipe.refusal.read_only"]
    assert WriteSwitch(tree).held("/dev/mmcblk0gp0") is None
    assert tree.read_text("/sys/block/mmcblk0gp0/force_ro") == "1"


@pytest.mark.parametrize(
    ("boot0", "exclude", "left"),
    [
        ("0", (), "boot1, RPMB"),
        ("0", ("0xabcd1230-boot0",), "boot0, boot1, RPMB"),
        ("2", (), "boot0, boot1, RPMB"),
    ],
    ids=["all", "left-out", "locked"],
)
def test_a_disks_plan_names_just_the_areas_that_are_left(
    tree: Tree, host: Host, boot0: str, exclude: tuple[str, ...], left: str
) -> None:
    """The plan is what is confirmed, journalled, resumed and drawn."""
    tree.put("/sys/block/mmcblk0boot0/ro_lock_until_next_power_on", boot0)
    plans = (card_plan(tree), card_plan(tree, "/dev/mmcblk1"))
    card, other = with_reach(plans, plan_areas(plans, Wish(), host, exclude), tree)
    assert other == plans[1]
    assert [one.code for one in card.not_reached] == [
        "wipe.not_reached.spare",
        "wipe.not_reached.emmc_areas",
    ]
    assert card.not_reached[1] == Message.of("wipe.not_reached.emmc_areas", areas=left)


def test_a_disk_whose_areas_are_all_left_says_so_as_before(tree: Tree, host: Host) -> None:
    exclude = ("0xabcd1230-boot0", "0xabcd1230-gp0")
    plans = (card_plan(tree),)
    assert with_reach(plans, plan_areas(plans, Wish(), host, exclude), tree) == plans


def test_no_area_is_erased_without_its_disk(tree: Tree, host: Host) -> None:
    busy = card_plan(tree, refusals=(Message.of("wipe.refusal.read_only", path=CARD),))
    assert plan_areas((busy,), Wish(), host) == ()
    areas = plan_areas((card_plan(tree),), Wish(), host)
    confirmed = confirm_all((card_plan(tree), card_plan(tree, "/dev/mmcblk1")), ConfirmedBy.TYPED)
    assert [one.plan.path for one in with_areas(confirmed[1:], areas)] == ["/dev/mmcblk1"]
    found = with_areas(confirmed, areas)
    assert [one.plan.path for one in found] == [
        CARD,
        "/dev/mmcblk0boot0",
        "/dev/mmcblk0gp0",
        "/dev/mmcblk1",
    ]
    assert {one.token for one in found[:3]} == {"0xabcd1230"}  # confirmed by their disk's word
    assert with_areas(found, areas) == found


def test_every_plan_of_a_run_and_of_a_look_tells_it(
    tmp_path: Path, tree: Tree, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run`, `wipe` and the guided screen prepare; `plan` only looks."""
    plans = (card_plan(tree),)
    for module in ("flow.run.run", "flow.machine.check"):
        monkeypatch.setattr(f"recond.{module}.plan_targets", lambda *_, **__: plans)
    looked = plan_only(host, (CARD,), False, Wish(), False).plans
    assert [one.path for one in looked] == [CARD, "/dev/mmcblk0boot0", "/dev/mmcblk0gp0"]
    told = Message.of("wipe.not_reached.emmc_areas", areas="boot1, RPMB")
    prepared = prepared_image(tmp_path, host)
    for plan in (looked[0], *prepared.plans):
        assert plan.not_reached[1] == told
    assert len(prepared.areas) == 2


def test_a_plan_says_of_no_planned_area_that_it_is_not_reached(
    tree: Tree, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    plans = (card_plan(tree),)
    areas = plan_areas(plans, Wish(), host)
    found = Planned((*plans, *areas), (), census(*look_at_cards(host).media))
    show_planned(Screen("en"), found, now="2026-11-29T10:00:00Z")
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("! ")]
    assert [line.split(":")[0] for line in told] == ["! /dev/mmcblk0boot1"]


# --- What is done ----------------------------------------------------------------------------


class Area(SimCells):
    """A boot area: the kernel opens it for writing only while its switch says so."""

    tree: Tree
    seen: list[tuple[str, str]]

    def said(self) -> str:
        return str(self.tree.read_text("/sys/block/mmcblk0boot0/force_ro"))

    def open(self, path: str, writing: bool) -> SimDisk:
        self.seen.append(("write" if writing else "read", self.said()))
        if writing and self.said() != "0":
            raise OSError(errno.EROFS, "read-only")
        return super().open(path, writing)


class Stuck(Files):
    """A switch that takes the word and stays as it is."""

    def read_text(self, path: str) -> Any:
        return "1" if path.endswith("force_ro") else super().read_text(path)


class Shut(Stuck):
    """A switch that cannot be written."""

    def at(self, path: str) -> Path:
        return self.root / "none" / "x" if path.endswith("force_ro") else super().at(path)


def area_bay(tree: Tree, files: Files | None = None, faults: Faults | None = None) -> Bay:
    identity = replace(
        HDD,
        serial="0xabcd1230-boot0",
        wwn=None,
        bus="mmc",
        medium=Medium.EMMC,
        size_bytes=AREA_BYTES,
    )
    found = bay(identity, faults=faults)
    drive = found.drive
    found.drive = Area(identity, bytes(drive.cells), found.clock, 0, faults)
    found.drive.tree, found.drive.seen = tree, []
    target = Target("/dev/mmcblk0boot0", identity, (), False, "mmcblk0boot0")
    found.plan = plan_wipe(target, Wish(), SEED, (), area=True)
    found.switch = WriteSwitch(files or tree)
    return found


def test_the_switch_is_lifted_for_the_writing_and_set_again_before_the_reading(tree: Tree) -> None:
    found = area_bay(tree)
    assert found.run() == "completed"
    assert [(one["phase"], one["was"], one["now"]) for one in found.of("write_protect")] == [
        ("intend", "1", "1"),
        ("lift", "1", "0"),
        ("restore", "0", "1"),
    ]
    kinds = [kind for kind, _ in found.entries]
    assert kinds.index("write_protect") < kinds.index("step_start")
    last = len(kinds) - 1 - kinds[::-1].index("write_protect")
    assert max(i for i, kind in enumerate(kinds) if kind == "step_end") < last
    assert last < kinds.index("verify_start")
    result = found.erasure.result
    assert (result.status, result.verdict) == (Status.ERASED, Verdict.APPROVED)
    assert found.erasure.verification.bytes_compared == AREA_BYTES
    assert tree.read_text("/sys/block/mmcblk0boot0/force_ro") == "1"


@pytest.mark.parametrize("files", [Stuck, Shut])
def test_a_switch_that_does_not_turn_leaves_the_area_untouched(
    tree: Tree, files: type[Files]
) -> None:
    found = area_bay(tree, files(tree.root))
    before = bytes(found.drive.cells)
    assert found.run() == "refused"
    (end,) = found.of("end")
    assert end["reason"]["code"] == "wipe.refusal.force_ro"
    assert bytes(found.drive.cells) == before
    assert found.erasure.result.status is Status.REFUSED


@pytest.mark.parametrize(
    "faults",
    [
        Faults(stale=1.0),  # it reads its old content back
        Faults(dropped=1.0),
        Faults(bad_writes=frozenset(range(AREA_BYTES // 512)), bad_errno=errno.EIO),
        Faults(bad_writes=frozenset({3})),
        Faults(vanish_after=20),
    ],
    ids=["old-content", "dropped", "write-protected", "one-bad-block", "vanishes"],
)
def test_an_area_that_lies_or_fails_is_never_erased_and_is_shut_again(
    tree: Tree, faults: Faults
) -> None:
    found = area_bay(tree, faults=faults)
    found.run()
    result = found.erasure.result
    assert result.verdict is not Verdict.APPROVED
    assert result.level_achieved is Level.NONE
    assert tree.read_text("/sys/block/mmcblk0boot0/force_ro") == "1"


def test_a_stop_shuts_it_and_resuming_opens_it_again(tree: Tree) -> None:
    found = area_bay(tree)
    looks = iter([False] * 12)
    found.should_stop = lambda: next(looks, True)
    assert found.run() == "interrupted"
    assert tree.read_text("/sys/block/mmcblk0boot0/force_ro") == "1"
    found.should_stop = lambda: False
    assert found.resume() == "completed"
    assert found.erasure.result.verdict is Verdict.APPROVED
    assert [one["phase"] for one in found.of("write_protect")] == ["intend", "lift", "restore"] * 2


@pytest.mark.parametrize("reboots", [False, True])
def test_a_switch_that_a_kill_left_open_is_shut_by_the_resume(tree: Tree, reboots: bool) -> None:
    found = area_bay(tree)
    begun = iter(range(9))

    def strike(moment: str) -> None:
        if moment == "journalled" and found.of("step_start") and next(begun) > 0:
            raise Killed

    found.sink.strike = strike
    with pytest.raises(Killed):
        found.run()
    assert tree.read_text("/sys/block/mmcblk0boot0/force_ro") == "0"
    found.sink.strike = lambda _: None
    if reboots:
        tree.put("/sys/block/mmcblk0boot0/force_ro", "1")
    assert found.resume() == "completed"
    assert tree.read_text("/sys/block/mmcblk0boot0/force_ro") == "1"
    assert found.of("write_protect")[-1] == {
        "phase": "restore",
        "node": "mmcblk0boot0",
        "was": "0",
        "now": "1",
        "errno": None,
    }
    assert found.erasure.result.verdict is Verdict.APPROVED


def test_a_switch_that_somebody_opened_before_stays_open(tree: Tree) -> None:
    found = area_bay(tree)
    tree.put("/sys/block/mmcblk0boot0/force_ro", "0")
    looks = iter([False] * 12)
    found.should_stop = lambda: next(looks, True)
    assert found.run() == "interrupted"
    found.should_stop = lambda: False
    assert found.resume() == "completed"
    assert tree.read_text("/sys/block/mmcblk0boot0/force_ro") == "0"
    assert not found.of("write_protect")


def test_leaving_out_takes_the_key_of_an_area_that_is_here_and_no_other() -> None:
    machine = record(census(AREA_MEDIUM), {}).machine
    assert machine is not None
    choice = choose(machine, usb=False, exclude=(AREA_MEDIUM.key,))
    assert [one.code for one in choice.left_out] == ["cli.left_out.area"]
    with pytest.raises(SafetyRefusal):
        choose(machine, usb=False, exclude=(f"{AREA_MEDIUM.key}x",))


# --- What a person sees before typing ---------------------------------------------------------


def confirming(folder: Path, tree: Tree, host: Host, *paths: str) -> GuidedSession:
    """A session that is about to erase these cards, with the areas that are planned for them."""
    session = shown_session(folder, "en")
    assert session.prepared is not None
    plans = tuple(card_plan(tree, path) for path in paths)
    areas = plan_areas(plans, Wish(), host)
    plans = with_reach(plans, areas, host.files)
    session.prepared = replace(session.prepared, plans=plans, areas=areas)
    session.chosen = frozenset(paths)
    return session


def test_a_line_of_areas_takes_a_disks_place_in_sight(tree: Tree, host: Host) -> None:
    """One word confirms only what stands on the smallest screen's first page, areas too."""
    plans = tuple(replace(card_plan(tree, "/dev/mmcblk1"), path=f"/dev/x{n}") for n in range(11))
    plans = (*plans, card_plan(tree))
    areas = plan_areas(plans, Wish(), host)
    assert are_together(plans, None)
    assert not are_together(plans, None, areas)
    assert are_together(plans[1:], None, areas)


@pytest.mark.parametrize("paths", [(CARD,), (CARD, "/dev/mmcblk1")])
def test_the_confirmation_names_every_area_that_is_erased(
    paths: tuple[str, ...], tmp_path: Path, tree: Tree, host: Host
) -> None:
    """For one disk and for the word that confirms several; RPMB and the blank boot1 stay left."""

    async def act(app: GuidedApp, _: Pilot[None]) -> None:
        said = " ".join(text_of(app).split())
        seen = [line.strip(" │┃▌") for line in text_of(app).splitlines()]
        if len(paths) > 1:  # behind its disk, where nobody has to scroll for it
            at = seen.index("+ with its areas boot0, gp0")
            assert "0xabcd1230" in seen[at - 1]
        assert "/dev/mmcblk0boot0, 262 kB, is erased too" in said
        assert "/dev/mmcblk0gp0, 262 kB, is erased too" in said
        assert "--all --exclude 0xabcd1230-boot0 leaves it" in said
        assert "areas of the eMMC are not reached: boot1, RPMB." in said
        assert "boot0, boot1 and RPMB areas are not reached" not in said

    play(confirming(tmp_path, tree, host, *paths), "confirm", act)


def test_the_dialogue_names_every_area_that_is_erased(
    tmp_path: Path,
    tree: Tree,
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(GuidedSession, "read", lambda *_: None)
    monkeypatch.setattr("builtins.input", lambda _: "")
    session = confirming(tmp_path, tree, host, CARD)
    with pytest.raises(SafetyRefusal):  # nothing typed
        talk_through(session)
    said = " ".join(capsys.readouterr().out.split())
    assert "/dev/mmcblk0boot0, 262 kB, is erased too" in said
    assert "not reached: boot1, RPMB." in said
    assert session.work is None
