"""No certificate of recond, or one that was tampered with: the evidence that decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.certify.verify.verdicts import Belief
from recond.flow.verify.files import near, verify_paths
from tests.certify.papers import KINDS, corpus, files_of
from tests.certify.strangers import OTHERS, invoice, remains
from tests.cli.command import recond


def belief(folder: Path, **files: bytes) -> Belief:
    """Of the first certificate among files of one folder, by the corpus' bench."""
    paths = []
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
        paths.append(folder / name)
    report = verify_paths(tuple(paths), (), state=corpus().state)
    assert report.exit_code == 7 or report.found[0].good
    return report.found[0].belief


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_somebody_elses_is_no_certificate(name: str, tmp_path: Path) -> None:
    assert belief(tmp_path, **{name: OTHERS[name]}) is Belief.FOREIGN
    done = recond("verify", name, folder=tmp_path)
    assert done.code == 7
    assert "Pas un certificat recond" in done.stdout
    assert "À ne pas croire" not in done.stdout


@pytest.mark.parametrize("name", remains())
def test_what_is_left_of_a_certificate_is_never_called_another_paper(
    name: str, tmp_path: Path
) -> None:
    assert belief(tmp_path, **{name: remains()[name]}) is Belief.FALSE


def test_another_pdf_in_the_place_of_a_certificate_is_a_forgery(tmp_path: Path) -> None:
    files = files_of("erased")
    for beside in ("record.json", "record.jws"):
        given = {"certificate.pdf": invoice(), beside: files[beside]}
        assert belief(tmp_path, **given) is Belief.FALSE


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_alone_is_true_and_not_whole(kind: str, tmp_path: Path) -> None:
    files = files_of(kind)
    (page,) = (name for name in files if name.endswith(".pdf"))
    wanted = Belief.FALSE if kind == "unsigned" else Belief.SIGNED
    assert belief(tmp_path, **{page: files[page]}) is wanted


def test_the_verdict_is_said_first_and_last(tmp_path: Path) -> None:
    files = files_of("erased")
    (tmp_path / "certificate.pdf").write_bytes(files["certificate.pdf"])
    alone = (
        recond("verify", "certificate.pdf", "--state", str(corpus().state), folder=tmp_path)
        .stdout.replace("\u202f", " ")
        .replace("\u00a0", " ")
    )
    first, *_, last = (line for line in alone.splitlines()[2:] if line.strip())
    assert first.strip() == last
    assert last.startswith("✓ Document vrai et signé par une clé reconnue ; journaux non joints")
    assert "entier" not in last
    assert "lot –" not in alone


def test_a_path_is_said_from_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    assert near(str(tmp_path / "a" / "b.pdf")) == "a/b.pdf"
    assert near("a/b.pdf") == "a/b.pdf"
    assert near("/elsewhere/b.pdf") == "/elsewhere/b.pdf"
