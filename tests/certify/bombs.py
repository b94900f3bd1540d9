"""Small files that unpack to gigabytes, and a process that has no room for them.

Run as `python -m tests.certify.bombs KIND FILE`: loads recond, allows itself `ROOM_BYTES` more,
then reads the file as a command would and prints what it found. Without bounds it dies.
"""

from __future__ import annotations

import gzip
import io
import resource
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from recond.certify.verify.bundle import verify_bundle
from recond.certify.verify.verdicts import Bundle, Trust
from recond.errors import RecondError
from recond.flow.lot.manifest import read_manifest
from recond.flow.machine.capture import host_from
from recond.host import Host
from recond.upload.package import peek_digest, read_packed, unpack
from tests.house import ROOT

ROOM_BYTES = 640 << 20
LARGE_BYTES = 1 << 30
"""What each bomb unpacks to."""
BLOCK_BYTES, CPU_S = 1 << 20, 60


def deflated(size_bytes: int, head: bytes = b"") -> bytes:
    """A raw Deflate stream of a head and then spaces: one block of them, flushed whole, again and
    again (RFC 1951; the seam of `Z_FULL_FLUSH` depends on nothing before it).
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * BLOCK_BYTES) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + block * (size_bytes // BLOCK_BYTES) + packer.flush()


def packed(size_bytes: int, head: bytes = b"") -> bytes:
    """The same as a zlib stream (RFC 1950)."""
    check = zlib.adler32(head)
    for _ in range(size_bytes // BLOCK_BYTES):
        check = zlib.adler32(b" " * BLOCK_BYTES, check)
    return b"\x78\x9c" + deflated(size_bytes, head) + check.to_bytes(4, "big")


def crc_of(size_bytes: int, head: bytes = b"") -> int:
    check = zlib.crc32(head)
    for _ in range(size_bytes // BLOCK_BYTES):
        check = zlib.crc32(b" " * BLOCK_BYTES, check)
    return check


def pdf(objects: dict[int, bytes], root: int = 1) -> bytes:
    """A PDF of these objects, with its table."""
    out, places = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    last = max(objects)
    lines = [b"0000000000 65535 f \n"]
    lines += [
        b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n"
        for n in range(1, last + 1)
    ]
    table = b"xref\n0 %d\n" % (last + 1) + b"".join(lines)
    end = b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + table + end % (last + 1, root, len(out))


def stream(dictionary: bytes, body: bytes) -> bytes:
    return b"<< " + dictionary + b" /Length %d >>\nstream\n" % len(body) + body + b"\nendstream"


def pdf_file() -> bytes:
    """An attachment that is a gigabyte."""
    body = packed(LARGE_BYTES)
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles 3 0 R >> >>",
            2: b"<< /Type /Pages /Kids [] /Count 0 >>",
            3: b"<< /Names [ (record.json) 4 0 R ] >>",
            4: b"<< /Type /Filespec /F (record.json) /UF (record.json) /EF << /F 5 0 R >> >>",
            5: stream(b"/Type /EmbeddedFile /Filter /FlateDecode", body),
        }
    )


def pdf_objects() -> bytes:
    """The catalogue in an object stream that is a gigabyte, found by a stream of references."""
    inner = b"<< /Type /Catalog /Pages 3 0 R >>"
    head = b"1 0 "
    body = packed(LARGE_BYTES, head=head + inner)
    out = b"%PDF-1.7\n"
    pages, store = len(out), 0
    out += b"3 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    store = len(out)
    first = b"/Type /ObjStm /N 1 /First %d /Filter /FlateDecode" % len(head)
    out += b"2 0 obj\n" + stream(first, body) + b"\nendobj\n"
    at = len(out)
    rows = [(0, 0, 255), (2, 2, 0), (1, store, 0), (1, pages, 0), (1, at, 0)]
    raw = b"".join(bytes([a]) + b.to_bytes(4, "big") + bytes([c]) for a, b, c in rows)
    out += b"4 0 obj\n" + stream(b"/Type /XRef /Size 5 /W [1 4 1] /Root 1 0 R", raw)
    return out + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % at


def capture_header() -> bytes:
    """A tar whose first header says that a gigabyte of names follows."""
    info = tarfile.TarInfo("proc/cpuinfo")
    info.type, info.size = tarfile.XHDTYPE, LARGE_BYTES
    head = info.tobuf(tarfile.USTAR_FORMAT)
    size = (LARGE_BYTES + len(head)) & 0xFFFFFFFF
    return (
        b"\x1f\x8b\x08"
        + b"\0" * 6
        + b"\xff"
        + deflated(LARGE_BYTES, head)
        + crc_of(LARGE_BYTES, head).to_bytes(4, "little")
        + size.to_bytes(4, "little")
    )


def capture_files() -> bytes:
    """As many empty files as fit into a few hundred megabytes."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as target:
        block = b"".join(
            tarfile.TarInfo(f"proc/{n}").tobuf(tarfile.USTAR_FORMAT) for n in range(2048)
        )
        for _ in range(300):
            target.write(block)
    return out.getvalue()


def package_record() -> bytes:
    """A package whose record is a gigabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.json", b"")
    small = out.getvalue()
    body = deflated(LARGE_BYTES)
    sizes = b"".join(n.to_bytes(4, "little") for n in (crc_of(LARGE_BYTES), len(body), LARGE_BYTES))
    local, central = bytearray(small[: 30 + 11]), bytearray(small[small.index(b"PK\x01\x02") :])
    local[14:26] = sizes  # APPNOTE 4.3.7
    central[16:28] = sizes  # APPNOTE 4.3.12
    end = central.index(b"PK\x05\x06")
    central[end + 16 : end + 20] = (len(local) + len(body)).to_bytes(4, "little")
    return bytes(local) + body + bytes(central)


def package_names() -> bytes:
    """A package of very many files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", b"")
    whole = out.getvalue()
    start = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    many = 1_000_000
    entries = whole[start:end] * many
    size = len(entries).to_bytes(4, "little")
    count = (many & 0xFFFF).to_bytes(2, "little")
    tail = b"PK\x05\x06" + b"\0" * 4 + count * 2 + size + start.to_bytes(4, "little") + b"\0\0"
    return whole[:start] + entries + tail


def manifest() -> bytes:
    """A list of nothing but empty columns."""
    return b"serial" + b";" * ((32 << 20) - 6)


BOMBS: dict[str, Callable[[], bytes]] = {
    one.__name__: one
    for one in (
        pdf_file,
        pdf_objects,
        capture_header,
        capture_files,
        package_record,
        package_names,
        manifest,
    )
}


def defuse(kind: str, file: Path) -> str:
    """Read a file of a kind as a command would; what recond says of it."""
    try:
        if kind.startswith("pdf"):
            found = verify_bundle(Bundle(pdf=(file.name, file.read_bytes())), Trust(), file.name)
            return str(found.checks[0].message.code)
        if kind.startswith("capture"):
            host_from(file, Host())
        elif kind == "package_record":
            try:
                peek_digest(read_packed(file))
            except RecondError:
                unpack(read_packed(file), file.stem)
        elif kind.startswith("package"):
            unpack(read_packed(file), file.stem)
        else:
            read_manifest(file)
    except RecondError as error:
        return error.message.code
    return "read"


def answer(kind: str, file: Path) -> str:
    """What a process with little room says of a file; its last line of error where it dies."""
    done = subprocess.run(
        (sys.executable, "-m", "tests.certify.bombs", kind, str(file)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or f"{done.returncode}: {done.stderr.strip()[-200:]}"


def main() -> None:
    """One file, with little room."""
    kind, file = sys.argv[1:3]
    with Path("/proc/self/statm").open(encoding="ascii") as stream_:
        now = int(stream_.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + ROOM_BYTES, now + ROOM_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    sys.stdout.write(f"{defuse(kind, Path(file))}\n")


if __name__ == "__main__":
    main()
