"""recond.ereuse against the installed inxi (Debian's package): its words, and a run of it.

A computer of files stands in the place of /sys, in a mount namespace of its own; both programs read
it, and the identifier that devicehub would make of inxi's answer is compared with ours.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from recond.ereuse import ereuse24, inxi_maker, inxi_name
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.machine import read_machine
from recond.inspect.system import system_of
from recond.model import Known
from recond.upload.devicehub_snapshot import device_id
from tests.inspect.corpus import read_corpus
from tests.inspect.laptop import Tree, entry_point, laptop_table, make_laptop

INXI = shutil.which("inxi")
pytestmark = pytest.mark.skipif(
    INXI is None or shutil.which("lspci") is None, reason="inxi or lspci is not installed here"
)
# takes the program's own functions and applies them to each line
ASK = r"""
open(my $f, '<', $ARGV[0]) or die; my $all = do { local $/; <$f> };
for my $name (qw(clean clean_dmi clean_unset remove_duplicates)) {
    $all =~ /^(sub $name \{.*?^\})/ms or die "no $name"; eval $1; die $@ if $@;
}
binmode(STDOUT, ':utf8'); binmode(STDIN, ':utf8');
while (my $line = <STDIN>) {
    chomp $line; my $name = clean_dmi($line) // '';
    print "$name\t", clean($name) // '', "\n";
}
"""


def test_our_words_are_inxis() -> None:
    texts = {
        reading.value
        for sample in read_corpus("dmi")
        for system in [system_of(parse_dmidecode(sample.text))]
        for reading in (system.maker, system.model, system.serial, system.board_maker)
        if isinstance(reading, Known) and reading.value.isascii() and reading.value.isprintable()
    }
    texts |= {"Dell Inc.", "Micro-Star International Co., Ltd.", "ASUSTeK COMPUTER INC.", "N/A"}
    texts |= {"HP HP ProBook 450", "To be filled by O.E.M.", "None", "....", "Surface Pro  7"}
    lines = sorted(texts)
    done = subprocess.run(
        ("perl", "-e", ASK, str(INXI)),
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = [tuple(line.split("\t")) for line in done.stdout.split("\n")[:-1]]
    assert len(theirs) == len(lines) > 1000
    assert [(inxi_name(one), inxi_maker(one)) for one in lines] == theirs


@dataclass(frozen=True)
class Card:
    """A network card: where it is, what it is called, its address."""

    place: str  # the path below /sys/devices
    name: str
    text: str  # lspci's line after the bus number
    mac: str
    wifi: bool = False


WIRED = "Ethernet controller [0200]: Intel Corporation Ethernet Connection (4) I219-LM [8086:15d7]"
OTHER = "Ethernet controller [0200]: Realtek RTL8111/8168 PCI Express Gigabit [10ec:8168]"
RADIO = "Network controller [0280]: Intel Corporation Wireless 8265 / 8275 [8086:24fd]"
FIRST = Card("pci0000:00/0000:00:1f.6", "enp0s31f6", WIRED, "8c:16:45:12:34:56")
BEHIND = Card("pci0000:00/0000:00:1c.0/0000:02:00.0", "enp2s0", OTHER, "00:e0:4c:11:22:33")
AIR = Card("pci0000:00/0000:00:1c.2/0000:03:00.0", "wlp3s0", RADIO, "f8:59:71:aa:bb:cc", wifi=True)
EARLY_AIR = Card("pci0000:00/0000:00:14.3", "wlo1", RADIO, "f8:59:71:aa:bb:cc", wifi=True)


def computer(root: Path, chassis: int, cards: tuple[Card, ...], maker: str) -> Tree:
    """The laptop with another chassis, another maker, other cards."""
    tree = make_laptop(root)
    shutil.rmtree(root / "sys/class/net")
    shutil.rmtree(root / "sys/devices/pci0000:00/0000:00:1f.6")
    table = laptop_table()
    spot = table.index(bytes((3, 9))) if bytes((3, 9)) in table else -1
    assert spot >= 0
    table = table[: spot + 5] + bytes((chassis,)) + table[spot + 6 :]
    table = table.replace(b"LENOVO\0", maker.encode() + b"\0")
    tree.put("/sys/firmware/dmi/tables/DMI", table)
    tree.put("/sys/firmware/dmi/tables/smbios_entry_point", entry_point(table))
    for name, value in (
        ("sys_vendor", maker),
        ("product_name", "20L6S01V00"),
        ("product_version", "ThinkPad T480"),
        ("product_serial", "PF1ABCDE"),
        ("board_vendor", maker),
        ("board_name", "20L6S01V00"),
        ("board_version", "SDK0J40697 WIN"),
        ("board_serial", "L1HF83G012R"),
        ("bios_vendor", maker),
        ("bios_version", "N24ET76W (1.51 )"),
        ("bios_date", "02/27/2024"),
        ("chassis_type", str(chassis)),
    ):
        tree.put(f"/sys/devices/virtual/dmi/id/{name}", value + "\n")
    tree.link("/sys/class/dmi/id", "/sys/devices/virtual/dmi/id")
    for card in cards:
        device, ids = f"/sys/devices/{card.place}", card.text.rsplit("[", 1)[1].rstrip("]")
        vendor, product = ids.split(":")
        net = f"{device}/net/{card.name}"
        tree.put(f"{device}/vendor", f"0x{vendor}\n")
        tree.put(f"{device}/device", f"0x{product}\n")
        for name, value in (("address", card.mac), ("addr_assign_type", "0"), ("type", "1")):
            tree.put(f"{net}/{name}", value + "\n")
        if card.wifi:
            tree.put(f"{net}/wireless/x", "")
        tree.link(f"{net}/device", device)
        tree.link(f"{device}/subsystem", "/sys/bus/pci")
        tree.link(f"/sys/class/net/{card.name}", net)
    numbers = sorted((card.place.rpartition("/")[2].removeprefix("0000:"), card) for card in cards)
    listed = "".join(f"{number} {card.text}\n\tFlags: fast devsel\n\n" for number, card in numbers)
    tree.put("/bin/lspci", f"#!/bin/sh\ncat <<'E'\n{listed}E\n")
    (root / "bin/lspci").chmod(0o755)
    return tree


def inxi_of(root: Path) -> list[dict[str, Any]]:
    """What inxi says of the computer below a folder, asked as eReuse's bench asks it."""
    ask = "-MnGm -x 3 -Z --tty --output json --output-file print -y 80"
    done = subprocess.run(
        (
            *("unshare", "--mount", "--map-root-user", "--", "sh", "-ec"),
            f"mount --rbind '{root}/sys' /sys; l=$(command -v lspci);"
            f" mount --bind '{root}/bin/lspci' \"$l\"; exec {INXI} {ask}",
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "LC_ALL": "C", "TERM": "dumb", "PERL_HASH_SEED": "0"},
    )
    if done.returncode and ("unshare" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"no mount namespace here: {done.stderr.strip()[:100]}")
    at = done.stdout.index("[")
    found: list[dict[str, Any]] = json.loads(done.stdout[at:])
    return found


def value(block: dict[str, Any], name: str) -> str:
    return str(next((v for k, v in block.items() if k.split("#")[-1] == name), ""))


def theirs(said: list[dict[str, Any]]) -> str:
    """The identifier that devicehub makes of inxi's answer."""
    sections = {key.split("#")[-1]: blocks for one in said for key, blocks in one.items()}
    named = next(block for block in sections["Machine"] if value(block, "System"))
    nets, mac = sections.get("Network", []), ""
    for one, following in pairwise(nets):
        if value(one, "port"):
            mac = value(following, "mac")
            break
    return ereuse24(
        value(named, "System"),
        value(named, "product"),
        value(named, "Type"),
        value(named, "serial"),
        mac,
    )


@pytest.mark.parametrize(
    ("chassis", "cards", "maker"),
    [
        (10, (FIRST,), "LENOVO"),
        (10, (BEHIND, FIRST), "Dell Inc."),  # by path the bridge comes first, by number not
        (10, (EARLY_AIR, BEHIND), "Micro-Star International Co., Ltd."),
        (10, (AIR, FIRST), "HP"),
        (10, (AIR,), "ASUSTeK COMPUTER INC."),  # no card with a port: no address
        (13, (FIRST,), "Hewlett-Packard"),  # all in one
        (35, (FIRST,), "LENOVO"),  # mini PC
        (36, (AIR,), "Intel Corporation"),  # stick
        (3, (BEHIND, FIRST), "FUJITSU"),
        (17, (FIRST,), "Supermicro"),
        (30, (AIR,), "Acer"),
        (31, (AIR,), "LENOVO"),
    ],
)
def test_the_identifier_is_that_of_the_installed_inxi(
    tmp_path: Path, chassis: int, cards: tuple[Card, ...], maker: str
) -> None:
    tree = computer(tmp_path / "pc", chassis, cards, maker)
    machine = read_machine(tree.host())
    wanted = theirs(inxi_of(tree.root))
    assert device_id(machine) == f"ereuse24:{wanted}"
    assert isinstance(machine.identity.ereuse24, Known)
    assert machine.identity.ereuse24.value == wanted
