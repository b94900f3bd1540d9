"""Custody statements on the board: a person's word beside the records, never one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from markupsafe import escape

from recond.board.app import judge_again
from recond.board.database import make_engine, open_database
from recond.board.people import Role
from recond.board.tables import APART, RECORDS, STATEMENTS
from recond.certify.pages.front import left_words
from recond.certify.sign.keys import Revocation, fingerprint
from recond.custody import CustodyKind
from recond.flow.custody.issue import Stated
from recond.flow.deliver.upload import add_destination, queue_new, upload
from recond.flow.keys.keyring import Keyring
from recond.host.clock import SystemClock
from recond.upload.package import Package, make_package, pack, read_folder
from recond.upload.send import Urgency
from tests.board.workshop import Client, Workshop
from tests.custody.shop import Shop, drive, laptop
from tests.custody.shop import workshop as shops

RUN = "20261124-080000-00000001"
ERASED, BROKEN = drive("S-GOOD-1"), drive("S-BAD-2")


@dataclass
class Shown:
    """A board, a bench of its workshop, and what that bench signed."""

    board: Workshop
    shop: Shop
    bench: Client
    record: Package
    word: Package

    def pin(self) -> None:
        Keyring(self.board.state).pin((self.shop.root.certificate,))

    def count(self, table: sa.Table) -> int:
        with self.board.opened.database.reading() as db:
            return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def packed(stated: Stated) -> Package:
    return read_folder(stated.folder)


@pytest.fixture
def shown(workshop: Workshop, tmp_path: Path) -> Shown:
    """A computer of two disks: one erased, one that failed and was shredded, by somebody's word."""
    (shop,) = shops(tmp_path, "banc 1")
    machine = laptop("NB0007", ERASED, BROKEN)
    issued = shop.erase(RUN, ERASED, BROKEN, machine=machine, fails=frozenset({"S-BAD-2"}))
    shop.at("2026-11-24T09:00:00.000Z")
    word = packed(shop.destroy("S-BAD-2"))
    return Shown(workshop, shop, workshop.bench("banc 1"), read_folder(issued.folder), word)


def test_a_word_stands_beside_the_record_and_changes_no_result(shown: Shown) -> None:
    shown.pin()
    reader = shown.board.person("Lise", Role.READER)
    assert shown.bench.upload(shown.record).json["answer"] == "kept"
    before = reader.get("/records/1").text
    (left,) = left_words(shown.record.record(), "fr")
    assert "S-BAD-2" in left
    assert escape(left) in before  # named, not only counted
    answer = shown.bench.upload(shown.word)
    assert (answer.status, answer.json["answer"]) == (201, "kept")
    assert shown.bench.upload(shown.word).status == 409
    page = reader.get("/records/1").text
    assert shown.word.record_id in page
    assert "La parole signée d’une personne. Rien de ceci ne prouve un effacement" in page
    headline = before.split('class="headline"')[1].split("</p>")[0]
    assert page.split('class="headline"')[1].split("</p>")[0] == headline
    assert "tone good" not in headline
    said = page.split("Suivi du matériel", 1)[1].split("</table>")[0]
    assert "S-BAD-2" in said
    assert "tone good" not in said
    single = reader.get("/statements/1").text
    for word in ("PAROLE D’UNE PERSONNE", "n’est pas un certificat d’effacement", "broyage", "H-5"):
        assert word in single, word
    assert "tone good" not in single
    assert reader.get("/statements/1/page.pdf").body == dict(shown.word.files)["statement.pdf"]
    assert reader.get("/statements/1/package.zip").body == pack(shown.word)
    for question in ("s-bad-2", shown.word.record_id):
        assert shown.word.record_id in reader.get(f"/search/rows?q={question}").text, question
    assert shown.word.record_id not in reader.get("/search/rows?q=S-GOOD-1").text


def test_a_lot_balances_with_the_words_of_it(shown: Shown) -> None:
    shown.pin()
    lead = shown.board.person("Ada", Role.LEAD)
    assert shown.bench.upload(shown.record).status == 201
    assert lead.post("/lots", name="L7", donor="Mairie").status == 303
    manifest = "N° de série disque\nS-GOOD-1\nS-BAD-2\n".encode()
    assert lead.send("POST", "/lots/L7/manifest", manifest, X_CSRF=lead.csrf).status == 200
    assert "LE LOT N’EST PAS SOLDÉ" in lead.get("/lots/L7").text
    assert lead.post("/lots/L7/close").status == 409
    assert shown.bench.upload(shown.word).status == 201  # by itself, when it is kept
    page = lead.get("/lots/L7").text
    assert "Le lot est soldé." in page
    assert "1 effacé + 1 détruit" in page
    assert "Camille Martin" in page
    assert "<b>1</b>disques effacés et validés" in page
    assert shown.word.record_id in page
    assert lead.post("/lots/L7/close").status == 303


def test_words_that_came_before_their_lot_come_into_it(shown: Shown) -> None:
    shown.pin()
    for package in (shown.record, shown.word):
        assert shown.bench.upload(package).status == 201
    lead = shown.board.person("Ada", Role.LEAD)
    assert lead.post("/lots", name="L7", donor="").status == 303
    assert shown.word.record_id in lead.get("/lots/L7").text


def test_a_strangers_word_settles_nothing_until_its_key_is_pinned(shown: Shown) -> None:
    lead = shown.board.person("Ada", Role.LEAD)
    donor = shown.board.person("Mairie", Role.DONOR, ("L7",))
    assert lead.post("/lots", name="L7", donor="").status == 303
    assert shown.bench.upload(shown.word).json["answer"] == "untrusted"
    assert "CLÉ NON RECONNUE" in lead.get("/statements/1").text
    assert shown.word.record_id not in lead.get("/lots/L7").text
    assert donor.get("/statements/1").status == 404
    shown.pin()
    judge_again(shown.board.opened.context)
    assert "CLÉ NON RECONNUE" not in lead.get("/statements/1").text
    assert shown.word.record_id in lead.get("/lots/L7").text
    assert donor.get("/statements/1").status == 200


def test_a_donor_sees_no_word_of_another_lot(shown: Shown) -> None:
    shown.pin()
    for package in (shown.record, shown.word):
        assert shown.bench.upload(package).status == 201
    donor = shown.board.person("Ailleurs", Role.DONOR, ("L8",))
    absent = donor.get("/statements/999")
    for file in ("", "/page.pdf", "/package.zip"):
        answer = donor.get(f"/statements/1{file}")
        assert (answer.status, answer.body) == (404, absent.body), file
    for question in ("S-BAD-2", shown.word.record_id):
        assert shown.word.record_id not in donor.get(f"/search/rows?q={question}").text


def test_a_key_that_is_revoked_counts_in_no_lot_any_more(shown: Shown) -> None:
    """A bench was stolen: what its key signed is apart from then on, also in lots of before."""
    shown.pin()
    lead = shown.board.person("Ada", Role.LEAD)
    assert lead.post("/lots", name="L7", donor="").status == 303
    for package in (shown.record, shown.word):
        assert shown.bench.upload(package).status == 201
    assert "<b>1</b>disques effacés et validés" in lead.get("/lots/L7").text
    leaf = Keyring(shown.shop.state).own()[0]
    revoked = Revocation(fingerprint(leaf), "compromised", "2026-11-24T00:00:00.000Z")
    Keyring(shown.board.state).revoke((revoked,))
    page = lead.get("/lots/L7").text
    assert "<b>0</b>disques effacés et validés" in page
    assert "<b>0</b>fiches" in page
    for number in (shown.record.record_id, shown.word.record_id):
        assert number in page.split("À régler")[1], number  # named, and apart


@pytest.mark.parametrize("what", ["event", "page", "signature", "record's name"])
def test_a_word_that_does_not_verify_is_kept_apart(shown: Shown, what: str) -> None:
    shown.pin()
    files = dict(shown.word.files)
    key = shown.word.key
    raw = pack(shown.word)
    if what == "page":
        raw = pack(make_package({**files, "statement.pdf": files["statement.pdf"] + b"\n"}))
    elif what == "signature":
        jws = files["event.jws"][:-8] + b"AAAAAAAA"
        raw = pack(make_package({**files, "event.jws": jws}))
    elif what == "event":
        raw = raw.replace(b"event.json", b"event.jsom")
    else:
        key = f"{RUN}.{shown.word.digest[:16]}"
    assert shown.bench.deliver(key, raw).status == 422
    assert shown.count(STATEMENTS) == 0
    assert shown.count(APART) == 1


def test_one_place_in_a_ledger_holds_a_record_or_a_word(shown: Shown) -> None:
    """A ledger that was set back: the same key signs a word and a record of one number."""
    shown.pin()
    ledger = Keyring(shown.shop.state).ledger_file
    before = ledger.read_bytes()
    word = packed(shown.shop.say(CustodyKind.RETURNED, "S-X-1", party="Mairie"))
    ledger.write_bytes(before)
    for marks in ledger.parent.glob("ledger.mark*"):
        marks.unlink()
    issued = shown.shop.erase("20261124-080000-00000002", drive("S-Y-1"))
    assert shown.bench.upload(word).json["answer"] == "kept"
    answer = shown.bench.upload(read_folder(issued.folder))
    assert answer.status == 422
    assert shown.count(RECORDS) == 0
    with shown.board.opened.database.reading() as db:
        assert db.execute(sa.select(APART.c.code)).scalar_one() == "lot.record.fork"


def test_the_queue_brings_words_to_the_board(shown: Shown) -> None:
    url = f"http://127.0.0.1:{shown.board.port}"
    state = shown.shop.state
    add_destination(state, "tableau", "board", {"url": url, "token": shown.bench.bearer})
    queue_new(state, statements=True)
    upload(state, (), SystemClock(), urgency=Urgency(now=True))
    assert shown.count(STATEMENTS) == 1


def test_a_board_of_before_gets_its_new_tables_and_keeps_its_rows(tmp_path: Path) -> None:
    engine = make_engine(None, tmp_path)
    open_database(None, tmp_path).close()
    with engine.begin() as db:
        for table in ("board_things", "board_statements"):
            db.execute(sa.text(f"DROP TABLE {table}"))
        db.execute(sa.text("UPDATE board_version SET version_num = '0001'"))
        db.execute(
            sa.text(
                "INSERT INTO board_benches (name, token_sha256, created_at) VALUES ('b', 'x', 't')"
            )
        )
    engine.dispose()
    database = open_database(None, tmp_path)
    with database.reading() as db:
        assert db.execute(sa.text("SELECT name FROM board_benches")).scalar_one() == "b"
        assert db.execute(sa.select(sa.func.count()).select_from(STATEMENTS)).scalar_one() == 0
    database.close()
