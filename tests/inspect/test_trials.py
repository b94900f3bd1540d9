"""Trials of the parts: what each one may say, on computers that change while they are looked at."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from recond.codec import from_json
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import UsageError
from recond.flow.parts import FILE, PARTS, plan_parts, read_parts, try_parts
from recond.host import Host
from recond.host.condition import Condition
from recond.host.files import Files
from recond.host.machineinfo import NO_BOOT, read_boot_id
from recond.host.parts import LocalParts, Running
from recond.host.process import NOT_FOUND, Completed
from recond.host.selftest import SelfTestState
from recond.inspect.trial import PartPlan, run_trial
from recond.inspect.trial_battery import try_battery
from recond.inspect.trial_heat import try_heat
from recond.inspect.trial_links import try_ethernet, try_wifi
from recond.inspect.trial_memory import try_memory
from recond.locale import LANGS, say
from recond.model import Known, Outcome, Tried, Unknown, Why
from recond.show.answer import answer_line
from recond.show.parts import FollowedParts, show_parts, tell_plan
from recond.show.screen import Screen
from tests.cli.command import recond, valid
from tests.guided.stage import MIB, images
from tests.inspect import laptop

GIB = 1 << 30


@dataclass
class Bench:
    """A computer whose files change with each second that a trial rests."""

    root: Path
    each_second: Callable[[Bench], None] = lambda _: None
    at_s: float = 0.0
    ended: Completed | None = None  # what the tool that is started says, at once
    stopped: int = 0
    said: dict[tuple[str, ...], Completed] = field(default_factory=dict)
    ran: list[tuple[str, ...]] = field(default_factory=list)
    free_bytes: int | None = 8 * GIB

    def put(self, path: str, text: str | int) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    # the clock
    def now(self) -> str:
        return "2026-11-29T10:00:00.000Z"

    def monotonic_s(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.at_s += seconds
        self.each_second(self)

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)

    # the parts, and what they start
    def start(self, argv: tuple[str, ...]) -> Running:
        self.ran.append(argv)
        return self

    def load(self) -> Running:
        return self.start(("load",))

    def poll(self) -> Completed | None:
        return self.ended

    def stop(self) -> None:
        self.stopped += 1

    # processes
    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        self.ran.append(argv)
        return self.said.get(argv, done(0))

    # conditions
    def read(self) -> Condition:
        unread = Unknown(Why.UNREADABLE, "x")
        free = unread if self.free_bytes is None else Known(self.free_bytes, "x")
        return Condition(unread, unread, free)

    def host(self) -> Host:
        files = Files(self.root)
        return Host(
            processes=self, files=files, clock=self, conditions=self, parts=self, bench=files
        )


def done(code: int, said: bytes = b"") -> Completed:
    return Completed(("x",), code, said, b"", 0)


def tried(bench: Bench, begin: Callable[..., object], **more: int) -> list[Tried]:
    plan = PartPlan("memory", 10, lambda host: begin(host, **more))  # type: ignore[arg-type, return-value]  # any trial
    found = list(run_trial(bench.host(), plan, lambda *_: None))
    for one in found:
        assert all(say(lang, one.said) for lang in LANGS)
    return found


def only(bench: Bench, begin: Callable[..., object], **more: int) -> tuple[Outcome, str]:
    (one,) = tried(bench, begin, **more)
    return one.outcome, one.said.code.removeprefix("inspect.part.")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "computer")


# --- Memory ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said", "outcome", "word"),
    [
        (0, b"Done.", Outcome.PASS, "memory_passed"),
        (2, b"", Outcome.FAIL, "memory_failed"),
        (4, b"FAILURE: 0x0 != 0x1", Outcome.FAIL, "memory_failed"),
        (5, b"unlocked memory", Outcome.FAIL, "memory_failed"),
        (1, b"", Outcome.UNKNOWN, "memory_refused"),
        (-9, b"", Outcome.UNKNOWN, "memory_refused"),
        (0, b"Continuing with unlocked memory", Outcome.UNKNOWN, "memory_not_held"),
        (NOT_FOUND, b"", Outcome.UNKNOWN, "no_tool"),
    ],
)
def test_memory(code: int, said: bytes, outcome: Outcome, word: str, bench: Bench) -> None:
    bench.ended = done(code, said)
    assert only(bench, try_memory) == (outcome, word)
    assert bench.ran == [("memtester", "512M", "1")]


def test_memory_takes_half_of_what_is_free_and_needs_some(bench: Bench) -> None:
    bench.ended, bench.free_bytes = done(0), 100 << 20
    (one,) = tried(bench, try_memory)
    assert bench.ran == [("memtester", "50M", "1")]
    assert dict(one.said.args)["tried_ram_bytes"] == 50 << 20
    bench.free_bytes = 1 << 20
    assert only(bench, try_memory) == (Outcome.UNKNOWN, "memory_full")
    bench.free_bytes = None
    assert only(bench, try_memory) == (Outcome.UNKNOWN, "memory_unread")


def test_a_memory_test_that_does_not_end_is_stopped(bench: Bench) -> None:
    assert only(bench, try_memory) == (Outcome.UNKNOWN, "memory_slow")
    assert bench.stopped == 1


# --- Heat ------------------------------------------------------------------------------------

CORE = "/sys/class/hwmon/hwmon3"
BRAKE = "/sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count"


def warm(bench: Bench, *, brakes: bool = True) -> None:
    bench.put(f"{CORE}/name", "coretemp")
    bench.put(f"{CORE}/temp1_input", 45_000)
    bench.put(f"{CORE}/temp1_crit", 100_000)
    bench.put("/sys/class/hwmon/hwmon4/name", "thinkpad")
    bench.put("/sys/class/hwmon/hwmon4/fan1_input", 3200)
    if brakes:
        bench.put(BRAKE, 7)


def test_a_computer_that_stays_cool_passes(bench: Bench) -> None:
    warm(bench)
    bench.each_second = lambda it: it.put(f"{CORE}/temp1_input", 45_000 + 500 * int(it.at_s))
    (one,) = tried(bench, try_heat, seconds=60)
    assert (one.outcome, one.said.code) == (Outcome.PASS, "inspect.part.heat_passed")
    assert dict(one.said.args) == {"lasted_s": 60, "degrees": 75, "rpm": 3200}
    assert bench.stopped == 1
    assert one.duration_s == 60


def test_brakes_that_were_pulled_before_do_not_count_and_those_of_the_trial_do(
    bench: Bench,
) -> None:
    warm(bench)
    bench.each_second = lambda it: it.put(BRAKE, 7 + int(it.at_s >= 20) * 3)
    (one,) = tried(bench, try_heat, seconds=60)
    assert (one.outcome, one.said.code) == (Outcome.FAIL, "inspect.part.heat_braked")
    assert dict(one.said.args)["times"] == 3


def test_the_limit_ends_it_at_once(bench: Bench) -> None:
    warm(bench)
    bench.each_second = lambda it: it.put(f"{CORE}/temp1_input", 60_000 + 10_000 * int(it.at_s))
    assert only(bench, try_heat, seconds=60) == (Outcome.FAIL, "heat_limit")
    assert bench.at_s == 4
    assert bench.stopped == 1


def test_a_fan_that_stands_still_in_the_heat(bench: Bench) -> None:
    warm(bench)
    bench.put("/sys/class/hwmon/hwmon4/fan1_input", 0)
    assert only(bench, try_heat, seconds=5) == (Outcome.PASS, "heat_passed")
    bench.each_second = lambda it: it.put(f"{CORE}/temp1_input", 90_000)
    assert only(bench, try_heat, seconds=5) == (Outcome.FAIL, "heat_fan")


def test_without_a_counter_a_low_temperature_proves_nothing_of_brakes(bench: Bench) -> None:
    warm(bench, brakes=False)
    assert only(bench, try_heat, seconds=5) == (Outcome.UNKNOWN, "heat_brakes_unread")
    assert only(Bench(bench.root / "none"), try_heat, seconds=5) == (
        Outcome.UNKNOWN,
        "heat_no_sensor",
    )


def test_a_load_that_ends_by_itself_loads_nothing(bench: Bench) -> None:
    warm(bench)
    bench.ended = done(1)
    assert only(bench, try_heat, seconds=5) == (Outcome.UNKNOWN, "heat_no_load")


# --- Battery ---------------------------------------------------------------------------------

BAT = "/sys/class/power_supply/BAT0"


def battery(bench: Bench, status: str = "Discharging", full: int = 50_000_000) -> None:
    bench.put(f"{BAT}/type", "Battery")
    bench.put(f"{BAT}/status", status)
    bench.put(f"{BAT}/energy_full", full)
    bench.put(f"{BAT}/energy_now", 40_000_000)
    bench.put("/sys/class/power_supply/hidpp_battery_0/type", "Battery")
    bench.put("/sys/class/power_supply/hidpp_battery_0/scope", "Device")


def empties(watt: int) -> Callable[[Bench], None]:
    return lambda it: it.put(
        f"{BAT}/energy_now", 40_000_000 - watt * int(it.at_s) * 1_000_000 // 3600
    )


@pytest.mark.parametrize(
    ("watt", "outcome", "word"),
    [
        (10, Outcome.PASS, "battery_passed"),
        (99, Outcome.PASS, "battery_passed"),
        (110, Outcome.FAIL, "battery_short"),
        (0, Outcome.UNKNOWN, "battery_no_change"),
    ],
)
def test_how_long_a_full_charge_lasts(watt: int, outcome: Outcome, word: str, bench: Bench) -> None:
    battery(bench)
    bench.each_second = empties(watt)
    (one,) = tried(bench, try_battery, seconds=300)
    assert (one.outcome, one.said.code, one.device) == (outcome, f"inspect.part.{word}", "BAT0")
    if watt == 10:
        assert 17_900 < int(dict(one.said.args)["lasts_s"]) < 18_100  # 50 Wh at 10 W


def test_the_cable_is_waited_for_and_seen_when_it_comes_back(bench: Bench) -> None:
    battery(bench, "Charging")
    assert only(bench, try_battery, seconds=300) == (Outcome.UNKNOWN, "battery_cable")

    def pulled(it: Bench) -> None:
        it.put(f"{BAT}/status", "Discharging" if it.at_s >= 30 else "Charging")
        empties(10)(it)

    bench.at_s, bench.each_second = 0, pulled
    assert only(bench, try_battery, seconds=60) == (Outcome.PASS, "battery_passed")

    def back(it: Bench) -> None:
        it.put(f"{BAT}/status", "Discharging" if it.at_s < 30 else "Charging")

    battery(bench)
    bench.at_s, bench.each_second = 0, back
    assert only(bench, try_battery, seconds=60) == (Outcome.UNKNOWN, "battery_cable_back")


def test_a_mouse_is_no_battery_of_the_computer(bench: Bench) -> None:
    battery(bench)
    bench.put(f"{BAT}/type", "Mains")
    assert only(bench, try_battery, seconds=5) == (Outcome.UNKNOWN, "battery_absent")
    battery(bench)
    bench.put(f"{BAT}/energy_now", "x")
    assert only(bench, try_battery, seconds=5) == (Outcome.UNKNOWN, "battery_unread")


# --- Wi-Fi and cable -------------------------------------------------------------------------

SCAN = ("iw", "dev", "wlan0", "scan")
HEARD = (
    b"BSS 00:11:22:33:44:55(on wlan0)\n\tSSID: Famille Dupont\nBSS 66:77:88:99:aa:bb(on wlan0)\n"
)


def card(bench: Bench, name: str, *, wireless: bool, flags: str = "0x1002") -> None:
    bench.put(f"/sys/class/net/{name}/type", 1)
    bench.put(f"/sys/class/net/{name}/flags", flags)
    (bench.root / f"sys/class/net/{name}/device").mkdir()
    if wireless:
        (bench.root / f"sys/class/net/{name}/phy80211").mkdir()


def test_networks_are_counted_and_their_names_kept_nowhere(bench: Bench) -> None:
    card(bench, "wlan0", wireless=True)
    card(bench, "eth0", wireless=False)
    bench.said[SCAN] = done(0, HEARD)
    (one,) = tried(bench, try_wifi)
    assert (one.outcome, dict(one.said.args), one.device) == (Outcome.PASS, {"n": 2}, "wlan0")
    assert "Dupont" not in repr(one)
    up, _, down = bench.ran
    assert up == ("ip", "link", "set", "wlan0", "up")
    assert down == ("ip", "link", "set", "wlan0", "down"), "as it was before"


@pytest.mark.parametrize(
    ("ended", "word"),
    [
        (done(0), "wifi_silent"),
        (done(255), "wifi_refused"),
        (done(NOT_FOUND), "no_tool"),
        (done(0, b"SSID: BSS 00:11:22:33:44:55"), "wifi_silent"),
    ],
)
def test_no_network_is_no_proof_of_a_broken_card(ended: Completed, word: str, bench: Bench) -> None:
    card(bench, "wlan0", wireless=True, flags="0x1003")
    bench.said[SCAN] = ended
    assert only(bench, try_wifi) == (Outcome.UNKNOWN, word)
    assert set(bench.ran) == {SCAN}, "one that is up is left up"


def test_a_switch_and_a_missing_card(bench: Bench) -> None:
    assert only(bench, try_wifi) == (Outcome.UNKNOWN, "wifi_absent")
    card(bench, "wlan0", wireless=True)
    bench.put("/sys/class/rfkill/rfkill0/type", "wlan")
    bench.put("/sys/class/rfkill/rfkill0/hard", 1)
    assert only(bench, try_wifi) == (Outcome.UNKNOWN, "wifi_off")
    assert not bench.ran


def test_a_link_and_none(bench: Bench) -> None:
    assert only(bench, try_ethernet) == (Outcome.UNKNOWN, "ethernet_absent")
    card(bench, "eth0", wireless=False)
    assert only(bench, try_ethernet) == (Outcome.UNKNOWN, "ethernet_no_link")

    def plugged(it: Bench) -> None:
        if it.at_s >= 3:
            it.put("/sys/class/net/eth0/carrier", 1)
            it.put("/sys/class/net/eth0/speed", 1000)

    bench.at_s, bench.each_second = 0, plugged
    (one,) = tried(bench, try_ethernet)
    assert (one.outcome, dict(one.said.args)) == (Outcome.PASS, {"speed": "1000"})
    bench.put("/sys/class/net/eth0/speed", -1)
    assert only(bench, try_ethernet) == (Outcome.PASS, "ethernet_link_only")


# --- Disks, and all of them ------------------------------------------------------------------


@dataclass
class Drives:
    """Drives whose test runs for two looks."""

    words: str
    looks: int = 0
    stopped: list[str] = field(default_factory=list)

    def start(self, path: str, kind: str) -> Unknown | None:
        return None

    def state(self, path: str) -> SelfTestState | Unknown:
        self.looks += 1
        return SelfTestState(self.looks < 3, 50, self.words)

    def stop(self, path: str) -> None:
        self.stopped.append(path)


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("Completed without error", Outcome.PASS),
        ("Completed: read failure", Outcome.FAIL),
        ("Aborted by host", Outcome.UNKNOWN),
    ],
)
def test_the_disks_say_it_themselves(words: str, outcome: Outcome, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    drives = Drives(words)
    host = replace(laptop.make_laptop(tmp_path / "l").host(), clock=bench, self_tests=drives)
    (plan,) = plan_parts(("disk",), 5)
    found = run_trial(host, plan, lambda *_: None)
    assert {one.outcome for one in found} == {outcome}
    assert all(one.device.startswith("/dev/") for one in found)
    assert not drives.stopped


def test_a_part_that_is_left_out_is_unknown_and_its_tool_ended(bench: Bench) -> None:
    warm(bench)

    def interrupted(_: Bench) -> None:
        raise KeyboardInterrupt

    bench.each_second = interrupted
    assert only(bench, try_heat, seconds=60) == (Outcome.UNKNOWN, "skipped")
    assert bench.stopped == 1


def test_each_part_is_kept_for_the_record_until_the_next_start(
    bench: Bench, tmp_path: Path
) -> None:
    state, host = tmp_path / "state", bench.host()
    bench.put("/proc/sys/kernel/random/boot_id", "one")
    card(bench, "eth0", wireless=False)
    bench.put("/sys/class/net/eth0/carrier", 1)
    bench.ended = done(0)
    first = try_parts(plan_parts(("memory", "ethernet"), 5), state, host, lambda *_: None)
    assert [one.part for one in first.tests] == ["ethernet", "memory"]
    assert first.exit_code == 0
    assert read_parts(state, host) == first.tests
    assert (state / FILE).stat().st_mode & 0o777 == 0o600
    bench.ended = done(4)
    again = try_parts(plan_parts(("memory",), 5), state, host, lambda *_: None)
    assert again.exit_code == 3
    kept = read_parts(state, host)
    assert [(one.part, one.outcome) for one in kept] == [
        ("ethernet", Outcome.PASS),
        ("memory", Outcome.FAIL),
    ]
    bench.put("/proc/sys/kernel/random/boot_id", "two")
    assert read_parts(state, host) == (), "another start, perhaps another computer"


@pytest.mark.parametrize("change", [{"schema": "x"}, {"tests": [{}]}, {"tests": 7}, {"boot": 1}])
def test_a_file_that_says_anything_else_is_no_trial(
    change: dict[str, object], bench: Bench, tmp_path: Path
) -> None:
    bench.put("/proc/sys/kernel/random/boot_id", "one")
    bench.ended = done(0)
    try_parts(plan_parts(("memory",), 5), tmp_path, bench.host(), lambda *_: None)
    kept = json.loads((tmp_path / FILE).read_bytes())
    assert read_parts(tmp_path, bench.host())
    (tmp_path / FILE).write_text(json.dumps({**kept, **change}))
    assert read_parts(tmp_path, bench.host()) == ()


def test_a_time_that_no_page_can_show_is_found_before_anything_is_erased(
    bench: Bench, tmp_path: Path
) -> None:
    """The certificate could not be drawn, not ever: the run keeps what it began with."""
    bench.put("/proc/sys/kernel/random/boot_id", "one")
    bench.ended = done(0)
    try_parts(plan_parts(("memory",), 5), tmp_path, bench.host(), lambda *_: None)
    kept = json.loads((tmp_path / FILE).read_bytes())
    kept["tests"][0]["at"] = "yesterday"
    (tmp_path / FILE).write_text(json.dumps(kept))
    assert read_parts(tmp_path, bench.host()) == ()


def test_what_is_asked_for_wrongly_is_refused() -> None:
    assert tuple(one.part for one in plan_parts((), 5)) == PARTS
    for names, minutes in ((("fan",), 5), ((), 0), ((), 61)):
        with pytest.raises(UsageError):
            plan_parts(names, minutes)


def test_what_is_started_ends_when_it_is_stopped() -> None:
    parts = LocalParts()
    load = parts.load()
    assert load.poll() is None
    load.stop()
    ended = load.poll()
    assert ended is not None
    assert ended.returncode < 0
    assert parts.start(("recond-no-such-tool",)).poll() is not None
    tool = parts.start(("echo", "heard"))
    until = time.monotonic() + 10
    while (said := tool.poll()) is None and time.monotonic() < until:
        time.sleep(0.01)
    assert said is not None
    assert (said.returncode, said.stdout) == (0, b"heard\n")


def test_the_record_keeps_what_was_tried(bench: Bench, tmp_path: Path) -> None:
    """As `recond test` before `recond wipe`, on this start of the computer that runs the test."""
    boot = read_boot_id(Files())
    bench.put("/proc/sys/kernel/random/boot_id", boot)
    bench.ended = done(4)
    state = tmp_path / "state"
    found = try_parts(plan_parts(("memory",), 5), state, bench.host(), lambda *_: None)
    answer = valid(json.loads(answer_line("test", found)))
    assert [one["outcome"] for one in answer["tests"]] == ["fail"]
    images(tmp_path, "a.img", size_bytes=MIB)
    erase = ("wipe", "--image", "a.img", "--confirm", "a.img", "--out", "out")
    assert recond("--state", str(state), *erase, folder=tmp_path).code == 0
    (file,) = (tmp_path / "out").glob("*/record.json")
    record = from_json(WipeRecord, read_json(file.read_bytes()))
    assert record.tests == (found.tests if boot != NO_BOOT else ())
    assert recond("verify", str(file.parent), folder=tmp_path).code == 0


def test_the_whole_time_is_told_first_and_each_part_as_it_goes(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warm(bench)
    screen, plans = Screen("fr"), plan_parts(("heat", "battery"), 2)
    tell_plan(screen, plans, bench.now())
    found = try_parts(plans, tmp_path, bench.host(), FollowedParts(screen))
    show_parts(screen, found)
    shown = capsys.readouterr()
    talk = shown.err.replace("\u00a0", " ").replace("\u202f", " ")
    assert "Essais : environ 4 min en tout" in talk
    assert "Ctrl-C passe l’essai en cours" in talk
    assert "Chaleur et ventilateur : 1 min 30 s sur 2 min" in talk
    told = shown.out.replace("\u00a0", " ").replace("\u202f", " ")
    assert "2 min à pleine charge sans freinage : au plus 45 °C" in " ".join(told.split())
    assert "pas de batterie" in told
