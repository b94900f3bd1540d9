"""A dock bench: what is plugged in is erased if the list names it and nothing speaks against it;
everything else keeps every byte, and its slot says why.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from recond.certify.pages.label import is_label_file
from recond.erasure import TargetKind
from recond.flow.deliver.queue import read_queue
from recond.flow.deliver.upload import add_destination
from recond.flow.dock.order import Summary
from recond.flow.dock.slot import SlotState, View
from recond.flow.run.run import Finished, carry_out
from recond.host.journal_lines import read_entries
from recond.locale import Lang
from recond.model import Message, Use
from recond.progress import Phase, ProgressEvent
from recond.show.dock import DockDisplay, destroyed_command, show_summary, summary_fields
from recond.show.screen import Screen
from tests.cli.command import environment, recond, valid
from tests.flow.dock import CONTENT, MIB, disk, is_blank, records, restless, slowed, watching
from tests.wipe.disks import HDD

S = SlotState
LONG = 32 * MIB
"""In 35 passes, and slowed, long enough for something else to happen meanwhile."""


def test_disks_are_erased_as_they_come_many_at_once(tmp_path: Path) -> None:
    there = disk(tmp_path / "là", "A1")
    with watching(tmp_path, "A1", "B2", "C3", "PERDU") as bench:
        bench.plug("1", there)
        bench.plug("2", disk(tmp_path / "là", "b2"))  # case does not count
        bench.plug("3", disk(tmp_path / "là", "C3"))
        stranger = disk(tmp_path / "là", "X9")
        bench.plug("4", stranger)
        for place in "123":
            done = bench.seen.state(place, S.DONE, S.FAILED)
            assert (done.state, done.exit_code) == (S.DONE, 0)
            assert done.record is not None
        assert bench.seen.state("4", S.STRANGER).message is not None
        percents = [v.percent for v in bench.seen.views if v.place == "1" and v.percent is not None]
        assert percents == sorted(percents)
        assert max(percents) < 100
    found = bench.end()
    assert (found.exit_code, found.missing) == (0, ("PERDU",))
    assert is_blank(there)
    assert stranger.read_bytes().startswith(CONTENT)
    assert len(records(tmp_path)) == 3
    for folder in records(tmp_path):
        assert recond("verify", str(folder), folder=tmp_path).code == 0
        record = json.loads((folder / "record.json").read_bytes())
        assert (record["machine"], record["lot"]) == (None, "L")
        assert record["erasures"][0]["confirmed_by"] == "manifest"


def test_every_certificate_leaves_the_bench_once(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    add_destination(tmp_path / "state", "stick", "folder", {"path": str(stick)})
    with watching(tmp_path, "A1", "B2") as bench:
        for place, name in (("1", "A1"), ("2", "B2")):
            bench.plug(place, disk(tmp_path / "là", name))
        for place in "12":
            bench.seen.state(place, S.DONE)
    sent = sorted(path.parent.name for path in stick.rglob("record.json"))
    assert sent == [folder.name for folder in records(tmp_path)]
    assert read_queue(tmp_path / "state").done == 2


def test_each_disk_gets_its_label_and_no_printer_changes_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time the printer is off."""
    spool = tmp_path / "spool"
    spool.mkdir()
    lp = f'#!/bin/sh\ncd {spool} && [ ! -e off ] || exit 1\nfor file; do :; done\ncp "$file" "$2"\n'
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "lp").write_text(lp)
    (tmp_path / "bin" / "lp").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "recond.toml").write_text('[label]\nprinter = "Brother_QL"\n')
    with watching(tmp_path, "A1", "B2") as bench:
        bench.plug("1", disk(tmp_path / "là", "A1"))
        bench.seen.state("1", S.DONE)
        wait_until(lambda: (spool / "Brother_QL").exists())
        (spool / "off").touch()
        bench.plug("2", disk(tmp_path / "là", "B2"))
        off = bench.seen.wait("2", lambda view: is_of(view.message, "label.print.refused"))
        assert (off.state, off.exit_code) == (S.DONE, 0)
    assert is_label_file((spool / "Brother_QL").read_bytes())
    assert (bench.end().exit_code, bench.end().missing) == (0, ())


def is_of(message: Message | None, code: str) -> bool:
    return message is not None and message.code == code


def wait_until(there: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not there() and time.monotonic() < until:
        time.sleep(0.02)
    assert there()


def test_what_is_there_at_the_start_is_left_alone_unless_asked_for(tmp_path: Path) -> None:
    there = disk(tmp_path, "A1")
    with watching(tmp_path, "A1") as bench:
        bench.docks.plug("1", there)
    docks = bench.docks
    with watching(tmp_path, "A1", docks=docks) as bench:
        waits = bench.seen.state("1", S.WAITING)
        assert waits.message is not None
        assert waits.message.code == "dock.waiting.present"
        assert there.read_bytes().startswith(CONTENT)
        docks.pull("1")
        bench.seen.state("1", S.PULLED)
    assert bench.end().ends == ()
    docks.plug("1", there)
    with watching(tmp_path, "A1", docks=docks, present=True) as bench:
        bench.seen.state("1", S.DONE)
    assert is_blank(there)


def test_a_disk_that_comes_back_is_not_erased_again(tmp_path: Path) -> None:
    there = disk(tmp_path, "A1")
    with watching(tmp_path, "A1") as bench:
        bench.plug("1", there)
        bench.seen.state("1", S.DONE)
        bench.docks.pull("1")
        pulled = bench.seen.state("1", S.PULLED)
        assert pulled.message is not None
        assert pulled.message.code == "dock.pulled.done"
        written = there.stat().st_mtime_ns
        bench.plug("2", there)
        again = bench.seen.state("2", S.CERTIFIED)
        assert again.message is not None
        assert again.message.code == "dock.before.certified"
        (folder,) = records(tmp_path)
        assert again.record == folder
    assert there.stat().st_mtime_ns == written
    assert (bench.end().exit_code, bench.end().missing) == (0, ())


def test_two_disks_that_claim_one_serial_are_both_left_alone(tmp_path: Path) -> None:
    one, two = disk(tmp_path / "1", "A1"), disk(tmp_path / "2", "A1")
    with watching(tmp_path, "A1") as bench:
        bench.docks.docked.clear()
        bench.docks.plug("1", one)
        bench.docks.plug("2", two)
        for place in "12":
            left = bench.seen.state(place, S.LEFT, S.ERASING)
            assert (left.state, left.exit_code) == (S.LEFT, 4)
        bench.docks.pull("2")  # the other one is no clearer for that, nor when it comes back
        bench.seen.state("2", S.PULLED)
        bench.docks.pull("1")
        bench.seen.state("1", S.PULLED)
        since = bench.plug("1", one)
        assert bench.seen.state("1", S.LEFT, S.ERASING, since=since).state is S.LEFT
    assert bench.end().exit_code == 4
    assert bench.end().missing == ("A1",)
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes().startswith(CONTENT)


def test_a_serial_that_comes_a_second_time_stops_the_first(tmp_path: Path) -> None:
    one, two = disk(tmp_path / "1", "A1", size_bytes=LONG), disk(tmp_path / "2", "A1")
    with slowed(one), watching(tmp_path, "A1", method="gutmann") as bench:
        bench.plug("1", one)
        bench.seen.wait("1", lambda view: (view.percent or 0) > 1)
        bench.plug("2", two)
        assert bench.seen.state("2", S.LEFT).exit_code == 4
        ended = bench.seen.state("1", S.INTERRUPTED, S.DONE)
        assert (ended.state, ended.exit_code) == (S.INTERRUPTED, 4)
        assert ended.message is not None
        assert ended.message.code == "cli.manifest.ambiguous"
    assert two.read_bytes().startswith(CONTENT)


def test_another_disk_under_a_certified_serial_is_not_called_certified(tmp_path: Path) -> None:
    with watching(tmp_path, "A1") as bench:
        bench.plug("1", disk(tmp_path / "1", "A1"))
        bench.seen.state("1", S.DONE)
        bench.docks.pull("1")
        bench.seen.state("1", S.PULLED)
        other = disk(tmp_path / "2", "A1", content=b"SOMEBODY ELSE ")
        bench.plug("2", other)
        left = bench.seen.state("2", S.LEFT, S.CERTIFIED, S.ERASING)
        assert left.state is S.LEFT
        assert left.message is not None
        assert left.message.code == "dock.before.changed"
    assert bench.end().exit_code == 4
    assert other.read_bytes().startswith(b"SOMEBODY")


def test_a_disk_whose_identity_does_not_hold_still_is_not_erased(tmp_path: Path) -> None:
    there = disk(tmp_path, "A1")
    with watching(tmp_path, "A1", clock=restless(there)) as bench:
        bench.plug("1", there)
        failed = bench.seen.state("1", S.FAILED, S.ERASING)
        assert failed.state is S.FAILED
        assert failed.message is not None
        assert failed.message.code == "dock.unsteady"
        bench.docks.pull("1")
        assert bench.seen.state("1", S.PULLED).message == failed.message.of(
            "dock.pulled.untouched", path=str(there), run="—"
        )
    assert bench.end().exit_code == 4
    assert there.read_bytes().startswith(CONTENT)


def test_a_disk_that_is_another_one_when_it_is_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = disk(tmp_path, "A1")
    other = disk(tmp_path / "autre", "A1", size_bytes=2 * MIB, content=b"SOMEBODY ELSE ")

    def swapped(*args: Any, **more: Any) -> Finished:
        other.replace(there)
        return carry_out(*args, **more)

    monkeypatch.setattr("recond.flow.dock.beginning.carry_out", swapped)
    with watching(tmp_path, "A1") as bench:
        bench.plug("1", there)
        refused = bench.seen.state("1", S.REFUSED, S.DONE, S.FAILED)
        assert (refused.state, refused.exit_code) == (S.REFUSED, 4)
        assert refused.message is not None
        assert refused.message.code == "wipe.refusal.other_disk"
    assert there.read_bytes().startswith(b"SOMEBODY")


@pytest.mark.parametrize("other", [False, True])
def test_a_disk_that_is_pulled_in_mid_pass_says_so_and_may_come_back(
    tmp_path: Path, other: bool
) -> None:
    """Another one of its number takes nothing back of what was said of it."""
    there = disk(tmp_path, "A1", size_bytes=8 * MIB)
    with watching(tmp_path, "A1", method="gutmann") as bench:
        bench.plug("1", there)
        begun = bench.seen.wait("1", lambda view: (view.percent or 0) > 1)
        bench.docks.pull("1")
        away = there.rename(tmp_path / "away")
        first = bench.seen.state("1", S.PULLED)
        assert first.message is not None
        assert first.message.code == "dock.pulled.erasing"
        said = bench.seen.wait("1", lambda view: view.state is S.PULLED and view.exit_code > 0)
        assert said.exit_code == 5
        last = bench.seen.wait(
            "1", lambda view: view.message is not None and view.message.code == "dock.pulled.midway"
        )
        assert last.run == begun.run
        (folder,) = records(tmp_path)
        erasure = json.loads((folder / "record.json").read_bytes())["erasures"][0]
        assert erasure["result"]["status"] == "failed"
        if other:
            disk(tmp_path, "A1")
        else:
            away.rename(there)
        bench.plug("2", there)
        assert bench.seen.state("2", S.DONE, S.FAILED, S.INTERRUPTED).state is S.DONE
    assert [one.exit_code for one in bench.end().ends] == ([5, 0] if other else [0])
    assert bench.end().exit_code == (5 if other else 0)
    assert bench.end().missing == ()
    assert CONTENT not in there.read_bytes()


def test_the_first_stop_lets_it_end_the_second_interrupts_and_it_goes_on_later(
    tmp_path: Path,
) -> None:
    there = disk(tmp_path, "A1", size_bytes=LONG)
    with slowed(there), watching(tmp_path, "A1", "B2", method="gutmann") as bench:
        bench.plug("1", there)
        bench.seen.wait("1", lambda view: (view.percent or 0) > 1)
        bench.stop()
        late = disk(tmp_path, "B2")
        bench.plug("2", late)
        waits = bench.seen.state("2", S.WAITING, S.ERASING)
        assert waits.state is S.WAITING
        assert bench.seen.views[-1].state is not S.INTERRUPTED
    assert bench.seen.stops == 2
    assert bench.end().exit_code == 130
    assert bench.seen.state("1", S.INTERRUPTED, S.DONE).state is S.INTERRUPTED
    assert late.read_bytes().startswith(CONTENT)
    with watching(tmp_path, "A1", docks=bench.docks, present=True) as again:
        offered = again.seen.state("1", S.INTERRUPTED, S.ERASING)
        assert offered.state is S.INTERRUPTED
        assert offered.message is not None
        assert offered.message.code == "dock.before.stopped"
    assert again.end().exit_code == 5
    with watching(tmp_path, "A1", docks=bench.docks, resume=True) as last:
        assert last.seen.state("1", S.DONE, S.FAILED).state is S.DONE
    assert last.end().exit_code == 0
    (folder,) = records(tmp_path)
    record = json.loads((folder / "record.json").read_bytes())
    assert record["erasures"][0]["interruptions"], "the interruption stays visible"


def test_a_held_disk_is_refused_as_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = disk(tmp_path, "A1")
    monkeypatch.setattr(
        "recond.host.usage.file_uses", lambda _files, _path: (Use("mount", "sdx1", "/srv"),)
    )
    with watching(tmp_path, "A1") as bench:
        bench.plug("1", there)
        refused = bench.seen.state("1", S.REFUSED, S.ERASING)
        assert refused.state is S.REFUSED
        assert refused.message is not None
        assert refused.message.code == "wipe.refusal.mount"
    assert bench.end().exit_code == 4
    assert there.read_bytes().startswith(CONTENT)


def test_another_lots_erasure_is_not_called_this_lots(tmp_path: Path) -> None:
    there = disk(tmp_path, "A1", size_bytes=LONG)
    with slowed(there), watching(tmp_path, "A1", lot="M", method="gutmann") as first:
        first.plug("1", there)
        first.seen.wait("1", lambda view: (view.percent or 0) > 1)
        with watching(tmp_path, "A1", lot="L") as second:
            second.plug("1", there)
            left = second.seen.state("1", S.LEFT, S.ERASING, S.REFUSED)
            assert (left.state, left.exit_code) == (S.LEFT, 4)
            assert left.message is not None
            assert left.message.code == "dock.before.open"
        assert second.end().missing == ("A1",)
        first.stop()
    assert first.end().exit_code == 130


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "fr",
            ("identification", "effacement 43\u00a0%", "lecture", "ÉCHEC", "hors liste", "retiré"),
        ),
        ("en", ("identifying", "erasing 43 %", "reading back", "FAILED", "not expected", "pulled")),
    ],
)
def test_each_state_has_its_words(
    lang: Lang, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    event = ProgressEvent(Phase.VERIFY, 1, 1)
    views = [
        View(
            "USB 2-1",
            "/dev/sdb",
            state,
            percent=43 if state is S.ERASING else None,
            event=event if state is S.ERASING else None,
        )
        for state in S
    ]
    with DockDisplay(Screen(lang), as_json=False) as display:
        for view in views:
            display.show(view)
            display.show(view)
    said = capsys.readouterr().err
    assert len(said.splitlines()) == len(views), "a state is said once"
    assert not [word for word in words if word not in said]
    Screen(lang).answer("watch", summary_fields(Summary("L", tuple(views), ("X",))))
    found = valid(json.loads(capsys.readouterr().out))
    assert found["counts"] == dict.fromkeys((state.value for state in S), 1)


@pytest.mark.parametrize("room", [200, 80, 40])
def test_no_number_is_folded_in_the_slots_table(room: int) -> None:
    """Nor does a drive's own text reach the terminal as it is."""
    serial = "WD-WCC6Y0AB1234567890"
    evil = dataclasses.replace(HDD, model="\x1b[2J[red]SAMSUNG", serial=serial)
    why = Message.of("wipe.refusal.no_purge", path=serial)
    display = DockDisplay(Screen("fr"), as_json=False)
    for place, state, message in (("1", S.STRANGER, None), ("2", S.REFUSED, why)):
        display.show(View(place, "/dev/sdb", state, evil, message=message))
    out = io.StringIO()
    Console(file=out, width=room, color_system=None).print(display.table(room))
    shown = out.getvalue()
    assert shown.count(serial) == 3, shown
    assert "\x1b" not in shown
    assert "[red]SAMSUNG" in shown
    assert "laissé intact" in " ".join(shown.split())


# --- The command, killed ---------------------------------------------------------------------


def begin(folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "recond",
            "watch",
            "--lot",
            "L",
            "--manifest",
            "liste.csv",
            "--images",
            "dock",
            "--method",
            "gutmann",
            "--json",
            *more,
        ],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], *states: str, percent: int = 0) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        found = valid(json.loads(line))
        if found.get("state") in states and (found["percent"] or 0) >= percent:
            return found
    raise AssertionError(f"{states} was never reached")


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Ctrl-C; the one line that says what it came to."""
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    *_, last = out.splitlines()
    found = valid(json.loads(last))
    assert found["event"] == "summary"
    assert found["exit_code"] == process.returncode
    return found


def workers_of(run: Path) -> list[int]:
    """The workers whose job file lies in this run's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "recond.wipe.worker" in words and any(word.startswith(f"{run}/") for word in words):
            found.append(int(process.name))
    return found


@pytest.mark.parametrize(("percent", "worker_too"), [(3, False), (40, True), (96, False)])
def test_killed_at_a_moment_nothing_is_lost_or_done_twice(
    tmp_path: Path, percent: int, worker_too: bool
) -> None:
    there = disk(tmp_path / "dock", "A1.img", size_bytes=4 * MIB)
    (tmp_path / "liste.csv").write_text("serial\nA1.img\n")
    first = begin(tmp_path, "--all")
    read_until(first, "erasing", percent=percent)
    (run,) = (tmp_path / "state" / "runs").iterdir()
    if worker_too:
        for pid in workers_of(run):
            os.kill(pid, signal.SIGKILL)
    first.kill()
    first.communicate()
    second = begin(tmp_path, "--all")
    ended = read_until(second, "done", "interrupted", "certified")
    if worker_too and ended["state"] == "interrupted":
        assert finish(second)["exit_code"] == 5
        second = begin(tmp_path, "--resume")
        ended = read_until(second, "done", "failed")
    assert ended["state"] in ("done", "certified")
    summary = finish(second)
    assert (summary["exit_code"], summary["missing"]) == (0, [])
    assert len(list((tmp_path / "recond-out").iterdir())) == 1
    assert len(list((tmp_path / "state" / "runs").iterdir())) == 1
    (journal,) = (run / "journals").iterdir()
    kinds = [kind for kind, _ in read_entries(journal.read_bytes())]
    assert kinds.count("end") == 1
    assert CONTENT not in there.read_bytes()
    assert there.stat().st_size == 4 * MIB


def test_a_wrong_list_or_folder_costs_one_line(tmp_path: Path) -> None:
    (tmp_path / "liste.csv").write_text("a;b\n1;2\n")
    for more in (("--images", "."), ("--images", "nowhere")):
        done = recond("watch", "--lot", "L", "--manifest", "liste.csv", *more, folder=tmp_path)
        assert done.code == 2
        assert "Traceback" not in done.stderr
    assert recond("watch", "--manifest", "liste.csv", folder=tmp_path).code == 2


def test_a_rejected_disk_leaves_the_command_that_signs_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with watching(tmp_path, "A1") as bench:
        bench.plug("1", disk(tmp_path / "là", "A1"))
        image = dataclasses.replace(bench.seen.state("1", S.DONE, S.FAILED), state=S.FAILED)
    assert image.disk is not None
    assert destroyed_command(image, "L") is None, "an image is shredded by nobody"
    on_a_bus = dataclasses.replace(image.disk, kind=TargetKind.BLOCK)
    failed = dataclasses.replace(image, disk=on_a_bus)
    assert destroyed_command(failed, "L 7") == (
        "recond custody destroyed A1 --method shred --lot 'L 7'"
    )
    assert destroyed_command(dataclasses.replace(failed, record=None), "L") is None, "a loose cable"
    hostile = dataclasses.replace(on_a_bus, serial="A$(reboot); #\x1b[2J")
    told = destroyed_command(dataclasses.replace(failed, disk=hostile), None)
    assert told is not None
    assert shlex.split(told)[3] == hostile.serial
    for unclear in (
        dataclasses.replace(on_a_bus, serial=None),
        dataclasses.replace(on_a_bus, serial_of="box"),
    ):
        assert destroyed_command(dataclasses.replace(failed, disk=unclear), "L") is None
    for state in set(SlotState) - {S.FAILED}:
        assert destroyed_command(dataclasses.replace(failed, state=state), "L") is None
    show_summary(Screen("fr"), Summary("L", (dataclasses.replace(failed, disk=hostile), image), ()))
    shown = capsys.readouterr().out
    assert shown.count("custody destroyed A") + shown.count("custody destroyed 'A") == 1
    assert "\x1b" not in shown
