"""Health by `smartctl -j`: ATA, NVMe and SCSI, and what a disk does not tell."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from recond.host import Host
from recond.host.files import Files
from recond.host.process import Completed
from recond.inspect.smart import parse_smart, read_health
from recond.model import Health, HealthVerdict, Known, Unknown, Why

OK, WORN, FAILING = HealthVerdict.OK, HealthVerdict.WORN, HealthVerdict.FAILING


def attribute(number: int, name: str, value: int, raw: int, text: str = "") -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "value": value,
        "worst": value,
        "thresh": 10,
        "raw": {"value": raw, "string": text or str(raw)},
    }


def ata(*attributes: dict[str, Any], status: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "smartctl": {"exit_status": status},
        "device": {"name": "/dev/sda", "protocol": "ATA"},
        "smart_status": {"passed": True},
        "logical_block_size": 512,
        "power_on_time": {"hours": 4321},
        "temperature": {"current": 33},
        "ata_smart_attributes": {"table": list(attributes)},
        **more,
    }


def nvme(status: int = 0, passed: bool = True, **log: Any) -> dict[str, Any]:
    base = {
        "critical_warning": 0,
        "temperature": 41,
        "available_spare": 100,
        "percentage_used": 3,
        "data_units_written": 2000,
        "power_on_hours": 900,
        "media_errors": 0,
    }
    return {
        "smartctl": {"exit_status": status},
        "device": {"name": "/dev/nvme0", "protocol": "NVMe"},
        "smart_status": {"passed": passed},
        "temperature": {"current": 41},
        "nvme_composite_temperature_threshold": {"warning": 84, "critical": 85},
        "nvme_smart_health_information_log": {**base, **log},
    }


def scsi(**more: Any) -> dict[str, Any]:
    return {
        "smartctl": {"exit_status": 0},
        "device": {"name": "/dev/sda", "protocol": "SCSI"},
        "smart_status": {"passed": True},
        "temperature": {"current": 30, "drive_trip": 65},
        "power_on_time": {"hours": 20000},
        "scsi_grown_defect_list": 0,
        "scsi_error_counter_log": {
            "read": {"total_uncorrected_errors": 0},
            "write": {"total_uncorrected_errors": 0, "gigabytes_processed": "1234.567"},
        },
        **more,
    }


def health(document: dict[str, Any]) -> Health:
    found = parse_smart(json.dumps(document).encode())
    assert not isinstance(found, Unknown), found
    return found


def verdict(document: dict[str, Any]) -> HealthVerdict | None:
    found = health(document).verdict
    return found.value if isinstance(found, Known) else None


GOOD_ATA = (
    attribute(5, "Reallocated_Sector_Ct", 100, 0),
    attribute(197, "Current_Pending_Sector", 100, 0),
    attribute(198, "Offline_Uncorrectable", 100, 0),
)


def test_a_good_hard_disk() -> None:
    found = health(ata(*GOOD_ATA, attribute(241, "Total_LBAs_Written", 100, 2_000_000)))
    assert found.verdict == Known(OK, "smartctl")
    assert found.reasons == ()
    assert found.power_on_hours == Known(4321, "smartctl:power_on_time")
    assert found.reallocated == Known(0, "smartctl:attribute 5")
    assert found.written_bytes == Known(1_024_000_000, "smartctl:Total_LBAs_Written")
    assert found.temperature_c == Known(33, "smartctl:temperature")
    assert isinstance(found.wear_percent, Unknown)


@pytest.mark.parametrize(
    ("document", "expected", "reasons"),
    [
        (ata(attribute(5, "Reallocated_Sector_Ct", 100, 1)), WORN, ["reallocated"]),
        (ata(attribute(5, "Reallocated_Sector_Ct", 100, 99)), WORN, ["reallocated"]),
        (ata(attribute(5, "Reallocated_Sector_Ct", 100, 100)), FAILING, ["reallocated"]),
        (ata(attribute(197, "Current_Pending_Sector", 100, 1)), WORN, ["pending"]),
        (ata(attribute(197, "Current_Pending_Sector", 100, 10)), FAILING, ["pending"]),
        (ata(attribute(198, "Offline_Uncorrectable", 100, 3)), WORN, ["uncorrectable"]),
        (ata(*GOOD_ATA, status=8), FAILING, ["status"]),
        (ata(*GOOD_ATA, status=16), FAILING, ["prefail"]),
        (ata(*GOOD_ATA, status=32), WORN, ["past"]),
        (ata(*GOOD_ATA, status=4), OK, []),
        (ata(*GOOD_ATA, status=64 | 128), OK, []),
        (ata(*GOOD_ATA, smart_status={"passed": False}), FAILING, ["status"]),
        (
            ata(
                *GOOD_ATA,
                ata_smart_data={
                    "self_test": {
                        "status": {
                            "value": 112,
                            "string": "completed: read failure",
                            "passed": False,
                        }
                    }
                },
            ),
            FAILING,
            ["self_test"],
        ),
        (ata(attribute(177, "Wear_Leveling_Count", 15, 900)), WORN, ["wear_percent"]),
        (ata(attribute(231, "SSD_Life_Left", 97, 97)), OK, []),
        (nvme(), OK, []),
        (nvme(percentage_used=80), WORN, ["wear_percent"]),
        (nvme(percentage_used=120), WORN, ["wear_percent"]),
        (nvme(percentage_used=200), FAILING, ["wear_percent"]),
        (nvme(critical_warning=1), FAILING, ["nvme_spare"]),
        (nvme(critical_warning=2), OK, []),  # too warm now is not broken
        (nvme(critical_warning=4, passed=False), FAILING, ["status", "nvme_degraded"]),
        (nvme(critical_warning=8), FAILING, ["nvme_read_only"]),
        (nvme(media_errors=2), WORN, ["uncorrectable"]),
        (scsi(), OK, []),
        (scsi(scsi_grown_defect_list=7), WORN, ["reallocated"]),
        (scsi(scsi_grown_defect_list=700), FAILING, ["reallocated"]),
        (scsi(scsi_percentage_used_endurance_indicator=85), WORN, ["wear_percent"]),
    ],
)
def test_verdicts(document: dict[str, Any], expected: HealthVerdict, reasons: list[str]) -> None:
    found = health(document)
    assert found.verdict == Known(expected, "smartctl")
    assert [r.code for r in found.reasons] == [f"inspect.health.{r}" for r in reasons]


def test_every_reason_is_said_in_both_languages() -> None:
    from recond.locale import LANGS, has

    for word in (
        "reallocated",
        "pending",
        "uncorrectable",
        "wear_percent",
        "status",
        "prefail",
        "past",
        "self_test",
        "nvme_spare",
        "nvme_degraded",
        "nvme_read_only",
        "nvme_backup",
    ):
        for lang in LANGS:
            assert has(f"inspect.health.{word}", lang), word


def test_a_good_nvme_disk() -> None:
    found = health(nvme())
    assert found.wear_percent == Known(3, "smartctl:percentage_used")
    assert found.written_bytes == Known(2000 * 512_000, "smartctl:data_units_written")
    assert found.power_on_hours == Known(900, "smartctl:power_on_hours")
    assert isinstance(found.temperature_limit_c, Known)
    assert found.temperature_limit_c.value == 84
    assert isinstance(found.reallocated, Unknown)
    assert found.uncorrectable == Known(0, "smartctl:media_errors")


def test_a_good_scsi_disk() -> None:
    found = health(scsi())
    assert found.written_bytes == Known(1_234_567_000_000, "smartctl:gigabytes_processed")
    assert isinstance(found.reallocated, Known)
    assert isinstance(found.uncorrectable, Known)
    assert found.temperature_limit_c == Known(65, "smartctl:temperature")


def test_packed_raw_values_are_read_by_their_text() -> None:
    """Some makers pack three numbers into one raw value; smartctl's text starts with the count."""
    found = health(ata(attribute(5, "Reallocated_Sector_Ct", 100, 281474976710656, "0 (1 0)")))
    assert found.reallocated == Known(0, "smartctl:attribute 5")


def test_a_disk_that_tells_nothing_has_no_verdict() -> None:
    found = health({"smartctl": {"exit_status": 4}, "device": {"name": "/dev/sda"}})
    assert isinstance(found.verdict, Unknown)
    assert all(
        isinstance(getattr(found, name), Unknown)
        for name in (
            "power_on_hours",
            "reallocated",
            "pending",
            "uncorrectable",
            "wear_percent",
            "written_bytes",
            "temperature_c",
            "self_test",
        )
    )


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (
            {
                "smartctl": {
                    "exit_status": 2,
                    "messages": [
                        {"string": "Smartctl open device: /dev/sda failed: Permission denied"}
                    ],
                }
            },
            Why.DENIED,
        ),
        (
            {
                "smartctl": {
                    "exit_status": 1,
                    "messages": [{"string": "/dev/sdb: Unknown USB bridge [0x46f4:0x0001]"}],
                }
            },
            Why.UNSUPPORTED,
        ),
        ({"smartctl": {"exit_status": 2}}, Why.UNSUPPORTED),
        ({}, Why.UNSUPPORTED),
    ],
)
def test_a_refusal_says_why(document: dict[str, Any], why: Why) -> None:
    found = parse_smart(json.dumps(document).encode())
    assert isinstance(found, Unknown)
    assert found.why is why


@dataclass
class Tool:
    """smartctl's answers by the kind that is asked for."""

    answers: dict[str, Completed]
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        self.asked.append(argv)
        kind = argv[argv.index("-d") + 1] if "-d" in argv else ""
        return self.answers.get(kind, Completed(argv, 127, b"", b"", 0))


def answer(code: int, document: dict[str, Any] | None = None) -> Completed:
    return Completed((), code, json.dumps(document).encode() if document else b"", b"", 1)


def test_behind_a_usb_bridge_sat_is_tried() -> None:
    bridge = {"smartctl": {"exit_status": 1, "messages": [{"string": "Unknown USB bridge [x]"}]}}
    tool = Tool({"": answer(1, bridge), "sat": answer(0, ata(*GOOD_ATA))})
    found = read_health(Host(tool, Files()), "/dev/sdb")
    assert not isinstance(found, Unknown)
    assert [a[-3:] for a in tool.asked][-1] == ("-d", "sat", "/dev/sdb")


@pytest.mark.parametrize(
    ("done", "why"),
    [(answer(127), Why.TOOL_MISSING), (answer(124), Why.TIMEOUT), (answer(0), Why.UNPARSABLE)],
)
def test_a_missing_or_hanging_tool_says_so(done: Completed, why: Why) -> None:
    found = read_health(Host(Tool({"": done}), Files()), "/dev/sda")
    assert found == Unknown(why, "smartctl")
