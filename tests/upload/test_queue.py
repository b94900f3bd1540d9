"""The queue and its sender against real servers and folders: nothing lost, nothing doubled."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import stat
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import Revocation, fingerprint, make_bench_key
from recond.codec import canonical_bytes, to_json
from recond.erasure import Context, Level, WipeRecord
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.deliver.queue import export_queue, import_queue, read_queue
from recond.flow.deliver.settings import read_settings
from recond.flow.deliver.upload import (
    add_destination,
    not_queued,
    queue_folder,
    queue_of,
    remove_destination,
    secrets_of,
    upload,
)
from recond.flow.keys.keyring import Keyring
from recond.flow.run.issue import draw
from recond.flow.run.run import certify_again
from recond.flow.runfolder import RunFacts, RunFolder, begin_run, make_run, write_json
from recond.host import Host
from recond.host.clock import SystemClock
from recond.upload.https import Endpoint
from recond.upload.outcome import LONGEST_S, backoff_s, is_due, later_than, retry_after_s
from recond.upload.package import Package, make_package, pack, parse_record, read_folder, unpack
from recond.upload.queue import DeliveryState, Entry, Queue
from recond.upload.send import Urgency
from tests.custody.shop import drive, workshop
from tests.flow.bench import Bench, donor_image
from tests.upload.bench import TOKEN, workbench
from tests.upload.records import NOW, bench_key, files_of, package, record, write_run
from tests.upload.servers import Reply, Seen, serve

LEDGER = record().ledger


def ids(count: int) -> tuple[str, ...]:
    return tuple(record(number).record_id for number in range(1, count + 1))


# --- The package -----------------------------------------------------------------------------


def test_a_package_is_the_run_byte_for_byte() -> None:
    found = package()
    assert unpack(pack(found), found.record_id) == found
    assert pack(found) == pack(unpack(pack(found), found.record_id))
    assert dict(found.files) == {
        k: v for k, v in files_of(record()).items() if k != "record.jws"
    } | {"record.jws": found.file("record.jws")}


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files | {"record.json": files["record.json"].replace(b"erased", b"failed")},
        lambda files: files | {"record.json": b" " + files["record.json"]},
        lambda files: files | {"record.json": files["record.json"][:-1]},
        lambda files: files | {"record.json": b"[]"},
        lambda files: files | {"record.json": b"[" * 100_000},
        lambda files: files | {"record.jws": b"a.b.c"},
        lambda files: files | {"record.jws": b"nonsense"},
        lambda files: files | {"../../etc/passwd": b"x"},
        lambda files: files | {"journals/../../x.jsonl": b"x"},
        lambda files: {"certificate.pdf": b"x"},
    ],
)
def test_an_altered_package_is_refused(change: object) -> None:
    with pytest.raises(RecordInvalid):
        make_package(change(files_of(record())))  # type: ignore[operator]


def test_a_damaged_archive_is_refused() -> None:
    whole = package()
    raw, name = pack(whole), whole.record_id
    with pytest.raises(RecordInvalid, match=r"upload\.package\.id"):
        unpack(raw, "another")
    for at in range(0, len(raw), 97):
        broken = raw[:at] + bytes([raw[at] ^ 0x55]) + raw[at + 1 :]
        try:
            assert unpack(broken, name) == whole  # a byte that says nothing, such as a date
        except RecordInvalid:
            continue


def nonsense(folder: Path) -> None:
    """A signature of 64 bytes that nobody made."""
    head, payload, _ = (folder / "record.jws").read_bytes().split(b".")
    (folder / "record.jws").write_bytes(b".".join((head, payload, b"A" * 86)))


def no_journal(folder: Path) -> None:
    shutil.rmtree(folder / "journals")


def other_page(folder: Path) -> None:
    """The certificate of another machine."""
    pdf = files_of(record(9))["certificate.pdf"]
    (folder / "certificate.pdf").write_bytes(pdf)


def better_word(folder: Path) -> None:
    """The key's owner signs what his journals do not show."""
    found = parse_record((folder / "record.json").read_bytes())
    one = found.erasures[0]
    better = dataclasses.replace(one.result, level_achieved=Level.PURGE)
    raw = canonical_bytes(
        dataclasses.replace(found, erasures=(dataclasses.replace(one, result=better),))
    )
    (folder / "record.json").write_bytes(raw)
    (folder / "record.jws").write_bytes(sign_jws(raw, bench_key()))
    (folder / "certificate.pdf").unlink()


FORGED = [nonsense, no_journal, other_page, better_word]


@pytest.mark.parametrize("forge", FORGED)
def test_what_is_not_true_is_neither_queued_nor_imported(
    tmp_path: Path, forge: Callable[[Path], None]
) -> None:
    bench = workbench(tmp_path / "bench")
    there = bench.folder()
    folder = write_run(tmp_path / "out", record(1))
    forge(folder)
    package = read_folder(folder)
    (tmp_path / "usb").mkdir()
    (tmp_path / "usb" / f"{package.record_id}.zip").write_bytes(pack(package))
    moved = import_queue(bench.state, tmp_path / "usb")
    assert (moved.new, moved.exit_code, len(moved.problems)) == ((), 7, 1)
    done = upload(bench.state, (), bench.clock, urgency=Urgency(), folders=(folder,))
    assert (done.queued, len(done.refused), done.exit_code) == ((), 1, 8)
    assert sent(there) == []


def sent(destination: Path) -> list[str]:
    return [one.name for one in destination.iterdir() if not one.name.startswith(".")]


@pytest.mark.parametrize("forge", FORGED)
def test_what_became_untrue_in_the_queue_does_not_leave(
    tmp_path: Path, forge: Callable[[Path], None]
) -> None:
    bench = workbench(tmp_path / "bench")
    there = bench.folder()
    folder = write_run(tmp_path / "out", record(1))
    forge(folder)
    queue_of(bench.state).add(read_folder(folder))  # as a recond that did not ask left it
    bench.queue(2)
    done = bench.upload()
    assert (done.parked, done.exit_code) == (1, 8)
    (left,) = sent(there)
    assert record(2).record_id in left


def test_a_key_that_is_revoked_sends_nothing_more(tmp_path: Path) -> None:
    bench = workbench(tmp_path / "bench")
    there = bench.folder()
    bench.queue(1)
    revoked = Revocation(fingerprint(bench_key().certificate), "compromised", NOW)
    Keyring(bench.state).revoke((revoked,))
    assert bench.upload().parked == 1
    assert sent(there) == []


# --- Waiting times ---------------------------------------------------------------------------


def test_waiting_grows_is_bounded_and_spreads() -> None:
    waits = [backoff_s(n, "seed") for n in range(1, 20)]
    assert waits == [backoff_s(n, "seed") for n in range(1, 20)]
    assert all(15 <= w <= LONGEST_S for w in waits)
    assert all(two >= one for one, two in pairwise(waits[:9]))
    assert len({backoff_s(5, f"bench {n}") for n in range(50)}) > 40


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        (" 12 ", 12),
        ("99999999", 86400),
        (None, None),
        ("soon", None),
        ("-5", None),
        ("Tue, 24 Nov 2026 10:00:30 GMT", 30),
        ("Tue, 24 Nov 2020 10:00:30 GMT", 0),
        ("", None),
        ("1.5", None),
    ],
)
def test_retry_after(value: str | None, seconds: int | None) -> None:
    assert retry_after_s(value, NOW) == seconds


def test_a_clock_that_was_wrong_does_not_stop_the_queue() -> None:
    assert not is_due(later_than(NOW, 60), NOW)
    assert is_due(later_than(NOW, 400 * 86400), NOW)


# --- Folders ---------------------------------------------------------------------------------


def test_records_reach_a_folder_and_leave_the_queue(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    stick = bench.folder()
    bench.queue(1, 2)
    assert bench.upload().exit_code == 0
    for number in (1, 2):
        there = stick / record(number).record_id
        made = tmp_path / "out" / record(number).record_id
        assert {p.relative_to(there): p.read_bytes() for p in there.rglob("*.*")} == {
            p.relative_to(made): p.read_bytes() for p in made.rglob("*.*")
        }
    view = read_queue(bench.state)
    assert (view.entries, view.done) == ((), 2)
    assert bench.upload().deliveries == ()


def test_a_stick_that_is_not_plugged_in_is_not_invented(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    stick = bench.folder()
    bench.queue(1)
    stick.rename(tmp_path / "away")
    stick.mkdir()  # the empty mount point
    done = bench.upload()
    assert (done.exit_code, done.waiting, list(stick.iterdir())) == (8, 1, [])
    assert done.holds[0].words.code == "upload.folder.absent"
    stick.rmdir()
    (tmp_path / "away").rename(stick)
    assert bench.upload(now=True).exit_code == 0


def test_a_record_issued_anew_is_kept_beside_the_old_one(tmp_path: Path) -> None:
    assert LEDGER is not None
    bench = workbench(tmp_path)
    stick = bench.folder()
    bench.queue(1)
    bench.upload()
    # resumed on a live system whose clock was set back: the ledger says which is the later
    anew = record(
        1, issued_at="2026-11-23T10:00:00.000Z", ledger=dataclasses.replace(LEDGER, number=9)
    )
    folder = write_run(tmp_path / "out", anew)
    assert queue_folder(bench.state, folder).ids == (anew.record_id,)
    assert bench.upload().exit_code == 0
    assert len(list(stick.glob(f"{anew.record_id}*"))) == 2
    # the older one, found again on an old stick, does not come back
    old = write_run(tmp_path / "old", record(1))
    assert queue_folder(bench.state, old).ids == ()


def test_a_record_issued_anew_while_it_is_queued_is_queued_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by seed 10310 of the histories: by its time it looked as if it was queued already."""
    assert LEDGER is not None
    bench = workbench(tmp_path)
    bench.folder()
    folder = write_run(tmp_path / "out", record(1))
    anew = record(1, ledger=dataclasses.replace(LEDGER, number=9))

    def read_and_issued(place: Path) -> Package:
        found = read_folder(place)
        if found.digest != package_digest(anew):
            write_run(tmp_path / "out", anew)
        return found

    monkeypatch.setattr("recond.flow.deliver.upload.read_folder", read_and_issued)
    queue_folder(bench.state, folder)
    monkeypatch.undo()
    assert [one.digest for one in read_queue(bench.state).entries] == [package_digest(anew)]


@pytest.mark.parametrize("when", ["behind a clock that was put back", "while it was sent"])
def test_a_record_issued_anew_reaches_everybody_whatever_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Seed 30414 of the histories: the queue's own file was younger, and the new record lost."""
    bench = Bench(tmp_path)
    finished = bench.run(donor_image(tmp_path / "a.img", 65536))
    (tmp_path / "there").mkdir()
    add_destination(bench.state, "there", "folder", {"path": str(tmp_path / "there")})
    record_file = finished.issued.folder / "record.json"

    def again() -> None:
        certify_again(finished.folder, bench.state, Host(), None, "fr")

    def send() -> int:
        return upload(bench.state, (), SystemClock(), urgency=Urgency(now=True)).exit_code

    if when == "while it was sent":
        real = Queue.write

        def write(queue: Queue, entry: Entry) -> None:
            real(queue, entry)
            again()

        monkeypatch.setattr(Queue, "write", write)
        assert send() == 0
        monkeypatch.undo()
    else:
        assert send() == 0
        again()
        os.utime(record_file, (1_700_000_000.5, 1_700_000_000.5))
    assert not_queued(bench.state) == (finished.folder.run_id,)
    assert send() == 0
    sent = {file.read_bytes() for file in (tmp_path / "there").rglob("record.json")}
    assert record_file.read_bytes() in sent
    assert len(sent) == 2
    assert not_queued(bench.state) == ()
    assert send() == 0
    assert len(list((tmp_path / "there").rglob("record.json"))) == 2


def package_digest(found: WipeRecord) -> str:
    return make_package(files_of(found)).digest


# --- Servers ---------------------------------------------------------------------------------


def test_the_endpoint_gets_the_signed_bytes(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with serve(tmp_path / "tls", lambda seen: Reply()) as server:
        bench.endpoint(server.url + "/records", server.ca)
        assert bench.upload().exit_code == 0
    seen, sent = server.seen[0], package()
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["idempotency-key"] == sent.signed_key
    assert sent.record_bytes in seen.body
    body = json.loads(seen.body)
    assert body["record"] == to_json(record())
    assert (body["record_id"], body["sha256"]) == (sent.record_id, sent.digest)


@pytest.mark.parametrize("reply", [Reply(409), Reply(200), Reply(204, b"")])
def test_already_there_is_success(tmp_path: Path, reply: Reply) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with serve(tmp_path / "tls", lambda seen: reply) as server:
        bench.endpoint(server.url, server.ca)
        assert bench.upload().exit_code == 0


def test_a_strangers_signature_is_another_key(tmp_path: Path) -> None:
    """An endpoint keeps by the key: what a stranger signed first does not stand for ours."""
    kept: set[str] = set()

    def keep(seen: Seen) -> Reply:
        key = seen.headers["idempotency-key"]
        there = key in kept
        kept.add(key)
        return Reply(409 if there else 201)

    stranger = sign_jws(package().record_bytes, make_bench_key("banc d'essai", NOW))
    bench = workbench(tmp_path)
    with serve(tmp_path / "tls", keep) as server:
        bench.endpoint(server.url, server.ca)
        (settings,) = read_settings(bench.state)
        target = Endpoint(settings)
        for one in (make_package({**files_of(record()), "record.jws": stranger}), package()):
            answers = [target.deliver(one, bench.clock) for _ in range(2)]
            assert [a.words.code for a in answers] == ["upload.sent", "upload.already"]
    assert len(kept) == 2


@pytest.mark.parametrize("told", [{"sha256": "0" * 64}, {"key": "20261124-100000-00000001.x"}])
def test_a_number_that_is_taken_is_no_delivery(tmp_path: Path, told: dict[str, str]) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with serve(tmp_path / "tls", lambda _: Reply(409, json.dumps(told).encode())) as server:
        bench.endpoint(server.url, server.ca)
        assert bench.upload().exit_code == 8
    assert read_queue(bench.state).done == 0


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"oops"),
        Reply(502),
        Reply(0),
        Reply(201, b"x" * 1000, cut=3),
        Reply(408),
    ],
)
def test_a_failing_server_keeps_the_record(tmp_path: Path, reply: Reply) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    replies = iter([reply, Reply()])
    with serve(tmp_path / "tls", lambda seen: next(replies)) as server:
        bench.endpoint(server.url, server.ca)
        assert bench.upload().exit_code == 8
        bench.upload()  # not due yet: the second reply is still there
        assert len(server.seen) == 1
        bench.clock.sleep(LONGEST_S)
        assert bench.upload().exit_code == 0
    assert {seen.headers["idempotency-key"] for seen in server.seen} == {package().signed_key}


def test_retry_after_holds_the_whole_destination_even_in_a_hurry(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1, 2, 3)
    with serve(
        tmp_path / "tls",
        lambda seen: (
            Reply(429, b"slow down", (("Retry-After", "90"),)) if len(server.seen) == 1 else Reply()
        ),
    ) as server:
        bench.endpoint(server.url, server.ca)
        done = bench.upload()
        assert (len(server.seen), done.waiting, done.exit_code) == (1, 3, 8)
        assert done.holds[0].until == later_than(NOW, 90)
        bench.upload(now=True)
        assert len(server.seen) == 1
        bench.clock.sleep(91)
        assert bench.upload().exit_code == 0
        assert len(server.seen) == 4


def test_a_refused_record_is_parked_and_the_rest_goes_on(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1, 2, 3)
    bad = record(2).record_id
    refusing = True

    def plan(seen: object) -> Reply:
        about = json.loads(getattr(seen, "body"))["record_id"]  # noqa: B009
        return (
            Reply(422, f"no such lot \x1b[31m {TOKEN}".encode())
            if (about == bad and refusing)
            else Reply()
        )

    with serve(tmp_path / "tls", plan) as server:
        bench.endpoint(server.url, server.ca)
        done = bench.upload()
        assert (done.parked, done.waiting, done.exit_code) == (1, 0, 8)
        entry = read_queue(bench.state).entries[0]
        words = dict(entry.deliveries[0].words.args)
        assert words == {"status": 422, "said": "no such lot [31m …"}  # no escape, no token
        bench.clock.sleep(10 * LONGEST_S)
        assert bench.upload().exit_code == 8
        assert len(server.seen) == 3  # a parked record is not sent again by itself
        refusing = False
        assert bench.upload(parked=True).exit_code == 0


def test_a_refused_token_parks_nothing(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1, 2)
    with serve(tmp_path / "tls", lambda seen: Reply(401)) as server:
        bench.endpoint(server.url, server.ca)
        done = bench.upload()
    assert (len(server.seen), done.parked, done.waiting) == (1, 0, 2)
    assert done.holds[0].words.code == "upload.token_refused"


def test_a_redirection_is_named_and_the_token_does_not_follow(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    reply = Reply(301, b"", (("Location", "https://elsewhere.test/"),))
    with serve(tmp_path / "tls", lambda seen: reply) as server:
        bench.endpoint(server.url, server.ca)
        words = bench.upload().deliveries[0][1].words
    assert dict(words.args) == {"status": 301, "where": "https://elsewhere.test/"}


def test_one_record_that_breaks_the_server_stops_no_other(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1, 2, 3)
    first = record(1).record_id

    def plan(seen: object) -> Reply:
        return Reply(503 if first in str(getattr(seen, "body")) else 201)  # noqa: B009

    with serve(tmp_path / "tls", plan) as server:
        bench.endpoint(server.url, server.ca)
        for _ in range(4):
            bench.upload(now=True)
    left = read_queue(bench.state).entries
    assert [entry.record_id for entry in left] == [first]


def test_destinations_have_each_their_own_state(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    stick = bench.folder()
    with serve(tmp_path / "tls", lambda seen: Reply(500)) as server:
        bench.endpoint(server.url, server.ca)
        done = bench.upload()
        assert (done.exit_code, done.waiting) == (8, 1)
        assert (stick / record(1).record_id).is_dir()
        assert bench.upload("stick").exit_code == 0
        states = {d.destination: d.where for d in read_queue(bench.state).entries[0].deliveries}
        assert states == {"stick": DeliveryState.SENT, "asso": DeliveryState.WAITING}
    remove_destination(bench.state, "asso")
    assert bench.upload().exit_code == 0
    assert read_queue(bench.state).done == 1


def test_a_setting_that_went_wrong_stops_no_other_destination(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    bench.endpoint("https://localhost:1", str(tmp_path / "gone.pem"))
    stick = bench.folder()
    done = bench.upload()
    assert (done.exit_code, done.holds[0].words.code) == (8, "upload.ca.unreadable")
    assert (stick / record(1).record_id).is_dir()


def test_two_senders_do_not_send_at_once(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    bench.folder()
    with queue_of(bench.state).sending() as mine:
        assert mine
        done = bench.upload()
    assert (done.busy, done.deliveries, done.exit_code) == (True, (), 8)
    assert bench.upload().exit_code == 0


# --- What may leave, and the stick -----------------------------------------------------------


def test_neither_a_demonstration_nor_an_unsigned_record_leaves(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.folder()
    demo = record(1, bench=dataclasses.replace(record().bench, demonstration=True))
    unsigned = record(2, signature="certify.unsigned.no-key", ledger=None)
    folders = (
        write_run(tmp_path / "out", demo),
        write_run(tmp_path / "out", unsigned, signed=False),
    )
    done = upload(bench.state, (), bench.clock, urgency=Urgency(), folders=folders)
    assert [why.code for _, why in done.refused] == ["upload.demonstration", "upload.unsigned"]
    assert (done.exit_code, read_queue(bench.state).entries) == (8, ())
    done = upload(
        bench.state, (), bench.clock, urgency=Urgency(), folders=folders[1:], allow_unsigned=True
    )
    assert done.exit_code == 0


def begun(state: Path, facts: RunFacts) -> RunFolder:
    run = make_run(state, facts.run_id)
    begin_run(run, facts)
    Keyring(state).pin((bench_key().certificate,))  # what it signed is its own
    return run


def test_an_old_unsigned_run_is_spoken_of_and_fails_no_upload(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    stick = bench.folder()
    for number, changes in (
        (1, {}),
        (2, {"signature": "certify.unsigned.no-key"}),
        (3, {"bench": dataclasses.replace(record().bench, demonstration=True)}),
    ):
        made = record(number, **changes)
        run = begun(
            bench.state,
            RunFacts(
                made.record_id,
                NOW,
                "",
                "fr",
                Context(made.workshop, made.operator, made.verifier, made.bench),
                None,
                (),
            ),
        )
        folder = write_run(tmp_path / "out", made, signed=number != 2)
        shutil.copytree(folder / "journals", run.path / "journals", dirs_exist_ok=True)
        write_json(run.issued, {"folder": str(folder), "signed": number != 2})
    done = bench.upload()
    assert (done.exit_code, done.queued) == (0, (record(1).record_id,))
    assert [why.code for _, why in done.kept_back] == ["upload.unsigned"]
    assert [p.name for p in stick.iterdir() if p.is_dir()] == [record(1).record_id]


def test_a_bench_without_destinations_exports_its_runs(tmp_path: Path) -> None:
    made = record(1)
    run = begun(
        tmp_path / "state",
        RunFacts(
            made.record_id,
            NOW,
            "",
            "fr",
            Context(made.workshop, made.operator, made.verifier, made.bench),
            None,
            (),
        ),
    )
    write_json(run.issued, {"folder": str(write_run(tmp_path / "out", made)), "signed": True})
    assert export_queue(tmp_path / "state", tmp_path / "usb").new == (made.record_id,)


def test_a_damaged_package_in_the_queue_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1, 2, 3)
    bench.folder()
    (bench.state / "queue" / f"{record(2).record_id}.zip").write_bytes(b"PK\x03\x04torn")
    done = bench.upload()
    assert {record_id for record_id, _ in done.deliveries} == {ids(3)[0], ids(3)[2]}
    (entry,) = read_queue(bench.state).entries
    assert (entry.record_id, done.exit_code) == (ids(3)[1], 8)
    assert entry.problem is not None
    bench.queue(2)  # the good one takes its place
    assert bench.upload().exit_code == 0


def test_a_stick_carries_the_queue(tmp_path: Path) -> None:
    here, there = workbench(tmp_path / "a"), workbench(tmp_path / "b")
    here.queue(1, 2, 3)
    stick = tmp_path / "usb"
    assert len(export_queue(here.state, stick).new) == 3
    assert len(export_queue(here.state, stick).known) == 3
    (stick / f"{ids(3)[0]}.zip").write_bytes(b"bad")
    target = there.folder()
    moved = import_queue(there.state, stick)
    assert (moved.new, moved.exit_code) == (ids(3)[1:], 7)
    assert [name for name, _ in moved.problems] == [f"{ids(3)[0]}.zip"]
    assert there.upload().exit_code == 0
    assert sorted(p.name for p in target.iterdir() if p.is_dir()) == list(ids(3)[1:])
    assert import_queue(there.state, stick).known == ids(3)[1:]
    with pytest.raises(UsageError):
        import_queue(there.state, tmp_path / "nothing")


def test_a_strangers_record_of_one_number_displaces_none_that_waits(tmp_path: Path) -> None:
    number = "20261124-100000-00000007"
    (ours,), (theirs,) = (workshop(tmp_path / one, one) for one in ("banc", "autre"))
    assert queue_folder(ours.state, ours.erase(number, drive("D20")).folder).ids
    assert queue_folder(theirs.state, theirs.erase(number, drive("D99")).folder).ids
    export_queue(theirs.state, tmp_path / "stick")
    waits = queue_of(ours.state).package(number)
    moved = import_queue(ours.state, tmp_path / "stick")
    assert [(name, why.code) for name, why in moved.problems] == [
        (f"{number}.zip", "upload.import.other")
    ]
    assert queue_of(ours.state).package(number) == waits
    (tmp_path / "stock").mkdir()
    add_destination(ours.state, "stock", "folder", {"path": str(tmp_path / "stock")})
    assert upload(ours.state, (), SystemClock(), urgency=Urgency()).exit_code == 0
    again = import_queue(ours.state, tmp_path / "stick")  # it went out a second time
    assert [why.code for _, why in again.problems] == ["upload.import.sent"]
    assert queue_of(ours.state).ids() == ()
    Keyring(ours.state).pin((theirs.root.certificate,))
    assert import_queue(ours.state, tmp_path / "stick").new == (number,), "a bench of the workshop"


@pytest.mark.parametrize("signed", [True, False])
def test_nothing_that_a_stranger_laid_into_the_output_folder_is_sent_as_our_own(
    tmp_path: Path, signed: bool
) -> None:
    """Others may write into `--out`: what they laid in a certificate's place left in this bench's
    name, by itself, and the bench's own record never did.
    """
    ours, theirs = Bench(tmp_path / "ours"), Bench(tmp_path / "theirs")
    own = ours.run(donor_image(ours.path / "a.img", 1 << 16)).issued.folder
    other = theirs.run(donor_image(theirs.path / "b.img", 1 << 16)).issued.folder
    (tmp_path / "stock").mkdir()
    add_destination(ours.state, "stock", "folder", {"path": str(tmp_path / "stock")})
    own.rename(tmp_path / "kept")
    shutil.copytree(other, own)
    if not signed:
        (own / "record.jws").unlink()
    for _ in range(2):
        found = upload(ours.state, (), SystemClock(), urgency=Urgency(), allow_unsigned=not signed)
        assert [why.code for _, why in found.refused] == ["upload.own.other"]
        assert (found.exit_code, [*(tmp_path / "stock").glob("2*")]) == (8, [])
    shutil.rmtree(own)
    (tmp_path / "kept").rename(own)
    assert upload(ours.state, (), SystemClock(), urgency=Urgency()).exit_code == 0
    assert [one.name for one in (tmp_path / "stock").glob("2*")] == [own.name]


@pytest.mark.parametrize("sent_already", [False, True])
def test_the_same_record_signed_by_a_stranger_first_is_not_what_leaves(
    tmp_path: Path, sent_already: bool
) -> None:
    """The bytes of a record are in every PDF: by them alone the true one was "known already"."""
    number = "20261124-100000-00000007"
    (ours,), (theirs,), (hub,) = (workshop(tmp_path / one, one) for one in ("a", "b", "c"))
    folder = ours.erase(number, drive("D20")).folder
    forged = tmp_path / "forged"
    shutil.copytree(folder, forged)
    key = Keyring(theirs.state).signing_key("b", SystemClock())
    for name, raw in draw(
        parse_record((folder / "record.json").read_bytes()), key, "fr"
    ).files.items():
        (forged / name).write_bytes(raw)
    (forged / "receipt.jws").unlink()
    for bench, place in ((theirs, forged), (ours, folder)):
        assert queue_folder(bench.state, place).ids
        export_queue(bench.state, bench.path / "stick")
    (tmp_path / "stock").mkdir()
    add_destination(hub.state, "stock", "folder", {"path": str(tmp_path / "stock")})
    Keyring(hub.state).pin((ours.root.certificate,))
    assert import_queue(hub.state, theirs.path / "stick").new == (number,)
    if sent_already:
        assert upload(hub.state, (), SystemClock(), urgency=Urgency()).exit_code == 0
    assert import_queue(hub.state, ours.path / "stick").new == (number,)
    again = import_queue(hub.state, theirs.path / "stick")
    assert [why.code for _, why in again.problems] == ["upload.import.other"]
    assert upload(hub.state, (), SystemClock(), urgency=Urgency()).exit_code == 0
    sent = {one.read_bytes() for one in (tmp_path / "stock").glob("*/record.jws")}
    assert (folder / "record.jws").read_bytes() in sent
    assert len(sent) == 1 + sent_already
    assert import_queue(hub.state, ours.path / "stick").known == (number,)


# --- The configuration -----------------------------------------------------------------------


def test_the_configuration_is_private_and_keeps_its_secret(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.endpoint("https://stock.example", "", "asso")
    file = bench.state / "destinations.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert TOKEN in file.read_text()
    file.chmod(0o640)
    with pytest.raises(UsageError, match=r"upload\.config\.mode"):
        bench.upload()
    file.chmod(0o600)
    file.write_text(f'[asso]\nkind = "https"\ntoken = "{TOKEN}\n')
    with pytest.raises(UsageError) as caught:
        bench.upload()
    assert TOKEN not in str(caught.value)
    assert "line 3" in str(caught.value)


def test_a_secret_is_asked_for_and_never_an_argument() -> None:
    assert secrets_of("https", {"url": "https://x"}) == ("token",)
    assert secrets_of("folder", {"path": "/x"}) == ()
    assert secrets_of("glpi", {"url": "https://x", "client_id": "me"}) == ("client_secret",)
    with pytest.raises(UsageError) as caught:
        secrets_of("https", {"url": "https://x", "token": TOKEN})
    assert caught.value.message.code == "upload.config.secret"
    assert TOKEN not in str(caught.value)


def test_a_state_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.folder()
    bench.queue(1)
    (bench.state / "queue" / "state").write_bytes(b"")
    with pytest.raises(BenchLacks, match=r"upload\.queue\.unusable"):
        bench.upload()


@pytest.mark.parametrize(
    ("kind", "values", "code"),
    [
        ("ftp", {}, "upload.config.kind"),
        ("https", {"url": "https://x"}, "upload.config.missing"),
        ("https", {"url": "http://x", "token": TOKEN}, "upload.url.wrong"),
        ("https", {"url": "https://x", "token": TOKEN, "tokken": TOKEN}, "upload.config.key"),
        ("folder", {"path": "stick"}, "upload.folder.relative"),
        ("folder", {"path": "/nonexistent/stick"}, "upload.folder.absent"),
    ],
)
def test_a_mistake_in_a_destination_is_named(
    tmp_path: Path, kind: str, values: dict[str, str], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        add_destination(tmp_path, "x", kind, values)
    assert caught.value.message.code == code
    assert TOKEN not in str(caught.value)
    assert not (tmp_path / "destinations.toml").exists()


def test_without_a_destination_records_wait(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with pytest.raises(UsageError, match=r"upload\.none"):
        bench.upload()
    assert read_queue(bench.state).entries[0].record_id == ids(1)[0]
