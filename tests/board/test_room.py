"""The room: what benches say is shown at once, and is evidence of nothing."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recond.board.app import judge_again
from recond.board.live import SILENT_S, tone_of
from recond.board.people import Role
from recond.board.room import refresh
from recond.codec import canonical_bytes
from recond.ends import ConfirmedBy
from recond.flow.config import Overrides
from recond.flow.deliver.upload import add_destination, after_run
from recond.flow.run.run import Order, execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.host import Host
from recond.progress import ProgressEvent
from recond.upload.live import SCHEMA, ComputerSaid, LiveSaid, SlotSaid, SlotWord
from recond.wipe.plan import Wish
from tests.board.workshop import Client, Maker, Workshop, wait_for


def said(seq: int = 1, session: str = "aa" * 8, ended: bool = False, **slot: Any) -> LiveSaid:
    values: dict[str, Any] = {"place": "SATA 1", "state": SlotWord.WORKING, **slot}
    computer = ComputerSaid("Lenovo", "ThinkPad T480", "PF1ABCDE", None)
    return LiveSaid(SCHEMA, session, seq, computer, "lot A", "Ada", ended, (SlotSaid(**values),))


def tell(bench: Client, live: LiveSaid) -> int:
    answer = bench.send("POST", "/api/v1/live", canonical_bytes(live))
    return answer.status


@contextmanager
def events(client: Client, lang: str = "fr") -> Iterator[Iterator[dict[str, Any]]]:
    """What the room's page hears."""
    line = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
    line.request("GET", f"/room/events?lang={lang}", headers={"Cookie": cookie})
    answer = line.getresponse()
    assert answer.status == 200
    assert answer.getheader("Content-Type", "").startswith("text/event-stream")

    def pieces() -> Iterator[dict[str, Any]]:
        while True:
            row = answer.readline()
            if not row:
                return
            if row.startswith(b"data: "):
                yield json.loads(row[6:])

    try:
        yield pieces()
    finally:
        line.close()


def test_what_a_bench_says_is_on_the_page_a_second_later(workshop: Workshop) -> None:
    bench = workshop.bench("banc 1")
    reader = workshop.person("Lise", Role.READER)
    refresh(workshop.opened.context)
    with events(reader) as heard:
        assert "Rien en cours." in next(heard)["cards"]["1"]
        slot: dict[str, Any] = {
            "phase": "write",
            "step": 0,
            "steps": 2,
            "percent": 31,
            "left_s": 200,
        }
        assert tell(bench, said(model="SSD 860 EVO", serial="S3Z8NX0K", **slot)) == 204
        piece = next(heard)
        card = piece["cards"]["1"]
        for word in ("ThinkPad T480", "S3Z8NX0K", "en cours 31", "écriture 1/2", "3\u00a0min"):
            assert word in card, word
        assert piece["tally"]["work"] == 1
    page = reader.get("/")
    assert "S3Z8NX0K" in page.text
    assert "under way 31" in reader.get("/?lang=en").text


@pytest.mark.parametrize("word", [word for word in SlotWord if word is not SlotWord.WORKING])
def test_no_word_of_a_bench_is_shown_as_erased(workshop: Workshop, word: SlotWord) -> None:
    """A lying bench says that all is over, for a run of which the board holds nothing."""
    bench = workshop.bench("banc 1")
    reader = workshop.person("Lise", Role.READER)
    assert tell(bench, said(state=word, run="20261128-000000-00000000", percent=100)) == 204
    refresh(workshop.opened.context)
    page = reader.get("/").text
    assert "EFFAC" not in page.upper().split('ID="TALLY"')[1].split("</UL>", 1)[1]
    assert 'class="slot good"' not in page
    assert tone_of(said(state=word).slots[0], False, None) != "good"


def test_anothers_certificate_is_not_shown_for_a_disk_that_it_is_not_of(
    workshop: Workshop, maker: Maker
) -> None:
    """A leaked token names a run that is proven, beside a disk that nobody erased."""
    workshop.trust(maker)
    bench, reader = workshop.bench("banc 1"), workshop.person("Lise", Role.READER)
    package = maker.package()
    assert bench.upload(package).status == 201
    (disk,) = package.record().erasures
    true, lie = str(disk.disk.serial), "DISQUE-DU-DONATEUR"
    for seq, serial in enumerate((lie, true), start=1):
        live = said(seq, state=SlotWord.OVER, run=package.record_id, serial=serial, percent=100)
        assert tell(bench, live) == 204
        refresh(workshop.opened.context)
        slots = reader.get("/").text.split('class="slots"')[1]
        assert ("DISQUES VIRTUELS EFFACÉS" in slots) is (serial == true), serial
        assert ('class="slot good"' in slots) is (serial == true), serial


def test_a_bench_has_no_word_for_erased() -> None:
    assert not {word for word in SlotWord if word in ("done", "erased", "certified", "approved")}


def test_a_bench_that_falls_silent_is_an_alarm_and_comes_first(workshop: Workshop) -> None:
    quiet, busy = workshop.bench("banc z"), workshop.bench("banc a")
    reader = workshop.person("Lise", Role.READER)
    assert tell(quiet, said()) == 204
    workshop.clock.moved_s += SILENT_S + 1
    assert tell(busy, said(session="bb" * 8)) == 204
    page = reader.get("/").text
    assert "NE RÉPOND PLUS" in page
    assert page.index("banc z") < page.index("banc a")
    operator = workshop.person("Olivier", Role.OPERATOR)
    assert operator.post("/room/1/dismiss").status == 204
    assert "NE RÉPOND PLUS" not in reader.get("/").text
    assert reader.post("/room/1/dismiss").status == 403


def test_an_older_message_changes_nothing(workshop: Workshop) -> None:
    bench, reader = workshop.bench("banc 1"), workshop.person("Lise", Role.READER)
    assert tell(bench, said(seq=5, percent=50)) == 204
    assert tell(bench, said(seq=4, percent=40)) == 204
    page = reader.get("/").text
    assert "en cours 50" in page
    assert "en cours 40" not in page


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "recond.live/2"},
        {"slots": "none"},
        {"extra": 1},
        {"seq": "1"},
        {"session": "x" * 121},
        {"slots": [{"place": "a", "state": "erased"}]},
        {"slots": [{"place": "a", "state": "done"}]},
        {"seq": 1 << 70},
    ],
)
def test_a_message_of_another_form_is_refused(workshop: Workshop, change: dict[str, Any]) -> None:
    bench = workshop.bench("banc 1")
    value = json.loads(canonical_bytes(said())) | change
    assert bench.send("POST", "/api/v1/live", json.dumps(value).encode()).status == 400
    assert bench.send("POST", "/api/v1/live", b"[" * 5000).status == 400
    assert bench.send("POST", "/api/v1/live", b"x" * 70_000).status == 413
    page = workshop.person("Lise", Role.READER).get("/").text
    assert 'class="slots"' not in page


def test_a_real_run_is_followed_and_its_certificate_is_the_last_word(
    workshop: Workshop, tmp_path: Path
) -> None:
    """`recond run` on an image: live, then its record, then trusted."""
    bench = workshop.bench("banc 1")
    reader = workshop.person("Lise", Role.READER)
    state, image = tmp_path / "state", tmp_path / "DISQUE-7.img"
    state.mkdir()
    url = f"http://127.0.0.1:{workshop.port}"
    add_destination(state, "tableau", "board", {"url": url, "token": bench.bearer})
    image.write_bytes(b"donor data " * 300_000)
    with image.open("r+b") as stream:
        stream.truncate(3 << 20)
    order = Order(
        (str(image),), False, Wish(), True, (), tmp_path / "out", state, "fr", Overrides(lot="L")
    )
    host = Host()
    prepared = prepare(order, host)
    seen: list[str] = []

    def on_event(_disk: str, event: ProgressEvent) -> None:
        seen.append(event.phase)

    with events(reader) as heard:
        next(heard)
        finished = execute(prepared, confirm_all(prepared.plans, ConfirmedBy.FLAG), host, on_event)
        assert finished.exit_code == 0
        assert "end" in seen  # the run's own listener heard everything too
        card = ""
        while "terminé, à prouver" not in card:
            card = next(heard)["cards"].get("1", card)
        assert "DISQUE-7.img" in card
        done = after_run(state, finished.folder.run_id, finished.issued.folder, host.clock)
        assert done is not None
        assert done.exit_code == 0, done
        while "CLÉ NON RECONNUE" not in card:
            card = next(heard)["cards"].get("1", card)
    workshop.trust(Maker(state, b""))
    judge_again(workshop.opened.context)
    wait_for(lambda: "DISQUES VIRTUELS EFFACÉS" in reader.get("/").text)


def test_a_run_goes_on_without_the_board(tmp_path: Path) -> None:
    """The board is gone: nothing waits, the record does."""
    state, image = tmp_path / "state", tmp_path / "DISQUE-8.img"
    state.mkdir()
    add_destination(state, "tableau", "board", {"url": "http://127.0.0.1:9", "token": "x"})
    image.write_bytes(bytes(range(256)) * 4096)
    order = Order(
        (str(image),), False, Wish(), True, (), tmp_path / "out", state, "fr", Overrides()
    )
    host = Host()
    prepared = prepare(order, host)
    finished = execute(
        prepared, confirm_all(prepared.plans, ConfirmedBy.FLAG), host, lambda _disk, _event: None
    )
    assert finished.exit_code == 0
    done = after_run(state, finished.folder.run_id, finished.issued.folder, host.clock)
    assert done is not None
    assert (done.waiting, done.parked) == (1, 0)
