"""The donor's page in a real browser: true files of every kind, both languages, no network."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import string
from pathlib import Path
from typing import Any

import pytest

from recond.certify.pages.donor_page import SCRIPTS, donor_page, is_donor_page
from recond.certify.pages.front import left_words, verdict_detail
from recond.certify.record import parse_record
from recond.certify.sign.keys import make_root_key, pem
from recond.codec import canonical_bytes
from recond.computer import conclude, is_approved
from recond.erasure import WipeRecord
from recond.errors import RecordInvalid, UsageError
from recond.flow.verify.donor_page import write_donor_page
from recond.foreign import printable
from recond.locale import LANGS, Lang, text
from tests.certify.papers import KINDS, LONG, corpus, files_of
from tests.certify.strangers import OTHERS, invoice, remains
from tests.cli.command import recond
from tests.donor.browser import Browser
from tests.donor.pages import (
    JWS,
    PDF,
    RAW_CODE,
    RECORD,
    TRUE,
    Page,
    Papers,
    changed,
    never_erased,
    never_more,
    record_of,
)
from tests.house import PACKAGE

PIECES = PACKAGE / "data" / "donor"
ALL = {"intact": "yes", "valid": "yes", "trusted": "yes", "complete": "unknown"}
STATES = {"demonstration": "demonstration", "unsigned": "false"}


def test_another_paper_is_no_certificate_and_what_is_left_of_one_is_false(page: Page) -> None:
    for name, raw in OTHERS.items():
        shown = page.one({name: raw})
        assert shown.state == "foreign", name
        never_erased(shown)
    for name, raw in remains().items():
        shown = page.one({name: raw})
        assert shown.state == "false", name
        never_erased(shown)
    beside = {PDF: invoice(), RECORD: files_of("erased")[RECORD]}
    assert page.one(beside).state == "false"


@pytest.mark.parametrize("kind", KINDS)
def test_true_files_of_every_kind(page: Page, kind: str) -> None:
    files = files_of(kind)
    record = parse_record(json.loads(files[RECORD]))
    wanted = STATES.get(kind, conclude(record).outcome.value)
    given = [files, {name: raw for name, raw in files.items() if name.endswith(".pdf")}]
    if JWS in files:
        given += [{JWS: files[JWS]}, {name: files[name] for name in (JWS, RECORD)}]
    for one in given:
        shown = page.one(one)
        assert shown.state == wanted
        assert not RAW_CODE.search(shown.text)
        if one is files and kind != "forty":  # drawn again, forty disks take seconds
            never_more(shown, one)
        if wanted in TRUE:
            assert shown.approved == sum(map(is_approved, record.erasures))
            assert text("en", conclude(record).headline) in shown.text
            assert all(line in shown.text for line in sentences(record, "en"))
            assert shown.answers == ALL
    page.browser.speak("fr")
    french = page.browser.ask("document.body.innerText")
    page.browser.speak("en")
    assert not RAW_CODE.search(french)
    assert (text("fr", conclude(record).headline) in french) is (wanted in TRUE)
    if wanted in TRUE:
        assert all(line in french for line in sentences(record, "fr"))


def sentences(record: WipeRecord, lang: Lang) -> list[str]:
    """What the certificate says beside its headline, which the page must say too."""
    return [verdict_detail(record, lang), *left_words(record, lang)]


def test_a_record_alone_is_not_signed(page: Page) -> None:
    shown = page.one({RECORD: record_of()})
    assert shown.state == "unproven"
    assert text("en", "certify.verify.record.unsigned") in shown.text
    never_more(shown, {RECORD: record_of()})


def test_a_part_of_the_disks(page: Page) -> None:
    mixed = json.loads(record_of())
    for kind in ("rejected", "refused"):
        mixed["erasures"] += json.loads(record_of(kind))["erasures"]
    shown = page.one({JWS: Papers(canonical_bytes(mixed)).jws()})
    assert (shown.state, shown.approved) == ("partial", 2)
    for one in mixed["erasures"]:
        one["result"]["verdict"] = "escalate"  # erased by its status, approved by nobody
    shown = page.one({JWS: Papers(canonical_bytes(mixed)).jws()})
    assert (shown.state, shown.approved) == ("not-erased", 0)
    assert text("en", "certify.reason.erased-full", level="clear") not in shown.text
    assert text("en", "donor.disk.unapproved") in shown.text
    shown = page.one({JWS: Papers(changed(erasures=[])).jws()})
    assert (shown.state, shown.approved) == ("nothing", 0)


@pytest.mark.parametrize("kind", ["image", "loop", "virtual"])
def test_a_disk_that_is_none_of_a_computer_is_no_computer(page: Page, kind: str) -> None:
    value = json.loads(record_of("erased"))
    for one in value["erasures"]:
        one["disk"]["kind"] = kind
    raw = canonical_bytes(value)
    shown = page.one({JWS: Papers(raw).jws()})
    headline = conclude(parse_record(value)).headline
    assert headline == "certify.verdict.erased-virtual"
    assert text("en", headline) in shown.text


def test_what_became_of_a_made_up_disk_is_told_once(page: Page) -> None:
    value = json.loads(record_of("erased"))
    for one in value["erasures"][:1]:
        one["disk"]["kind"] = "virtual"
        one["result"]["verdict"] = "rejected"
    record = parse_record(value)
    token = record.erasures[0].disk.token
    assert [one.key for one in conclude(record).left].count(token) == 1
    shown = page.one({JWS: Papers(canonical_bytes(value)).jws()})
    assert all(line in shown.text for line in sentences(record, "en"))
    assert text("en", "certify.fate.not-chosen") not in shown.text


def test_a_boxs_number_is_not_shown_as_the_disks(page: Page) -> None:
    value = json.loads(record_of())
    for one in value["erasures"]:
        one["disk"] |= {"serial": "152D00539000", "serial_of": "box", "box_serial": "152D00539000"}
    shown = page.one({JWS: Papers(canonical_bytes(value)).jws()})
    assert text("en", "certify.disk.of-box", serial="152D00539000") in shown.text


def test_the_boot_stick_beside_does_not_count(page: Page) -> None:
    value = json.loads(record_of())
    stick = json.loads(record_of("refused"))["erasures"][0]
    stick["result"]["reasons"] = [{"code": "wipe.refusal.medium", "args": {"path": "/dev/sdb"}}]
    stick["disk"] |= {"bus": "usb", "medium": "usb-flash"}
    shown = page.one(
        {JWS: Papers(canonical_bytes({**value, "erasures": [*value["erasures"], stick]})).jws()}
    )
    assert (shown.state, shown.approved) == ("erased", 2)
    shown = page.one({JWS: Papers(canonical_bytes({**value, "erasures": [stick]})).jws()})
    assert shown.state == "nothing"


def test_a_boot_disk_that_is_built_in_is_left(page: Page) -> None:
    value = json.loads(record_of())
    inner = json.loads(record_of("refused"))["erasures"][0]
    inner["result"]["reasons"] = [{"code": "wipe.refusal.medium", "args": {"path": "/dev/sda"}}]
    inner["disk"] |= {"bus": "nvme", "medium": "ssd"}
    value = {**value, "erasures": [*value["erasures"], inner]}
    shown = page.one({JWS: Papers(canonical_bytes(value)).jws()})
    assert shown.state == "partial" == conclude(parse_record(value)).outcome.value


def test_several_certificates_at_once_are_checked_each_alone(page: Page) -> None:
    names = ("erased", "rejected", "demonstration")
    shown = page.show({f"{name}.pdf": files_of(name)[PDF] for name in names})
    assert [one.state for one in shown] == ["erased", "not-erased", "demonstration"]
    assert text("en", "donor.mixed") in page.browser.ask("document.body.innerText")


def test_a_receipt_of_the_ledger_is_not_read_and_does_not_hide_the_certificate(page: Page) -> None:
    receipt = {"receipt.jws": Papers(b"{}").jws("vnd.recond.receipt+json")}
    shown = page.one({PDF: files_of("erased")[PDF], JWS: files_of("erased")[JWS], **receipt})
    assert (shown.state, shown.answers) == ("erased", ALL)
    assert text("en", "donor.receipt-not-read") in shown.text
    shown = page.one(receipt)
    assert shown.state == "unproven"
    never_erased(shown)


def test_files_that_are_dropped(page: Page) -> None:
    file = page.folder / "dropped.pdf"
    file.write_bytes(files_of("erased")[PDF])
    for kind in ("dragEnter", "dragOver", "drop"):
        page.browser.call(
            "Input.dispatchDragEvent",
            type=kind,
            x=300,
            y=200,
            data={"items": [], "files": [str(file)], "dragOperationsMask": 1},
        )
    page.browser.ask("""(async () => { while (!document.querySelector("article"))
        await new Promise((done) => setTimeout(done, 5)); })()""")
    assert page.browser.shown()[0].state == "erased"


# --- No network, no markup, no guess -----------------------------------------------------------


def test_the_page_reaches_nothing(page: Page) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        tried = page.browser.ask(
            f"""(async () => {{
          const tries = [
            () => fetch("{url}"), () => fetch("data:,x"), () => import("{url}x.js"),
            () => new Promise((done, fail) => Object.assign(new Image(),
              {{ src: "{url}x.png", onload: done, onerror: fail }})),
            () => new Promise((done, fail) => document.head.append(Object.assign(
              document.createElement("link"),
              {{ rel: "stylesheet", href: "{url}x.css", onload: done, onerror: fail }}))),
            () => new Promise((done, fail) => {{ const socket = new WebSocket("ws{url[4:]}");
              socket.onopen = done; socket.onerror = fail; }}),
            () => navigator.sendBeacon("{url}") || true,
          ];
          const found = [];
          for (const one of tries) found.push(await one().then(() => "reached", () => "refused"));
          return found;
        }})().catch(String)""".replace("navigator.sendBeacon", "Promise.reject.bind(Promise)")
        )
        assert set(tried) == {"refused"}, tried
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()
    page.browser.ask("""(() => { const one = document.createElement("script");
        one.textContent = "window.broken = true"; document.body.append(one); })()""")
    assert page.browser.ask("window.broken === undefined")
    requests = [
        one["params"]["request"]["url"]
        for one in page.browser.events
        if one.get("method") == "Network.requestWillBeSent"
    ]
    assert all(one.startswith((page.folder.as_uri(), "http://127.0.0.1")) for one in requests)


def test_a_name_is_text_and_never_markup(page: Page) -> None:
    evil = '</script><img src=x onerror="window.broken=1"><b id=broken>'
    value = json.loads(record_of())
    value["workshop"]["name"] = value["erasures"][0]["disk"]["model"] = evil
    value["erasures"][0]["result"]["verdict"] = "rejected"
    value["erasures"][0]["result"]["reasons"] = [
        {"code": "constructor", "args": {"toString": "@constructor", "n": 3}},
        {"code": "__proto__", "args": {}},
    ]
    shown = page.one({"<b id=broken>.jws": Papers(canonical_bytes(value)).jws()})
    assert shown.state == "partial"
    assert shown.text.count(evil) == 2
    assert "<b id=broken>.jws" in shown.text
    assert "constructor" in shown.text
    assert page.browser.ask(
        "[window.broken === undefined, document.images.length, document.getElementById('broken')]"
    ) == [True, 0, None]
    root = make_root_key(f"</script>STYLE{evil}"[:60], corpus().clock.now())
    raw = donor_page((root.certificate,), ()).decode()
    assert raw.count("</script>") == 2
    assert raw.count("<style>") == 1


@pytest.mark.parametrize("lot", ["@certify.verify.all-good", "L\x1b[2J\u202e\u200byes\x9b"])
def test_foreign_text_is_no_word_of_ours_and_acts_on_nothing(page: Page, lot: str) -> None:
    value = json.loads(record_of())
    value["lot"] = value["erasures"][0]["disk"]["model"] = lot
    shown = page.one({JWS: Papers(canonical_bytes(value)).jws()})
    assert shown.text.count(printable(lot)) == 2, "as recond itself shows it"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u200b]", shown.text)


def test_a_long_name_does_not_widen_the_page(page: Page) -> None:
    page.browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=360,
        height=740,
        deviceScaleFactor=1,
        mobile=True,
    )
    shown = page.one({PDF: files_of("long-names")[PDF]})
    assert LONG in shown.text
    assert page.browser.ask("document.documentElement.scrollWidth") <= 360
    page.browser.call("Emulation.clearDeviceMetricsOverride")


@pytest.mark.parametrize("missing", ["Crypto.prototype, 'subtle'", "window, 'DecompressionStream'"])
def test_a_browser_that_cannot_check_says_so_and_nothing_else(page: Page, missing: str) -> None:
    hidden = page.browser.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source=f"Object.defineProperty({missing}, {{ value: undefined }})",
    )["identifier"]
    page.browser.open(page.folder.joinpath("verify.html").as_uri())
    page.browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=hidden)
    seen = page.browser.ask("document.body.innerText")
    assert text("en", "donor.unsupported") in seen
    assert text("en", "donor.drop") not in seen
    page.browser.open(page.folder.joinpath("verify.html").as_uri())
    assert text("en", "donor.drop") in page.browser.ask("document.body.innerText")


def test_a_browser_without_programs_is_told_so() -> None:
    raw = donor_page((corpus().root.certificate,), ()).decode()
    for lang in LANGS:
        assert text(lang, "donor.noscript") in raw


@pytest.mark.parametrize(
    "files",
    [
        {"x.pdf": b""},
        {"x.txt": b"bonjour"},
        {"x.pdf": b"bonjour"},
        {"x.json": b"[]"},
        {"x.json": b"{" * 3000},
        {"x.jws": b"a.b.c"},
        {"x.json": b'{"a":1}'},
        {"x.json": b"\xff{}"},
        {"journal.jsonl": b'{"mono_ms":1}\n'},
    ],
    ids=range(9),
)
def test_other_files_are_nothing(page: Page, files: dict[str, bytes]) -> None:
    shown = page.one(files)
    assert shown.state in ("false", "unproven", "foreign")
    assert not RAW_CODE.search(shown.text)
    never_erased(shown)


# --- The same words ----------------------------------------------------------------------------


def spoken(browser: Browser, lang: str, asked: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """What the page's own functions say for codes and arguments."""
    data = re.search(r'id="data">(.*?)</script>', donor_page((), ()).decode(), re.DOTALL)
    assert data
    source = (PIECES / "words.js").read_text(encoding="utf-8")
    found: list[str] = browser.ask(
        f"(() => {{ const PAGE = {data[1]}; {source}\nlanguage = '{lang}';"
        f"return {json.dumps(asked)}.map(([code, args]) => text(code, args)); }})()"
    )
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_every_sentence_is_the_catalogues(page: Page, lang: Any) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    for room in ("donor", "certify", "drive", "wipe"):
        entries = json.loads((PACKAGE / "locale" / lang / f"{room}.json").read_text())
        for code, entry in entries.items():
            family = code.split(".")[1]
            if room == "certify" and family not in ("reason", "verify", "disk", "verdict", "field"):
                continue
            forms = entry if isinstance(entry, list) else [entry]
            names = {
                name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name
            }
            asked += [
                (
                    code,
                    {"n": n}
                    | {
                        name: n * 1_234_567
                        if name == "n" or name.endswith(("_bytes", "_s"))
                        else "2026-11-24T10:00:00Z"
                        if name.endswith("_date")
                        else "@cli.level.clear"
                        for name in names
                    },
                )
                for n in (0, 1, 2, 777)
            ]
    asked += [("certify.reason.mismatch", {"count_bytes": 10**n * 137 // 100}) for n in range(15)]
    outcome = {"n": 1, "total": 1, "verdict": "@certify.verdict.erased", "computer": "?"}
    asked += [
        ("certify.verify.outcome", outcome | {"lot": lot})
        for lot in (
            "@certify.verify.all-good",
            "a\nb\tc\x1b[2J\x9b\u202e\u200b\ufeff\u3164\u2800\U000e0041",
            "é🙂" * 400,
        )
    ]
    said = spoken(page.browser, lang, asked)
    for (code, args), one in zip(asked, said, strict=True):
        assert one == text(lang, code, **args), (code, args)
    assert len(asked) > 400


# --- The command -------------------------------------------------------------------------------


def test_the_command_writes_a_page_that_names_whom_it_believes(tmp_path: Path) -> None:
    root = corpus().root.certificate
    (tmp_path / "root.pem").write_bytes(pem(root))
    done = recond("verify", "--html", "page.html", "--trust", "root.pem", "--json", folder=tmp_path)
    raw = (tmp_path / "page.html").read_bytes()
    found = json.loads(done.stdout)
    assert (done.code, found["sha256"]) == (0, hashlib.sha256(raw).hexdigest())
    assert raw == donor_page((root,), ())
    assert is_donor_page(raw)
    assert [one["name"] for one in found["believed"]] == ["Bricol’Café de Lens"]
    (tmp_path / "letter.html").write_text("<html>")
    for name in ("letter.html", ".", "root.pem/x"):
        with pytest.raises(UsageError):
            write_donor_page(tmp_path / name, (tmp_path / "root.pem",), state=tmp_path)
    assert (tmp_path / "letter.html").read_text() == "<html>"
    with pytest.raises(RecordInvalid, match="nobody"):
        write_donor_page(tmp_path / "new.html", (), state=tmp_path)
    write_donor_page(tmp_path / "page.html", (tmp_path / "root.pem",), state=tmp_path)
    done = recond("verify", "--html", "new.html", "x", folder=tmp_path)
    assert (done.code, len(done.stderr.strip().splitlines())) == (2, 1)


def test_every_piece_is_in_the_page_and_every_sentence_is_used() -> None:
    raw = donor_page((corpus().root.certificate,), ()).decode()
    assert sorted(path.name for path in PIECES.iterdir()) == sorted(
        [f"{name}.js" for name in SCRIPTS] + ["page.css", "page.html"]
    )
    for path in PIECES.iterdir():
        assert path.suffix == ".html" or path.read_text(encoding="utf-8") in raw
    assert not re.search(r"https?://", raw.replace("https://json-schema.org/draft/2020-12", ""))
