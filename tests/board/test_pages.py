"""Every page, by everybody: lots, figures, people, the public link, the API held to its words."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from recond.board import openapi
from recond.board.app import WAYS
from recond.board.frame import PUBLIC, Way
from recond.board.people import Role
from recond.certify.ledger import read_ledger
from recond.model import Known, Lock, Message, Outcome, Tried, Unknown, Why
from tests.board.workshop import PASSWORD, Client, Maker, Workshop
from tests.upload.erased import DISK_BYTES, journal
from tests.upload.records import notebook
from tests.wipe.disks import HDD

MANIFEST = "Numéro de série;Modèle\n5CG0123XYZ;T480\nABSENT-1;T470\n;vide\n"


@pytest.fixture
def filled(workshop: Workshop, maker: Maker) -> Workshop:
    """A board with one trusted record of lot A, as record 1, and a word on it, as statement 1."""
    workshop.trust(maker)
    package = maker.package(serial="5CG0123XYZ", lot="lot A", donor="Mairie <b>de</b> Lens")
    bench = workshop.bench("banc 1")
    assert bench.upload(package).status == 201
    assert bench.upload(maker.word("5CG0123XYZ", "lot A")).status == 201
    return workshop


def path_of(way: Way) -> str:
    return way.path.format(
        number=1,
        token="x" * 43,
        lot="lot%20A",
        kind="csv",
        name="20261128-000000-00000000." + "0" * 16,
    )


def test_each_way_lets_in_whom_it_says_and_nobody_else(filled: Workshop) -> None:
    people = {role: filled.person(f"a {role.value}", role) for role in Role}
    for way in WAYS:
        if way.by != "session" or not way.roles:
            continue
        path = path_of(way)
        stranger = filled.stranger().send(way.method, path, b"")
        assert stranger.status in (303, 401), way
        if stranger.status == 303:
            assert stranger.headers["location"] == "/sign-in"
        for role, person in people.items():
            if role in way.roles:
                continue
            answer = person.post(path) if way.method == "POST" else person.get(path)
            assert answer.status == 403, (way, role)
        if way.method == "POST":  # signed in, but the form is not of this session
            able = people[next(role for role in Role if role in way.roles)]
            for csrf in (
                "",
                "x",
                people[Role.DONOR].csrf if able is not people[Role.DONOR] else "",
            ):
                forged = Client(filled.port, cookies=dict(able.cookies))
                assert forged.post(path, csrf=csrf).status == 403, (way, csrf)


def test_every_page_is_drawn_in_both_languages(filled: Workshop) -> None:
    lead = filled.person("Ada", Role.LEAD)
    assert lead.post("/lots", name="lot A", donor="Mairie").status == 303
    for way in WAYS:
        if (
            way.by != "session"
            or way.method != "GET"
            or way.path.startswith(("/link", "/c/", "/apart/"))
        ):
            continue
        for lang in ("fr", "en"):
            answer = lead.get(path_of(way) + f"?lang={lang}")
            assert answer.status in (200, 303), (way.path, answer.status, answer.text[-600:])
            if answer.headers.get("content-type", "").startswith("text/html"):
                raw = re.findall(r">[^<]*\b(?:board|certify|cli|lot)\.[a-z][a-z.-]+", answer.text)
                assert way.path == "/verify" or not raw, (way.path, raw)
                assert "default-src 'none'" in answer.headers["content-security-policy"] or (
                    way.path == "/verify"
                )


def test_a_lot_from_its_manifest_to_its_closing(filled: Workshop, maker: Maker) -> None:
    operator, lead = filled.person("Olivier", Role.OPERATOR), filled.person("Ada", Role.LEAD)
    assert operator.post("/lots", name="lot A", donor="Mairie").status == 303
    page = operator.get("/lots/lot%20A").text
    assert "<b>1</b>fiches" in page  # what came before the lot was made
    assert "<b>0</b>disques effacés et validés" in page  # an image stands for no disk
    sent = operator.send(
        "POST", "/lots/lot%20A/manifest?name=liste.csv", MANIFEST.encode(), X_CSRF=operator.csrf
    )
    assert sent.json == {"go": "/lots/lot%20A", "faults": 1}
    page = operator.get("/lots/lot%20A").text
    assert "<b>1/2</b>numéros vus" in page
    assert "ABSENT-1" in page
    assert "liste.csv (1)" in page
    bad = operator.send("POST", "/lots/lot%20A/manifest", b"PK\x03\x04...", X_CSRF=operator.csrf)
    assert bad.status == 400
    for kind, start in (("csv", b""), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        report = operator.get(f"/lots/lot%20A/report.{kind}")
        assert report.status == 200
        assert report.body.startswith(start)
        assert report.headers["content-disposition"].startswith("attachment")
    assert lead.post("/lots/lot%20A/close").status == 409
    assert lead.post("/lots/lot%20A/close", anyway="yes").status == 303
    again = operator.send("POST", "/lots/lot%20A/manifest", MANIFEST.encode(), X_CSRF=operator.csrf)
    assert again.status == 409
    # a record that comes into an open lot is counted when it is kept
    assert operator.post("/lots", name="lot B", donor="").status == 303
    late = maker.package(serial="PF1", lot="lot B")
    assert filled.bench("banc 2").upload(late).status == 201
    assert "<b>1</b>fiches" in operator.get("/lots/lot%20B").text
    disk = dataclasses.replace(HDD, size_bytes=DISK_BYTES)
    of_a_disk = dataclasses.replace(maker, raw=journal("20261128-000000-00000000", disk))
    assert filled.bench("banc 3").upload(of_a_disk.package(lot="lot B")).status == 201
    page = operator.get("/lots/lot%20B").text
    assert "<b>2</b>fiches" in page
    assert "<b>1</b>disques effacés et validés" in page


def test_the_link_of_a_code_shows_the_certificate_and_nobodys_name(filled: Workshop) -> None:
    reader = filled.person("Lise", Role.READER)
    found = re.search(r'href="(/c/[^"]+)"', reader.get("/records/1").text)
    assert found
    page = filled.stranger().get(found[1])
    assert page.status == 200
    for word in ("5CG0123XYZ", "disque.img", "DISQUES VIRTUELS EFFACÉS", "Atelier d’essai"):
        assert word in page.text, word
    for name in ("Camille", "Mairie", "lot A", "Poste 1"):
        assert name not in page.text, name
    wrong = found[1][:-1] + ("0" if found[1][-1] != "0" else "1")
    assert filled.stranger().get(wrong).status == 404
    assert filled.stranger().get(found[1][:-16]).status == 404


def test_a_computers_page_names_locks_and_trials(workshop: Workshop, maker: Maker) -> None:
    """What a person asks before a computer is given away: who still rules over it, what works."""
    workshop.trust(maker)
    machine = dataclasses.replace(
        notebook("PF1XY"),
        locks=(
            Lock("absolute", Known(True, "test")),
            Lock("setup-password", Known(False, "test")),
            Lock("autopilot", Unknown(Why.NOT_READ)),
        ),
    )
    heard = Message.of("inspect.part.sound_heard", hertz=997)
    trials = (
        Tried("sound", "", Outcome.PASS, heard, "2026-11-28T10:00:00.000Z", 5),
        Tried("a-later-one", "x", Outcome.FAIL, heard, "2026-11-28T10:00:00.000Z", 5),
    )
    package = maker.package(machine=machine, tests=trials, answers=(("screen", "broken"),))
    assert workshop.bench("banc 1").upload(package).status == 201
    page = workshop.person("Lise", Role.READER).get("/records/1").text
    for word in ("Verrous", "Trouvé\u00a0: ", "Non trouvé", "Ne peut pas être su hors ligne"):
        assert word in page, word
    for word in ("Essais des pièces", "Son et micro", "997", "a-later-one (x)"):
        assert word in page, word


def test_the_label_and_the_checking_page(filled: Workshop, tmp_path: Path) -> None:
    reader = filled.person("Lise", Role.READER)
    label = reader.get("/records/1/label.pdf")
    assert label.status == 200
    assert label.body.startswith(b"%PDF")
    page = filled.stranger().get("/verify")
    assert page.status == 200
    assert 'name="generator" content="recond ' in page.text


def test_the_api_says_what_its_description_says(filled: Workshop) -> None:
    lead = filled.person("Ada", Role.LEAD)
    shown = lead.post("/keys/add", name="stock", role="reader").text
    found = re.search(r'id="secret">([^<]+)<', shown)
    assert found
    script = Client(filled.port, bearer=found[1])
    described = script.get("/api/v1/openapi.json").json
    ways = {way.path for way in WAYS if way.by == "token"}
    assert ways == set(described["paths"])
    for path, methods in described["paths"].items():
        answer = script.get(path.format(number=1))
        assert answer.status == 200, path
        schema = methods["get"]["responses"]["200"]["content"].get("application/json")
        if schema:
            whole: dict[str, Any] = {**schema["schema"], "components": described["components"]}
            jsonschema.validate(answer.json, whole)
        assert filled.stranger().get(path.format(number=1)).status == 401
        assert Client(filled.port, bearer="x" * 43).get(path.format(number=1)).status == 401
    (line,) = script.get("/api/v1/records?q=5cg0123").json["records"]
    assert (line["serial"], line["outcome"], line["trusted"]) == (
        "5CG0123XYZ",
        "erased-virtual",
        True,
    )
    assert lead.post("/keys/1/revoke").status == 303
    assert script.get("/api/v1/records").status == 401
    assert openapi.build("x")["openapi"] == "3.1.0"


def test_a_bench_is_added_renewed_and_shut_out(workshop: Workshop, maker: Maker) -> None:
    lead = workshop.person("Ada", Role.LEAD)

    def token(answer_text: str) -> str:
        found = re.search(r'id="secret">([^<]+)<', answer_text)
        assert found
        return found[1]

    first = token(lead.post("/benches/add", name="banc <i>1</i>").text)
    second = token(lead.post("/benches/1/renew").text)
    package = maker.package()
    assert Client(workshop.port, bearer=first).upload(package).status == 401
    assert Client(workshop.port, bearer=second).upload(package).status == 201
    assert lead.post("/benches/1/revoke").status == 303
    assert Client(workshop.port, bearer=second).upload(package).status == 401
    # a bench's token reads nothing
    for path in ("/api/v1/records", "/", "/people"):
        assert Client(workshop.port, bearer=second).get(path).status in (303, 401)


def test_the_audit_is_a_chain_that_the_ledgers_reader_checks(workshop: Workshop) -> None:
    import sqlalchemy as sa

    from recond.board.tables import AUDIT

    lead = workshop.person("Ada", Role.LEAD)
    lead.post("/benches/add", name="banc 1")
    raw = lead.get("/audit.jsonl").body
    reading = read_ledger(raw)
    assert not reading.problems
    kinds = [entry["kind"] for entry in reading.entries]
    assert kinds[-1] == "bench"
    assert {"person", "password", "sign-in"} <= set(kinds)
    assert not [line for line in raw.splitlines() if PASSWORD.encode() in line]
    assert "chaîne entière" in lead.get("/people").text
    with workshop.opened.database.writing() as db:
        line = json.loads(db.execute(sa.select(AUDIT.c.line).where(AUDIT.c.seq == 2)).scalar_one())
        line["data"]["who"] = "nobody"
        changed = json.dumps(line, separators=(",", ":"), sort_keys=True)
        db.execute(sa.update(AUDIT).where(AUDIT.c.seq == 2).values(line=changed))
    page = lead.get("/people").text
    assert "chaîne entière" not in page
    assert 'class="problem"' in page


def test_figures_count_trusted_records_once(filled: Workshop, maker: Maker) -> None:
    bench = filled.bench("banc 2")
    again = maker.package(serial="5CG0123XYZ")  # the same computer, a second run
    dock = maker.package()  # disks of no computer
    for package in (
        again,
        dock,
        Maker(maker.state.parent / "stranger", maker.raw).package(serial="X"),
    ):
        assert bench.upload(package).status == 201
    page = filled.person("Lise", Role.READER).get("/numbers").text
    assert "<b>3</b>DISQUES VIRTUELS EFFACÉS" in page
    weeks = page.split('aria-label="Ordinateurs par semaine"')[1].split("</svg>")[0]
    assert re.findall(r'text-anchor="middle">(\d+)</text>', weeks) == ["1"]
    assert 'role="img"' in page
    assert frozenset() == PUBLIC
