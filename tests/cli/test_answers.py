"""Every answer to a program is in one envelope, has a published form, and keeps to it.

`tests.cli.command.recond` holds each `--json` of every test to the schema; here each command is
asked once, and nothing that could answer is left out.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from recond.certify.pages.key_backup import paper_codes, paper_lines
from recond.certify.releasenote import ReleaseFile, ReleaseNote, sign_note
from recond.certify.sign.keys import make_bench_key, pem
from recond.flow.keys.workshop import issue_bench
from recond.host.clock import SystemClock
from recond.show.answer import answer_line, form_name
from recond.show.forms import FORMS
from tests.certify.test_schema import made as packaged
from tests.cli.command import ROOT, answers, checkers, recond, valid
from tests.house import PACKAGE
from tests.keys.bench import PHRASE, StillClock, certify

NO_ANSWER = frozenset({"guided", "completion", "help", "board"})
"""A dialogue, a shell's script, help, a server: nothing that a script reads as an answer."""
ELSEWHERE = {
    "watch": "tests/flow/test_watch.py",
    "unlock": "tests/flow/test_unlock.py",
    "update-stick": "tests/image/test_update_stick.py",
    "demo": "tests/flow/test_main_job.py",
    "inspect.self-test": "tests/inspect/test_selftest.py",
    "test": "tests/inspect/test_trials.py",
}
"""Forms of what takes long or a drive: the tests that hold these to their schema."""
MODES = {
    "inspect.diff": "inspect",
    "inspect.self-test": "inspect",
    "verify.disk": "verify",
    "version.check": "version",
    "verify.html": "verify",
}


def leaves(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by its path; a group that does something too."""
    for name in group.commands:
        found = group.commands[name]
        here = (*path, name)
        if not hasattr(found, "commands") or found.invoke_without_command:
            yield here, found
        if hasattr(found, "commands"):
            yield from leaves(found, here)


def program() -> Any:
    import importlib

    import typer

    from recond.commands.frame import app
    from recond.commands.index import ENTRIES

    for module in {one.module for one in ENTRIES.values()}:
        importlib.import_module(f"recond.commands.{module}")
    return typer.main.get_command(app)


def test_whatever_can_answer_a_program_does() -> None:
    answering = set()
    for path, found in leaves(program()):
        if path[0] in NO_ANSWER:
            continue
        assert any("--json" in one.opts for one in found.params), f"{' '.join(path)} lacks --json"
        answering.add(".".join(path))
    assert answering == {MODES.get(form, form) for form in FORMS} - {"error"}


def test_the_published_schemas_are_the_forms() -> None:
    for file, said in packaged().files().items():
        assert file.read_text(encoding="utf-8") == said, "run packaging/schema.py"
    assert set(checkers()) == {form_name(form) for form in (*FORMS, "event")}


def test_a_key_too_many_or_too_few_is_seen() -> None:
    line = json.loads(answer_line("upload.remove", {"name": "x"}))
    assert valid(line) == {"schema": "recond.upload.remove/1", "name": "x"}
    for broken in ({**line, "more": 1}, {"schema": line["schema"]}, {**line, "name": 1}):
        with pytest.raises(jsonschema.ValidationError):
            valid(broken)
    with pytest.raises(AssertionError, match="offset"):
        valid({**line, "name": "2026-11-24T08:00:00"})


@pytest.mark.parametrize("value", [["a", "list"], {"schema": "mine"}, "words"])
def test_what_is_no_object_does_not_go_into_the_envelope(value: object) -> None:
    with pytest.raises(TypeError):
        answer_line("queue", value)


@dataclass
class Desk:
    """A bench in one folder; `seen` are the forms that it has answered with."""

    path: Path
    seen: set[str] = field(default_factory=set)

    def ask(self, form: str, *words: str, code: int = 0, stdin: str = "") -> dict[str, Any]:
        """The one answer of a command, once its form and its exit code are as they should be."""
        done = recond(*words, "--json", folder=self.path, stdin=stdin)
        assert done.code == code, done.stderr
        (found,) = answers(done.stdout)
        assert found["schema"] == form_name(form)
        self.seen.add(form)
        return found


def keys(desk: Desk) -> None:
    root = desk.ask("key.init", "key", "init", "--name", "Atelier")
    codes = paper_codes(paper_lines(Path(str(root["key"])).read_bytes()))
    (desk.path / "typed.txt").write_text("\n".join(codes))
    back = desk.ask("key.restore", "key", "restore", "typed.txt", "--out", "new")
    assert back["fingerprint"] == root["fingerprint"]
    desk.ask("key.issue", "key", "issue", "--name", "Poste 1")
    desk.ask("key.trust", "key", "trust", str(root["certificate"]))
    desk.ask("key.show", "key", "show")


def erasures(desk: Desk) -> None:
    image = desk.path / "d.img"
    image.write_bytes(b"donor " * 4096)
    wipe = ("d.img", "--image", "--confirm", "d.img")
    done = desk.ask("wipe", "wipe", *wipe, "--lot", "L")
    run, folder = str(done["run"]), str(done["folder"])
    assert (done["outcome"], done["exit_code"], done["left"]) == ("erased", 0, [])
    desk.ask("attach", "attach", run)
    desk.ask("certify", "certify", run)
    nothing = desk.ask("resume", "resume")
    assert (nothing["outcome"], nothing["run"]) == ("nothing-begun", None)
    desk.ask("verify", "verify", folder)
    again = ("--disk", "d.img", "--image", f"{folder}/certificate.pdf")
    desk.ask("verify.disk", "verify", *again)
    desk.ask("verify.html", "verify", "--html", "page.html")
    desk.ask("label", "label", folder)
    (desk.path / "liste.csv").write_text("serial\nd.img\n")
    run_ = ("run", "d.img", "--image", "--manifest", "liste.csv", "--unattended", "--lot", "L")
    assert desk.ask("run", *run_)["outcome"] == "nothing-begun"
    desk.ask("key.stamp", "key", "stamp")


def a_clock_put_back(desk: Desk) -> None:
    """A bench of its own, whose one certificate was made most of a year too early."""
    state, now = desk.path / "ahead", StillClock(SystemClock().now())
    issue_bench(state, "Poste 1", None, None, now)
    (journal,) = (desk.path / "recond-out").glob("*/journals/d.img.jsonl")
    assert certify(state, journal.read_bytes(), now.in_days(300)).signed
    words = ("key", "clock", "--state", str(state), "--today", now.at[:10], "--operator", "Ana")
    done = desk.ask("key.clock", *words)
    assert (done["number"], done["fault"]) == (3, None)


def custody(desk: Desk) -> None:
    def say(event: str, *words: str) -> dict[str, Any]:
        spoken = ("--operator", "Ana", "--lot", "L")
        done = desk.ask(f"custody.{event}", "custody", event, *words, *spoken)
        assert (done["event"]["kind"], done["event"]["operator"]["name"]) == (event, "Ana")
        return done

    say("received", "--from", "Mairie", "--said-computers", "2")
    say("removed", "D1", "--from", "NB1")
    folder = str(say("destroyed", "D1", "--method", "shred")["folder"])
    say("handed-over", "NB1", "--to", "École")
    say("returned", "NB2", "--to", "Mairie")
    scrap = ("--to", "Ecologic", "--code", "16 02 14", "--count", "1", "--mass", "2,5")
    say("scrapped", *scrap)
    (found,) = desk.ask("verify", "verify", folder)["found"]
    assert (found["belief"], found["record_id"]) == ("word", None)
    desk.ask("error", "custody", "destroyed", "D1", "--method", "drill", code=2)
    assert desk.ask("history", "history", "D1")["computers"] == ["NB1"]


def stock(desk: Desk) -> None:
    for name in ("stick", "taken"):
        (desk.path / name).mkdir()
    desk.ask("error", "queue", "import", "taken", code=2)
    assert desk.ask("queue.export", "queue", "export", "taken")["new"]
    desk.ask("queue.import", "queue", "import", "taken")
    desk.ask("upload.add", "upload", "add", "cle", "--kind", "folder", f"path={desk.path}/stick")
    assert desk.ask("upload.list", "upload", "list")["destinations"][0]["name"] == "cle"
    desk.ask("upload.check", "upload", "check", "cle")
    desk.ask("upload", "upload", "--all")
    desk.ask("queue", "queue")
    assert desk.ask("runs", "runs")["runs"][0]["outcome"] == "erased"
    desk.ask("upload.remove", "upload", "remove", "cle")
    desk.ask("export", "export", "recond-out", "--map", "homebox")
    desk.ask("lot.new", "lot", "new", "L", "--donor", "Mairie", "--manifest", "liste.csv")
    desk.ask("lot.add", "lot", "add", "L", "recond-out", code=7)
    desk.ask("lot.status", "lot", "status", "L")
    desk.ask("lot.report", "lot", "report", "L")
    desk.ask("error", "lot", "close", "L", code=3)
    desk.ask("lot.close", "lot", "close", "L", "--anyway", "--operator", "Ana")
    desk.ask("lot.waste", "lot", "waste", "L")
    assert desk.ask("custody.forget", "custody", "forget", "--older-than", "5y")["lots"] == []
    assert desk.ask("lot.list", "lot", "list")["lots"]
    assert desk.ask("lot", "lot")["lots"][0]["closed_at"].endswith("Z")


def machines(desk: Desk) -> None:
    capture = str(ROOT / "tests" / "inspect" / "captures" / "format-1.tar.gz")
    desk.ask("inspect", "inspect", "--from", capture)
    desk.ask("inspect.diff", "inspect", "--diff", capture, capture)
    desk.ask("check", "check", "--from", capture)
    desk.ask("plan", "plan", "d.img", "--image")
    desk.ask("capture", "capture", "this.tar.gz")
    desk.ask("methods", "methods")
    desk.ask("profile.list", "profile", "list")
    desk.ask("profile.new", "profile", "new", "mien.toml", "--from", "windows-11")
    assert desk.ask("profile.check", "profile", "check", "mien.toml")["mistakes"] == []
    (desk.path / "faux.toml").write_text("no = 1\n")
    desk.ask("profile.check", "profile", "check", "faux.toml", code=2)
    assert desk.ask("config", "config")["mistakes"] == []
    desk.ask("config.show", "config", "show")
    desk.ask("config.check", "config", "check")
    desk.ask("config.path", "config", "path")
    desk.ask("version", "version")
    publisher = make_bench_key("recond releases", SystemClock().now())
    (desk.path / "release.pem").write_bytes(pem(publisher.certificate))
    files = (ReleaseFile("x.deb", 1, "0" * 64),)
    note = ReleaseNote("9.0", "2026-12-01", None, files)
    (desk.path / "x.release.jws").write_bytes(sign_note(note, publisher))
    desk.ask("version.check", "version", "x.release.jws", "--signer", "release.pem")
    assert desk.ask("sitting", "sitting", "--lot", "L7")["sitting"]["lot"] == "L7"
    done = recond("doctor", "--json", folder=desk.path)
    assert done.code in (0, 9)
    desk.seen.add("doctor")


def the_end(desk: Desk) -> None:
    shown = desk.ask("key.show", "key", "show")
    desk.ask("key.revoke", "key", "revoke", shown["bench"]["fingerprint"], "--reason", "retired")
    assert desk.ask("error", "attach", "no-such-run", code=2)["code"]


PARTS: tuple[Callable[[Desk], None], ...] = (
    keys,
    erasures,
    a_clock_put_back,
    custody,
    stock,
    machines,
    the_end,
)


def test_every_command_answers_in_its_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOND_ROOT_PASSPHRASE", PHRASE)
    desk = Desk(tmp_path)
    for part in PARTS:
        part(desk)
    assert FORMS.keys() - desk.seen == ELSEWHERE.keys()
    for file in ELSEWHERE.values():
        assert "valid(" in (ROOT / file).read_text(encoding="utf-8")


ERRORS = {
    "an unknown command": (("inspct",), 2, "cli.frame.near_command"),
    "an unknown option": (("inspect", "--nope"), 2, "cli.frame.no_option"),
    "a missing argument": (("lot", "status"), 2, "cli.frame.no_argument"),
    "an unknown language": (("--lang", "xx", "inspect"), 2, "cli.lang.unknown"),
    "a value that is none": (("label", "--start", "many"), 2, "cli.frame.invalid"),
    "no target": (("wipe",), 2, "cli.run.no_target"),
    "refused": (("wipe", "d.img", "--image"), 4, "wipe.confirm.missing"),
    "an unknown lot": (("lot", "status", "none"), 2, "lot.unknown"),
    "a command without --json": (("completion", "tcsh"), 2, "cli.frame.no_option"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_goes_wrong_is_answered_too(case: str, tmp_path: Path) -> None:
    words, code, name = ERRORS[case]
    (tmp_path / "d.img").write_bytes(b"donor " * 4096)
    done = recond(*words, "--json", folder=tmp_path)
    (found,) = answers(done.stdout)
    assert (done.code, found["exit"], found["code"]) == (code, code, name)
    assert found["message"]
    assert found["reasons"][0]["message"] == found["message"]
    plain = "".join(done.stderr.split()).casefold()  # after « Erreur : » it begins small
    same = "".join(found["message"].split()).casefold()
    assert same in plain, "a person reads the same sentence"


def test_without_json_nothing_but_talk(tmp_path: Path) -> None:
    for words in (("inspct",), ("wipe",), ("upload", "remove", "--", "--json")):
        done = recond(*words, folder=tmp_path)
        assert (done.code, done.stdout) == (2, "")


def test_a_fault_of_ours_is_answered_and_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module of the project's path that breaks the first import of a command."""
    broken = tmp_path / "broken" / "recond"
    shutil.copytree(PACKAGE, broken, ignore=shutil.ignore_patterns("__pycache__"))
    (broken / "flow" / "profiles.py").write_text("raise KeyError('broken')\n")
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "recond", "profile", "list", "--json"],
        cwd=tmp_path / "broken",
        capture_output=True,
        text=True,
        check=False,
    )
    (found,) = answers(done.stdout)
    assert (done.returncode, found["exit"], found["code"]) == (1, 1, "cli.bug")
    assert "KeyError: 'broken'" in done.stderr
