"""Files that are no certificate of recond, and what is left of ones that were."""

from __future__ import annotations

import io

import pikepdf
from reportlab.pdfgen.canvas import Canvas

from tests.certify.papers import files_of


def invoice(words: str = "Facture 2026-11 – ordinateurs reconditionnés") -> bytes:
    """A PDF of somebody else, whole; its words may be those of a certificate."""
    made = io.BytesIO()
    page = Canvas(made)
    page.setTitle("Facture d’un ordinateur reconditionné")
    page.drawString(72, 720, words)
    page.save()
    return made.getvalue()


def certificate() -> bytes:
    """A true one."""
    return files_of("erased")["certificate.pdf"]


def stripped() -> bytes:
    """A certificate out of which the files and the signature were taken."""
    with pikepdf.open(io.BytesIO(certificate())) as pdf:
        for name in ("/Names", "/AF", "/AcroForm"):
            if name in pdf.Root:
                del pdf.Root[name]
        return _saved(pdf)


def packed() -> bytes:
    """A certificate saved again by another program, which hides its objects in streams."""
    with pikepdf.open(io.BytesIO(certificate())) as pdf:
        return _saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def locked() -> bytes:
    """A certificate saved again with a password."""
    with pikepdf.open(io.BytesIO(certificate())) as pdf:
        return _saved(pdf, encryption=pikepdf.Encryption(owner="x", user="", R=6))


def _saved(pdf: pikepdf.Pdf, **how: object) -> bytes:
    made = io.BytesIO()
    pdf.save(made, **how)  # type: ignore[arg-type] # each form names its own
    return made.getvalue()


OTHERS: dict[str, bytes] = {
    "facture.pdf": invoice(),
    "copie.pdf": invoice("CERTIFICAT D’EFFACEMENT – DONNÉES EFFACÉES – record 20261124"),
    "photo.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 40,
    "lettre.txt": b"Bonjour, voici les ordinateurs.\n",
}
"""Nothing of recond is in them."""


def remains() -> dict[str, bytes]:
    """What was a certificate, damaged or altered: never somebody else's paper."""
    true = certificate()
    return {
        "emptied.pdf": stripped(),
        "saved-again.pdf": packed(),
        "locked.pdf": locked(),
        "half.pdf": true[: len(true) // 2],
        "torn.pdf": true[:200],
        "first-revision.pdf": true[: true.index(b"%%EOF") + 6],
        "no-beginning.bin": b"\0" + true[1:],
        "more.pdf": true + b"%more\n",
        "empty.pdf": b"",
        "head.pdf": b"%PDF-1.7\n",
    }
