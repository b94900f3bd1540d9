"""A laptop as a tree of files: the emulated ThinkPad of the lab, with secrets planted in it."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from recond.host import Host
from recond.host.files import Files
from recond.host.recorded import RecordedProcesses
from recond.host.recorded_drive import RecordedDrives

SERIAL, UUID = "PF1ABCDE", "4c4c4544-0042-3510-8051-b4c04f4b4c32"
BOARD_SERIAL, MODULE_SERIAL = "L1HF83G012R", "35A1B2C3"
DISK_SERIAL, WWN = "S3Z1NB0K222222", "5002538d00000000"
MAC, BATTERY_SERIAL, PANEL_SERIAL = "8c:16:45:12:34:56", "02714BAT", "PANEL99887"
WINDOWS_KEY = "NKJFK-GPHP7-G8C3J-P6JXR-HQRJR"
PERSON, HOST_NAME, WIFI = "marie-dupont", "pc-de-marie", "Livebox-D00D"
NUMBERS = (
    SERIAL,
    UUID,
    BOARD_SERIAL,
    MODULE_SERIAL,
    DISK_SERIAL,
    WWN,
    MAC,
    BATTERY_SERIAL,
    PANEL_SERIAL,
)
NAMES = (PERSON, HOST_NAME, WIFI, WINDOWS_KEY)
FLAGS = "fpu tsc cx8 pae nx sse2 lm cx16 lahf_lm 3dnowprefetch sse4_2 popcnt"


def smbios_structure(kind: int, handle: int, body: bytes, strings: tuple[str, ...]) -> bytes:
    """One structure: header, body, strings, the two zeros at the end."""
    texts = b"".join(s.encode() + b"\0" for s in strings) or b"\0"
    return struct.pack("<BBH", kind, 4 + len(body), handle) + body + texts + b"\0"


def entry_point(table: bytes, version: tuple[int, int] = (3, 0), address: int = 32) -> bytes:
    """A 64-bit entry point with good checksum (DSP0134 5.2.2)."""
    head = b"_SM3_\0" + bytes((24, *version, 0, 1, 0)) + struct.pack("<IQ", len(table), address)
    return head[:5] + bytes((-sum(head) & 0xFF,)) + head[6:]


def laptop_table() -> bytes:
    """Types 0, 1, 2, 3, 4, 16, 17 (one module, one empty place), 22, 127."""
    uuid = bytes.fromhex(UUID.replace("-", ""))
    mixed = uuid[3::-1] + uuid[5:3:-1] + uuid[7:5:-1] + uuid[8:]
    memory = struct.pack(
        "<HHHHHBBBBBHHBBBB", 0x1000, 0xFFFE, 64, 64, 8192, 13, 0, 1, 2, 26, 0x80, 2400, 3, 4, 5, 6
    )
    empty = struct.pack(
        "<HHHHHBBBBBHHBBBB", 0x1000, 0xFFFE, 0, 0, 0, 13, 0, 1, 2, 2, 0, 0, 0, 0, 0, 0
    )
    processor = struct.pack(
        "<BBBBIIBBHHHBB", 1, 3, 198, 2, 0x806EA, 0xBFEBFBFF, 3, 0, 100, 3600, 1700, 0x41, 1
    )
    processor += struct.pack("<HHHBBBBBBH", 0xFFFF, 0xFFFF, 0xFFFF, 0, 0, 0, 4, 4, 8, 0x00FC)
    parts = [
        smbios_structure(
            0,
            0,
            struct.pack("<BBHBBQBB", 1, 2, 0xE000, 3, 255, 1 << 11, 3, 0x0D),
            ("LENOVO", "N24ET76W (1.51 )", "02/27/2024"),
        ),
        smbios_structure(
            1,
            1,
            bytes((1, 2, 3, 4)) + mixed + bytes((6, 5, 6)),
            ("LENOVO", "20L6S01V00", "ThinkPad T480", SERIAL, "LENOVO_MT_20L6", "ThinkPad T480"),
        ),
        smbios_structure(
            2, 2, bytes((1, 2, 3, 4, 0)), ("LENOVO", "20L6S01V00", "SDK0J40697 WIN", BOARD_SERIAL)
        ),
        smbios_structure(3, 3, bytes((1, 10, 0, 2, 3)), ("LENOVO", SERIAL, "No Asset Information")),
        smbios_structure(
            4,
            4,
            processor,
            ("U3E1", "Intel(R) Corporation", "Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz"),
        ),
        smbios_structure(16, 0x1000, struct.pack("<BBBIHH", 3, 3, 3, 32 << 20, 0xFFFE, 2), ()),
        smbios_structure(
            17,
            0x1100,
            memory,
            ("ChannelA-DIMM0", "BANK 0", "Samsung", MODULE_SERIAL, "None", "M471A1K43CB1-CRC"),
        ),
        smbios_structure(17, 0x1101, empty, ("ChannelB-DIMM0", "BANK 2")),
        smbios_structure(22, 0x2200, bytes(22), ()),
        smbios_structure(127, 0x7F00, b"", ()),
    ]
    return b"".join(parts)


def panel_edid() -> bytes:
    """A 14-inch 1920×1080 panel with name and serial."""
    block = bytearray(128)
    block[:8] = b"\0\xff\xff\xff\xff\xff\xff\0"
    block[8:10] = ((12 << 10) | (7 << 5) | 4).to_bytes(2, "big")  # LGD
    block[10:18] = struct.pack("<HIBB", 0x05F2, 0x99887766, 1, 28)
    block[18:23] = bytes((1, 4, 0xA5, 31, 17))
    block[54:72] = bytes(
        (
            0x14,
            0x37,
            0x80,
            0xB8,
            0x70,
            0x38,
            0x24,
            0x40,
            0x10,
            0x10,
            0x3E,
            0,
            0x35,
            0xAE,
            0x10,
            0,
            0,
            0x18,
        )
    )
    block[72:90] = b"\0\0\0\xff\0" + PANEL_SERIAL.encode().ljust(13, b"\n")[:13]
    block[90:108] = b"\0\0\0\xfc\0" + b"LP140WF6\n    "
    block[127] = -sum(block) & 0xFF
    return bytes(block)


def identify_page() -> bytes:
    """VPD page 89h with an IDENTIFY DEVICE answer in it."""
    words = bytearray(512)

    def put(start: int, end: int, text: str) -> None:
        padded = text.encode().ljust(2 * (end - start))
        words[2 * start : 2 * end] = bytes(padded[i ^ 1] for i in range(len(padded)))

    put(10, 20, DISK_SERIAL)
    put(23, 27, "MVT03L6Q")
    put(27, 47, "SAMSUNG MZ7LN256HAJQ-000L7")
    words[434:436] = (1).to_bytes(2, "little")
    words[216:224] = bytes.fromhex(WWN)
    return b"\0\x89\x02\x38" + bytes(56) + bytes(words)


@dataclass(frozen=True)
class Tree:
    """A machine below a folder."""

    root: Path

    def put(self, path: str, content: bytes | str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def link(self, path: str, target: str) -> None:
        place, real = self.root / path.lstrip("/"), self.root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        real.mkdir(parents=True, exist_ok=True)
        place.symlink_to(Path(*[".."] * (len(Path(path).parts) - 2)) / target.lstrip("/"))

    def host(self) -> Host:
        files = Files(self.root)
        return Host(RecordedProcesses(files), files, origin="capture", drives=RecordedDrives(files))


def make_laptop(root: Path) -> Tree:
    """The tree of the laptop."""
    tree = Tree(root)
    _firmware(tree)
    _processor_and_memory(tree)
    _disk(tree)
    _parts(tree)
    _people(tree)
    return tree


def _firmware(tree: Tree) -> None:
    table = laptop_table()
    tree.put("/sys/firmware/dmi/tables/DMI", table)
    tree.put("/sys/firmware/dmi/tables/smbios_entry_point", entry_point(table))
    key = b"MSDM" + bytes(52) + WINDOWS_KEY.encode()
    tree.put("/sys/firmware/acpi/tables/MSDM", key)
    tree.put("/sys/firmware/acpi/tables/TPM2", b"TPM2")
    tree.put("/sys/firmware/efi/fw_platform_size", "64\n")
    variables, guid = "/sys/firmware/efi/efivars", "8be4df61-93ca-11d2-aa0d-00e098032b8c"
    tree.put(f"{variables}/SecureBoot-{guid}", b"\6\0\0\0\0")
    tree.put(f"{variables}/SetupMode-{guid}", b"\6\0\0\0\0")
    tree.put(
        f"{variables}/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f",
        b"\x27\0\0\0" + b"0\x82..Windows UEFI CA 2023..",
    )
    tree.put("/sys/devices/tpm/tpm0/tpm_version_major", "2\n")
    tree.link("/sys/class/tpm/tpm0", "/sys/devices/tpm/tpm0")


def _processor_and_memory(tree: Tree) -> None:
    block = (
        "processor\t: {n}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 142\n"
        "model name\t: Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz\nstepping\t: 10\n"
        "cpu MHz\t\t: 800.012\nphysical id\t: 0\ncore id\t\t: {core}\n"
        f"flags\t\t: {FLAGS}\n"
    )
    blocks = "\n".join(block.format(n=n, core=n % 4) for n in range(8))
    tree.put("/proc/cpuinfo", blocks + "\nSerial\t\t: 0\n")
    tree.put("/proc/meminfo", "MemTotal:        7972808 kB\nMemFree: 1 kB\n")
    tree.put("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3600000\n")


def _disk(tree: Tree) -> None:
    place = "/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"
    tree.link("/sys/block/sda", place)
    tree.link("/sys/class/block/sda", place)
    tree.link(f"{place}/device", str(Path(place).parents[1]))
    for name, value in (
        ("size", "500118192"),
        ("removable", "0"),
        ("ro", "0"),
        ("dev", "8:0"),
        ("queue/rotational", "0"),
        ("queue/logical_block_size", "512"),
        ("queue/physical_block_size", "512"),
        ("diskseq", "9"),
        ("wwid", f"naa.{WWN}"),
        ("sda1/partition", "1"),
        ("sda1/dev", "8:1"),
    ):
        tree.put(f"{place}/{name}", value + "\n")
    tree.link("/sys/class/block/sda1", f"{place}/sda1")
    device = str(Path(place).parents[1])
    tree.put(f"{device}/vpd_pg89", identify_page())
    tree.put(f"{device}/vpd_pg80", b"\0\x80\0\x14" + DISK_SERIAL.encode().rjust(20))
    tree.put(f"{device}/model", "SAMSUNG MZ7LN256\n")
    tree.put(
        "/lsblk.json",
        json.dumps(
            {
                "blockdevices": [
                    {
                        "name": "sda",
                        "kname": "sda",
                        "type": "disk",
                        "size": 256060514304,
                        "log-sec": 512,
                        "phy-sec": 512,
                        "rota": False,
                        "rm": False,
                        "ro": False,
                        "vendor": "ATA     ",
                        "model": "SAMSUNG MZ7LN256HAJQ-000L7",
                        "serial": DISK_SERIAL,
                        "wwn": f"0x{WWN}",
                        "tran": "sata",
                        "subsystems": "block:scsi:pci",
                        "label": None,
                        "children": [
                            {
                                "name": f"{HOST_NAME}-root",
                                "kname": "sda1",
                                "type": "part",
                                "size": 1,
                                "label": f"Disque de {PERSON}",
                                "fstype": "ext4",
                                "mountpoints": [f"/media/{PERSON}/photos"],
                            }
                        ],
                    }
                ]
            }
        ),
    )
    tree.put(
        "/smartctl/sda.json",
        json.dumps(
            {
                "smartctl": {"exit_status": 0},
                "device": {"name": "/dev/sda", "protocol": "ATA"},
                "model_name": "SAMSUNG MZ7LN256HAJQ-000L7",
                "serial_number": DISK_SERIAL,
                "wwn": {"naa": 5, "oui": 9528, "id": 55834574848},
                "smart_status": {"passed": True},
                "power_on_time": {"hours": 4321},
                "temperature": {"current": 33},
            }
        ),
    )


def _parts(tree: Tree) -> None:
    battery = "/sys/devices/battery/power_supply/BAT0"
    for name, value in (
        ("type", "Battery"),
        ("present", "1"),
        ("energy_full_design", "24000000"),
        ("energy_full", "17520000"),
        ("cycle_count", "240"),
        ("capacity", "80"),
        ("manufacturer", "SMP"),
        ("model_name", "01AV489"),
        ("serial_number", BATTERY_SERIAL),
        ("technology", "Li-ion"),
    ):
        tree.put(f"{battery}/{name}", value + "\n")
    tree.link("/sys/class/power_supply/BAT0", battery)
    panel = "/sys/devices/pci0000:00/0000:00:02.0/drm/card0/card0-eDP-1"
    tree.put(f"{panel}/status", "connected\n")
    tree.put(f"{panel}/edid", panel_edid())
    tree.link("/sys/class/drm/card0-eDP-1", panel)
    card = "/sys/devices/pci0000:00/0000:00:1f.6"
    for name, value in (("class", "0x020000"), ("vendor", "0x8086"), ("device", "0x15d7")):
        tree.put(f"{card}/{name}", value + "\n")
    for name, value in (
        ("address", MAC),
        ("addr_assign_type", "0"),
        ("type", "1"),
        ("speed", "-1"),
        ("uevent", "INTERFACE=enp0s31f6"),
    ):
        tree.put(f"{card}/net/enp0s31f6/{name}", value + "\n")
    tree.link(f"{card}/net/enp0s31f6/device", card)
    tree.link(f"{card}/subsystem", "/sys/bus/pci")
    tree.link("/sys/class/net/enp0s31f6", f"{card}/net/enp0s31f6")
    screen = "/sys/devices/pci0000:00/0000:00:02.0"
    for name, value in (("class", "0x030000"), ("vendor", "0x8086"), ("device", "0x5917")):
        tree.put(f"{screen}/{name}", value + "\n")
    tree.link("/sys/bus/pci/devices/0000:00:02.0", screen)
    tree.link("/sys/bus/pci/devices/0000:00:1f.6", card)


def _people(tree: Tree) -> None:
    """What a machine holds of its owner, where a careless reader would take it along."""
    mounts = (
        f"25 1 8:1 / /media/{PERSON}/photos rw - ext4 /dev/sda1 rw\n"
        f"26 1 0:50 / /home/{PERSON}/nas rw - nfs {HOST_NAME}:/export/{PERSON} rw\n"
        f"27 1 0:51 /@{PERSON} / rw - btrfs /dev/mapper/{HOST_NAME}-root rw,"
        f"subvol=/{PERSON}\n"
    )
    tree.put("/proc/self/mountinfo", mounts)
    tree.put("/proc/1/mountinfo", mounts)
    tree.put("/proc/swaps", f"Filename Type Size\n/home/{PERSON}/swapfile file 1 0 -2\n")
    tree.put("/proc/sys/kernel/hostname", HOST_NAME)
    tree.put("/proc/self/environ", f"HOME=/home/{PERSON}\0")
    tree.put("/etc/NetworkManager/system-connections/x.nmconnection", f"ssid={WIFI}")
    tree.put("/sys/devices/virtual/block/loop0/loop/backing_file", f"/home/{PERSON}/disk.img\n")
    tree.link("/sys/block/loop0", "/sys/devices/virtual/block/loop0")
