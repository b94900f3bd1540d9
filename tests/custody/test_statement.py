"""Statements: what a person must say, what is signed, and that no forger can turn one into more."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import make_bench_key
from recond.certify.statement import EVENT_TYPE, read_statement, statement_fault
from recond.certify.verify.verdicts import Belief, Verdicts
from recond.codec import canonical_bytes, to_json
from recond.custody import (
    EVENT,
    EVENT_JWS,
    PAPER,
    CustodyKind,
    DeliveryNote,
    NamedCertificate,
    ThingKind,
    Waste,
)
from recond.errors import RecordInvalid, UsageError
from recond.flow.custody.given import certificates_of
from recond.flow.custody.history import read_history
from recond.flow.custody.issue import Word, draw_statement, issue_statement
from recond.flow.keys.keyring import Keyring
from recond.flow.verify.files import verify_paths
from recond.flow.verify.given_record import given_record
from recond.flow.verify.ledger import verify_with_ledger
from recond.locale import LANGS
from recond.model import Message
from tests.custody.shop import NOW, Shop, capture, drive, laptop, workshop

K = CustodyKind
WASTE = Waste("16 02 14", "petits équipements", 3, 12_500, "BSD-9")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (one,) = workshop(tmp_path, "banc 1")
    return one


SAID: dict[CustodyKind, dict[str, Any]] = {
    K.RECEIVED: {"party": "Mairie", "delivery": DeliveryNote("BL-12", 12, 3, 12, 2)},
    K.REMOVED: {"computer": "NB1"},
    K.HANDED_OVER: {"party": "École"},
    K.RETURNED: {"party": "Mairie"},
    K.SCRAPPED: {"party": "Ecologic", "waste": WASTE},
}


def said(shop: Shop, kind: CustodyKind) -> Path:
    """A true statement of a kind."""
    if kind is K.DESTROYED:
        return shop.destroy("D1").folder
    return shop.say(kind, *(() if kind is K.RECEIVED else ("D1",)), **SAID[kind]).folder


def verified(shop: Shop, *paths: Path) -> Verdicts:
    (found,) = verify_paths(paths, (), state=shop.state).found
    return found


@pytest.mark.parametrize("kind", [*SAID, K.DESTROYED])
def test_each_kind_is_signed_and_is_a_persons_word(shop: Shop, kind: CustodyKind) -> None:
    folder = said(shop, kind)
    for paths in ((folder,), (folder / PAPER,), (folder / EVENT, folder / EVENT_JWS)):
        found = verified(shop, *paths)
        assert found.belief is Belief.WORD, found.checks
        assert found.good
        assert found.record_id is None
        assert dict(found.answers)["complete"] != "yes", "nothing completes a word"
        assert found.outcome is not None
        assert "Camille Martin" in dict(found.outcome.args).values()
    alone = verified(shop, folder / EVENT)
    assert alone.belief is Belief.UNPROVEN
    assert (folder / PAPER).read_bytes().startswith(b"%PDF-1.")


def test_statements_and_erasures_share_one_ledger(shop: Shop) -> None:
    first = shop.erase("20261124-100000-00000001", drive("D1"))
    shop.destroy("D2")
    second = shop.erase("20261124-100000-00000002", drive("D3"))
    shop.say(K.RETURNED, "D4", party="Mairie")
    places = [one.record.ledger.number for one in (first, second) if one.record.ledger]
    assert places == [2, 4]
    report = verify_with_ledger((shop.out,), (), shop.state / "ledger.jsonl", state=shop.state)
    assert report.exit_code == 0, [one.checks for one in report.found if not one.good]
    assert sorted(one.belief for one in report.found)[-2:] == [Belief.WORD, Belief.WORD]


def pages(paper: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    done = subprocess.run(
        ("pdftotext", "-layout", str(paper), "-"), capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", [*SAID, K.DESTROYED])
def test_no_page_says_erased_or_validated(
    shop: Shop, kind: CustodyKind, lang: Any, tmp_path: Path
) -> None:
    """But for the sentence that takes it back, and the document's own words for what it is not."""
    event = read_statement((said(shop, kind) / EVENT).read_bytes())
    key = Keyring(shop.state).signing_key("x", shop.clock)
    (tmp_path / PAPER).write_bytes(draw_statement(event, key, lang)[PAPER])
    shown = " ".join(pages(tmp_path / PAPER).split()).lower()
    assert "✓" not in shown
    assert ("parole de camille martin" if lang == "fr" else "word of camille martin") in shown
    own = {
        "fr": (
            "ce document n’est pas un certificat d’effacement : il ne prouve l’effacement d’aucun "
            "disque.",
            "sauf certificat d’effacement",
            "sans certificat : rien ne dit que ses données sont effacées.",
        ),
        "en": (
            "this document is no certificate of erasure: it proves the erasure of no disk.",
            "unless a certificate of erasure says otherwise",
            "without a certificate: nothing says that its data are erased.",
        ),
    }[lang]
    shown = shown.replace(chr(0xA0), " ").replace(chr(0x202F), " ")
    assert own[0] in shown
    for sentence in own:
        shown = shown.replace(sentence, "")
    for word in ("effac", "validé", "eras", "approved"):
        assert word not in shown, (word, shown)


# --- What a statement must and must not have -------------------------------------------------

REFUSED: dict[str, tuple[CustodyKind, dict[str, Any], str]] = {
    "no operator": (K.RETURNED, {"operator": "--"}, "custody.nobody"),
    "no recipient": (K.RETURNED, {"party": None}, "custody.lacks"),
    "a person": (K.HANDED_OVER, {"party": "Mme Diaz"}, "custody.person"),
    "tomorrow": (K.RETURNED, {"happened_on": "2026-11-25"}, "custody.future"),
    "no method": (K.DESTROYED, {}, "custody.lacks"),
    "no computer": (K.REMOVED, {"computer": None}, "custody.lacks"),
    "another's part": (K.RETURNED, {"waste": WASTE}, "custody.has"),
    "a verdict that nobody made": (
        K.RETURNED,
        {"certificates": (NamedCertificate("D1", "x", "0" * 64, "erased"),)},
        "custody.has",
    ),
    "no lot": (K.RECEIVED, {"lot": None}, "custody.lacks"),
    "no code": (
        K.SCRAPPED,
        {"waste": dataclasses.replace(WASTE, code="DEEE")},
        "custody.waste-code",
    ),
    "no mass": (K.SCRAPPED, {"waste": dataclasses.replace(WASTE, mass_g=0)}, "custody.waste-count"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_lacks_something_is_not_signed(shop: Shop, case: str) -> None:
    kind, changes, code = REFUSED[case]
    given = {**SAID.get(kind, {}), **changes}
    with pytest.raises(UsageError) as caught:
        shop.say(kind, "D1", **given)
    assert caught.value.message.code == code
    assert not shop.out.exists()
    assert not (shop.state / "ledger.jsonl").exists()


@pytest.mark.parametrize("serials", [(), ("D1", "d1 "), ("--",), ("D" * 400,)])
def test_which_things_must_be_clear(shop: Shop, serials: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        shop.say(K.RETURNED, *serials, party="Mairie")


def test_nobody_signs_no_statement(shop: Shop) -> None:
    shutil.rmtree(shop.state / "keys")
    (shop.state / "keys").mkdir(mode=0o700)
    (shop.state / "keys" / "bench.pem").write_bytes(b"")
    (shop.state / "keys" / "bench.key").write_bytes(b"no key")
    with pytest.raises(RecordInvalid):
        shop.destroy("D1")
    assert not shop.out.exists()


def test_a_clock_behind_the_ledger_signs_nothing(shop: Shop) -> None:
    shop.destroy("D1")
    shop.at("2026-11-23T08:00:00.000Z")
    with pytest.raises(RecordInvalid) as caught:
        shop.destroy("D2")
    assert caught.value.message.code == "certify.ledger.clock"
    assert len(list(shop.out.iterdir())) == 1


# --- Certificates that go with what is handed over -------------------------------------------


def test_a_verdict_is_read_from_the_certificate(shop: Shop) -> None:
    inside = drive("D1")
    whole = shop.erase("20261124-100000-00000001", inside, machine=laptop("NB1", inside))
    failed = shop.erase("20261124-100000-00000002", drive("D2"), fails=frozenset({"D2"}))
    computers = (ThingKind.COMPUTER, ("nb1",)), (ThingKind.DISK, ("D2",))
    found = {}
    for (kind, serials), one in zip(computers, (whole, failed), strict=True):
        from recond.flow.custody.given import things_of

        (named,) = certificates_of((one.folder,), things_of(serials, kind), state=shop.state)
        found[named.serial] = (named.record_id, named.verdict)
    assert found == {
        "nb1": (whole.record.record_id, "erased"),
        "D2": (failed.record.record_id, "not-erased"),
    }


def test_a_drive_of_which_a_part_is_left_is_not_erased(shop: Shop) -> None:
    """Its other name space, or another drive of its number, was in the computer and stayed."""
    from recond.flow.custody.given import things_of

    machine = laptop("NB1", drive("D1"), drive("D1", namespace=2))
    one = shop.erase("20261124-100000-00000001", drive("D1"), machine=machine)
    things = things_of(("D1",), ThingKind.DISK)
    (named,) = certificates_of((one.folder,), things, state=shop.state)
    assert named.verdict == "not-erased"
    told = read_history("D1", (shop.out,), state=shop.state, capture=capture)
    codes = [entry.what.code for entry in told.entries]
    assert codes == ["custody.history.disk.not", "custody.history.computer"]


def test_a_certificate_of_nothing_here_goes_with_nothing(shop: Shop, tmp_path: Path) -> None:
    from recond.flow.custody.given import things_of

    one = shop.erase("20261124-100000-00000001", drive("D1"))
    things = things_of(("D2",), ThingKind.DISK)
    with pytest.raises(UsageError) as caught:
        certificates_of((one.folder,), things, state=shop.state)
    assert caught.value.message.code == "custody.certificate-other"
    things = things_of(("D1",), ThingKind.DISK)
    with pytest.raises(UsageError):
        certificates_of((one.folder, one.folder), things, state=shop.state)
    record = one.folder / "record.json"
    record.write_bytes(record.read_bytes().replace(b'"Ada"', b'"Bob"'))
    stated = shop.destroy("D1").folder
    for false in (one.folder, stated, stated / PAPER):
        with pytest.raises((RecordInvalid, UsageError)):
            certificates_of((false,), things, state=shop.state)


def test_an_image_stands_for_no_disk(shop: Shop) -> None:
    from recond.erasure import TargetKind
    from recond.flow.custody.given import things_of

    image = drive("D1", kind=TargetKind.IMAGE)
    one = shop.erase("20261124-100000-00000001", image)
    with pytest.raises(UsageError):
        certificates_of((one.folder,), things_of(("D1",), ThingKind.DISK), state=shop.state)


# --- Forgers ---------------------------------------------------------------------------------


def void(_: object) -> None: ...


def forged(folder: Path, other: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """Ways to change a statement's folder, each to be found out."""
    raw = (folder / EVENT).read_bytes()

    def put(name: str, new: bytes) -> Callable[[], None]:
        return lambda: void((folder / name).write_bytes(new))

    yield "another disk", put(EVENT, raw.replace(b'"D1"', b'"D9"'))
    yield "not canonical", put(EVENT, json.dumps(json.loads(raw)).encode())
    yield "another's signature", put(EVENT_JWS, (other / EVENT_JWS).read_bytes())
    yield "another's page", put(PAPER, (other / PAPER).read_bytes())
    yield "another's receipt", put("receipt.jws", (other / "receipt.jws").read_bytes())
    yield "appended", put(PAPER, (folder / PAPER).read_bytes() + b"%erased\n")
    yield "a cut page", put(PAPER, (folder / PAPER).read_bytes()[:-2000])
    yield "a certificate's name", put("certificate.pdf", b"%PDF-1.7\n" + b"x" * 300)
    yield "a journal", put("journal.jsonl", b'{"mono_ms":1}\n')


def test_a_changed_statement_is_false(shop: Shop, tmp_path: Path) -> None:
    true, other = shop.destroy("D1").folder, shop.destroy("D2").folder
    names = [name for name, _ in forged(true, other)]
    for name in names:
        folder = tmp_path / "forged" / name
        shutil.copytree(true, folder)
        dict(forged(folder, other))[name]()
        report = verify_paths((folder,), (), state=shop.state)
        assert report.exit_code == 7, name


def test_a_stranger_is_not_believed(shop: Shop, tmp_path: Path) -> None:
    event = read_statement((shop.destroy("D1").folder / EVENT).read_bytes())
    files = draw_statement(event, make_bench_key("banc 1", NOW), "fr")
    folder = tmp_path / "his"
    folder.mkdir()
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    assert verified(shop, folder).belief is not Belief.WORD
    assert not verified(shop, folder).good


def test_a_page_that_says_another_thing_is_found(shop: Shop, tmp_path: Path) -> None:
    """Sealed by the bench's own key, with the signed bytes of another statement inside."""
    from recond.certify.pages.statement import StatementSheet, render_statement
    from recond.certify.sign.jws import read_jws
    from recond.certify.sign.pdf_sign import sign_pdf
    from recond.certify.sign.seal import make_custody_seal
    from recond.certify.verify.paper import signer_of

    key = Keyring(shop.state).signing_key("x", shop.clock)
    folder = shop.destroy("D1").folder
    event = read_statement((folder / EVENT).read_bytes())
    drawn = dataclasses.replace(event, note="Effacé et validé")
    raw, jws = canonical_bytes(drawn), (folder / EVENT_JWS).read_bytes()
    seal = make_custody_seal(event, canonical_bytes(event), key)
    page = render_statement(StatementSheet(raw, jws, seal, signer_of(read_jws(jws)), "fr"))
    (folder / PAPER).write_bytes(sign_pdf(page, key))
    codes = {check.message.code for check in verified(shop, folder).checks}
    assert codes & {"certify.verify.pdf.differs", "custody.verify.event.differs"}
    assert not verified(shop, folder).good


def test_a_statement_is_no_record_and_a_record_no_statement(shop: Shop, tmp_path: Path) -> None:
    """The bench's own key over the other's bytes, under the other's type or name."""
    key = Keyring(shop.state).signing_key("x", shop.clock)
    folder = shop.destroy("D1").folder
    event = (folder / EVENT).read_bytes()
    record = shop.erase("20261124-100000-00000001", drive("D1")).folder / "record.json"
    cases = {
        "record.jws": sign_jws(event, key),
        "event.jws": sign_jws(record.read_bytes(), key, EVENT_TYPE),
        "record.json": event,
        "event.json": record.read_bytes(),
    }
    for name, raw in cases.items():
        place = tmp_path / name.replace(".", "-")
        place.mkdir()
        (place / name).write_bytes(raw)
        assert not any(one.good for one in verify_paths((place,), (), state=shop.state).found), name
    with pytest.raises((UsageError, RecordInvalid)):
        given_record(folder)
    with pytest.raises((UsageError, RecordInvalid)):
        given_record(folder / PAPER)


def test_one_statement_in_two_places_counts_once(shop: Shop, tmp_path: Path) -> None:
    folder = shop.destroy("D1").folder
    shutil.copytree(folder, shop.out / "again")
    report = verify_paths((shop.out,), (), state=shop.state)
    assert [one.good for one in report.found] == [True, False]
    assert report.exit_code == 7


BROKEN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a part too many": lambda event: event.update(waste=to_json(WASTE)),
    "a certificate of nothing": lambda event: event.update(
        kind="handed-over",
        party="École",
        destroyed=None,
        certificates=[
            {"serial": "D9", "record_id": "x", "record_sha256": "0" * 64, "verdict": "erased"}
        ],
    ),
    "no operator": lambda event: event["operator"].update(name=None),
    "a state": lambda event: event["things"][0].update(state="erased"),
    "a demonstration": lambda event: event["bench"].update(demonstration=True),
    "the future": lambda event: event.update(happened_on="2027-01-01"),
    "a day of no calendar": lambda event: event.update(happened_on="2026-02-31"),
    "a leap day of no leap year": lambda event: event.update(happened_on="2026-02-29"),
    "a moment of no calendar": lambda event: event.update(issued_at="2026-11-31T08:00:00.000Z"),
    "another schema": lambda event: event.update(schema="recond.custody/2"),
    "a verdict": lambda event: event.update(verdict="erased"),
    "a security class": lambda event: event["destroyed"].update(security_class="certified H-9"),
    "a photo of nothing": lambda event: event["destroyed"].update(photo_sha256="seen"),
    "a person's name": lambda event: event.update(party="Mme Durand"),
    "a size": lambda event: event["things"][0].update(size_bytes=-1),
    "a long note": lambda event: event.update(note="x" * 301),
    "a computer that was taken out": lambda event: event.update(
        kind="removed",
        computer="NB1",
        destroyed=None,
        things=[{**event["things"][0], "kind": "computer"}],
    ),
    "an arrival of no lot": lambda event: event.update(
        kind="received",
        destroyed=None,
        lot=None,
        party="Mairie",
        delivery={
            "number": None,
            "computers": 1,
            "disks": None,
            "computers_counted": None,
            "disks_counted": None,
        },
    ),
    "a waste of nothing": lambda event: event.update(
        kind="scrapped", destroyed=None, party="X", waste=dataclasses.asdict(WASTE) | {"count": 0}
    ),
    "a state of nothing": lambda event: event.update(
        kind="closed",
        destroyed=None,
        things=[{**event["things"][0], "state": None}],
        closing={"expected": 1, "erased": 0, "destroyed": 0, "returned": 0, "opened": 1},
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_benchs_own_signature_does_not_make_it_a_statement(
    shop: Shop, case: str, tmp_path: Path
) -> None:
    key = Keyring(shop.state).signing_key("x", shop.clock)
    value = json.loads((shop.destroy("D1").folder / EVENT).read_bytes())
    BROKEN[case](value)
    raw = canonical_bytes(value)
    (tmp_path / EVENT).write_bytes(raw)
    (tmp_path / EVENT_JWS).write_bytes(sign_jws(raw, key, EVENT_TYPE))
    found = verified(shop, tmp_path / EVENT, tmp_path / EVENT_JWS)
    assert not found.good
    with pytest.raises(RecordInvalid):
        read_statement(raw)


def test_the_rules_say_which_is_broken(shop: Shop) -> None:
    event = shop.destroy("D1").event
    assert statement_fault(event) is None
    none = dataclasses.replace(event, destroyed=None)
    assert statement_fault(none) == Message.of("custody.lacks", part="@custody.part.destroyed")


def test_the_word_is_given_whole(shop: Shop) -> None:
    with pytest.raises(UsageError):
        issue_statement(shop.state, shop.out, Word(K.RETURNED), lang="fr", clock=shop.clock)
