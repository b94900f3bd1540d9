"""What a bench keeps and hands over, with a value of it changed: every reader answers or says why.

A real bench (`test_planted`) is copied; in one of its files a drawn value is replaced by one of
another kind, another size, another depth, or a name stands twice; or bytes of it are changed. Then
everything is done that reads or writes the state. No trouble but a sentence, nothing waits, nothing
is called erased that is not, and nobody else's signature is believed.

RECOND_FUZZ=N draws N, RECOND_SEED draws others.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from recond.certify.record import parse_record
from recond.documents import read_json
from recond.erasure import Status
from recond.errors import RecondError
from recond.flow.verify.files import verify_paths
from tests.flow.bench import Bench
from tests.flow.test_planted import _move, allow_more, bench_left, done_with, files_of, in_time

__all__ = ("bench_left", "in_time")  # fixtures

COUNT = int(os.environ.get("RECOND_FUZZ", "12"))
SEED = int(os.environ.get("RECOND_SEED", "1") if os.environ.get("RECOND_SEED") != "all" else "1")
SHARES = 2
IMAGE = "a.img"
PROVES = ("record.json", "record.jws", "receipt.jws")

DEEP: Any = "deep"
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1 << 62, 1 << 70, 10**400, 1e308, 0.5, "", "x" * 300_000, [], {}, [[]]),
    *("../../etc/passwd", "/dev/zero", "a\0b", "\ud800", "2026-13-45T99:99:99Z", "erased", DEEP),
    *([{}] * 3, {"": {}}, {"status": "erased"}, "\x1b[2J", "9999-12-31T23:59:59.999Z", "\u202e"),
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value of a document."""
    found = [way]
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(one, (*way, key))
    return found


def changed_json(raw: bytes, chance: random.Random) -> bytes:
    """One value of a document replaced, or a name that stands twice."""
    document = json.loads(raw)
    way = chance.choice(places(document)[1:] or [()])
    new = chance.choice(VALUES)
    mark = "\u0001here\u0001"
    if not way:
        document = mark
    else:
        inside = document
        for key in way[:-1]:
            inside = inside[key]
        if isinstance(inside, dict) and chance.random() < 0.2:
            inside[f"{way[-1]}\u0001twice\u0001"] = mark
        else:
            inside[way[-1]] = mark
    text = json.dumps(document).replace("\\u0001twice\\u0001", "")
    said = "[" * 5000 + "]" * 5000 if new is DEEP else json.dumps(new)
    return text.replace(json.dumps(mark), said).encode()


def changed_bytes(raw: bytes, chance: random.Random) -> bytes:
    """Some bytes replaced, put in, doubled or left out."""
    found = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at, many = chance.randrange(len(found) + 1), chance.choice((1, 1, 4, 40))
        piece = chance.choice((chance.randbytes(many), b"", bytes(found[at : at + many]) * 2))
        found[at : at + many] = piece
    return bytes(found)


def changed(name: str, raw: bytes, chance: random.Random) -> bytes:
    """A file's content, changed in a way that its readers may meet."""
    if name.endswith(".jsonl") and raw:
        lines = raw.splitlines(keepends=True)
        at = chance.randrange(len(lines))
        lines[at] = changed_json(lines[at], chance) + b"\n"
        return b"".join(lines)
    if name.endswith(".json") and chance.random() < 0.8:
        return changed_json(raw, chance)
    return changed_bytes(raw, chance)


def is_good(bench: Bench, certificate: Path) -> bool:
    """What `recond verify` says of a certificate's files without its page, which is drawn by
    nobody here.
    """
    proof = shutil.copytree(
        certificate, bench.path / "proof", ignore=shutil.ignore_patterns("*.pdf")
    )
    return verify_paths((proof,), (), state=bench.state).exit_code == 0


def test_unchanged_it_is_good(bench_left: Path, tmp_path: Path) -> None:
    """Else nothing is held below."""
    shutil.copytree(bench_left, tmp_path / "bench")
    (certificate,) = (tmp_path / "bench" / "out").iterdir()
    assert is_good(Bench(tmp_path / "bench"), certificate)


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.usefixtures("in_time")
def test_a_changed_value_is_answered_or_said(bench_left: Path, tmp_path: Path, share: int) -> None:
    files, said = files_of(bench_left), list[str]()
    for number in range(share, COUNT, SHARES):
        chance = random.Random(f"{SEED} {number}")
        allow_more()
        _change_and_do(bench_left, tmp_path / str(number), chance.choice(files), chance, said)
    assert not said, f"RECOND_SEED={SEED}\n" + "\n".join(said)


def _change_and_do(
    left: Path, path: Path, name: str, chance: random.Random, said: list[str]
) -> None:
    shutil.copytree(left, path)
    _move(path, left)
    place = path / name
    before = place.read_bytes()
    place.write_bytes(changed(name, before, chance))
    bench, how = Bench(path), f"{name} {place.read_bytes()[:200]!r}"
    if place.name in PROVES and place.read_bytes() != before and is_good(bench, place.parent):
        said.append(f"{how}: verify says that it is good")
    for what, doing in done_with(bench).items():
        try:
            doing()
        except (RecondError, OSError):
            continue
        except Exception as error:
            said.append(f"{how} {what}: {error!r}")
    for record in bench.path.rglob("record.json"):
        _hold_record(bench, record, said, how)
    shutil.rmtree(path)


def is_given(bench: Bench, record: Path) -> bool:
    """Whether a record may be the changed one: in the output folder, which anybody may write."""
    return (bench.path / "out") in record.parents


def _hold_record(bench: Bench, record: Path, said: list[str], how: str) -> None:
    """What reads as a record calls nothing erased that is not, and no other disk."""
    try:
        erasures = parse_record(read_json(record.read_bytes())).erasures
    except (RecondError, ValueError):
        return
    for one in erasures:
        whole = one.disk.token == IMAGE and b"DONOR" not in (bench.path / IMAGE).read_bytes()
        if one.result.status is Status.ERASED and not whole and not is_given(bench, record):
            said.append(f"{how}: {one.disk.token} is called erased")
