"""A computer without a system, with a NVMe and a SATA disk, that starts from the built image."""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECTOR = 512
FAT16_STATE = 0x25
"""Bytes into the file system."""
DISK_BYTES = 64 << 20
MARK = b"PRIVATE DATA of the donor "
OVMF = Path("/usr/share/OVMF")
GRUB = Path("/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi")
"""Debian's grub-efi-amd64-bin: a grub that is nobody's system, as a stick with a menu has one."""
MENU = """set iso_path=/recond.iso
export iso_path
loopback loop ($root)$iso_path
set root=(loop)
configfile /boot/grub/loopback.cfg
"""
"""How a menu starts an ISO file that brings a loopback.cfg (grub's manual, "loopback")."""
FIRMWARE = {
    "bios": None,
    "uefi": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    "uefi32": ("OVMF32_CODE_4M.secboot.fd", "OVMF32_VARS_4M.fd"),  # Secure Boot off: no keys
    "secure": ("OVMF_CODE_4M.ms.fd", "OVMF_VARS_4M.ms.fd"),  # Microsoft's keys enrolled, enforcing
}

NEEDS_SMM = frozenset({"uefi32", "secure"})
"""Built to keep their variables behind system management mode."""


def accelerator() -> list[str]:
    """KVM where the processor has it. Never as a first choice with another behind it: QEMU 7.2
    then emulates a hundred times slower. An old processor, for wide vectors are slow to emulate.
    """
    flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    if re.search(r"\b(vmx|svm)\b", flags) and os.access("/dev/kvm", os.R_OK | os.W_OK):
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", "tcg,thread=multi", "-cpu", "Nehalem"]


@dataclass(frozen=True)
class Partition:
    """Where a partition of the stick lies, in bytes."""

    start: int
    size: int


def partition(image: Path, number: int) -> Partition:
    """From the MBR's table (UEFI 2.10 5.2.1)."""
    with image.open("rb") as stream:
        table = stream.read(SECTOR)[446:]
    start, size = struct.unpack("<II", table[16 * number - 8 : 16 * number])
    return Partition(start * SECTOR, size * SECTOR)


class Computer:
    """The folder holds its disks and its stick, to be read from outside afterwards."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self.write_bps = 0  # of its disks; 0: as fast as they are
        self.served: Path | None = None  # a folder to start from, over the network
        self.cd: Path | None = None  # what lies in its drive, and is started from
        self.original = image
        self.stick = folder / "stick.img"
        self.disks = {"LABNV0": folder / "nvme.img", "LABSATA0": folder / "sata.img"}
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "--sparse=always", image, self.stick], check=True)
        self.part = partition(self.stick, 3)
        for disk in self.disks.values():
            disk.write_bytes((MARK * (DISK_BYTES // len(MARK) + 1))[:DISK_BYTES])

    def start_from_network(self, served: Path) -> None:
        """No stick of ours: an empty one that somebody called RECOND, without partitions."""
        self.served = served
        self.stick.unlink()
        with self.stick.open("wb") as stream:
            stream.truncate(DISK_BYTES)
        subprocess.run(["mkfs.fat", "-n", "RECOND", self.stick], check=True, capture_output=True)
        self.part = Partition(0, DISK_BYTES)

    def start_from_cd(self, image: Path) -> None:
        """The image in the drive, and a plain stick that is called RECOND."""
        self.start_from_network(self.folder)
        self.served, self.cd = None, image

    def keep_as_file(self, image: Path, *, menu: bool = False) -> tuple[str, ...]:
        """A stick of somebody's own, with the image as a file on its first partition, and a second
        one called RECOND. With `menu` grub starts it from there, by its loopback, on UEFI; without,
        what is returned starts its kernel as such a menu would; the firmware is left out.
        """
        mib = 1 << 20
        room = image.stat().st_size // mib + 64
        spans = ((mib, room * mib), ((room + 2) * mib, 96 * mib))
        self.stick.unlink()
        with self.stick.open("wb") as stream:
            stream.truncate((room + 100) * mib)
            for number, (start, size) in enumerate(spans):  # UEFI 2.10 5.2.1
                stream.seek(446 + 16 * number)
                entry = struct.pack("<II", start // SECTOR, size // SECTOR)
                stream.write(b"\0\0\0\0\x0c\0\0\0" + entry)
            stream.seek(510)
            stream.write(b"\x55\xaa")
        on_first = {"recond.iso": image}
        if menu:
            settings = self.folder / "grub.cfg"
            settings.write_text(MENU)
            on_first |= {"EFI/BOOT/BOOTX64.EFI": GRUB, "EFI/debian/grub.cfg": settings}
        for (start, size), label, files in zip(
            spans, ("VENTOY", "RECOND"), (on_first, {}), strict=True
        ):
            part = self.folder / f"{label}.fat"
            with part.open("wb") as stream:
                stream.truncate(size)
            subprocess.run(["mkfs.fat", "-n", label, part], check=True, capture_output=True)
            if menu and files:
                folders = ["::EFI", "::EFI/BOOT", "::EFI/debian"]
                subprocess.run(["mmd", "-i", part, *folders], check=True)
            for name, file in files.items():
                subprocess.run(["mcopy", "-i", part, file, f"::{name}"], check=True)
            with self.stick.open("r+b") as stream, part.open("rb") as made:
                stream.seek(start)
                shutil.copyfileobj(made, stream, mib)
            part.unlink()
        self.part = Partition(*spans[1])
        self.original = self.folder / "before.img"
        subprocess.run(["cp", "--sparse=always", self.stick, self.original], check=True)
        if menu:
            return ()
        for name in ("vmlinuz", "initrd.img"):
            argv = ["xorriso", "-osirrox", "on", "-indev", str(image), "-extract"]
            argv += [f"/live/{name}", str(self.folder / name)]
            subprocess.run(argv, check=True, capture_output=True)
        line = (ROOT / "packaging/image/boot/grub.cfg").read_text().partition('set common="')[2]
        words = line.partition('"')[0].replace("$from_file", "findiso=/recond.iso")
        return (
            "-kernel",
            f"{self.folder}/vmlinuz",
            "-initrd",
            f"{self.folder}/initrd.img",
            "-append",
            words,
        )

    # --- The stick, read and written as another computer would -----------------------------------

    @property
    def _fat(self) -> str:
        return f"{self.stick}@@{self.part.start}"

    def put(self, name: str, text: str) -> None:
        """A file onto the partition RECOND."""
        source = self.folder / name
        source.write_text(text, encoding="utf-8")
        subprocess.run(["mcopy", "-o", "-i", self._fat, source, f"::{name}"], check=True)

    def take(self) -> Path:
        """All that is on the partition RECOND, copied to a folder."""
        target = self.folder / "taken"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        subprocess.run(["mcopy", "-s", "-i", self._fat, "::", target], check=True)
        return target

    def fill(self) -> None:
        """Leave no room on the partition RECOND."""
        room = self.folder / "filler"
        for size in (32 << 20, 16 << 20, 8 << 20, 4 << 20, 1 << 20, 1 << 18, 1 << 16, 1 << 12):
            room.write_bytes(bytes(size))
            number = 0
            while (
                subprocess.run(
                    ["mcopy", "-i", self._fat, room, f"::{size}-{number}"],
                    check=False,
                    capture_output=True,
                ).returncode
                == 0
            ):
                number += 1
        room.unlink()

    @classmethod
    def of_stick(cls, folder: Path, stick: Path) -> Computer:
        """Only to look at a stick: its whole is one FAT file system."""
        made = cls.__new__(cls)
        made.folder, made.stick, made.part = folder, stick, Partition(0, stick.stat().st_size)
        folder.mkdir()
        return made

    def taken(self) -> list[Path]:
        """The files of the partition RECOND; none while it cannot be read."""
        try:
            return [file for file in self.take().rglob("*") if file.is_file()]
        except subprocess.CalledProcessError:
            return []

    def check_fat(self, *, cut_off: bool = False) -> int:
        """fsck's exit code: 0 where the file system is whole and was put away cleanly. `cut_off`:
        the power went while it was mounted, maybe, and that mark may be on it (as Linux leaves it).
        """
        part, image = self.part, self.folder / "fat.img"
        with self.stick.open("rb") as stream, image.open("wb") as copy:
            stream.seek(part.start)
            copy.write(stream.read(part.size))
            if cut_off:  # bit 0 of a FAT16's "current head" (mount(8), fsck.fat(8))
                stream.seek(part.start + FAT16_STATE)
                copy.seek(FAT16_STATE)
                copy.write(bytes([stream.read(1)[0] & ~1]))
        return subprocess.run(["fsck.fat", "-n", image], check=False).returncode

    def changed_outside_fat(self) -> bool:
        """Whether a byte of the stick changed that is not in the partition RECOND."""
        part = self.part
        end = part.start + part.size
        size = self.original.stat().st_size
        with self.stick.open("rb") as now, self.original.open("rb") as before:
            for first, last in ((0, part.start), (end, size)):
                for place in range(first, last, 1 << 20):
                    count = min(1 << 20, last - place)
                    now.seek(place)
                    before.seek(place)
                    if now.read(count) != before.read(count):
                        return True
        return False

    @property
    def _drive(self) -> str:
        slow = f",throttling.bps-write={self.write_bps}" if self.write_bps else ""
        return f"format=raw,cache=unsafe{slow}"

    # --- Running ---------------------------------------------------------------------------------

    def arguments(self, firmware: str, memory_mib: int, *more: str) -> list[str]:
        """QEMU's: no network, no other device than a computer without a system has."""
        found = [
            "qemu-system-x86_64",
            "-L",
            "/usr/share/qemu",
            "-L",
            "/usr/share/seabios",
            "-L",
            "/usr/lib/ipxe/qemu",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-machine",
            "q35" + (",smm=on" if firmware in NEEDS_SMM else ""),
            *accelerator(),
            "-smp",
            "2",
            "-m",
            str(memory_mib),
            "-vga",
            "std",
            "-chardev",
            f"socket,id=line,path={self.folder}/line,server=on,wait=off,"
            f"logfile={self.folder}/serial.log",
            "-serial",
            "chardev:line",
            "-device",
            "virtio-rng-pci",
            "-monitor",
            f"unix:{self.folder}/monitor,server=on,wait=off",
            "-device",
            "qemu-xhci,id=xhci",
            "-drive",
            f"if=none,id=stick,format=raw,cache=unsafe,file={self.stick}",
            "-device",
            "usb-storage,bus=xhci.0,id=stickdev,drive=stick,serial=RECONDSTICK1,"
            "removable=on" + ("" if self.served or self.cd else ",bootindex=1"),
            "-drive",
            f"if=none,id=nv,{self._drive},file={self.disks['LABNV0']}",
            "-device",
            "nvme,serial=LABNV0,drive=nv",
            "-drive",
            f"if=none,id=sata,{self._drive},file={self.disks['LABSATA0']}",
            "-device",
            "ide-hd,bus=ide.0,drive=sata,serial=LABSATA0",
        ]
        files = FIRMWARE[firmware]
        if files is not None:
            variables = self.folder / "variables.fd"
            if not variables.exists():
                shutil.copy(OVMF / files[1], variables)
            found += [
                "-drive",
                f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF / files[0]}",
                "-drive",
                f"if=pflash,format=raw,unit=1,file={variables}",
            ]
        if firmware in NEEDS_SMM:
            found += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        if self.served is not None:
            found += [
                "-netdev",
                f"user,id=net,tftp={self.served},bootfile=recond.ipxe",
                "-device",
                "e1000,netdev=net,bootindex=1",
            ]
        if self.cd is not None:
            found += [
                "-drive",
                f"if=none,id=cd,media=cdrom,readonly=on,file={self.cd}",
                "-device",
                "ide-cd,bus=ide.1,drive=cd,bootindex=1",
            ]
        return [*found, *more]

    def run(self, firmware: str, memory_mib: int, *more: str, timeout_s: int = 1800) -> float:
        """Until it switches itself off; the seconds it took. Raises `TimeoutExpired`."""
        started = time.monotonic()
        subprocess.run(
            self.arguments(firmware, memory_mib, *more),
            check=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
        )
        return time.monotonic() - started

    def start(self, firmware: str, memory_mib: int, *more: str) -> subprocess.Popen[bytes]:
        """For tests that pull the plug."""
        return subprocess.Popen(
            self.arguments(firmware, memory_mib, *more), stdin=subprocess.DEVNULL
        )

    def monitor(self, *commands: str) -> None:
        """Lines to QEMU's monitor."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.folder / "monitor"))
            line.settimeout(30)
            for command in ("", *commands):
                said = b""
                line.sendall(command.encode() + b"\n" if command else b"")
                while not said.endswith(b"(qemu) "):
                    said += line.recv(65536)

    def press(self, *keys: str) -> None:
        """Keys of the keyboard, by the names of a US keyboard's (QEMU's `sendkey`)."""
        for key in keys:
            self.monitor(f"sendkey {key}")
            time.sleep(0.7)  # held for a tenth of a second of the emulated computer's time

    def screen(self) -> str:
        """The text screen of 80 by 25, from the graphics card; signs beyond ASCII as `?`."""
        file = self.folder / "screen.bin"
        self.monitor(f'pmemsave 0xb8000 4000 "{file}"')
        signs = file.read_bytes()[::2]
        text = "".join(chr(sign) if 32 <= sign < 127 else "?" for sign in signs)
        return "\n".join(text[80 * row : 80 * row + 80].rstrip() for row in range(25))

    def picture(self, file: Path) -> None:
        """What the screen shows, as a picture (PPM)."""
        self.monitor(f'screendump "{file}"')

    def type(self, text: str) -> None:
        """Characters over the serial line."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.folder / "line"))
            line.sendall(text.encode())
            time.sleep(1)

    def said(self) -> str:
        """What came over the serial line."""
        path = self.folder / "serial.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
