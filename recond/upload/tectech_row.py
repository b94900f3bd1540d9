"""A record as a line of tec.tech, the stock of Emmaüs Connect and its partners. Pure.

The columns, their words and types are those of the stock's public audit script: sizes in whole GB
(10^9 bytes) and RAM in whole GiB, as numbers; a maker only if the stock knows it. Erasure and
certificate have no column: the remark holds the record's id, digest and results. What is unknown is
left out, and no operating system is claimed.
"""

from __future__ import annotations

import csv
import io

from recond.computer import is_computer_erased
from recond.erasure import WipeRecord
from recond.errors import RecordInvalid
from recond.model import Disk, Form, Machine, Medium
from recond.naming import computer_maker, model_name, processor_name
from recond.upload.facts import (
    category_of,
    filled,
    known,
    memory_bytes,
    name_of,
    own_disks,
    remark,
)
from recond.upload.sheet import harmless

COLUMNS = {
    "typeMateriel": "Type de matériel",
    "idMaterielReconditionneur": "ID du matériel chez le reconditionneur",
    "statut": "Statut",
    "idStock": "ID du stock",
    "numeroSerie": "Numero de serie",
    "IMEI1": "IMEI 1",
    "IMEI2": "IMEI 2",
    "idEsn": "ID ESN",
    "model": "Modèle",
    "marque": "Marque",
    "processeur": "Processeur",
    "typeDisqueDur1": "Type disque dur 1",
    "tailleDisqueDur1": "Taille disque dur 1",
    "typeDisqueDur2": "Type disque dur 2",
    "tailleDisqueDur2": "Taille disque dur 2",
    "RAM": "RAM",
    "systemeExploitation": "Système d'exploitation",
    "categorie": "Catégorie",
    "lecteurDVD": "Lecteur DVD",
    "webcam": "Webcam",
    "commentaire": "Commentaire",
}
STATES = {
    "A_TRAITER": "À traiter",
    "EN_COURS_DE_TRAITEMENT": "En cours de traitement",
    "NON_REEMPLOYABLE": "Non réemployable",
    "PRET_A_COMMANDER": "Prêt à commander",
    "EN_COURS_DE_LIVRAISON": "En cours de livraison",
    "PRET_A_DISTRIBUER": "Prêt à distribuer",
    "DISTRIBUE": "Distribué",
    "SAV": "SAV",
}
FIRST_STATE = "A_TRAITER"
_TYPES = {
    Form.NOTEBOOK: "ORDINATEUR_PORTABLE",
    Form.CONVERTIBLE: "ORDINATEUR_PORTABLE",
    Form.DESKTOP: "ORDINATEUR_FIXE",
    Form.ALL_IN_ONE: "ORDINATEUR_FIXE",
    Form.MINI_PC: "ORDINATEUR_FIXE",
}
_CATEGORIES = frozenset({"PREMIUM", "A", "B", "C", "D"})
_MAKERS = frozenset(
    (
        "ACER",
        "APPLE",
        "ASUS",
        "CLEVO",
        "COMPAQ",
        "DELL",
        "EMACHINES",
        "FUJITSU",
        "GATEWAY",
        "GETAC",
        "GIGABYTE",
        "GOOGLE",
        "HONOR",
        "HP",
        "HUAWEI",
        "IBM",
        "LENOVO",
        "LG",
        "MEDION",
        "MICROSOFT",
        "MSI",
        "NEC",
        "PANASONIC",
        "RAZER",
        "SAMSUNG",
        "SONY",
        "THOMSON",
        "TOSHIBA",
        "WORTMANN",
        "XIAOMI",
    )
)
_MAKERS_ELSE = {
    "HEWLETT-PACKARD": "HP",
    "ASUSTEK": "ASUS",
    "MICRO-STAR": "MSI",
    "PACKARD": "PACKARD BELL",
}
_MEDIA = {Medium.HDD: "HDD", Medium.HYBRID: "HDD", Medium.SSD: "SSD", Medium.EMMC: "eMMC"}
GB, GIB = 1_000_000_000, 1 << 30


def stock_line(
    record: WipeRecord, digest: str, stock: str, state: str = FIRST_STATE
) -> dict[str, object]:
    """The line of a record's machine, without `idLot`. `state` is given to a machine only when the
    whole computer is erased. Raises `RecordInvalid` where a mandatory column is not known.
    """
    machine = record.machine
    if machine is None:
        raise RecordInvalid("upload.no_machine")
    kind, serial = (
        _TYPES.get(known(machine.system.form) or Form.OTHER),
        known(machine.system.serial),
    )
    if kind is None or serial is None:
        raise RecordInvalid(
            "upload.tectech.unknown", column=COLUMNS["numeroSerie" if kind else "typeMateriel"]
        )
    category = (category_of(record) or "").upper()
    roles = {one.role for one in machine.devices}
    return filled(
        typeMateriel=kind,
        numeroSerie=serial,
        idStock=stock,
        idMaterielReconditionneur=record.property_number or name_of(machine, record.record_id),
        statut=state if is_computer_erased(record) else FIRST_STATE,
        marque=_maker(computer_maker(machine.system) or None),
        model=model_name(machine.system),
        processeur=processor_name(machine.cpu),
        RAM=_rounded(memory_bytes(machine), GIB),
        categorie=category if category in _CATEGORIES else None,
        webcam=True if "camera" in roles else None,
        lecteurDVD=True if "optical" in roles else None,
        commentaire=remark(record, digest),
        **_disks(machine),
    )


def _maker(name: str | None) -> str | None:
    for word in (name or "").upper().replace(",", " ").split():
        if word in _MAKERS or word in _MAKERS_ELSE:
            return _MAKERS_ELSE.get(word, word)
    return None


def _rounded(size_bytes: int | None, unit: int) -> int | None:
    return round(size_bytes / unit) if size_bytes else None


def _disks(machine: Machine) -> dict[str, object]:
    found: dict[str, object] = {}
    inside: list[Disk] = [one for one in own_disks(machine) if one.medium in _MEDIA]
    for number, disk in enumerate(inside[:2], start=1):
        found[f"typeDisqueDur{number}"] = _MEDIA[disk.medium]
        found[f"tailleDisqueDur{number}"] = _rounded(known(disk.size_bytes), GB)
    return found


def add_line(table: bytes | None, line: dict[str, object], record_id: str) -> bytes:
    """The import table with a record's line in it, once; UTF-8, commas, the stock's headings."""
    rows = list(csv.DictReader(io.StringIO((table or b"").decode("utf-8"), newline="")))
    mark = f"recond {record_id} "
    kept = [row for row in rows if not (row.get(COLUMNS["commentaire"]) or "").startswith(mark)]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(COLUMNS.values()), extrasaction="ignore")
    writer.writeheader()
    old = ({title: harmless(cell or "") for title, cell in row.items()} for row in kept)
    writer.writerows([*old, {COLUMNS[key]: _cell(key, line.get(key)) for key in COLUMNS}])
    return out.getvalue().encode("utf-8")


def _cell(key: str, value: object) -> str:
    if key == "statut":
        return STATES[str(value)]
    if value is True:
        return "OUI"
    return "" if value is None else str(harmless(str(value)))
