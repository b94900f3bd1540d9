"""The bench's configuration: workshop, operator, donor; and the bench's own id.

`recond.toml` in the state folder, else /etc/recond/recond.toml; every field may be missing (the
certificate then says "non renseigné"). A mistake is named with file and key.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recond.documents import read_toml
from recond.erasure import Bench, Context, Person
from recond.errors import BenchLacks, FormatError, UsageError
from recond.flow.configkeys import (
    BENCH_TABLES,
    FAULT_CODES,
    FILE_KEYS,
    LIVE_TABLES,
    faults_of,
)
from recond.host.clock import Clock
from recond.host.machineinfo import kernel_release, utc_offset_min
from recond.host.reason import os_reason
from recond.host.regular import read_given, read_regular
from recond.host.store import create_whole
from recond.workshop import MOST_FILE_BYTES, Logo, Workshop

BENCH_ID = "bench-id"
_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""It names a folder on a stick too."""
CONFIG = "recond.toml"
SYSTEM_FILE = Path("/etc/recond") / CONFIG
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says over the configuration; None leaves it."""

    operator: str | None = None
    workshop: str | None = None
    lot: str | None = None
    donor: str | None = None
    property_number: str | None = None


def read_context(
    state: Path, overrides: Overrides, clock: Clock, *, demonstration: bool = False
) -> Context:
    """The context of a run. Raises `UsageError` for a configuration with a mistake."""
    tables = _read_tables(state)
    workshop, operator = tables["workshop"], tables["operator"]
    if overrides.workshop:
        workshop = {**workshop, "name": overrides.workshop}
    if overrides.operator:
        operator = {"name": overrides.operator}
    logo = workshop.pop("logo", None)
    return Context(
        workshop=Workshop(**workshop, logo_image=read_logo(Path(logo)) if logo else None),
        operator=Person(**operator),
        verifier=Person(**(tables["verifier"] or operator)),
        bench=Bench(
            bench_id=bench_id(state, clock),
            name=tables["bench"].get("name"),
            demonstration=demonstration,
            kernel=kernel_release(),
            utc_offset_min=utc_offset_min(clock.now()),
        ),
        lot=overrides.lot,
        donor=overrides.donor,
        property_number=overrides.property_number,
    )


def read_logo(file: Path) -> Logo:
    """The workshop's logo, from its picture. Raises `UsageError`."""
    from recond.certify.pages.logo import make_logo

    try:
        return make_logo(read_given(file, MOST_FILE_BYTES + 1))
    except OSError as error:
        reason = os_reason(error)
        raise UsageError("cli.config.logo", file=str(file), reason=reason) from None
    except FormatError as error:
        reason = f"@{error.message.code}"
        raise UsageError("cli.config.logo", file=str(file), reason=reason) from None


def config_files(state: Path) -> tuple[tuple[Path, Callable[[Path, int], bytes]], ...]:
    """Where a configuration may stand, and how each is read: the later one wins, key by key."""
    return ((SYSTEM_FILE, read_given), (state / CONFIG, read_regular))


def _read_tables(state: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {name: {} for name in BENCH_TABLES}
    for file, read in config_files(state):
        if not file.exists():
            continue
        try:
            raw = read_toml(read(file, MOST_BYTES).decode("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError("cli.config.unreadable", file=str(file), reason=str(error)) from None
        for fault in faults_of(raw):
            if fault.table not in LIVE_TABLES:  # those are judged where they are obeyed
                raise UsageError(FAULT_CODES[fault.kind], file=str(file), key=fault.path)
        for table in BENCH_TABLES:
            found[table] |= raw.get(table, {})
        for key in FILE_KEYS:
            if key.name in raw.get(key.table, {}):
                found[key.table][key.name] = str(file.parent / raw[key.table][key.name])
    return found


def declared_docks(state: Path) -> tuple[str, ...]:
    """The plugs that are a dock of this bench (`[bench] dock = "USB 2-4, SATA 5"`), in the words of
    `recond watch`: what is in them counts as a disk to work on. Raises `UsageError`.
    """
    told = _read_tables(state)["bench"].get("dock", "")
    return tuple(word.strip() for word in told.split(",") if word.strip())


def timestamp_server(state: Path) -> dict[str, str] | None:
    """`url` and maybe `ca_file` of the time authority; None where none is set. `UsageError`."""
    table = _read_tables(state)["timestamp"]
    if table and "url" not in table:
        raise UsageError("cli.config.key", file=CONFIG, key="timestamp.url")
    return table or None


def label_printer(state: Path) -> str:
    """The printer of CUPS that a dock's labels go to (`[label] printer`); "" where none is set.
    Raises `UsageError`.
    """
    return _read_tables(state)["label"].get("printer", "")


def release_settings(state: Path) -> dict[str, str]:
    """Where release notes come from and whose are believed: `url`, `signer`, `ca_file`, as far as
    they are set. Raises `UsageError`.
    """
    return _read_tables(state)["release"]


def bench_name(context: Context) -> str:
    """What a key made for this bench is called."""
    return context.bench.name or context.workshop.name or f"recond {context.bench.bench_id}"


def bench_id(state: Path, clock: Clock) -> str:
    """The bench's random id, made at first use and kept: two benches never share a ledger.

    Raises `UsageError` where the file holds none, `BenchLacks` where it cannot be read or made.
    """
    try:
        known = read_bench_id(state)
        if known is not None:
            return known
        fresh = clock.random_bytes(8).hex()
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            create_whole(state / BENCH_ID, fresh.encode() + b"\n")
        return read_bench_id(state) or fresh
    except OSError as error:
        reason = os_reason(error)
        raise BenchLacks("host.folder.unusable", folder=str(state), reason=reason) from None


def read_bench_id(state: Path) -> str | None:
    """The bench's id; None where none was made yet.

    Raises `UsageError` for a file that was cut or overwritten: another id would begin another
    bench's ledger, so a person decides. Raises `OSError`.
    """
    try:
        raw = read_regular(state / BENCH_ID, MOST_BYTES)
    except FileNotFoundError:
        return None
    found = _ID.fullmatch(raw.strip())
    if found is None:
        raise UsageError("cli.config.bench_id", file=str(state / BENCH_ID))
    return found[0].decode("ascii")
