"""What is typed wrongly costs one clear line, its exit code, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.command import recond

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "disque.img"
    file.write_bytes(CONTENT)
    return file


def wipe(image: Path, *more: str) -> tuple[str, ...]:
    return ("wipe", str(image), "--image", "--confirm", image.name, *more)


CASES = {
    "no target": (("wipe",), 2, "aucun disque"),
    "unknown target": (("wipe", "/dev/does-not-exist"), 2, "/dev/does-not-exist"),
    "directory": (("wipe", "{tmp}"), 2, "dossier"),
    "empty file": (("wipe", "{tmp}/empty.img", "--image"), 2, "vide"),
    "a file without --image": (("wipe", "{tmp}/disque.img"), 2, "--image"),
    "a character device": (("wipe", "/dev/null"), 2, "/dev/null"),
    "wrong serial": (("wipe", "{tmp}/disque.img", "--image", "--confirm", "AUTRE"), 4, "AUTRE"),
    "no confirmation": (("wipe", "{tmp}/disque.img", "--image"), 4, "--confirm"),
    "unknown method": (("wipe", "{tmp}/disque.img", "--image", "--method", "magic"), 2, "magic"),
    "no number": (("label", "--start", "x"), 2, "--start"),
    "no page of a root": (("key", "restore", "{tmp}/disque.img"), 7, "sauvegarde"),
    "unknown level": (("wipe", "{tmp}/disque.img", "--image", "--level", "full"), 2, "full"),
    "unknown verification": (
        ("wipe", "{tmp}/disque.img", "--image", "--verify", "some"),
        2,
        "some",
    ),
    "purge of an image": (
        ("wipe", "{tmp}/disque.img", "--image", "--level", "purge", "--confirm", "disque.img"),
        4,
        "purge",
    ),
    "out is a file": (
        (
            "wipe",
            "{tmp}/disque.img",
            "--image",
            "--confirm",
            "disque.img",
            "--out",
            "{tmp}/empty.img",
        ),
        9,
        "empty.img",
    ),
    "out cannot be made": (
        (
            "wipe",
            "{tmp}/disque.img",
            "--image",
            "--confirm",
            "disque.img",
            "--out",
            "/proc/recond-out",
        ),
        9,
        "/proc/recond-out",
    ),
    "unknown profile": (
        ("run", "{tmp}/disque.img", "--image", "--profile", "windows-95"),
        2,
        "windows-95",
    ),
    "an answer that is no number": (("check", "--answer", "looks=--5"), 2, "--5"),
    "an answer in another script": (("check", "--answer", "looks=²"), 2, "²"),
    "profile with a mistake": (("check", "--profile", "{tmp}/wrong.toml"), 2, "wrong.toml"),
    "unattended without --all": (("run", "--unattended"), 2, "--all"),
    "unknown language": (("methods", "--lang", "de"), 2, "de"),
    "unknown option": (("plan", "--frce"), 2, "--frce"),
    "unknown command": (("erase",), 2, "erase"),
    "unknown run": (("certify", "20200101"), 2, "20200101"),
    "verify: nothing there": (("verify", "{tmp}/nope.pdf"), 2, "nope.pdf"),
    "verify: empty": (("verify", "{tmp}/empty.img"), 7, "vide"),
    "verify: something else": (("verify", "{tmp}/disque.img"), 7, "Pas un certificat recond"),
    "verify: a PDF of another": (("verify", "{tmp}/other.pdf"), 7, "PDF"),
    "capture that is none": (("inspect", "--from", "{tmp}/disque.img"), None, "disque.img"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line_and_nothing_written(name: str, tmp_path: Path, image: Path) -> None:
    arguments, code, word = CASES[name]
    (tmp_path / "empty.img").write_bytes(b"")
    (tmp_path / "other.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    (tmp_path / "wrong.toml").write_text('name = "x"\nminimum = 3\n')
    before = sorted(path.name for path in tmp_path.iterdir())
    done = recond(*(one.format(tmp=tmp_path) for one in arguments), folder=tmp_path)
    assert "Traceback" not in done.stderr + done.stdout
    assert done.code == code if code is not None else done.code in (2, 7)
    assert word in done.stderr + done.stdout
    assert image.read_bytes() == CONTENT, "the image was touched"
    after = {path.name for path in tmp_path.iterdir()} - {"state", "recond-out"}
    assert sorted(after) == before
    assert not list((tmp_path / "recond-out").glob("*")), "something was put out"


def test_read_only_image_is_refused(tmp_path: Path, image: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write to any file: the refusal of a read-only device is a lab test")
    image.chmod(0o444)
    done = recond(*wipe(image), folder=tmp_path)
    assert done.code == 4
    assert image.read_bytes() == CONTENT


def test_image_in_use_by_another_program_is_refused(tmp_path: Path, image: Path) -> None:
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("needs root and loop devices")
    import subprocess

    made = subprocess.run(["losetup", "-f", "--show", str(image)], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"no loop device here: {made.stderr.strip()}")
    loop = made.stdout.strip()
    try:
        done = recond(*wipe(image), folder=tmp_path)
        assert done.code == 4
        assert loop.rsplit("/", 1)[-1] in done.stderr
        assert image.read_bytes() == CONTENT
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)


def test_messages_are_in_the_language_asked_for(tmp_path: Path) -> None:
    french = recond("wipe", "/dev/does-not-exist", folder=tmp_path)
    english = recond("wipe", "/dev/does-not-exist", "--lang", "en", folder=tmp_path)
    assert "Erreur" in french.stderr
    assert "Error" in english.stderr
    assert "Erreur" not in english.stderr
