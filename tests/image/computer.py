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

SECTOR = 512
DISK_BYTES = 64 << 20
MARK = b"PRIVATE DATA of the donor "
OVMF = Path("/usr/share/OVMF")
FIRMWARE = {
    "bios": None,
    "uefi": ("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"),
    "secure": ("OVMF_CODE_4M.ms.fd", "OVMF_VARS_4M.ms.fd"),  # Microsoft's keys enrolled, enforcing
}


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
    """From the MBR's table (UEFI 2.10 §5.2.1)."""
    with image.open("rb") as stream:
        table = stream.read(SECTOR)[446:]
    start, size = struct.unpack("<II", table[16 * number - 8 : 16 * number])
    return Partition(start * SECTOR, size * SECTOR)


class Computer:
    """The folder holds its disks and its stick, to be read from outside afterwards."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self.write_bps = 0  # of its disks; 0: as fast as they are
        self.original = image
        self.stick = folder / "stick.img"
        self.disks = {"LABNV0": folder / "nvme.img", "LABSATA0": folder / "sata.img"}
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "--sparse=always", image, self.stick], check=True)
        for disk in self.disks.values():
            disk.write_bytes((MARK * (DISK_BYTES // len(MARK) + 1))[:DISK_BYTES])

    # --- The stick, read and written as another computer would -----------------------------------

    @property
    def _fat(self) -> str:
        return f"{self.stick}@@{partition(self.stick, 3).start}"

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

    def check_fat(self) -> int:
        """fsck's exit code: 0 where the file system is whole and was put away cleanly."""
        part, image = partition(self.stick, 3), self.folder / "fat.img"
        with self.stick.open("rb") as stream, image.open("wb") as copy:
            stream.seek(part.start)
            copy.write(stream.read(part.size))
        return subprocess.run(["fsck.fat", "-n", image], check=False).returncode

    def changed_outside_fat(self) -> bool:
        """Whether a byte of the stick changed that is not in the partition RECOND."""
        part = partition(self.stick, 3)
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
            "qemu-system-x86_64", "-L", "/usr/share/qemu", "-L", "/usr/share/seabios",
            "-L", "/usr/lib/ipxe/qemu", "-nodefaults", "-no-user-config", "-display", "none",
            "-machine", "q35" + (",smm=on" if firmware == "secure" else ""), *accelerator(),
            "-smp", "2", "-m", str(memory_mib), "-vga", "std",
            "-serial", f"file:{self.folder}/serial.log", "-device", "virtio-rng-pci",
            "-monitor", f"unix:{self.folder}/monitor,server=on,wait=off",
            "-device", "qemu-xhci,id=xhci",
            "-drive", f"if=none,id=stick,format=raw,cache=unsafe,file={self.stick}",
            "-device", "usb-storage,bus=xhci.0,id=stickdev,drive=stick,serial=RECONDSTICK1,"
            "removable=on,bootindex=1",
            "-drive", f"if=none,id=nv,{self._drive},file={self.disks['LABNV0']}",
            "-device", "nvme,serial=LABNV0,drive=nv",
            "-drive", f"if=none,id=sata,{self._drive},file={self.disks['LABSATA0']}",
            "-device", "ide-hd,bus=ide.0,drive=sata,serial=LABSATA0",
        ]
        files = FIRMWARE[firmware]
        if files is not None:
            variables = self.folder / "variables.fd"
            if not variables.exists():
                shutil.copy(OVMF / files[1], variables)
            found += [
                "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF / files[0]}",
                "-drive", f"if=pflash,format=raw,unit=1,file={variables}"]
        if firmware == "secure":
            found += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        return [*found, *more]

    def run(self, firmware: str, memory_mib: int, *more: str, timeout_s: int = 1800) -> float:
        """Until it switches itself off; the seconds it took. Raises `TimeoutExpired`."""
        started = time.monotonic()
        subprocess.run(self.arguments(firmware, memory_mib, *more), check=True,
                       timeout=timeout_s, stdin=subprocess.DEVNULL)
        return time.monotonic() - started

    def start(self, firmware: str, memory_mib: int, *more: str) -> subprocess.Popen[bytes]:
        """For tests that pull the plug."""
        return subprocess.Popen(self.arguments(firmware, memory_mib, *more),
                                stdin=subprocess.DEVNULL)

    def monitor(self, command: str) -> None:
        """One line to QEMU's monitor."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.folder / "monitor"))
            line.recv(4096)
            line.sendall(command.encode() + b"\n")
            time.sleep(1)
            line.recv(65536)

    def said(self) -> str:
        """What came over the serial line."""
        path = self.folder / "serial.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
