"""The live system's own service: settings in, results out, and a stick that fills up, is pulled,
is put back or is another one, on false processes and on a real FAT file system.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from recond.codec import to_json
from recond.flow.deliver.upload import add_destination, upload
from recond.flow.live.mirror import Places
from recond.flow.live.open_runs import is_settled
from recond.flow.live.start import ask, boot
from recond.flow.live.stick import (
    Keeper,
    Live,
    end,
    read_status,
    welcome,
    where_results_are,
)
from recond.flow.run.run import certify_again
from recond.flow.stateform import newest_form, write_form
from recond.host import Host
from recond.host.clock import SystemClock
from recond.host.journalfile import JournalFile
from recond.host.process import Completed, LocalProcesses
from recond.host.stick_mount import Media, Partition, find_partitions, mounted
from recond.host.store import write_whole
from recond.host.usage import read_uses
from recond.upload.send import Urgency
from tests.flow.bench import Bench as Runs
from tests.flow.bench import donor_image
from tests.guided.stage import HeldClock
from tests.image.sysfs import INNER, STICK, FakeDisk, Machine, first_partition
from tests.wipe.disks import HDD, plan_for

BOTH = '[stick]\nmode = "unattended"\nerase = "all"\nlot = "L 1"\n'
START = ("systemctl", "start", "--no-block", "recond-unattended")


class Mounts:
    """Mounts a folder for a stick, by a link; `refuses` is what the next mounts answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refuses = b""
        self.said: list[tuple[str, ...]] = []

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        self.said.append(argv)
        place = Path(argv[-1])
        if argv[0] == "mount":
            if self.refuses:
                return Completed(argv, 32, b"", self.refuses, 1)
            place.rmdir()
            place.symlink_to(self.folder)
        elif argv[0] == "umount":
            place.unlink()
            place.mkdir()
        return Completed(argv, 0, b"", b"", 1)


class Bench:
    """A live system with a stick in it, and a disk of the computer's own."""

    def __init__(self, folder: Path) -> None:
        self.machine = Machine(folder / "root")
        self.machine.plug(STICK)
        self.machine.plug(INNER)
        self.machine.came_from(STICK)
        self.stick = folder / "stick"
        self.stick.mkdir()
        self.mounts = Mounts(self.stick)
        self.clock = HeldClock()
        self.host = Host(self.mounts, self.machine.files, self.clock)
        self.live = Live(
            folder / "root/run/recond",
            folder / "etc/recond.toml",
            Places(folder / "state", folder / "out"),
            folder / "iwd",
            folder / "keyboard",
        )

    def result(self, name: str = "r1") -> None:
        """A run that is certified."""
        folder = self.live.places.out / name
        folder.mkdir(parents=True)
        (folder / "certificate.pdf").write_bytes(b"%PDF")

    def state(self) -> str:
        status = read_status(self.live)
        return status.state if status else ""

    @property
    def on_stick(self) -> list[str]:
        return sorted(str(path.relative_to(self.stick)) for path in self.stick.rglob("*.pdf"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# --- boot ------------------------------------------------------------------------------------


def test_a_stick_of_a_newer_recond_gives_no_orders_and_no_keys(bench: Bench) -> None:
    """The image of an older version, and what a newer one left on the stick."""
    (bench.stick / "recond.toml").write_text(BOTH)
    (bench.stick / "recond/keys").mkdir(parents=True)
    (bench.stick / "recond/keys/bench.p12").write_bytes(b"of the newer one")
    write_form(bench.stick / "recond", newest_form() + 1)
    assert not boot(bench.host, bench.live).unattended
    assert START not in bench.mounts.said
    assert not (bench.live.places.state / "keys").exists()
    status = read_status(bench.live)
    assert status is not None
    assert [one.code for one in status.notices] == ["stick.newer"]
    with_key(bench)
    bench.result()
    Keeper(bench.host, bench.live).look()
    assert bench.on_stick == ["certificats/r1/certificate.pdf"]
    assert (bench.stick / "recond/keys/bench.p12").read_bytes() == b"of the newer one"
    told = read_status(bench.live)
    assert told is not None
    assert told.keyless, "the key that signed is in memory only"


@pytest.mark.parametrize("size_bytes", [100, 3 << 20, 9 << 20])
def test_a_logo_comes_along_and_one_that_is_too_large_keeps_nothing_else_back(
    bench: Bench, size_bytes: int
) -> None:
    """A photograph of 3 MB: the stick's keys, runs and destinations were left on it."""
    (bench.stick / "recond.toml").write_text(BOTH)
    (bench.stick / "destinations.toml").write_text("# none")
    (bench.stick / "logo.png").write_bytes(bytes(size_bytes))
    boot(bench.host, bench.live)
    status = read_status(bench.live)
    assert status is not None
    assert status.notices == ()
    assert (bench.live.places.state / "destinations.toml").exists()
    taken = bench.live.settings.with_name("logo.png")
    assert taken.exists() is (size_bytes < 9 << 20)


def test_both_words_on_the_stick_start_the_run(bench: Bench) -> None:
    (bench.stick / "recond.toml").write_text(BOTH)
    assert boot(bench.host, bench.live).unattended
    assert START in bench.mounts.said
    assert [argv[argv.index("-o") + 1][:2] for argv in bench.mounts.said if argv[0] == "mount"] == [
        "ro"
    ], "at the start it is only read"
    assert "RECOND_LOT='L 1'" in (bench.live.run / "console.env").read_text()


@pytest.mark.parametrize(
    "text",
    [
        '[stick]\nmode = "unattended"\n',
        '[stick]\nerase = "all"\n',
        BOTH + 'end = "off"\n',
        BOTH + "[wifi]\nssid = 'x'\n",
        "\ufeff" + BOTH + "=",
        BOTH[:-3],
        "",
    ],
)
def test_anything_less_asks_a_person(bench: Bench, text: str) -> None:
    (bench.stick / "recond.toml").write_text(text)
    assert not boot(bench.host, bench.live).unattended
    assert START not in bench.mounts.said
    assert "RECOND_MODE=guided" in (bench.live.run / "console.env").read_text()


def test_a_mistake_is_said_on_the_console(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    (bench.stick / "recond.toml").write_text('[stick]\nerase = "ALL"\n')
    boot(bench.host, bench.live)
    welcome(bench.host, bench.live)
    assert "stick.erase" in capsys.readouterr().out


def test_a_stick_that_cannot_be_read_asks_a_person_and_says_so(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    (bench.stick / "recond.toml").write_text(BOTH)
    bench.mounts.refuses = b"mount: bad superblock"
    assert not boot(bench.host, bench.live).unattended
    welcome(bench.host, bench.live)
    assert "bad superblock" in capsys.readouterr().out


def test_what_the_network_gave_is_stronger_than_the_stick(bench: Bench) -> None:
    (bench.stick / "recond.toml").write_text(BOTH)
    given = bench.live.run / "given"
    given.mkdir(parents=True)
    (given / "recond.toml").write_text('[stick]\nlanguage = "en"\n')
    found = boot(bench.host, bench.live)
    assert (found.language, found.unattended) == ("en", False)


def test_the_wifi_is_written_for_root_alone(bench: Bench) -> None:
    (bench.stick / "recond.toml").write_text('[wifi]\nname = "Café 1"\npassword = "s3cret-pass"\n')
    boot(bench.host, bench.live)
    (file,) = bench.live.wifi.iterdir()
    assert file.name == f"={'Café 1'.encode().hex()}.psk"
    assert file.stat().st_mode & 0o777 == 0o600
    assert ("systemctl", "start", "--no-block", "iwd") in bench.mounts.said


def test_a_plain_name_of_a_wifi_is_written_as_it_is(bench: Bench) -> None:
    """iwd looks such a one up by its own name alone."""
    (bench.stick / "recond.toml").write_text(
        '[wifi]\nname = "Atelier 2"\npassword = "a\\\\b cdefg"\n'
    )
    boot(bench.host, bench.live)
    (file,) = bench.live.wifi.iterdir()
    assert file.name == "Atelier 2.psk"
    assert file.read_text() == "[Security]\nPassphrase=a\\\\b cdefg\n"


def begin_run(bench: Bench) -> JournalFile:
    """A run over the computer's own disk, as its worker holds it."""
    run = bench.live.places.state / "runs/20261127-000000-aaaaaaaa"
    (run / "jobs").mkdir(parents=True)
    (run / "journals").mkdir()
    (run / "jobs/INNER0001.json").write_text(
        json.dumps({"plan": {"disk": {"serial": "INNER0001", "wwn": None}}})
    )
    journal = JournalFile.create(run / "journals/INNER0001.jsonl")
    journal.append(b'{"kind":"open","data":{}}\n')
    plan = {"kind": "plan", "data": {"plan": to_json(plan_for(HDD))}}
    journal.append(json.dumps(plan).encode() + b"\n")
    return journal


@pytest.mark.parametrize("marked", [True, False])
def test_a_service_that_is_begun_anew_leaves_the_live_journals(bench: Bench, marked: bool) -> None:
    """Also where /run cannot tell that it booted: the worker's file is never replaced."""
    boot(bench.host, bench.live)
    journal = begin_run(bench)
    assert Keeper(bench.host, bench.live).look().state == "saved"
    journal.append(b'{"kind":"checkpoint","data":{}}\n')
    if not marked:
        bench.live.booted.unlink()
    boot(bench.host, bench.live)
    journal.append(b'{"kind":"end","data":{}}\n')
    assert journal.path.read_bytes().count(b"\n") == 4
    assert Keeper(bench.host, bench.live).look().state == "saved"
    there = bench.stick / "recond/runs/20261127-000000-aaaaaaaa/journals/INNER0001.jsonl"
    assert there.read_bytes() == journal.path.read_bytes()
    journal.close()


def test_an_unattended_run_is_started_once(bench: Bench) -> None:
    (bench.stick / "recond.toml").write_text(BOTH)
    boot(bench.host, bench.live)
    (bench.stick / "recond.toml").write_text(BOTH + 'end = "poweroff"\n')
    said = len(bench.mounts.said)
    assert not boot(bench.host, bench.live).unattended
    assert len(bench.mounts.said) == said, "the stick is not even looked at"
    assert bench.mounts.said.count(START) == 1


# --- keep ------------------------------------------------------------------------------------


def test_a_full_memory_folder_neither_ends_the_keeper_nor_says_saved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot(bench.host, bench.live)
    keeper = Keeper(bench.host, bench.live)
    bench.result()

    def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
        if path.is_relative_to(bench.live.run):
            raise OSError(28, "No space left on device")
        write_whole(path, content, mode=mode)

    with monkeypatch.context() as patch:
        patch.setattr("recond.flow.live.stick.write_whole", write)
        patch.setattr("recond.host.stick.write_whole", write)
        assert keeper.look().state == "saved"
        assert bench.on_stick == ["certificats/r1/certificate.pdf"]
        bench.machine.pull(STICK)
        assert keeper.look().state == "absent"
        bench.machine.plug(STICK)
        keeper.look()
        assert not end(bench.host, bench.live), "nobody can know it here"
    assert keeper.look().state == "saved"
    assert end(bench.host, bench.live)


def test_results_reach_the_stick_and_it_is_put_away_each_time(bench: Bench) -> None:
    boot(bench.host, bench.live)
    bench.result()
    assert Keeper(bench.host, bench.live).look().state == "saved"
    assert bench.on_stick == ["certificats/r1/certificate.pdf"]
    verbs = [argv[0] for argv in bench.mounts.said]
    assert verbs.count("mount") == verbs.count("umount")


def test_a_pulled_stick_loses_nothing_and_gets_all_when_it_is_back(bench: Bench) -> None:
    boot(bench.host, bench.live)
    keeper = Keeper(bench.host, bench.live)
    bench.machine.pull(STICK)
    bench.result()
    status = keeper.look()
    assert (status.state, status.unsaved) == ("absent", 1)
    assert not end(bench.host, bench.live), "this computer must not be switched off"
    bench.machine.plug(replace(STICK, diskseq=9))
    assert keeper.look().state == "saved"
    assert bench.on_stick == ["certificats/r1/certificate.pdf"]
    assert end(bench.host, bench.live)


def test_another_stick_gets_everything_and_is_never_offered(bench: Bench) -> None:
    boot(bench.host, bench.live)
    keeper = Keeper(bench.host, bench.live)
    bench.result("r1")
    keeper.look()
    bench.machine.pull(STICK)
    shutil.rmtree(bench.stick / "certificats")  # the other one is empty
    bench.machine.plug(FakeDisk("sdc", 32, "RECOND", serial="OTHER", diskseq=9))
    bench.result("r2")
    assert keeper.look().state == "saved"
    assert len(bench.on_stick) == 2
    media = json.loads((bench.live.run / "medium.json").read_bytes())["media"]
    assert {one["serial"] for one in media} == {"STICK0001", "OTHER"}


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (OSError(28, "No space left on device"), "full"),
        (OSError(5, "I/O error"), "unwritable"),
        (OSError(30, "Read-only file system"), "unwritable"),
    ],
)
def test_trouble_with_a_stick_is_said_and_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: OSError, state: str
) -> None:
    boot(bench.host, bench.live)
    keeper = Keeper(bench.host, bench.live)
    bench.result()

    def fail(_: int) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("recond.flow.live.mirror.write_whole", lambda *_: fail(0))
        assert (keeper.look().state, bench.state()) == (state, state)
    assert not end(bench.host, bench.live)
    tried = len(bench.mounts.said)
    bench.clock.time_s = 0.0  # `end` let time go by; now it stands
    keeper = Keeper(bench.host, bench.live)
    assert keeper.look().state == "saved"
    assert len(bench.mounts.said) > tried
    assert end(bench.host, bench.live)


def test_a_stick_in_trouble_is_left_alone_for_a_while(bench: Bench) -> None:
    boot(bench.host, bench.live)
    keeper = Keeper(bench.host, bench.live)
    bench.result()
    bench.mounts.refuses = b"mount: I/O error"
    keeper.look()
    tried = len(bench.mounts.said)
    keeper.look()
    assert len(bench.mounts.said) == tried
    bench.clock.sleep(16)
    keeper.look()
    assert len(bench.mounts.said) > tried


def test_what_a_person_is_told_of_the_copies_is_true_at_that_moment(
    bench: Bench, tmp_path: Path
) -> None:
    assert where_results_are(replace(bench.live, run=tmp_path / "nowhere")) is None
    boot(bench.host, bench.live)
    keeper = Keeper(bench.host, bench.live)
    keeper.look()
    told = []
    for act in (bench.result, keeper.look, lambda: bench.machine.pull(STICK), keeper.look):
        act()
        status = where_results_are(bench.live)
        assert status is not None
        told.append((status.state, status.unsaved))
    assert told == [("copying", 1), ("saved", 0), ("saved", 0), ("absent", 0)]


# --- welcome ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("running", "recond attach"),
        ("stopped", "recond resume"),
        ("uncertified", "recond guided"),
        ("missing", "n’est pas là"),
    ],
)
def test_a_console_says_how_a_run_was_left_and_no_other(
    bench: Bench,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    says: str,
) -> None:
    boot(bench.host, bench.live)
    journal = begin_run(bench)
    if how != "running":
        if how == "uncertified":
            journal.append(b'{"kind":"end","data":{}}\n')
        journal.close()
    if how == "stopped":  # its disk is here
        monkeypatch.setattr("recond.flow.run.unfinished._can_go_on", lambda *_: plan_for(HDD))
    if how == "missing":
        monkeypatch.setattr("recond.flow.run.unfinished._can_go_on", lambda *_: None)
    assert not is_settled(bench.host, bench.live.places)
    welcome(bench.host, bench.live)
    told = capsys.readouterr().out
    assert says in told
    line = next(line for line in told.splitlines() if says in line)
    assert ("recond resume" in told) is (how in ("stopped", "missing"))
    assert ("certificat" in line) is (how != "missing")
    if how == "running":
        journal.close()


def test_a_damaged_run_is_said_and_keeps_the_screen(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    boot(bench.host, bench.live)
    assert is_settled(bench.host, bench.live.places)
    journal = begin_run(bench)
    journal.append(b'{"kind":"plan","data":{"plan":1}}\n')
    journal.close()
    welcome(bench.host, bench.live)
    assert "recond guided" in capsys.readouterr().out
    assert not is_settled(bench.host, bench.live.places)


CONSOLE = Path(__file__).parents[2] / "packaging/image/root/usr/lib/recond/console"


@pytest.mark.parametrize(
    ("code", "settled", "clears"), [(0, 0, 2), (0, 1, 1), (1, 0, 1), (1, 1, 1), (130, 0, 1)]
)
def test_what_recond_said_last_is_wiped_only_where_nothing_is_left_to_do(
    tmp_path: Path, code: int, settled: int, clears: int
) -> None:
    """The console's own script, with false tools; the first clearing is before recond."""
    said = tmp_path / "said"
    text = CONSOLE.read_text(encoding="utf-8")
    for before, after in (
        ("/usr/lib/recond/stick", "stick"),
        ("/usr/lib/recond/dialogue", "dialogue"),
        ("exec bash --login", "exit 0"),
        ("/run/recond/console.env", str(tmp_path / "none")),
        ("PATH=/usr/local/sbin", f"PATH={tmp_path}:/usr/local/sbin"),
    ):
        assert before in text
        text = text.replace(before, after)
    for name, does in {
        "tty": "echo /dev/tty1",
        "setfont": ":",
        "clear": f"echo clear >>{said}",
        "systemctl": ":",
        "dialogue": f"echo dialogue >>{said}; exit {code}",
        "stick": f"echo $1 >>{said}; [ $1 != settled ] || exit {settled}",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    subprocess.run(["bash", "-c", text], check=True, cwd=tmp_path, capture_output=True)
    words = said.read_text().split()
    assert words.count("clear") == clears
    assert [word for word in words if word in ("dialogue", "welcome")] == ["dialogue", "welcome"]


# --- end -------------------------------------------------------------------------------------


def test_a_result_that_came_since_the_last_look_is_waited_for(bench: Bench) -> None:
    boot(bench.host, bench.live)
    Keeper(bench.host, bench.live).look()
    bench.result()
    assert bench.state() == "saved", "what was said before the result was there"
    assert not end(bench.host, bench.live)


def test_a_computer_whose_worker_writes_must_stay_on(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    boot(bench.host, bench.live)
    journal = begin_run(bench)
    assert Keeper(bench.host, bench.live).look().state == "saved"
    assert not end(bench.host, bench.live)
    told = capsys.readouterr().out
    assert "recond attach" in told
    assert "éteint" not in told
    journal.close()
    assert end(bench.host, bench.live)


def test_all_is_on_the_stick_only_with_the_certificate_of_the_key_that_signed(
    bench: Bench,
) -> None:
    """The stick holds another computer's key."""
    boot(bench.host, bench.live)
    keeper = Keeper(bench.host, bench.live)
    for place, owner in ((bench.stick / "recond", "A"), (bench.live.places.state, "B")):
        (place / "keys").mkdir(parents=True)
        (place / "keys/bench.pem").write_text(owner)
    (bench.live.places.state / "bench-id").write_text("b2\n")
    bench.result()
    assert not end(bench.host, bench.live)
    keeper.look()
    assert end(bench.host, bench.live)
    assert (bench.stick / "recond/keys/bench.pem").read_text() == "A"
    assert (bench.stick / "recond/benches/b2/keys/bench.pem").read_text() == "B"
    again = Keeper(bench.host, bench.live)  # and one that is begun anew goes on from there
    mounts = bench.mounts.said.count(("umount", str(bench.live.run / "stick")))
    assert again.look().state == "saved"
    assert bench.mounts.said.count(("umount", str(bench.live.run / "stick"))) == mounts


def test_what_reached_every_destination_may_be_switched_off(bench: Bench, tmp_path: Path) -> None:
    """A certificate that was issued anew (of a run that was gone on with) had the former receipt:
    the computer was let go with the only copy in its memory.
    """
    bench.machine.pull(STICK)
    boot(bench.host, bench.live)
    there = Runs(tmp_path)
    assert (there.state, tmp_path / "out") == (bench.live.places.state, bench.live.places.out)
    there.run(donor_image(tmp_path / "a.img", 1 << 16))
    (tmp_path / "stock").mkdir()
    add_destination(there.state, "stock", "folder", {"path": str(tmp_path / "stock")})

    def sent() -> bool:
        return upload(there.state, (), SystemClock(), urgency=Urgency()).exit_code == 0

    assert not end(bench.host, bench.live)
    assert sent()
    assert end(bench.host, bench.live)
    (run,) = there.runs()
    certify_again(run, there.state, Host(), None, "fr")
    assert not end(bench.host, bench.live)
    assert sent()
    assert end(bench.host, bench.live)
    bench.result("r2")
    assert not end(bench.host, bench.live)


# --- A real FAT file system ------------------------------------------------------------------


@pytest.fixture
def fat(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A stick of 2 MiB as a loop device: (its file, the device)."""
    if os.geteuid() != 0:
        pytest.skip("needs root for loop devices")
    if shutil.which("mkfs.fat") is None:
        pytest.skip("no mkfs.fat on this computer")
    file = tmp_path / "fat.img"
    file.write_bytes(bytes(2 << 20))
    subprocess.run(["mkfs.fat", "-n", "RECOND", file], check=True, capture_output=True)
    done = subprocess.run(
        ["losetup", "--find", "--show", file], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no loop device here: {done.stderr.strip()}")
    yield file, done.stdout.strip()
    subprocess.run(["losetup", "--detach", done.stdout.strip()], check=True)


def test_a_real_stick_that_is_full_stays_whole(
    fat: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, device = fat
    bench = Bench(tmp_path)
    partition = Partition(device, "x#")  # of no disk of this machine's tree: it has no number
    monkeypatch.setattr(Media, "partitions", lambda *_: (partition,))
    bench.host = replace(bench.host, processes=LocalProcesses())
    probe = tmp_path / "probe"
    try:
        with mounted(LocalProcesses(), bench.machine.files, partition, write=False, place=probe):
            pass
    except OSError as error:
        pytest.skip(f"no vfat here: {error}")
    boot(bench.host, bench.live)
    keeper = Keeper(bench.host, bench.live)
    bench.result("r1")
    assert keeper.look().state == "saved"
    big = bench.live.places.out / "r2"
    big.mkdir()
    (big / "record.json").write_bytes(b"x" * (3 << 20))
    assert (keeper.look().state, bench.state()) == ("full", "full")
    assert not end(bench.host, bench.live)
    assert not os.path.ismount(bench.live.run / "stick")
    checked = subprocess.run(["fsck.fat", "-n", file], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    with mounted(
        LocalProcesses(), bench.machine.files, partition, write=False, place=probe
    ) as stick:
        assert (stick / "certificats/r1/certificate.pdf").read_bytes() == b"%PDF"
        assert not [path for path in stick.rglob("*") if path.name.endswith(".new")]
        assert not (stick / "certificats/r2/record.json").exists()
    shutil.rmtree(big)
    bench.clock.sleep(16)
    assert keeper.look().state == "saved"


# --- Whose word counts -----------------------------------------------------------------------

CARD = FakeDisk("sdc", 32, "RECOND", serial="DONOR0042", model="Card", diskseq=900)
"""Plugged in later than anything else: a donor's, with orders and room for a key."""


def with_key(bench: Bench) -> None:
    """The workshop's key in memory, as the stick of the start brought it."""
    keys = bench.live.places.state / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    (keys / "bench.p12").write_text("private")
    (keys / "bench.pem").write_text("public")


def keys_on(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if "keys" in path.parts and path.is_file()}


@pytest.mark.parametrize("later", [True, False])
def test_of_two_cards_the_one_that_was_booted_gives_the_orders(
    bench: Bench, capsys: pytest.CaptureFixture[str], later: bool
) -> None:
    (bench.stick / "recond.toml").write_text('[stick]\nlot = "L 1"\n')
    bench.machine.plug(CARD if later else replace(CARD, diskseq=1))
    assert not boot(bench.host, bench.live).unattended
    assert [argv[-2] for argv in bench.mounts.said if argv[0] == "mount"] == ["/dev/sdb1"]
    welcome(bench.host, bench.live)
    assert "DONOR0042" in capsys.readouterr().out
    with_key(bench)
    bench.result()
    assert Keeper(bench.host, bench.live).look().state == "saved"
    assert {argv[-2] for argv in bench.mounts.said if argv[0] == "mount"} == {"/dev/sdb1"}
    assert keys_on(bench.stick) == {"bench.p12", "bench.pem"}


@pytest.mark.parametrize("orders", [BOTH, ""])
def test_a_card_of_which_nothing_shows_that_it_was_booted_gives_none(
    bench: Bench, capsys: pytest.CaptureFixture[str], orders: str
) -> None:
    """A start over the network, or from a CD."""
    bench.machine.write("run/recond/came-from", "")
    (bench.stick / "recond.toml").write_text(orders)
    (bench.stick / "recond/keys").mkdir(parents=True)
    (bench.stick / "recond/keys/bench.p12").write_text("a key of whoever made the card")
    assert boot(bench.host, bench.live).mode == "guided"
    assert START not in bench.mounts.said
    assert "mount" not in [argv[0] for argv in bench.mounts.said]
    assert not keys_on(bench.live.places.state)
    welcome(bench.host, bench.live)
    told = capsys.readouterr().out
    assert "STICK0001" in told
    assert "stick ask" in told


def test_a_card_plugged_in_later_gets_results_and_no_key(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    boot(bench.host, bench.live)
    with_key(bench)
    keeper = Keeper(bench.host, bench.live)
    bench.machine.pull(STICK)
    bench.machine.plug(CARD)
    bench.result()
    assert (keeper.look().state, keeper.look().keyless) == ("saved", True)
    assert bench.on_stick == ["certificats/r1/certificate.pdf"]
    assert not keys_on(bench.stick)
    capsys.readouterr()
    assert end(bench.host, bench.live)
    assert "clé de signature" in capsys.readouterr().out
    again = Keeper(bench.host, bench.live)  # after a crash of its own too
    bench.result("r2")
    assert again.look().state == "saved"
    assert not keys_on(bench.stick)
    bench.machine.plug(replace(STICK, diskseq=901))  # put back, the card still in
    assert (again.look().state, again.look().keyless) == ("saved", False)
    assert keys_on(bench.stick) == {"bench.p12", "bench.pem"}


def test_a_copy_of_the_stick_with_its_number_is_not_the_stick(bench: Bench) -> None:
    boot(bench.host, bench.live)
    with_key(bench)
    bench.machine.plug(replace(CARD, serial=STICK.serial, model=STICK.model))
    found = find_partitions(bench.machine.files)
    assert [(one.disk, one.own) for one in found] == [("sdb", True), ("sdc", False)]
    bench.machine.pull(STICK)
    bench.machine.plug(replace(STICK, diskseq=901))
    assert not any(one.own for one in find_partitions(bench.machine.files)), "two bear the number"
    bench.result()
    assert Keeper(bench.host, bench.live).look().keyless
    assert not keys_on(bench.stick)


def test_a_stick_without_a_number_gets_no_key_once_it_was_pulled(bench: Bench) -> None:
    nameless = replace(STICK, serial=None)
    bench.machine.pull(STICK)
    bench.machine.plug(nameless)
    boot(bench.host, bench.live)
    with_key(bench)
    found = first_partition(bench.machine.files)
    assert found is not None
    assert found.own
    bench.machine.plug(replace(nameless, diskseq=900))
    bench.result()
    assert Keeper(bench.host, bench.live).look().keyless
    assert not keys_on(bench.stick)


@pytest.mark.parametrize(
    ("serial", "counts"),
    [("DONOR0042", True), ("donor0042", False), ("0042", False), ("ABSENT", False)],
)
def test_a_serial_on_the_kernels_line_chooses_and_nothing_like_it(
    bench: Bench, serial: str, counts: bool
) -> None:
    """Over the network nobody sits there: the whole number, and both words, are asked for."""
    bench.machine.write("run/recond/came-from", "")
    bench.machine.plug(CARD)
    bench.machine.write("proc/cmdline", f"boot=live recond.stick={serial}")
    (bench.stick / "recond.toml").write_text(BOTH)
    assert boot(bench.host, bench.live).unattended is counts
    mounts = [argv[-2] for argv in bench.mounts.said if argv[0] == "mount"]
    assert mounts == (["/dev/sdc1"] if counts else [])
    status = read_status(bench.live)
    assert status is not None
    assert any(one.code == "stick.named_absent" for one in status.notices) is not counts


def test_a_medium_that_is_named_takes_no_protection_from_the_stick_of_an_iso_file(
    bench: Bench,
) -> None:
    """Ventoy's stick, from memory, and another one whose orders count: erase everything on USB."""
    bench.machine.pull(STICK)
    bench.machine.plug(replace(STICK, label="Ventoy"))
    bench.machine.plug(CARD)
    bench.machine.write("proc/cmdline", "boot=live recond.stick=DONOR0042")
    (bench.stick / "recond.toml").write_text(BOTH)
    assert boot(bench.host, bench.live).unattended
    uses = {name: read_uses(bench.machine.files, name) for name in ("sda", "sdb", "sdc")}
    assert {name: {use.kind for use in found} for name, found in uses.items()} == {
        "sda": set(),
        "sdb": {"medium"},
        "sdc": {"medium"},
    }
    found = first_partition(bench.machine.files)
    assert found is not None
    assert (found.disk, found.own) == ("sdc", True)


def test_a_number_that_two_bear_chooses_none_of_them(bench: Bench) -> None:
    bench.machine.plug(CARD)
    bench.machine.plug(replace(CARD, name="sdd", number=48, diskseq=901))
    bench.machine.write("proc/cmdline", "boot=live recond.stick=DONOR0042")
    (bench.stick / "recond.toml").write_text(BOTH)
    assert not boot(bench.host, bench.live).unattended
    assert "mount" not in [argv[0] for argv in bench.mounts.said]


@pytest.mark.parametrize("trouble", ["absent", "doubled", "unreadable", "newer"])
def test_no_order_is_carried_out_unasked_without_the_medium_that_was_named(
    bench: Bench, trouble: str
) -> None:
    """Its lot, its key and its destinations are what the line counts on."""
    if trouble != "absent":
        bench.machine.plug(CARD)
    if trouble == "doubled":
        bench.machine.plug(replace(CARD, name="sdd", number=48, diskseq=901))
    if trouble == "unreadable":
        bench.mounts.refuses = b"mount: bad superblock"
    if trouble == "newer":
        (bench.stick / "recond").mkdir()
        write_form(bench.stick / "recond", newest_form() + 1)
    words = "recond.mode=unattended recond.erase=all+usb recond.stick=DONOR0042"
    bench.machine.write("proc/cmdline", f"boot=live {words}")
    assert not boot(bench.host, bench.live).unattended
    assert START not in bench.mounts.said


def test_a_card_that_came_into_the_sticks_place_while_it_was_mounted(bench: Bench) -> None:
    """Found as the stick, pulled, and another disk of the same name: no orders of it, no key."""
    mount, card = bench.mounts.run, replace(CARD, name="sdb", number=STICK.number)

    def swap(argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        if argv[0] == "mount":
            bench.machine.pull(STICK)
            bench.machine.plug(card)
        return mount(argv, timeout_s=timeout_s)

    bench.mounts.run = swap  # type: ignore[method-assign]
    (bench.stick / "recond.toml").write_text(BOTH)
    assert not boot(bench.host, bench.live).unattended
    bench.machine.pull(card)
    bench.machine.plug(STICK)
    with_key(bench)
    assert Keeper(bench.host, bench.live).look().state == "unwritable"
    assert not keys_on(bench.stick)


@pytest.mark.parametrize(
    ("typed", "disk"),
    [
        ("0042", "sdc"),
        (" donor 0042 ", "sdc"),
        ("0001", "sdb"),
        ("42", None),
        ("", None),
        ("9999", None),
    ],
)
def test_a_person_at_the_console_says_which_by_its_number(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, typed: str, disk: str | None
) -> None:
    bench.machine.write("run/recond/came-from", "")
    bench.machine.plug(CARD)
    (bench.stick / "recond.toml").write_text(BOTH)
    (bench.stick / "recond/keys").mkdir(parents=True)
    (bench.stick / "recond/keys/bench.p12").write_text("the workshop's")
    boot(bench.host, bench.live)
    asked: list[str] = []

    def answer(text: str) -> str:
        asked.append(text)
        return typed

    monkeypatch.setattr("recond.flow.live.start.read_line", answer)
    ask(bench.host, bench.live)
    assert asked
    mounts = [argv[-2] for argv in bench.mounts.said if argv[0] == "mount"]
    assert mounts == ([f"/dev/{disk}1"] if disk else [])
    environment = (bench.live.run / "console.env").read_text()
    assert "RECOND_MODE=guided" in environment
    assert START not in bench.mounts.said, "who answers is there: nothing is erased unasked"
    assert ("RECOND_LOT='L 1'" in environment) is bool(disk)
    assert keys_on(bench.live.places.state) == ({"bench.p12"} if disk else set())
    found = first_partition(bench.machine.files)
    assert found is not None
    assert found.own is bool(disk)
    asked.clear()
    ask(bench.host, bench.live)
    assert bool(asked) is not bool(disk), "asked again only where nothing was taken"


def test_nobody_is_asked_where_the_start_is_known(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.machine.plug(CARD)
    boot(bench.host, bench.live)
    monkeypatch.setattr("recond.flow.live.start.read_line", lambda _: pytest.fail("asked"))
    ask(bench.host, bench.live)


MEDIUM = "/run/live/medium"
ON_STICK = "29 1 8:17 / /run/live/findiso ro - exfat /dev/sdb1 ro"
NOTE = Path(__file__).parents[2] / "packaging/image/initramfs/came-from"


@pytest.mark.parametrize(
    ("mounts", "noted"),
    [
        (f"30 1 8:17 / {MEDIUM} ro - iso9660 /dev/sdb1 ro", "41"),
        (f"30 1 8:16 / {MEDIUM} ro - iso9660 /dev/sdb ro", "41"),
        (f"30 1 0:25 / {MEDIUM} rw - tmpfs tmpfs rw", None),
        ("30 1 8:17 / /run/live/other ro - iso9660 /dev/sdb1 ro", None),
        # an ISO file: a loop over a file of the stick's first partition, or Ventoy's mapping of it
        (f"{ON_STICK}\n30 1 7:0 / {MEDIUM} ro - iso9660 /dev/loop0 ro", "41"),
        (f"30 1 7:0 / {MEDIUM} ro - iso9660 /dev/loop0 ro", None),
        (f"30 1 253:0 / {MEDIUM} ro - iso9660 /dev/dm-0 ro", "41"),
        (f"30 1 253:1 / {MEDIUM} ro - iso9660 /dev/dm-1 ro", "41\n77"),
    ],
)
def test_the_memory_disk_writes_down_what_it_came_from(
    tmp_path: Path, mounts: str, noted: str | None
) -> None:
    """The script itself, called as live-boot calls it, over a false /sys and /proc."""
    disk = tmp_path / "sys/devices/usb1/block/sdb"
    (disk / "sdb1").mkdir(parents=True)
    (disk / "diskseq").write_text("41\n")
    (disk / "sdb1/dev").write_text("8:17\n")
    virtual = tmp_path / "sys/devices/virtual/block"
    for name, sequence in (("loop0", "90"), ("dm-0", "91"), ("dm-1", "92"), ("sdc", "77")):
        (virtual / name / "slaves").mkdir(parents=True)
        (virtual / name / "diskseq").write_text(f"{sequence}\n")
    (virtual / "sdc/dev").write_text("8:32\n")
    (virtual / "loop0/loop").mkdir()
    (virtual / "loop0/loop/backing_file").write_text("/run/live/findiso/iso/recond 1.iso\n")
    for above, below in (
        ("dm-0", disk / "sdb1"),
        ("dm-1", disk / "sdb1"),
        ("dm-1", virtual / "sdc"),
    ):
        (virtual / above / "slaves" / below.name).symlink_to(below)
    numbers = tmp_path / "sys/dev/block"
    numbers.mkdir(parents=True)
    (numbers / "8:16").symlink_to("../../devices/usb1/block/sdb")
    (numbers / "8:17").symlink_to("../../devices/usb1/block/sdb/sdb1")
    for number, name in (("7:0", "loop0"), ("253:0", "dm-0"), ("253:1", "dm-1"), ("8:32", "sdc")):
        (numbers / number).symlink_to(f"../../devices/virtual/block/{name}")
    (tmp_path / "mountinfo").write_text(f"21 1 0:2 / / rw - rootfs rootfs rw\n{mounts}\n")
    text = NOTE.read_text(encoding="utf-8")
    for before, after in (
        ("/sys/dev", f"{tmp_path}/sys/dev"),
        ("/proc/self/mountinfo", f"{tmp_path}/mountinfo"),
        ("/run/recond", f"{tmp_path}/run/recond"),
    ):
        assert before in text
        text = text.replace(before, after)
    subprocess.run(["sh", "-eu", "-c", f"{text}\nVerify_checksums /run/live/medium"], check=True)
    note = tmp_path / "run/recond/came-from"
    assert (note.read_text().strip() if note.exists() else None) == noted


@pytest.mark.parametrize(
    "card",
    [
        replace(CARD, serial=STICK.serial),
        replace(CARD, serial=STICK.serial, model=STICK.model, name="mmcblk0", kind="SD"),
    ],
)
def test_a_medium_of_another_make_with_the_sticks_number_gets_no_key(
    bench: Bench, card: FakeDisk
) -> None:
    boot(bench.host, bench.live)
    with_key(bench)
    bench.machine.pull(STICK)
    bench.machine.plug(card)
    bench.result()
    assert Keeper(bench.host, bench.live).look().keyless
    assert bench.on_stick == ["certificats/r1/certificate.pdf"]
    assert not keys_on(bench.stick)


@pytest.mark.parametrize("first", [True, False])
def test_a_number_that_two_media_were_seen_with_tells_neither_later(
    bench: Bench, first: bool
) -> None:
    """The copy stays when the stick of the start is pulled; it came before or after `boot`."""
    copy = replace(CARD, serial=STICK.serial, model=STICK.model)
    if first:
        bench.machine.plug(copy)
    boot(bench.host, bench.live)
    with_key(bench)
    keeper = Keeper(bench.host, bench.live)
    keeper.look()
    bench.machine.plug(copy)
    assert not keeper.look().keyless
    assert keys_on(bench.stick) == {"bench.p12", "bench.pem"}
    bench.machine.pull(STICK)
    shutil.rmtree(bench.stick / "recond")
    assert keeper.look().keyless
    assert not keys_on(bench.stick)
    bench.machine.pull(copy)
    bench.machine.plug(replace(STICK, diskseq=901))
    assert keeper.look().keyless, "it may be the copy: a person says which"
