"""What an attacker would try: each a test. They may hold a bench's token, a donor's account, or
nothing at all.
"""

from __future__ import annotations

import http.client
import io
import re
import struct
import zipfile

import pytest
import sqlalchemy as sa

from recond.board.people import FREE_TRIES, Role
from recond.board.tables import APART, PEOPLE, RECORDS, SESSIONS
from recond.codec import canonical_bytes
from recond.upload.live import SCHEMA, ComputerSaid, LiveSaid, SlotSaid, SlotWord
from tests.board.workshop import PASSWORD, Client, Maker, Workshop

CLEAR = b"PK\x01\x02\x14\x03\x14\x00\x00"
EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'"


# --- Cross-site scripting ----------------------------------------------------------------------


def test_a_serial_number_is_never_markup(workshop: Workshop, maker: Maker) -> None:
    """By the record and by the live message, on every page that shows it."""
    workshop.trust(maker)
    bench = workshop.bench(EVIL[:60])
    package = maker.package(serial=EVIL, lot=EVIL, donor=EVIL, property_number=EVIL)
    assert bench.upload(package).status == 201
    slot = SlotSaid(EVIL, SlotWord.WORKING, EVIL, EVIL, phase=EVIL)
    live = LiveSaid(
        SCHEMA, EVIL, 1, ComputerSaid(EVIL, EVIL, EVIL, EVIL), EVIL, EVIL, False, (slot,)
    )
    assert bench.send("POST", "/api/v1/live", canonical_bytes(live)).status == 204
    lead = workshop.person(EVIL[:50], Role.LEAD)
    found = re.search(r'href="(/c/[^"]+)"', lead.get("/records/1").text)
    assert found
    for path in (
        "/",
        "/search",
        "/search/rows?q=alert",
        "/records/1",
        "/people",
        "/apart",
        "/numbers",
        "/lots",
        found[1],
        f"/search?q={EVIL[:20].replace(' ', '+')}",
    ):
        answer = lead.get(path)
        assert answer.status == 200, path
        assert "<script>alert" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert ">49<" not in answer.text
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_name_cannot_leave_its_header(workshop: Workshop, maker: Maker) -> None:
    workshop.trust(maker)
    assert workshop.bench("banc").upload(maker.package()).status == 201
    disposition = (
        workshop.person("Ada", Role.LEAD)
        .get("/records/1/certificate.pdf")
        .headers["content-disposition"]
    )
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', disposition)


# --- Another donor's records -------------------------------------------------------------------


def test_a_donor_sees_their_own_lots_and_nothing_else(workshop: Workshop, maker: Maker) -> None:
    workshop.trust(maker)
    bench = workshop.bench("banc")
    own, other = maker.package(lot="A", serial="MINE1"), maker.package(lot="B", serial="YOURS2")
    none = maker.package(serial="NOBODYS3")
    for package in (own, other, none):
        assert bench.upload(package).status == 201
    lead = workshop.person("Ada", Role.LEAD)
    for lot in "AB":
        assert lead.post("/lots", name=lot, donor=lot).status == 303
    donor = workshop.person("Mairie", Role.DONOR, ("A",))
    assert donor.get("/records/1").status == 200
    assert donor.get("/lots/A/report.csv").status == 200
    for number in (2, 3):
        for file in ("", "/certificate.pdf", "/package.zip"):
            answer = donor.get(f"/records/{number}{file}")
            absent = donor.get(f"/records/999{file}")
            assert answer.status == absent.status == 404
            assert answer.body == absent.body  # not there, and not theirs, look alike
    for path in ("/lots/B", "/lots/B/report.pdf", "/lots/..%2fB"):
        assert donor.get(path).status == 404, path
    assert "YOURS2" not in donor.get("/search").text
    for question in ("yours2", other.record_id, "B", "disque.img", "' OR 1=1", "nobodys3"):
        rows = donor.get(f"/search/rows?q={question.replace(' ', '+')}").text
        assert other.record_id not in rows
        assert none.record_id not in rows
    # by the history of a disk that all three records name, and by the computer's
    page = donor.get("/records/1").text
    assert "/records/2" not in page
    assert "/records/3" not in page
    for path in ("/", "/apart", "/people", "/numbers", "/records/1/label.pdf"):
        assert donor.get(path).status == 403, path


def test_a_strangers_record_of_a_donors_lot_is_not_shown_to_the_donor(
    workshop: Workshop, maker: Maker
) -> None:
    assert workshop.bench("banc").upload(maker.package(lot="A")).json["answer"] == "untrusted"
    donor = workshop.person("Mairie", Role.DONOR, ("A",))
    assert donor.get("/records/1").status == 404


# --- Sessions, passwords, links ----------------------------------------------------------------


def test_a_session_cannot_be_planted(workshop: Workshop) -> None:
    """Session fixation: the token that was there before the sign-in opens nothing after it."""
    workshop.person("Ada", Role.LEAD)
    victim = workshop.stranger()
    victim.cookies["recond"] = planted = "planted" * 6
    assert victim.post("/sign-in", name="Ada", password=PASSWORD).status == 303
    assert victim.cookies["recond"] != planted
    assert Client(workshop.port, cookies={"recond": planted}).get("/people").status == 303


def test_signing_in_again_ends_the_session_before(workshop: Workshop) -> None:
    ada = workshop.person("Ada", Role.LEAD)
    before = ada.cookies["recond"]
    assert ada.post("/sign-in", name="Ada", password=PASSWORD).status == 303
    assert Client(workshop.port, cookies={"recond": before}).get("/people").status == 303


def test_signing_out_ends_the_session_here_and_not_only_in_the_browser(workshop: Workshop) -> None:
    ada = workshop.person("Ada", Role.LEAD)
    kept = dict(ada.cookies)
    assert ada.post("/sign-out").status == 303
    assert Client(workshop.port, cookies=kept).get("/people").status == 303


def test_the_cookie_is_for_this_board_only(workshop: Workshop) -> None:
    workshop.person("Ada", Role.LEAD)
    answer = workshop.stranger().post("/sign-in", name="Ada", password=PASSWORD)
    (cookie,) = [one for one in answer.cookies if one.startswith("recond=")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_session_that_was_idle_is_over(workshop: Workshop) -> None:
    ada = workshop.person("Ada", Role.LEAD)
    workshop.clock.moved_s += 11 * 3600
    assert ada.get("/people").status == 200
    workshop.clock.moved_s += 11 * 3600
    assert ada.get("/people").status == 200  # it was used meanwhile
    workshop.clock.moved_s += 13 * 3600
    assert ada.get("/people").status == 303


def test_a_name_is_locked_after_wrong_passwords(workshop: Workshop) -> None:
    workshop.person("Ada", Role.LEAD)
    thief = workshop.stranger()
    for _ in range(FREE_TRIES):
        assert thief.post("/sign-in", name="Ada", password="wrong").status == 401
    assert thief.post("/sign-in", name="Ada", password=PASSWORD).status == 401
    workshop.clock.moved_s += 61
    assert thief.post("/sign-in", name="Ada", password=PASSWORD).status == 303


def test_an_address_that_tries_many_names_is_slowed_down(workshop: Workshop) -> None:
    thief = workshop.stranger()
    found = [thief.post("/sign-in", name=f"name {n}", password="wrong").status for n in range(20)]
    assert 429 in found


def test_what_is_kept_of_secrets_opens_nothing(workshop: Workshop) -> None:
    ada = workshop.person("Ada", Role.LEAD)
    with workshop.opened.database.reading() as db:
        kept = db.execute(sa.select(SESSIONS.c.token_sha256)).scalars().all()
        hashed = db.execute(
            sa.select(PEOPLE.c.password_hash).where(PEOPLE.c.name == "Ada")
        ).scalar_one()
    assert ada.cookies["recond"] not in kept
    assert hashed.startswith("$argon2id$")
    for token in kept:
        assert Client(workshop.port, cookies={"recond": token}).get("/people").status == 303


def test_a_one_time_link_works_once(workshop: Workshop) -> None:
    link = f"/link/{workshop.opened.first}"
    new = workshop.stranger()
    assert new.get(link).status == 200
    assert new.post(link, password="short", again="short").status == 400
    assert new.post(link, password=PASSWORD, again=PASSWORD + "x").status == 400
    assert new.post(link, password=PASSWORD, again=PASSWORD).status == 303
    assert new.get("/people").status == 200
    thief = workshop.stranger()
    assert thief.get(link).status == 404
    assert thief.post(link, password=PASSWORD, again=PASSWORD).status in (400, 404)


def test_the_last_lead_cannot_be_removed(workshop: Workshop) -> None:
    ada = workshop.person("Ada", Role.LEAD)
    assert ada.post("/people/1/leave").status == 303  # the first one, who never came
    assert ada.post("/people/2/leave").status == 400
    assert ada.get("/people").status == 200


def test_who_is_removed_is_out_at_once(workshop: Workshop) -> None:
    ada, lise = workshop.person("Ada", Role.LEAD), workshop.person("Lise", Role.READER)
    assert lise.get("/").status == 200
    assert ada.post("/people/3/leave").status == 303
    assert lise.get("/").status == 303


# --- Forms of other sites ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_another_sites_form_is_turned_away(workshop: Workshop, headers: dict[str, str]) -> None:
    ada = workshop.person("Ada", Role.LEAD)
    form = "application/x-www-form-urlencoded"
    body = f"name=x&role=lead&csrf={ada.csrf}".encode()
    answer = ada.send("POST", "/people/add", body, Content_Type=form, **headers)
    assert answer.status == 403
    signing = b"name=Ada&password=x"
    answer = workshop.stranger().send("POST", "/sign-in", signing, Content_Type=form, **headers)
    assert answer.status == 403


def test_without_tls_the_board_answers_to_its_own_names_only(workshop: Workshop) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example:80", "evil.example:8630", ""):
        assert workshop.stranger().get("/sign-in", Host=host).status == 421, host
    assert workshop.stranger().get("/sign-in", Host="localhost:1").status == 200


# --- Files -------------------------------------------------------------------------------------


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return out.getvalue()


def hostile() -> dict[str, bytes]:
    bomb = zipped({"record.json": b"{" + b" " * (200 << 20) + b"}"})
    deep = zipped({"record.json": b"[" * 2_000_000})
    many = zipped({f"journals/{n}.jsonl": b"" for n in range(600)} | {"record.json": b"{}"})
    liar = bytearray(zipped({"record.json": b"{" + b" " * (4 << 20) + b"}"}))
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):  # says that it is 10 bytes
        at = liar.index(mark) + offset
        liar[at : at + 4] = struct.pack("<I", 10)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("record.json", b"{}")
        archive.writestr("../../../../tmp/owned.pdf", b"%PDF-")
    twice = zipped({"record.json": b"{}", "record.jso2": b"[]"})
    return {
        "bomb": bomb,
        "deep": deep,
        "many": many,
        "liar": bytes(liar),
        "climber": out.getvalue(),
        "twice": twice.replace(b"record.jso2", b"record.json"),
        "none": b"not a zip",
        "empty": b"",
        "cut": zipped({"record.json": b"{}" * 1000})[:-30],
        "encrypted": zipped({"record.json": b"{}"}).replace(CLEAR, CLEAR[:-1] + b"\x01"),
    }


def test_hostile_packages_are_kept_apart_and_the_board_goes_on(
    workshop: Workshop, maker: Maker
) -> None:
    bench = workshop.bench("banc")
    packages = hostile()
    for number, (name, raw) in enumerate(packages.items()):
        answer = bench.deliver(f"20261128-000000-{number:08x}.0123456789abcdef", raw)
        assert answer.status == 422, (name, answer.status, answer.text)
    with workshop.opened.database.reading() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(RECORDS)).scalar_one() == 0
        apart = db.execute(sa.select(sa.func.count()).select_from(APART)).scalar_one()
    assert apart == len(packages)
    workshop.trust(maker)
    assert bench.upload(maker.package()).status == 201  # the judging process still answers


def test_a_body_is_bounded_whatever_it_says_of_itself(workshop: Workshop) -> None:
    bench = workshop.bench("banc")
    line = http.client.HTTPConnection("127.0.0.1", workshop.port, timeout=60)
    line.putrequest("POST", "/api/v1/records")
    line.putheader("Authorization", f"Bearer {bench.bearer}")
    line.putheader("Idempotency-Key", "a.0123456789abcdef")
    line.putheader("Content-Length", str(1 << 40))
    line.endheaders()
    assert line.getresponse().status == 413
    line.close()
    for path in ("/sign-in", "/people/add"):
        answer = workshop.stranger().send("POST", path, b"x" * (200 << 10))
        assert answer.status == 413, path


def test_without_a_token_nothing_is_taken(workshop: Workshop, maker: Maker) -> None:
    package = maker.package()
    for bearer in ("", "x", "x" * 43, "' OR 1=1 --"):
        assert Client(workshop.port, bearer=bearer).upload(package).status == 401


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/x", "/.git"]
)
def test_no_other_file_is_served(workshop: Workshop, path: str) -> None:
    assert workshop.stranger().get(path).status == 404


@pytest.mark.parametrize("number", ["0", "-1", "1e3", "%C2%B2", "9" * 30, "1;drop", "1%00"])
def test_a_number_in_a_path_is_a_number(workshop: Workshop, number: str) -> None:
    assert workshop.person("Ada", Role.LEAD).get(f"/records/{number}").status == 404
