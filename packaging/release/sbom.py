"""What a release contains, in CycloneDX's form, with licences: read from the wheels themselves."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from email.message import Message
from pathlib import Path
from typing import Any

from release.wheels import read_metadata

_URL = "https://cyclonedx.org/schema/bom-1.6.schema.json"


def licence_of(metadata: Message) -> list[dict[str, Any]]:
    """CycloneDX's `licenses`: the SPDX expression, else the words that the package gives itself."""
    expression = metadata["License-Expression"]
    if expression:
        return [{"expression": str(expression)}]
    classifiers = [str(one) for one in metadata.get_all("Classifier", [])]
    named = [one.split(" :: ")[-1] for one in classifiers if one.startswith("License :: ")]
    first = (str(metadata["License"] or "").strip().splitlines() or [""])[0][:100]
    said = [one for one in named if one != "OSI Approved"] or ([first] if first else [])
    return [{"license": {"name": one}} for one in said]


def _component(files: list[Path]) -> dict[str, Any]:
    """One library: its wheels for the several Pythons are its files."""
    metadata = read_metadata(files[0])
    name, version = str(metadata["Name"]), str(metadata["Version"])
    purl = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
    held = [
        {
            "type": "file",
            "name": one.name,
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(one.read_bytes()).hexdigest()}],
        }
        for one in files
    ]
    made: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version}
    made |= {"purl": purl, "components": held}
    licences = licence_of(metadata)
    return made | ({"licenses": licences} if licences else {})


def bill_of_materials(sets: dict[str, list[Path]], wheel: Path, version: str, epoch: int) -> bytes:
    """The bill of what the .deb holds: recond and each library. Alike each time."""
    by_name = {file.name: file for files in sets.values() for file in files}
    libraries: dict[str, list[Path]] = {}
    for name in sorted(by_name):
        libraries.setdefault("-".join(name.split("-")[:2]).lower(), []).append(by_name[name])
    own = read_metadata(wheel)
    components = [_component(files) for _, files in sorted(libraries.items())]
    me = {"type": "application", "bom-ref": f"pkg:pypi/recond@{version}", "name": "recond"}
    made: dict[str, Any] = {
        "$schema": _URL,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'recond {version} {epoch}')}",
        "version": 1,
        "metadata": {
            "timestamp": dt.datetime.fromtimestamp(epoch, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": me | {"version": version, "licenses": licence_of(own)},
        },
        "components": components,
        "dependencies": [
            {"ref": me["bom-ref"], "dependsOn": sorted(str(one["bom-ref"]) for one in components)}
        ],
    }
    return (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode()
