"""The whole main job as a person runs it, on disk images: what it leaves, and what breaks it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import environment, recond, started, valid
from tests.processes import kill_all

MIB = 1 << 20


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "donneur.img"
    file.write_bytes(b"DONOR DATA 42 " * (8 * MIB // 14) + b"x" * 7 * 512)
    size = file.stat().st_size // 512 * 512
    os.truncate(file, size)
    return file


def wiped(tmp_path: Path, image: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = recond(
        "wipe", str(image), "--image", "--confirm", image.name, "--json", *more, folder=tmp_path
    )
    assert done.stdout, done.stderr
    return done.code, json.loads(done.stdout)


def test_an_image_is_erased_certified_and_verified(tmp_path: Path, image: Path) -> None:
    size = image.stat().st_size
    target = (str(image), "--image", "--confirm", image.name)
    who = ("--operator", "Camille", "--lang", "en")
    done = started("wipe", *target, *who, "--json", folder=tmp_path)
    assert done.code == 0, done.stderr
    result = json.loads(done.stdout)
    folder = Path(str(result["folder"]))
    assert result["outcome"] == "erased"
    assert image.read_bytes() == bytes(size)
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert names == [
        "certificate.pdf",
        "journals/donneur.img.jsonl",
        "receipt.jws",
        "record.json",
        "record.jws",
    ]
    record = json.loads((folder / "record.json").read_bytes())
    assert record["operator"]["name"] == "Camille"
    assert record["erasures"][0]["result"]["status"] == "erased"
    assert started("verify", str(folder), folder=tmp_path).code == 0
    for name in names[:1] + names[2:]:
        assert recond("verify", str(folder / name), folder=tmp_path).code == (
            7 if name in ("record.json", "receipt.jws") else 0
        ), name  # alone they show nothing


def test_one_changed_byte_names_the_part(tmp_path: Path, image: Path) -> None:
    _, result = wiped(tmp_path, image)
    folder = Path(str(result["folder"]))
    for part in (
        "record.json",
        "record.jws",
        "receipt.jws",
        "certificate.pdf",
        "journals/donneur.img.jsonl",
    ):
        true = (folder / part).read_bytes()
        raw = bytearray(true)
        raw[len(raw) // 2] ^= 1
        (folder / part).write_bytes(bytes(raw))
        done = recond("verify", str(folder), folder=tmp_path)
        (folder / part).write_bytes(true)
        assert done.code == 7
        wrong = [line for line in done.stdout.splitlines() if "✗" in line and "–" in line]
        assert any(Path(part).name in line for line in wrong), done.stdout
    assert recond("verify", str(folder), folder=tmp_path).code == 0


def test_without_verification_nothing_is_approved(tmp_path: Path, image: Path) -> None:
    code, result = wiped(tmp_path, image, "--verify", "none")
    (disk,) = result["disks"]
    assert code == 6
    assert result["outcome"] == "not-erased"
    assert disk["result"]["status"] == "failed"


def test_two_disks_one_refused_named(tmp_path: Path, image: Path) -> None:
    done = recond(
        "wipe", str(image), str(tmp_path), "--image", "--confirm", image.name, folder=tmp_path
    )
    assert done.code == 2
    assert b"DONOR" in image.read_bytes()[:64], "nothing may be erased when one target is wrong"


def test_unusable_key_leaves_an_unsigned_certificate(tmp_path: Path, image: Path) -> None:
    keys = tmp_path / "state" / "keys"
    keys.mkdir(parents=True)
    (keys / "bench.p12").write_bytes(b"not a key")
    (keys / "bench.p12").chmod(0o600)
    refused = recond("wipe", str(image), "--image", "--confirm", image.name, folder=tmp_path)
    assert refused.code == 9
    assert "--sign-later" in refused.stderr
    code, result = wiped(tmp_path, image, "--sign-later")
    folder = Path(str(result["folder"]))
    assert code == 7
    assert result["signed"] is False
    assert (folder / "certificate-NON-SIGNE.pdf").exists()
    assert not (folder / "record.jws").exists()
    assert recond("verify", str(folder), folder=tmp_path).code == 7
    shutil.rmtree(keys)
    again = recond("certify", str(result["run"]), folder=tmp_path)
    assert again.code == 0, again.stderr
    assert sorted(p.name for p in folder.glob("cert*")) == ["certificate.pdf"]
    assert recond("verify", str(folder), folder=tmp_path).code == 0


def begin(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "recond", *arguments, "--json-events", "--json"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(process: subprocess.Popen[str], phase: str, step: int) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{"):
            event = valid(json.loads(line))
            if event.get("phase") == phase and int(event.get("step", 0)) >= step:
                return
    pytest.fail(f"{phase} {step} was never reached")


def test_ctrl_c_is_an_interruption_and_resume_finishes(tmp_path: Path, image: Path) -> None:
    process = begin(
        tmp_path, "wipe", str(image), "--image", "--confirm", image.name, "--method", "gutmann"
    )
    wait_for(process, "write", 3)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    result = valid(json.loads(out))
    assert process.returncode == 130
    assert result["disks"][0]["result"]["status"] == "interrupted"
    assert result["outcome"] == "not-erased"
    resumed = recond("resume", "--json", folder=tmp_path)
    after = json.loads(resumed.stdout)
    assert resumed.code == 0, resumed.stderr
    assert after["disks"][0]["result"]["status"] == "erased"
    record = json.loads((Path(after["folder"]) / "record.json").read_bytes())
    assert record["erasures"][0]["interruptions"], "the interruption stays visible"


@pytest.mark.parametrize("step", [1, 17, 34])
def test_kill_9_of_everything_then_resume(step: int, tmp_path: Path, image: Path) -> None:
    process = begin(
        tmp_path, "wipe", str(image), "--image", "--confirm", image.name, "--method", "gutmann"
    )
    wait_for(process, "write", step)
    process.kill()
    kill_all(f"recond.wipe.worker .*{tmp_path}")
    process.communicate(timeout=60)
    resumed = recond("resume", "--json", folder=tmp_path)
    assert resumed.code == 0, resumed.stderr
    after = json.loads(resumed.stdout)
    assert after["disks"][0]["result"]["status"] == "erased"
    assert b"DONOR" not in image.read_bytes()
    assert recond("verify", after["folder"], folder=tmp_path).code == 0
    assert recond("resume", folder=tmp_path).code == 0, "nothing is left to resume"


def test_the_erasure_outlives_its_screen(tmp_path: Path, image: Path) -> None:
    process = begin(
        tmp_path, "wipe", str(image), "--image", "--confirm", image.name, "--method", "gutmann"
    )
    wait_for(process, "write", 1)
    process.kill()
    process.communicate(timeout=60)
    resumed = recond("resume", "--json", folder=tmp_path)
    after = json.loads(resumed.stdout)
    assert after["disks"][0]["result"]["status"] == "erased"
    record = json.loads((Path(after["folder"]) / "record.json").read_bytes())
    assert not record["erasures"][0]["interruptions"], "its worker went on by itself"


def test_a_killed_worker_leaves_the_others_going(tmp_path: Path, image: Path) -> None:
    other = tmp_path / "autre.img"
    shutil.copy(image, other)
    process = begin(
        tmp_path,
        "wipe",
        str(image),
        str(other),
        "--image",
        "--confirm",
        image.name,
        "--confirm",
        other.name,
        "--method",
        "gutmann",
    )
    wait_for(process, "write", 2)
    killed = kill_all(f"recond.wipe.worker .*{tmp_path}.*donneur")
    assert killed, "the worker of the first disk was not found"
    out, _ = process.communicate(timeout=120)
    result = valid(json.loads(out))
    status = {Path(disk["path"]).name: disk["result"]["status"] for disk in result["disks"]}
    assert status == {"donneur.img": "interrupted", "autre.img": "erased"}
    assert result["outcome"] == "partial"
    assert process.returncode == 5, result["disks"]


def test_demo_shows_the_whole_job(tmp_path: Path) -> None:
    done = recond("demo", "--json", folder=tmp_path)
    assert done.code == 0, done.stderr
    result = valid(json.loads(done.stdout))
    assert result["demonstration"] is True
    assert result["traces"] == 0
    assert [run["outcome"] for run in result["runs"]] == ["erased", "erased"]
    for run in result["runs"]:
        record = json.loads((Path(run["folder"]) / "record.json").read_bytes())
        assert record["bench"]["demonstration"] is True
        text = (
            subprocess.run(
                ["pdftotext", str(Path(run["folder"]) / "certificate.pdf"), "-"],
                capture_output=True,
                text=True,
            )
            if shutil.which("pdftotext")
            else None
        )
        assert text is None or "DÉMONSTRATION" in text.stdout
