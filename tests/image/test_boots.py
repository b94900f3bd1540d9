"""The image starts each kind of computer, erases its disks and leaves the proof on the stick.

What was erased is read from outside, from the disks' own files; the stick is read as a FAT
partition and compared with the image byte for byte everywhere else.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import CalledProcessError, Popen, run
from typing import Any

import pytest

from tests.image.computer import DISK_BYTES, FIRMWARE, GRUB, MARK, OVMF, Computer

ROOT = Path(__file__).parents[2]

ORDER = """[stick]
mode = "unattended"
erase = "all"
lot = "LAB 1"
end = "poweroff"
[workshop]
name = "Bricol'Café du lab"
"""


def the_record(taken: Path) -> dict[str, Any]:
    """The one record on the stick, after its certificate was verified as a donor would."""
    (folder,) = (taken / "certificats").iterdir()
    # a medium that this start did not come from has the public certificate only
    own, public = taken / "recond/keys/bench.pem", [*taken.glob("recond/benches/*/keys/bench.pem")]
    # each start is a bench of its own, also one that was cut off, and all have the stick's key
    assert len({file.read_bytes() for file in public}) == 1
    done = run(
        [
            sys.executable,
            "-m",
            "recond",
            "verify",
            folder,
            "--trust",
            own if own.exists() else public[0],
            "--state",
            taken / "no-state",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "record.json").read_bytes())
    return found


@pytest.mark.parametrize(
    ("firmware", "memory_mib"),
    [
        ("bios", 2048),
        ("uefi", 2048),
        ("secure", 2048),
        ("uefi", 1024),
        ("bios", 1024),
        ("uefi32", 2048),
    ],
)
def test_an_unattended_run(image: Path, tmp_path: Path, firmware: str, memory_mib: int) -> None:
    needed = FIRMWARE[firmware]
    if needed is not None and not (OVMF / needed[0]).exists():
        pytest.skip(f"{OVMF / needed[0]} is not here (Debian's ovmf, ovmf-ia32)")
    computer = Computer(tmp_path, image)
    computer.put("recond.toml", ORDER)
    computer.run(firmware, memory_mib)
    for disk in computer.disks.values():
        assert disk.stat().st_size == DISK_BYTES
        assert not any(disk.read_bytes())
    assert computer.check_fat() == 0
    assert not computer.changed_outside_fat()
    record = the_record(computer.take())
    assert list(computer.take().glob("recond/keys/bench.p12")), "the stick of the start has the key"
    assert record["lot"] == "LAB 1"
    assert record["workshop"]["name"] == "Bricol'Café du lab"
    results = {one["disk"]["serial"]: one["result"] for one in record["erasures"]}
    for serial in computer.disks:
        assert results[serial]["status"] == "erased"
        assert results[serial]["verdict"] == "approved"
    if "RECONDSTICK1" in results:
        assert results["RECONDSTICK1"]["status"] == "refused"
    secure = record["machine"]["firmware"]["secure_boot"].get("value")
    assert (secure is True) == (firmware == "secure")


@pytest.mark.parametrize(
    ("memory_mib", "menu"), [(2048, False), (1024, False), (2048, True)], ids=["2g", "1g", "grub"]
)
def test_the_image_as_a_file_on_a_stick(
    image: Path, tmp_path: Path, memory_mib: int, menu: bool
) -> None:
    """With the order to erase sticks too: the one that the file lies on is not touched, also where
    the system runs from memory and nothing of it is mounted any more.
    """
    if menu and not GRUB.exists():
        pytest.skip(f"{GRUB} is not here (Debian's grub-efi-amd64-bin)")
    computer = Computer(tmp_path, image)
    start = computer.keep_as_file(image, menu=menu)
    computer.put("recond.toml", ORDER.replace('"all"', '"all+usb"'))
    computer.run("uefi" if menu else "bios", memory_mib, *start)
    the_stick_of_the_file_was_kept(computer)


def the_stick_of_the_file_was_kept(computer: Computer) -> None:
    """Refused as what the system came from, and for no other reason; all else is erased."""
    for disk in computer.disks.values():
        assert not any(disk.read_bytes())
    assert computer.check_fat() == 0
    assert not computer.changed_outside_fat()
    taken = computer.take()
    results = {one["disk"]["serial"]: one["result"] for one in the_record(taken)["erasures"]}
    assert all(results[serial]["verdict"] == "approved" for serial in computer.disks)
    stick = results["RECONDSTICK1"]
    assert stick["status"] == "refused"
    assert {reason["code"] for reason in stick["reasons"]} == {"wipe.refusal.medium"}
    assert list(taken.glob("recond/keys/bench.p12")), "RECOND lies on the medium of the start"


@pytest.mark.parametrize(
    ("firmware", "memory_mib"), [("bios", 2048), ("uefi", 2048), ("uefi", 1024)]
)
def test_ventoys_own_loader(ventoy: Path, tmp_path: Path, firmware: str, memory_mib: int) -> None:
    """Its normal mode: the memory disk finds the image through a mapping that Ventoy lays over the
    file, and that stays afterwards.
    """
    computer = Computer(tmp_path, ventoy)
    computer.put("recond.toml", ORDER.replace('"all"', '"all+usb"'))
    computer.run(firmware, memory_mib)
    the_stick_of_the_file_was_kept(computer)


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_a_cd(image: Path, tmp_path: Path, firmware: str) -> None:
    """Nothing shows which stick is the workshop's: its orders count once a person names it."""
    computer = Computer(tmp_path, image)
    computer.start_from_cd(image)
    computer.put("recond.toml", ORDER)
    with running(computer, firmware=firmware):
        wait_for(computer.said, "Lequel est la cl")
        computer.type("tick1\r")
        wait_for(computer.said, "employ(.|\n)*Essayer les pi")
    for disk in computer.disks.values():
        assert disk.read_bytes().startswith(MARK), "a person is there: nobody is passed over"


def test_one_word_alone_erases_nothing(image: Path, tmp_path: Path) -> None:
    """And the dialogue over the serial line asks."""
    computer = Computer(tmp_path, image)
    computer.put("recond.toml", '[stick]\nmode = "unattended"\n')
    with running(computer):
        wait_for(computer.said, "Essayer les pi")
    assert not computer.changed_outside_fat()
    for disk in computer.disks.values():
        assert disk.read_bytes().startswith(MARK * 1000)


def test_a_power_cut_in_the_middle(image: Path, tmp_path: Path) -> None:
    """The next start offers to go on, and ends it; nothing listens on the network meanwhile."""
    computer = Computer(tmp_path, image)
    computer.put("recond.toml", ORDER)
    computer.write_bps = 1 << 20
    with running(computer):
        wait_for(lambda: str(checkpoints_on_stick(computer)), r"[2-9]")
    for disk in computer.disks.values():
        raw = disk.read_bytes()
        assert not raw[: 4 << 20].strip(b"\0")
        assert MARK in raw[-(4 << 20) :]
    computer.put("recond.toml", ORDER.replace('"unattended"', '"guided"'))
    computer.write_bps = 0
    with running(computer, "-netdev", "user,id=net", "-device", "e1000,netdev=net") as process:
        wait_for(computer.screen, "affichage simple")
        computer.press("down", "down", "ret")
        wait_for(computer.screen, "EST PAS FINI .disque LAB")
        computer.picture(tmp_path / "offered.ppm")
        computer.press("r")
        # LABNV0 and LABSATA0, as in the volunteer's test
        wait_for(computer.screen, "4 sur 6(.|\n)*Disque 1 sur 2")
        computer.press("shift-b", "shift-n", "shift-v", "shift-0", "ret")
        wait_for(computer.screen, "Disque 2 sur 2")
        computer.press("shift-q", "shift-t", "shift-q", "shift-0", "ret")
        wait_for(computer.screen, r"valid.s.: 2 sur 2")
        wait_for(computer.screen, "Tout est sur la cl")
        computer.press("ret")
        wait_for(computer.screen, "recond guided")
        computer.press("s", "s", "spc", "6", "t", "u", "l", "n", "ret")  # ss -tuln, on AZERTY
        wait_for(computer.screen, "Netid")
        listening = computer.screen().rpartition("Netid")[2]
        assert "LISTEN" not in listening
        assert set(re.findall(r":(\d+) ", listening)) <= {"68", "546"}, "DHCP's own answers"
        computer.press("p", "o", "z", "e", "r", "o", "f", "f", "ret")  # « w » is there on AZERTY
        process.wait(300)
    for disk in computer.disks.values():
        assert not any(disk.read_bytes())
    record = the_record(computer.take())
    for one in record["erasures"]:
        if one["disk"]["serial"] in computer.disks:
            assert one["result"]["status"] == "erased"
            assert len(one["interruptions"]) == 1
    assert computer.check_fat(cut_off=True) == 0
    assert not computer.changed_outside_fat()


def test_a_volunteer_at_the_screen(image: Path, tmp_path: Path) -> None:
    """Key strokes alone, on the French keyboard and a text screen of 80 by 25."""
    computer = Computer(tmp_path, image)
    shown, heard = tmp_path / "screens", tmp_path / "heard.wav"
    shown.mkdir()
    sound = (
        "-audiodev",
        f"wav,id=sound,path={heard}",
        "-device",
        "intel-hda",
        "-device",
        "hda-output,audiodev=sound",
    )

    def see(pattern: str, name: str) -> None:
        wait_for(computer.screen, pattern)
        (shown / f"{name}.txt").write_text(computer.screen() + "\n")
        computer.picture(shown / f"{name}.ppm")

    with running(computer, *sound) as process:
        see("affichage simple", "0-menu")
        computer.press("down", "down", "ret")
        see("1 sur 6(.|\n)*Linux Mint", "1-computer")
        computer.press("ret")
        see("Question 1 sur 5", "2-looks")
        computer.press("down", "down", "ret", "ret", "ret", "t")
        see("Question 4 sur 5(.|\n)*La carte son a jou", "2-sound")
        computer.press("p")
        see("3 sur 6", "3-disks")
        computer.press("ret")
        see("4 sur 6(.|\n)*EFFACER 2", "4-confirm")
        # one word for both disks (docs/decisions/0040): « effacer 2 », on AZERTY
        computer.press("e", "f", "f", "q", "c", "e", "r", "spc", "shift-2", "ret")
        see("5 sur 6|6 sur 6", "5-progress")
        see("valid.s.: 2 sur 2", "6-result")
        computer.press("d")
        see("LABSATA0(.|\n)*D.: d", "6-details")
        computer.press("ret")
        see("recond guided", "7-shell")
        computer.press("p", "o", "z", "e", "r", "o", "f", "f", "ret")  # « w » is there on AZERTY
        process.wait(300)
    for disk in computer.disks.values():
        assert not any(disk.read_bytes())
    record = the_record(computer.take())
    assert record["answers"] == {"looks": "used"}
    samples = struct.iter_unpack("<h", heard.read_bytes()[44:])
    assert max(abs(sample) for (sample,) in samples) > 1000, "the tone left the sound card"
    assert {
        one["confirmed_by"] for one in record["erasures"] if one["disk"]["serial"] in computer.disks
    } == {"typed"}


def test_a_full_stick_and_another_one(image: Path, tmp_path: Path) -> None:
    """What does not fit is said and kept in memory; another stick of that label gets all of it."""
    computer, second = Computer(tmp_path, image), tmp_path / "second.img"
    computer.put("recond.toml", ORDER)
    computer.fill()
    with second.open("wb") as stream:
        stream.truncate(DISK_BYTES)
    run(["mkfs.fat", "-n", "RECOND", second], check=True, capture_output=True)
    with running(computer) as process:
        wait_for(computer.said, "La clé est pleine")
        assert process.poll() is None, "it must not switch itself off"
        computer.monitor(
            "device_del stickdev",
            f"drive_add 0 if=none,id=second,format=raw,file={second}",
            "device_add usb-storage,bus=xhci.0,drive=second,serial=RECONDSTICK2,removable=on",
        )
        other = Computer.of_stick(tmp_path / "other", second)
        wait_for(lambda: " ".join(str(file.name) for file in other.taken()), "certificate.pdf")
        time.sleep(10)  # it is put away after each copy
    for disk in computer.disks.values():
        assert not any(disk.read_bytes())
    assert {
        one["result"]["status"]
        for one in the_record(other.take())["erasures"]
        if one["disk"]["serial"] in computer.disks
    } == {"erased"}
    assert not list(other.take().rglob("bench.p12")), "a private key goes onto no other stick"
    assert computer.check_fat() == 0
    assert other.check_fat() == 0


def test_a_start_over_the_network(image: Path, tmp_path: Path) -> None:
    """With the iPXE script of docs/image.md; the results go onto a stick that was plugged in."""
    served = tmp_path / "served"
    served.mkdir()
    for ending in ("vmlinuz", "initrd", "squashfs"):
        (served / f"recond.{ending}").symlink_to(image.with_suffix(f".{ending}").resolve())
    (served / "recond.toml").write_text('[workshop]\nname = "Bricol\'Café du lab"\n', "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = (ROOT / "docs" / "image.md").read_text(encoding="utf-8")
    block = re.search(r"(?m)^    #!ipxe\n(    .*\n)+", page)
    assert block is not None
    script = re.sub(r"(?m)^    ", "", block[0])
    script = script.replace("http://192.168.77.1", f"http://10.0.2.2:{server.server_port}")
    script = re.sub(r"(?m)^initrd .*destinations.toml.*\n", "", script)
    (served / "recond.ipxe").write_text(script)
    computer = Computer(tmp_path / "computer", image)
    computer.start_from_network(served)
    computer.run("bios", 1536)
    server.shutdown()
    for disk in computer.disks.values():
        assert not any(disk.read_bytes())
    record = the_record(computer.take())
    assert not list(computer.take().rglob("bench.p12")), "nobody said whose stick it is"
    assert record["lot"] == "2026-11-MAIRIE"
    assert record["workshop"]["name"] == "Bricol'Café du lab"
    assert computer.check_fat() == 0


# --- How the tests look at it -------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def running(computer: Computer, *more: str, firmware: str = "bios") -> Iterator[Popen[bytes]]:
    """Switched on; in the end the plug is pulled. `more`: arguments of QEMU."""
    process = computer.start(firmware, 2048, *more)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def checkpoints_on_stick(computer: Computer) -> int:
    """How far the stick knows the slower disk to be, now; a torn reading knows nothing."""
    try:
        taken = computer.take()
    except CalledProcessError:
        return 0
    found = [file.read_bytes().count(b'"checkpoint"') for file in taken.rglob("LAB*.jsonl")]
    return min(found) if len(found) == len(computer.disks) else 0


def wait_for(look: Callable[[], str], pattern: str, timeout_s: int = 900) -> None:
    """Until what is seen holds the pattern."""
    end = time.monotonic() + timeout_s
    seen = ""
    while time.monotonic() < end:
        with suppress(OSError):
            seen = look()
        if re.search(pattern, seen):
            return
        time.sleep(1)
    raise AssertionError(f"{pattern!r} did not come:\n{seen[-3000:]}")
