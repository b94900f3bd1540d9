"""What a person or a donor gives to a bench, changed at random: profiles, a stick's settings and
the kernel's line, a lot's list (CSV, workbooks), marks of processors, destinations and templates.

Real ones are drawn and changed (bytes, words put in, doubled, repeated without end). Each is read
or refused by a `RecondError` with a sentence and its exit code, in little time; a stick gives no
order that its text does not hold, no secret is in a refusal, a list's serial is what stands there.

RECOND_FUZZ=N draws N of each, RECOND_SEED draws others.
"""

from __future__ import annotations

import io
import os
import random
import shlex
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import tomli_w
import xlsxwriter

from recond.errors import RecondError, UsageError
from recond.flow import config
from recond.flow.deliver.settings import FILE, read_settings
from recond.flow.live.order import environment, named_stick, read_order
from recond.flow.lot.manifest import parse_manifest
from recond.flow.serials import clean, compared
from recond.locale import say
from recond.readiness import check_profile, parse_cpu_marks, parse_profile
from recond.upload.kinds import open_destination
from recond.upload.settings import KINDS
from recond.upload.templates import load_template
from tests.house import ROOT

COUNT = int(os.environ.get("RECOND_FUZZ", "60"))
SEED = os.environ.get("RECOND_SEED", "1")
SLOW_S = 3.0
"""Of one text's reading, by the process's own time; the suite's take milliseconds."""
LONG = 60_000
SECRET = "s3cr3t-0f-the-w0rksh0p"
WORDS = tuple(
    word.encode()
    for word in (
        *(
            "\0",
            "\n",
            "\r",
            '"',
            "'",
            '"""',
            "[",
            "]",
            "[[",
            "{",
            "}",
            "=",
            ".",
            ";",
            ",",
            "\t",
            "#",
        ),
        *("-1", "1e999", "nan", "9" * 50, "0x", "true", "null", "9999-99-99", "\\ud800", "\\x00"),
        *(
            "\x1b[2J",
            "\u202e",
            "\u2028",
            "\x85",
            "é",
            "\ufeff",
            "sep=",
            'sep="',
            "sep=\r",
            "../",
            "~",
        ),
        *(
            "file:///etc/passwd",
            "http://[",
            "http://a:b@c:99999/",
            "$(id)",
            "=1+1",
            "unattended",
            "all",
        ),
        *("[stick]\n", "[wifi]\n", "[profile]\n", "a = 1\n", "%s", "{0}", "recond.mode="),
    )
)


def changed(raw: bytes, chance: random.Random) -> bytes:
    """Some places of a text changed; seldom one piece of it without end."""
    found = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at, many = chance.randrange(len(found) + 1), chance.choice((0, 1, 4, 40))
        old = bytes(found[at : at + many])
        new = chance.choice((chance.choice(WORDS), old * 2, b"", chance.randbytes(many), old[::-1]))
        found[at : at + many] = new
    if chance.random() < 0.1:
        piece = chance.choice((chance.choice(WORDS), bytes(found[:20]), bytes(found[-30:]))) or b"x"
        at = chance.randrange(len(found) + 1)
        found[at:at] = piece * (LONG // len(piece))
    return bytes(found)


def workbook() -> bytes:
    """A list as a spreadsheet saves it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write_row(0, 0, ("Serial", "S1234567"))
    return out.getvalue()


def open_document() -> bytes:
    """The same of another program (OpenDocument 1.3, part 2, 3.3: its type comes first)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", "<office:document-content/>")
    return out.getvalue()


LIST = "N° de série;Modèle;Taille;Inventaire\nWD-WCC4E1;WD10;1 To;A-1\n5YD3,0;ST;500 Go;A-2\n"
STICK = (
    '[stick]\nlot = "Mairie 2026"\nmode = "guided"\nlanguage = "fr"\nend = "wait"\n'
    f'[wifi]\nname = "atelier"\npassword = "{SECRET}"\n[bench]\ndock = "USB 2-4, SATA 5"\n'
)
LINE = 'boot=live quiet recond.lot="A B" recond.lang=en recond.stick=0401 recond.end=poweroff'
LISTS: tuple[bytes, ...] = (LIST.encode("utf-8-sig"), LIST.encode("cp1252"), LIST.encode("utf-16"))
LISTS += (b"sep=,\r\nserial,disk serial\r\nS1,D1\r\n", b"S1\nS2\n", workbook(), open_document())
MARKS = b"Model;Mark\nIntel Core i5-6200U;3900\nAMD Ryzen 5 3500U;6900\n"


VALUES = {
    "url": "https://a.example/b",
    "path": "/srv/none",
    "map": "homebox",
    "stock": "7",
    "lot": "8",
} | {"status": "3"}


def destinations() -> tuple[bytes, ...]:
    """Each kind of destination, with what it needs."""
    return tuple(
        tomli_w.dumps(
            {
                kind: {"kind": kind}
                | {one: VALUES.get(one, "x") for one in fields.required}
                | {one: SECRET for one in fields.required if one in fields.secret}
            }
        ).encode()
        for kind, fields in KINDS.items()
    )


PROFILES = tuple(sorted(file.read_bytes() for file in (ROOT / "profiles").glob("*.toml")))
TEMPLATES = tuple(
    sorted(file.read_bytes() for file in (ROOT / "recond/data/exports").glob("*.toml"))
)


def refusal(read: Callable[[], object]) -> UsageError | None:
    """What was said instead of an answer; a sentence in any case."""
    try:
        read()
    except UsageError as error:
        return error
    return None


def profile(raw: bytes, _folder: Path) -> None:
    mistakes, found = check_profile(raw, "p.toml"), refusal(lambda: parse_profile(raw, "p.toml"))
    assert [one.message for one in mistakes[:1]] == ([found.message] if found else [])
    assert all(say("fr", one.message) for one in mistakes)
    if found:
        raise found


def stick(raw: bytes, folder: Path) -> None:
    (folder / "recond.toml").write_bytes(raw)
    for told in (config.declared_docks, config.timestamp_server):
        refused = refusal(partial(told, folder))
        assert refused is None or say("fr", refused.message)
    text = raw.decode("utf-8", "replace")
    settings, _, line = text.partition("\n\n")
    found = read_order(settings, "recond.toml", line)
    assert ("unattended" in text and "all" in text) or not found.unattended
    named_stick(line)
    lines = environment(found, "/out", 0).split("\n")
    assert len(lines) == 8, "one assignment a line, whatever the lot is called"
    assert all(len(shlex.split(one)) == 1 for one in lines[:-1])


def manifest(raw: bytes, _folder: Path) -> None:
    found = parse_manifest(raw, "list.csv")
    text = clean(raw.decode(found.encoding))
    for one in found.expected:
        assert compared(one.written) == one.serial
        assert '"' in text or one.written.split()[0] in text, "never guessed"


def settings(raw: bytes, folder: Path) -> None:
    (folder / FILE).write_bytes(raw)
    (folder / FILE).chmod(0o600)
    try:
        for one in read_settings(folder):
            assert SECRET not in repr(one) + one.shown or raw.count(SECRET.encode()) == 0
            open_destination(one)
    except RecondError as error:
        if f'"{SECRET}"'.encode() in raw and SECRET in say("fr", error.message):
            raise AssertionError("a secret in a refusal") from error
        raise


def template(raw: bytes, folder: Path) -> None:
    (folder / "t.toml").write_bytes(raw)
    load_template(str(folder / "t.toml"))


GIVEN: dict[str, tuple[tuple[bytes, ...], Callable[[bytes, Path], object]]] = {
    "profile": (PROFILES, profile),
    "stick": ((f"{STICK}\n\n{LINE}".encode(), f"\n\n{LINE}".encode()), stick),
    "list": (LISTS, manifest),
    "marks": ((MARKS,), lambda raw, _: parse_cpu_marks(raw, "marks.csv")),
    "destinations": (destinations(), settings),
    "template": (TEMPLATES, template),
}


@pytest.mark.parametrize("what", GIVEN)
def test_a_changed_text_is_read_or_refused(tmp_path: Path, what: str) -> None:
    texts, read = GIVEN[what]
    refused, said = 0, list[str]()
    for number in range(COUNT):
        chance = random.Random(f"{SEED} {what} {number}")
        raw = changed(chance.choice(texts), chance)
        before = time.process_time()
        try:
            read(raw, tmp_path)
        except RecondError as error:
            refused += 1
            if not say("fr", error.message) or error.exit_code not in (2, 7, 9):
                said.append(f"{number}: {error!r}")
        except Exception as error:
            said.append(f"{number}: {error!r} {raw[:200]!r}")
        if (took := time.process_time() - before) > SLOW_S:
            said.append(f"{number}: {took:.1f} s for {len(raw)} bytes")
    assert not said, f"RECOND_SEED={SEED}\n" + "\n".join(said)
    assert refused >= COUNT // 10, "most changes are mistakes"


def test_unchanged_they_are_read(tmp_path: Path) -> None:
    """Else nothing is held above."""
    for what in ("profile", "list", "marks", "destinations", "template"):
        texts, read = GIVEN[what]
        for raw in texts:
            if not raw.startswith(b"PK"):
                read(raw, tmp_path)
    found = read_order(STICK, "recond.toml", LINE)
    assert (found.lot, found.language, found.wifi_password) == ("A B", "en", SECRET)
