"""The rules of the house, held by reading the syntax trees (docs/architecture.md).

Each rule is a function from a module to its breaches, so that the test can also show that it bites.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house import (
    PACKAGE,
    ROOT,
    Function,
    Module,
    module_names,
    modules,
    parse,
    place_of,
    room_of,
    shelf_of,
)

BOTTOM = frozenset(
    {
        "",
        "frozen",
        "reading",
        "census",
        "model",
        "errors",
        "ends",
        "progress",
        "erasure",
        "workshop",
        "computer",
        "drives",
        "custody",
        "ereuse",
        "ranges",
        "methods",
        "codec",
        "decoding",
        "naming",
        "locks",
        "keyboards",
        "data",
        "documents",
        "drive",
        "foreign",
        "moments",
        "plainform",
    }
)
"""The types and the pure functions on them; `` is recond/__init__.py with the version."""

MAY_IMPORT: dict[str, frozenset[str]] = {
    "": frozenset(),
    "frozen": frozenset(),
    "reading": frozenset({"frozen"}),
    "census": frozenset({"frozen", "reading"}),
    "model": frozenset({"frozen", "reading", "census"}),
    "errors": frozenset({"model"}),
    "ends": frozenset({"reading"}),
    "progress": frozenset({"reading", "model", "errors", "codec", "documents"}),
    "workshop": frozenset({"model"}),
    "erasure": frozenset({"model", "census", "ends", "workshop"}),
    "computer": frozenset({"frozen", "model", "census", "erasure"}),
    "drives": frozenset({"model", "census", "computer", "erasure"}),
    "custody": frozenset({"model", "erasure", "workshop"}),
    "ereuse": frozenset({"model"}),
    "ranges": frozenset({"model"}),
    "codec": frozenset({"model", "errors", "documents", "decoding", "plainform"}),
    "decoding": frozenset({"model", "errors", "moments"}),
    "moments": frozenset(),
    "plainform": frozenset({"documents"}),
    "methods": frozenset({"erasure", "errors"}),
    "naming": frozenset({"model", "data"}),
    "locks": frozenset({"model"}),
    "keyboards": frozenset({"data"}),
    "documents": frozenset(),
    "drive": frozenset({"frozen", "model", "erasure", "errors", "ends"}),
    "foreign": frozenset(),
    "locale": frozenset({"foreign", "model"}),
    "data": frozenset(),
    "host": BOTTOM,
    "inspect": BOTTOM | {"host"},
    "wipe": BOTTOM | {"host"},
    "upload": BOTTOM | {"host"},
    "readiness": BOTTOM | {"locale"},
    "certify": BOTTOM | {"locale"},
    "flow": BOTTOM | {"locale", "host", "inspect", "readiness", "wipe", "certify", "upload"},
    "show": BOTTOM | {"locale", "flow", "readiness", "certify"},
    "guided": BOTTOM | {"locale", "flow", "show"},
    "board": BOTTOM | {"locale", "host", "certify", "upload", "flow"},
    "commands": BOTTOM | {"locale", "flow", "show", "guided"},
    "cli": BOTTOM | {"locale", "flow", "show", "commands"},
    "__main__": frozenset({"cli"}),
}
"""Which rooms a room may import; its own modules always, but see WIPE_JOINS."""

STARTS_THE_BOARD = "recond.commands.board"
"""The only module that imports the board, when it is started."""

MADE_AT_THE_TOP = frozenset(
    {
        "recond.host",
        "recond.host.log",
        "recond.host.reason",
        "recond.host.streams",
        "recond.host.state",
        "recond.host.terminal",
    }
)
"""What commands/ may name of host/: the real Host is made there, the state folder chosen, the log
begun, the terminal asked whether it shows a screen, a refusal of the system put into words.
guided/ hands the Host on."""

WIPE_JOINS = frozenset(
    {
        "recond.wipe.session",
        "recond.wipe.start",
        "recond.wipe.readback",
        "recond.wipe.recognise",
        "recond.wipe.worker",
        "recond.wipe.drive.runner",
    }
)
"""The only modules of wipe/ that may import their siblings."""

WIPE_SHARED = frozenset({"recond.wipe.drive.conversation", "recond.wipe.content"})
"""The journalled conversation with a drive that its command sets (ata, nvme, scsi, mmc) share."""

SHELVES: dict[str, frozenset[str]] = {
    "flow.keys": frozenset(),
    "flow.machine": frozenset({"flow.run"}),
    "flow.verify": frozenset({"flow.keys"}),
    "flow.deliver": frozenset({"flow.keys", "flow.verify"}),
    "flow.custody": frozenset({"flow.keys", "flow.verify"}),
    "flow.lot": frozenset({"flow.keys", "flow.verify", "flow.deliver", "flow.custody"}),
    "flow.run": frozenset({"flow.keys", "flow.verify", "flow.lot"}),
    "flow.dock": frozenset({"flow.run", "flow.lot", "flow.deliver"}),
    "flow.live": frozenset({"flow.run", "flow.keys", "flow.deliver"}),
    "certify.judge": frozenset(),
    "certify.sign": frozenset(),
    "certify.pages": frozenset({"certify.sign"}),
    "certify.verify": frozenset({"certify.judge", "certify.sign", "certify.pages"}),
    "wipe.drive": frozenset(),
    "host.sim": frozenset(),
    "board.migrations": frozenset(),
    "host.identity": frozenset(),
}
"""Which shelves of its own room a shelf may import. Modules beside the shelves are free, as long
as there is no circle."""

PURE = (
    *sorted(BOTTOM - {""}),
    "locale",
    "readiness",
    "certify",
    "wipe.plan",
    "wipe.guard",
    "wipe.position",
)

THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "typer": ("cli", "commands"),
    "rich": ("show",),
    "rfc8785": ("codec",),
    "tomli_w": ("readiness", "upload", "flow"),
    "cryptography": (
        "board.serve",
        "certify",
        "flow.keys.keyring",
        "flow.keys.ledger_file",
        "flow.lot",
        "wipe.content",
        "wipe.verify",
    ),
    "reportlab": ("certify",),
    "PIL": ("certify.pages.logo",),
    "pyhanko": ("certify",),
    "pyhanko_certvalidator": ("certify",),
    "asn1crypto": ("certify",),
    "pikepdf": ("certify",),
    "segno": ("certify", "guided", "board"),
    "textual": ("guided",),
    "psutil": ("host",),
    "cpuinfo": ("host",),
    "pySMART": ("host",),
    "obstore": ("host.s3",),
    "pkcs11": ("host.token",),
    "sqlalchemy": (
        "flow.lot.batch",
        "flow.lot.plain",
        "flow.lot.store",
        "flow.lot.tables",
        "board",
    ),
    "alembic": ("board",),
    "starlette": ("board",),
    "uvicorn": ("board",),
    "jinja2": ("board",),
    "argon2": ("board",),
    "xlsxwriter": ("flow.lot.sheets", "upload.sheet"),
}
"""Where each library may be imported; one that is not here has no place in recond."""

OUTSIDE = frozenset(
    {
        "os",
        "subprocess",
        "socket",
        "ssl",
        "http",
        "urllib",
        "fcntl",
        "ctypes",
        "mmap",
        "shutil",
        "tempfile",
        "glob",
        "signal",
        "select",
        "selectors",
        "multiprocessing",
        "asyncio",
        "pty",
        "termios",
        "time",
        "random",
        "secrets",
        "uuid",
    }
)
"""Standard modules that reach processes, files, devices, the network, chance or the time."""

TOUCHES_OUTSIDE: dict[str, frozenset[str]] = {
    "cli": frozenset({"os"}),
    "commands.frame": frozenset({"os"}),  # the language and the folders that the environment names
    "commands.console": frozenset({"os"}),  # takes the environment that the stick gives
    # the closed pipe of `recond inspect | head`; Ctrl-C before anything is loaded
    "__main__": frozenset({"os", "signal"}),
    "show.progress": frozenset({"time"}),  # speed and time left on the screen; nothing is kept
    "wipe.worker": frozenset({"os", "signal"}),  # a process of its own, asked to stop by signals
    "certify.sign.pdf_sign": frozenset({"asyncio"}),  # pyHanko's signer is a coroutine
    "upload.folder": frozenset({"shutil"}),  # takes a half-made folder of its own away
}
"""The exceptions beside host/ and flow/, each for the reason given."""

FILES_OF_THEIR_OWN = ("host", "flow", "upload", "wipe.worker")
"""upload keeps a queue and fills folders; the worker reads the job that it was started with."""

PATH_IO = frozenset(
    {
        "read_text",
        "read_bytes",
        "write_text",
        "write_bytes",
        "open",
        "mkdir",
        "unlink",
        "rmdir",
        "touch",
        "rename",
        "symlink_to",
        "hardlink_to",
        "chmod",
        "iterdir",
        "glob",
        "rglob",
        "stat",
        "lstat",
        "exists",
        "is_file",
        "is_dir",
        "is_symlink",
        "resolve",
        "readlink",
        "samefile",
    }
)
"""What a Path does to the outside; a room that is not host/ or flow/ passes paths on."""

THE_REAL = frozenset(
    {
        "Host",
        "Files",
        "LocalProcesses",
        "SystemClock",
        "LocalDrives",
        "LocalConditions",
        "SmartSelfTests",
    }
)
"""The real computer and its parts: made at the top, passed down, so that every room below can be
given another one.
"""

MAKES_THE_REAL = ("host", "commands", "wipe.worker")
"""The worker is a process of its own, so it has a top of its own."""

TEXTS = frozenset({".py", ".md", ".json", ".toml"})
"""Where a former name would mislead a reader."""

EVIDENCE = frozenset({"Result", "Erasure", "WipeRecord", "StepResult", "Verification"})
"""Made from journals only, in certify/ (codec reads them back)."""

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
EMPTY_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
)

Rule = Callable[[Module], Iterator[str]]


def within(module: Module, places: tuple[str, ...]) -> bool:
    """Whether a module is one of the places or stands below one."""
    return any(f"{module.name}.".startswith(f"recond.{place}.") for place in places)


def allowed_outside(module: Module) -> frozenset[str]:
    """What a module outside host/ and flow/ may import all the same."""
    return TOUCHES_OUTSIDE.get(module.name.removeprefix("recond."), frozenset())


# --- The rules -------------------------------------------------------------------------------


def imports_go_one_way(module: Module) -> Iterator[str]:
    """Rooms import downwards only."""
    allowed = MAY_IMPORT.get(module.room)
    if allowed is None:
        yield f"a room that the house does not know: {module.room}"
        return
    for name in module.imports:
        if name.startswith("."):
            yield f"relative import {name}"
        elif (
            name.split(".")[0] == "recond"
            and room_of(name) not in allowed | {module.room}
            and not (name in MADE_AT_THE_TOP and module.room in ("commands", "guided"))
            and not (room_of(name) == "board" and module.name == STARTS_THE_BOARD)
        ):
            yield f"imports {name}"


def siblings_stay_apart(module: Module) -> Iterator[str]:
    """In wipe/, only the session and the worker join the parts."""
    if module.room == "wipe" and module.name not in WIPE_JOINS | {"recond.wipe"}:
        yield from (
            f"imports its sibling {name}"
            for name in module.imports
            if name.startswith("recond.wipe.") and name not in WIPE_SHARED | {"recond.wipe.drive"}
        )


def shelves_go_one_way(module: Module) -> Iterator[str]:
    """A shelf imports the shelves below it only."""
    shelf = shelf_of(module.name)
    if shelf in SHELVES:
        for name in module.imports:
            other = shelf_of(name)
            if (
                other in SHELVES
                and room_of(name) == module.room
                and other not in SHELVES[shelf] | {shelf}
            ):
                yield f"imports {name}"
    elif shelf.count(".") == 1 and (PACKAGE / shelf.replace(".", "/")).is_dir():
        yield f"a shelf that the house does not know: {shelf}"


def pure_rooms_import_pure_things(module: Module) -> Iterator[str]:
    """What judges cannot reach what acts."""
    if within(module, PURE):
        for name in module.imports - allowed_outside(module):
            top = name.split(".")[0]
            if top == "recond" and room_of(name) not in BOTTOM | {"locale", module.room}:
                yield f"is pure and imports {name}"
            if top in OUTSIDE or name == "pathlib":
                yield f"is pure and imports {name}"


def libraries_have_their_place(module: Module) -> Iterator[str]:
    """A heavy library is imported by the room that needs it and by no other."""
    for name in module.imports:
        top = name.split(".")[0]
        if top == "recond" or name.startswith(".") or top in sys.stdlib_module_names:
            continue
        if not within(module, THIRD_PARTY.get(top, ())):
            yield f"imports {name}"


def heavy_libraries_come_late(module: Module) -> Iterator[str]:
    """Outside certify/, cryptography is imported inside the function that uses it; rich always."""
    for node in module.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [alias.name for alias in node.names]
            )
            for name in names:
                if name.split(".")[0] in {"rich", "psutil", "cpuinfo", "pySMART"} or (
                    name.startswith("cryptography") and module.room == "wipe"
                ):
                    yield f"imports {name} when it is loaded"


def only_host_and_flow_touch_the_outside(module: Module) -> Iterator[str]:
    """Processes, files, devices, network, chance and time."""
    if module.room in ("host", "flow", "board"):
        return
    for name in module.imports - allowed_outside(module):
        if name.split(".")[0] in OUTSIDE:
            yield f"imports {name}"
    paths = "pathlib" in module.imports and not within(module, FILES_OF_THEIR_OWN)
    for call in module.calls():
        if isinstance(call.func, ast.Name) and call.func.id in ("open", "exec", "eval"):
            yield f"line {call.lineno}: {call.func.id}()"
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in PATH_IO
            and paths
            and ast.unparse(call.func.value) not in ("files", "host.files")
        ):  # host's own
            yield f"line {call.lineno}: .{call.func.attr}()"
        if ast.unparse(call.func).endswith(("datetime.now", "datetime.utcnow", "date.today")):
            yield f"line {call.lineno}: asks the time"


def the_real_is_passed_down(module: Module) -> Iterator[str]:
    """Below commands/ nobody makes the real computer; its parts' types are all that is named."""
    if within(module, MAKES_THE_REAL):
        return
    called = {id(call.func) for call in module.calls()}
    for node in module.nodes:
        name = node.id if isinstance(node, ast.Name) else ""
        name = node.attr if isinstance(node, ast.Attribute) else name
        # a type may be named in a signature; what is made or handed on as a factory may not
        is_type = name in ("Host", "Files") and id(node) not in called
        if name in THE_REAL and not is_type and isinstance(node, ast.Name | ast.Attribute):
            yield f"line {node.lineno}: makes the real {name}"
    for node in module.nodes:
        if isinstance(node, ast.keyword) and node.arg == "default_factory":
            made = ast.unparse(node.value).rsplit(".", 1)[-1]
            if made in THE_REAL:
                yield f"line {node.value.lineno}: makes the real {made}"


def evidence_is_made_in_certify(module: Module) -> Iterator[str]:
    """No other room can build a record, a result or the word "erased"."""
    if module.room in ("certify", "erasure"):
        return
    for call in module.calls():
        if isinstance(call.func, ast.Name) and call.func.id in EVIDENCE:
            yield f"line {call.lineno}: makes a {call.func.id}"


def nothing_is_too_long(module: Module) -> Iterator[str]:
    """Modules and functions."""
    lines = module.text.count("\n")
    if lines > MAX_MODULE_LINES:
        yield f"{lines} lines"
    for function in module.functions():
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MAX_FUNCTION_LINES:
            yield f"line {function.lineno}: {function.name} has {length} lines"


def names_say_something(module: Module) -> Iterator[str]:
    """No utils, no helpers, no managers."""
    words = [module.name.rsplit(".", 1)[-1]]
    words += [node.name for node in module.nodes if isinstance(node, ast.ClassDef)]
    for word in words:
        parts = word.lower().split("_")
        if EMPTY_NAMES & set(parts) or word.endswith(("Manager", "Helper", "Utils")):
            yield f"is named {word}"


def nothing_is_asserted_or_printed(module: Module) -> Iterator[str]:
    """`python -O` removes an assert; print is for show.screen, which keeps data and talk apart."""
    for node in module.nodes:
        if isinstance(node, ast.Assert):
            yield f"line {node.lineno}: assert"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
            and module.name != "recond.show.screen"
        ):
            yield f"line {node.lineno}: print"


def the_system_speaks_the_readers_language(module: Module) -> Iterator[str]:
    """The system's own texts are English: `host.reason.os_reason` has a word for each number."""
    if module.name in ("recond.host.reason", "recond.host.statx"):
        return
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "strerror":
            yield f"line {node.lineno}: says the system's own text"


ANSWERS = frozenset({"recond.show.answer", "recond.show.forms", "recond.show.screen"})
"""What puts an answer to a program into its envelope, describes it, and writes it."""

AS_IT_IS = frozenset({"recond.commands.program", "recond.commands.shell", "recond.show.upload"})
"""What writes a text that is made elsewhere: help, a shell's script, an exported table."""


def answers_go_through_the_envelope(module: Module) -> Iterator[str]:
    """A script that knows one `--json` knows them all: nothing goes round `Screen.answer`."""
    if module.room not in ("show", "commands", "guided", "cli") or module.name in ANSWERS:
        return
    if "json" in module.imports:
        yield "imports json: an answer is made by Screen.answer"
    for node in module.nodes:
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "document"
            and module.name not in AS_IT_IS
        ):
            yield f"line {node.lineno}: writes past Screen.answer"
    for function in module.functions():
        wants = any(
            isinstance(one.annotation, ast.Name) and one.annotation.id == "AsJson"
            for one in function.args.args
        )
        if wants and not _hands_on_json(function):
            yield f"line {function.lineno}: {function.name} takes --json and does not answer"


def _hands_on_json(function: Function) -> bool:
    """Whether a command with `--json` looks at it: answers itself, or hands it to what does."""
    return any(
        isinstance(node, ast.Name) and node.id == "json_" and isinstance(node.ctx, ast.Load)
        for statement in function.body
        for node in ast.walk(statement)
    )


def cli_has_no_main_block(module: Module) -> Iterator[str]:
    """`python recond/cli.py` would put recond/inspect in the place of the standard `inspect`."""
    if module.name not in ("recond.__main__", "recond.wipe.worker"):
        for node in module.tree.body:
            if isinstance(node, ast.If) and "__name__" in ast.dump(node.test):
                yield f"line {node.lineno}: a __main__ block"


OWN_DOCUMENTS = ("documents", "data", "locale", "methods")
"""Who may call the standard library's readers: the one reader, and what the package carries."""


def documents_have_one_reader(module: Module) -> Iterator[str]:
    """Doubled names, NaN and brackets without end are met in one place."""
    if within(module, OWN_DOCUMENTS):
        return
    for node in module.nodes:
        if not isinstance(node, ast.Attribute):
            continue
        named = isinstance(node.value, ast.Name) and node.value.id in ("json", "tomllib")
        if named and node.attr in ("loads", "load", "JSONDecoder"):
            yield f"line {node.lineno}: recond.documents reads JSON and TOML"


OPENERS = ("host.regular", "host.store", "host.journalfile")
"""Who opens files of ours: no link in their place is followed, no pipe is waited for, no hole is
read to its end."""

OPENS_WHAT_IS_NO_FILE: dict[str, str] = {
    "host.alike": "disks",
    "host.apart": "/dev/null",
    "host.camera": "cameras",
    "host.claims": "disks",
    "host.diskid": "disks",
    "host.drives": "disks",
    "host.files": "/sys and /proc, or a recording of them",
    "host.loops": "disks",
    "host.nvme_namespaces": "disks",
    "host.mmc": "disks",
    "host.opened": "/proc",
    "host.partitions": "disks",
    "host.realdisk": "disks",
    "host.sectors": "disks, /sys",
    "host.streams": "/dev/null",
    "host.stick_mount": "the folder where a stick is mounted",
    "host.senses": "keyboards and touchpads",
    "host.sound": "a folder made for the moment",
    "host.stacked": "/proc, and a path that is not opened (O_PATH)",
    "host.suspend": "/sys",
    "host.target": "disks",
    "host.write_switch": "/sys",
    "__main__": "/dev/null",
    "board.demo": "a folder made for the moment",
    "board.finding": "a database below the board's own folder",
}

_MODE = re.compile(r"[rwxabt+]{1,3}")


def files_have_one_opener(module: Module) -> Iterator[str]:
    """`recond.host.regular` reads and `recond.host.store` writes: a path's own methods follow
    links, wait for pipes and read without a bound.
    """
    if within(module, OPENERS) or module.name.removeprefix("recond.") in OPENS_WHAT_IS_NO_FILE:
        return
    for call in module.calls():
        told = ast.unparse(call.func)
        carried = "resources.files" in told or "joinpath(" in told
        if not carried and _opens_a_file(call, told):
            yield f"line {call.lineno}: {told.rsplit('.', 1)[-1]}()"


def _opens_a_file(call: ast.Call, told: str) -> bool:
    name = told.rsplit(".", 1)[-1]
    first = call.args[0] if call.args else None
    if told in ("open", "os.open", "io.open") or "." not in told:
        return told in ("open", "os.open", "io.open")
    if name == "open":
        mode = first.value if isinstance(first, ast.Constant) else None
        bare = not call.args and not call.keywords
        return bare or (isinstance(mode, str) and _MODE.fullmatch(mode) is not None)
    # `host.files.read_text(path)` names its file; a path's own method does not
    return name in ("read_bytes", "write_bytes", "write_text") or (
        name in ("read_text", "touch") and first is None
    )


def everything_public_is_described(module: Module) -> Iterator[str]:
    """Modules, public classes, functions and methods."""
    if not ast.get_docstring(module.tree):
        yield "no docstring"
    yield from _undescribed(module.tree)


def _undescribed(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for child in node.body:
        if isinstance(child, Function | ast.ClassDef) and not child.name.startswith("_"):
            if not ast.get_docstring(child):
                yield f"line {child.lineno}: {child.name} has no docstring"
            if isinstance(child, ast.ClassDef):
                yield from _undescribed(child)


RULES: tuple[Rule, ...] = (
    imports_go_one_way,
    shelves_go_one_way,
    siblings_stay_apart,
    pure_rooms_import_pure_things,
    libraries_have_their_place,
    heavy_libraries_come_late,
    only_host_and_flow_touch_the_outside,
    the_real_is_passed_down,
    evidence_is_made_in_certify,
    nothing_is_too_long,
    names_say_something,
    nothing_is_asserted_or_printed,
    the_system_speaks_the_readers_language,
    answers_go_through_the_envelope,
    cli_has_no_main_block,
    documents_have_one_reader,
    files_have_one_opener,
    everything_public_is_described,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Rule) -> None:
    breaches = [f"{module.name}: {said}" for module in modules() for said in sorted(rule(module))]
    assert not breaches, "\n" + "\n".join(breaches)


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (imports_go_one_way, "recond.host.x", "from recond.wipe import plan"),
        (imports_go_one_way, "recond.inspect.x", "def f():\n    import recond.upload"),
        (imports_go_one_way, "recond.cli", "from recond.inspect.machine import read_machine"),
        (imports_go_one_way, "recond.certify.x", "from recond.host import Host"),
        (imports_go_one_way, "recond.wipe.x", "from . import plan"),
        (imports_go_one_way, "recond.shed.x", ""),
        (
            siblings_stay_apart,
            "recond.wipe.verify",
            "from recond.wipe.overwrite import OverwritePass",
        ),
        (shelves_go_one_way, "recond.flow.keys.x", "from recond.flow.run import run"),
        (shelves_go_one_way, "recond.certify.judge.x", "from recond.certify.sign.jws import sign"),
        (siblings_stay_apart, "recond.wipe.drive.ata", "from recond.wipe import guard"),
        (pure_rooms_import_pure_things, "recond.wipe.guard", "from recond.host import Host"),
        (pure_rooms_import_pure_things, "recond.certify.x", "import os.path"),
        (libraries_have_their_place, "recond.wipe.x", "import reportlab"),
        (libraries_have_their_place, "recond.host.x", "import requests"),
        (heavy_libraries_come_late, "recond.show.x", "import rich.table"),
        (heavy_libraries_come_late, "recond.wipe.verify", "from cryptography.x509 import Name"),
        (only_host_and_flow_touch_the_outside, "recond.wipe.x", "import subprocess"),
        (only_host_and_flow_touch_the_outside, "recond.certify.x", "open('x')"),
        (
            only_host_and_flow_touch_the_outside,
            "recond.wipe.journal",
            "from pathlib import Path\nPath('x').unlink()",
        ),
        (only_host_and_flow_touch_the_outside, "recond.certify.x", "datetime.now()"),
        (the_real_is_passed_down, "recond.flow.x", "Host()"),
        (the_real_is_passed_down, "recond.inspect.x", "host.Files()"),
        (the_real_is_passed_down, "recond.flow.x", "run(clock or SystemClock())"),
        (the_real_is_passed_down, "recond.wipe.x", "make = LocalProcesses"),
        (the_real_is_passed_down, "recond.flow.x", "field(default_factory=Host)"),
        (evidence_is_made_in_certify, "recond.flow.x", "Result(status)"),
        (nothing_is_too_long, "recond.host.x", "\n" * 401),
        (nothing_is_too_long, "recond.host.x", "def f():\n" + "    x = 1\n" * 60),
        (names_say_something, "recond.host.disk_utils", ""),
        (names_say_something, "recond.host.x", "class DiskManager: ..."),
        (nothing_is_asserted_or_printed, "recond.host.x", "assert True"),
        (nothing_is_asserted_or_printed, "recond.host.x", "print()"),
        (documents_have_one_reader, "recond.upload.x", "import json\njson.loads(raw)"),
        (files_have_one_opener, "recond.flow.x", "path.read_bytes()"),
        (files_have_one_opener, "recond.flow.x", "(state / 'a').read_text(encoding='utf-8')"),
        (files_have_one_opener, "recond.flow.x", "path.open('rb')"),
        (files_have_one_opener, "recond.flow.x", "path.open()"),
        (files_have_one_opener, "recond.upload.x", "path.write_bytes(raw)"),
        (files_have_one_opener, "recond.host.x", "os.open(path, os.O_RDONLY)"),
        (the_system_speaks_the_readers_language, "recond.flow.x", "f(error.strerror or '')"),
        (answers_go_through_the_envelope, "recond.show.x", "import json"),
        (answers_go_through_the_envelope, "recond.commands.x", "screen().document('{}')"),
        (
            answers_go_through_the_envelope,
            "recond.commands.x",
            "def f(json_: AsJson = False):\n    show(f)",
        ),
        (cli_has_no_main_block, "recond.cli", "if __name__ == '__main__':\n    main()"),
        (
            everything_public_is_described,
            "recond.host.x",
            "'''Why.'''\nclass A:\n    '''A.'''\n    def f(self): ...",
        ),
    ],
)
def test_a_rule_bites(rule: Rule, name: str, text: str) -> None:
    assert list(rule(parse(name, text)))


# --- What a syntax tree of one module does not show ------------------------------------------


def reach(name: str) -> set[str]:
    """Every module of recond that loading `name` can lead to."""
    known = {module.name: module for module in modules()}
    found: set[str] = set()
    todo = [name]
    while todo:
        for other in known[todo.pop()].imports & known.keys() - found:
            found.add(other)
            todo.append(other)
    return found


def test_the_verifier_cannot_reach_what_wrote() -> None:
    reached = reach("recond.wipe.verify")
    assert not {name for name in reached if name.startswith("recond.wipe")}
    assert "recond.methods" not in reached  # nor the fills as the plan made them


def test_the_judge_cannot_reach_a_disk() -> None:
    for module in modules():
        if module.room == "certify":
            assert not {name for name in reach(module.name) if room_of(name) == "host"}, module.name


def test_there_is_no_circle_among_the_shelves() -> None:
    """A module beside the shelves counts as a shelf of its own."""
    packages = {module.name for module in modules() if module.path.name == "__init__.py"}
    arrows: dict[str, set[str]] = {}
    for module in modules():
        for name in module.imports & module_names() - packages:
            arrows.setdefault(place_of(module.name), set()).add(place_of(name))
    for start in arrows:
        found: set[str] = set()
        todo = [other for other in arrows[start] if other != start]
        while todo:
            at = todo.pop()
            if at not in found:
                found.add(at)
                todo += arrows.get(at, set())
        assert start not in found, f"{start} imports itself by way of {sorted(found)}"


def test_a_class_name_stands_once_in_the_house() -> None:
    """Whoever reads `Proof` must not have to ask which."""
    places: dict[str, list[str]] = {}
    for module in modules():
        for node in module.nodes:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module.name)
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_every_import_of_ours_exists() -> None:
    missing = [
        f"{module.name}: {name}"
        for module in modules()
        for name in sorted(module.imports)
        if name.split(".")[0] == "recond" and name not in module_names() | {"recond"}
    ]
    assert not missing, "\n".join(missing)


def test_no_test_module_can_shadow_the_standard_library() -> None:
    """Tests run with the project's folder on the path, never a room's."""
    assert not [path for path in ROOT.glob("*.py") if path.stem in sys.stdlib_module_names]


def test_help_loads_no_heavy_library() -> None:
    heavy = sorted(THIRD_PARTY.keys() - {"typer"})
    code = (
        "import sys; sys.argv = ['recond', '--help']\n"
        "from recond.cli import run_app\n"
        f"run_app(); sys.stderr.write(' '.join(n for n in {heavy!r} if n in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "recond" in done.stdout
    assert done.stderr == ""


def test_the_board_cannot_reach_what_erases() -> None:
    """Benches talk to the board, it does not talk to them: it could not begin an erasure."""
    acts = ("recond.wipe", "recond.flow.run.", "recond.flow.dock", "recond.host.workers")
    for module in modules():
        if module.room == "board":
            reached = reach(module.name)
            assert not {name for name in reached if name.startswith(acts)}, module.name
            assert not {name for name in reached if name.startswith("recond.host.realdisk")}


def test_nothing_but_its_command_imports_the_board() -> None:
    users = {
        module.name
        for module in modules()
        if module.room != "board" and any(room_of(name) == "board" for name in module.imports)
    }
    assert users == {STARTS_THE_BOARD}


def test_a_decision_has_its_number_alone() -> None:
    """Two helpers of one week take the same next number; a link by number must lead to one note."""
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [name[:4] for name in names]
    assert len(numbers) == len(set(numbers)), names
    for name in names:
        title = (ROOT / "docs" / "decisions" / name).read_text(encoding="utf-8").splitlines()[0]
        assert title.startswith(f"# {int(name[:4])}. "), name


def test_a_former_name_stands_in_history_only() -> None:
    """Whoever searches a word of the glossary finds it, and no second word for the same thing."""
    former = re.compile(
        r"\bwitness|firmware_(?:proof|requests|answers)|\bdrive_answers|\brecond[./]firmware\b"
        r"|certify[./](?:story|reach)\b|flow/(?:attach|stick|selftest|check|upload)\.py",
        re.IGNORECASE,
    )
    history = {ROOT / "CHANGELOG.md", Path(__file__).resolve()}
    history.update((ROOT / "docs" / "decisions").glob("0017-*.md"))
    places = [*ROOT.glob("*.md")]
    for folder in ("recond", "tests", "docs", "packaging", "benchmarks"):
        places += [path for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS]
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in places
        if path not in history
        and (hit := former.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not found, "\n".join(found)
