"""What a bench installs: the lists, the wheel, and what packaging/setup says when it cannot."""

from __future__ import annotations

import email
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from recond import __version__
from recond.flow.machine.doctor import TOOLS
from tests.house import PACKAGE, ROOT, modules

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("run", "test", "board", "lock")
SETUP = (ROOT / "packaging" / "setup").read_text(encoding="utf-8")


def lock(name: str) -> dict[str, str]:
    """Names and versions of a lock."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


# --- The lists -------------------------------------------------------------------------------


def test_every_package_of_the_source_is_in_the_wheel() -> None:
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.rglob("__init__.py")
    }
    listed = PROJECT["tool"]["setuptools"]["packages"]
    data = {f"recond.data.{path.name}" for path in (PACKAGE / "data").iterdir() if path.is_dir()}
    data -= {"recond.data.__pycache__"}
    assert sorted(listed) == sorted(folders | data | {"recond.profiles"})
    modules_outside = [
        path for path in PACKAGE.rglob("*.py") if not path.with_name("__init__.py").is_file()
    ]
    assert not modules_outside


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_with_hashes_and_names_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    entries = text.replace("\\\n", " ").split("\n")
    for entry in filter(None, (line.strip() for line in entries if not line.startswith("#"))):
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; [^@]+)?(\s+--hash=sha256:[0-9a-f]{64})+", entry)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_the_project_asks_for(name: str) -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [] if name == "lock" else PROJECT["project"]["dependencies"]
    asked = asked + extras.get(name, [])
    found = lock(name)
    for requirement in map(Requirement, asked):
        assert found[canonicalize_name(requirement.name)] in requirement.specifier, requirement
    build = Requirement(PROJECT["build-system"]["requires"][0])
    assert name == "lock" or found[build.name] in build.specifier


def test_the_tests_run_with_what_a_bench_installs() -> None:
    assert lock("run").items() <= lock("test").items()


BOARD = ("alembic", "argon2", "jinja2", "starlette", "uvicorn")
OPTIONAL = {"pkcs11": "token", **dict.fromkeys(BOARD, "board")}
"""Module and extra: on a bench whose key lies in a token; on the computer of the board."""


def test_an_optional_library_has_its_extra_and_a_narrow_version() -> None:
    for extra in OPTIONAL.values():
        for asked in PROJECT["project"]["optional-dependencies"][extra]:
            assert {one.operator for one in Requirement(asked).specifier} == {">=", "<"}


def test_every_library_of_the_source_is_locked() -> None:
    owners = importlib.metadata.packages_distributions()
    names = {name.split(".")[0] for module in modules() for name in module.imports}
    libraries = names - set(sys.stdlib_module_names) - {"recond"}
    assert libraries >= OPTIONAL.keys()
    for library in libraries - OPTIONAL.keys():
        assert {canonicalize_name(n) for n in owners[library]} & lock("run").keys(), library


def test_the_bench_gets_what_the_doctor_looks_for() -> None:
    found = re.search(r'^DEBIAN_PACKAGES="([^"]+)"', SETUP, re.MULTILINE)
    assert found
    assert {package for _, package, needed in TOOLS if needed} <= set(found[1].split())
    assert set(found[1].split()) <= {package for _, package, _ in TOOLS}


def test_the_automatic_check_is_make_test() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for tool in ("ruff check", "mypy", "pytest -n "):
        assert f"-m {tool}" in makefile


def test_the_licence_is_the_one_that_is_named() -> None:
    assert PROJECT["project"]["license"] == "GPL-3.0-or-later"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text


def lowest(project: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "packaging").mkdir()
    script = folder / "packaging" / "lowest.py"
    shutil.copy(ROOT / "packaging" / "lowest.py", script)
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    return subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)


def test_the_oldest_libraries_are_those_of_the_list(tmp_path: Path) -> None:
    done = lowest((ROOT / "pyproject.toml").read_text(encoding="utf-8"), tmp_path)
    assert done.returncode == 0, done.stderr
    held = [Requirement(line) for line in done.stdout.splitlines()]
    extras = PROJECT["project"]["optional-dependencies"]
    named = [one for name in ("board", "postgresql", "token") for one in extras[name]]
    named += PROJECT["project"]["dependencies"]
    asked = {Requirement(one).name: Requirement(one) for one in named}
    assert {one.name for one in held} == asked.keys()
    for one in held:
        (exact,) = one.specifier
        assert exact.operator == "=="
        assert exact.version in asked[one.name].specifier
        assert f">={exact.version}" in str(asked[one.name].specifier)


def test_a_library_without_a_lower_bound_is_named(tmp_path: Path) -> None:
    done = lowest('[project]\ndependencies = ["rich>=14", "segno<2"]\n', tmp_path)
    assert done.returncode == 1
    assert "segno<2 has no lower bound" in done.stderr


def test_the_oldest_libraries_are_installed_and_do_the_main_job(clone: Clone) -> None:
    shutil.copy(ROOT / "packaging" / "lowest.py", clone.root / "packaging")
    clone.tool(
        "python3", FAKE_PYTHON + f'case "$1" in *lowest.py) exec "{sys.executable}" "$@" ;; esac'
    )
    told = clone.setup("lowest")
    assert told[0] == 9, "no recond was installed by the false pip: the job did not run"
    assert "le travail complet échoue" in told[1][-1]
    calls = clone.log.read_text(encoding="utf-8").splitlines()
    assert all("--constraint build/lowest/lowest.txt" in one for one in calls)
    assert calls[-1].endswith(".[board,postgresql,token]"), "extras have lower bounds too"
    pinned = (clone.root / "build" / "lowest" / "lowest.txt").read_text()
    assert "pikepdf==10.14\n" in pinned
    assert "psycopg==3.2.1\n" in pinned


# --- The wheel -------------------------------------------------------------------------------


def test_the_wheel_holds_all_and_runs_from_elsewhere(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, source)
    for name in ("recond", "profiles"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "--disable-pip-version-check",
            "--wheel-dir",
            tmp_path,
            source,
        ],
        check=True,
        capture_output=True,
    )
    wheel = zipfile.ZipFile(next(tmp_path.glob("recond-*.whl")))
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(source)) for path in (source / "recond").rglob("*") if path.is_file()
    }
    wanted |= {f"recond/profiles/{path.name}" for path in (source / "profiles").iterdir()}
    assert held == wanted
    place = tmp_path / "place"
    wheel.extractall(place)

    def run(*words: str) -> str:
        return subprocess.run(
            [sys.executable, "-P", "-m", "recond", *words],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(place), "XDG_CONFIG_HOME": str(tmp_path)},
        ).stdout

    assert run("--version") == f"recond {__version__}\n"
    (told,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(wheel.read(told))
    assert metadata["Version"] == __version__
    assert "recond run" in str(metadata.get_payload()), "the README goes with it"
    assert metadata["Author"]
    assert metadata["Keywords"]
    assert "Topic :: System :: Hardware" in metadata.get_all("Classifier", [])
    listed = run("profile", "list")
    for path in (ROOT / "profiles").glob("*.toml"):
        assert path.stem in listed


# --- packaging/setup -------------------------------------------------------------------------

FAKE_PYTHON = """#!/bin/sh
case "$1 $2" in
    '-c import sys; sys.exit(sys.version_info < (3, 11))') exit ${FAKE_OLD:-0} ;;
    '-c import ensurepip, venv') exit ${FAKE_NO_VENV:-0} ;;
    '-c ') exit 0 ;;
    '-m venv') mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    '-m pip') echo "$@" >>"$FAKE_LOG"; echo 'ERROR: no route'; exit ${FAKE_NO_NETWORK:-0} ;;
esac
"""
PYTHONS = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")


class Clone:
    """A copy of what packaging/setup needs, in a folder with a space, with a false Python."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "un dossier"
        self.tools = folder / "bin"
        self.log = folder / "pip calls"
        (self.root / "packaging").mkdir(parents=True)
        self.tools.mkdir()
        shutil.copy(ROOT / "packaging" / "setup", self.root / "packaging")
        shutil.copy(ROOT / "Makefile", self.root)
        shutil.copy(ROOT / "pyproject.toml", self.root)
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        for name in PYTHONS:
            self.tool(name, FAKE_PYTHON)

    def tool(self, name: str, text: str) -> None:
        """Put a command before all others."""
        self.tools.joinpath(name).write_text(text, encoding="utf-8")
        self.tools.joinpath(name).chmod(0o755)

    def setup(self, *words: str, lang: str = "fr_FR.UTF-8", **env: str) -> tuple[int, list[str]]:
        """Exit code and lines of a call; pip's calls go to the log."""
        done = subprocess.run(
            [self.root / "packaging" / "setup", *words],
            cwd="/",
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                "PATH": f"{self.tools}:/usr/bin:/bin",
                "LANG": lang,
                "FAKE_LOG": str(self.log),
                **env,
            },
        )
        return done.returncode, done.stdout.splitlines()

    def pip_calls(self) -> int:
        """How often pip was asked for something."""
        return len(self.log.read_text(encoding="utf-8").splitlines()) if self.log.exists() else 0


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@pytest.mark.parametrize(
    ("env", "french", "english"),
    [
        ({"FAKE_OLD": "1"}, "Python 3.11 ou plus récent", "Python 3.11 or newer"),
        ({"FAKE_NO_VENV": "1"}, "sudo apt install python3-venv", "sudo apt install python3-venv"),
    ],
)
@pytest.mark.parametrize("lang", ["fr_FR.UTF-8", "en_GB.UTF-8"])
def test_what_the_computer_lacks_is_one_line(
    clone: Clone, env: dict[str, str], french: str, english: str, lang: str
) -> None:
    code, lines = clone.setup("venv", "run", lang=lang, **env)
    assert code == 9
    assert len(lines) == 1
    assert lines[0].startswith("Erreur : " if lang.startswith("fr") else "Error: ")
    assert (french if lang.startswith("fr") else english) in lines[0]
    assert not (clone.root / ".venv").exists()


def test_no_network_is_said_and_tried_again(clone: Clone) -> None:
    code, lines = clone.setup("venv", "run", FAKE_NO_NETWORK="1")
    assert code == 9
    assert lines[-2:] == [
        "ERROR: no route",
        "Erreur : les paquets Python n’ont pas pu être installés (réseau ?)."
        " Détails : .venv/pip.log",
    ]
    assert clone.setup("venv", "run")[0] == 0


def test_the_second_time_nothing_is_done(clone: Clone) -> None:
    assert clone.setup("venv", "run")[0] == 0
    first = clone.log.read_text(encoding="utf-8").splitlines()
    assert len(first) == 2
    assert "--require-hashes" in first[0]
    assert "--no-deps --no-build-isolation" in first[1]
    assert clone.setup("venv", "run") == (0, [])
    assert clone.pip_calls() == 2
    assert clone.setup("venv", "test")[0] == 0
    assert clone.pip_calls() == 4
    assert clone.setup("venv", "run") == (0, [])  # the test list holds the other
    assert clone.pip_calls() == 4


def test_a_new_list_or_another_place_makes_the_environment_again(clone: Clone) -> None:
    clone.setup("venv", "run")
    with (clone.root / "requirements" / "run.txt").open("a") as stream:
        stream.write("# newer\n")
    clone.setup("venv", "run")
    assert clone.pip_calls() == 4
    clone.root = clone.root.rename(clone.root.with_name("ailleurs"))
    clone.setup("venv", "run")
    assert clone.pip_calls() == 6
    (clone.root / ".venv" / "bin" / "python").unlink()  # the system's Python was replaced
    clone.setup("venv", "run")
    assert clone.pip_calls() == 8


@pytest.mark.parametrize("what", ["install", "uninstall"])
def test_the_bench_is_changed_by_root_only(clone: Clone, what: str, tmp_path: Path) -> None:
    clone.tool("id", "#!/bin/sh\necho 1000\n")
    code, lines = clone.setup(what, PREFIX=str(tmp_path / "opt"), BINDIR=str(tmp_path / "sbin"))
    assert (code, lines) == (9, [f"Erreur : il faut être root. Faites : sudo make {what}"])
    assert not (tmp_path / "opt").exists()


def test_installing_switches_over_and_keeps_the_version_before(
    clone: Clone, tmp_path: Path
) -> None:
    clone.tool("id", "#!/bin/sh\necho 0\n")
    clone.tool("dpkg-query", "#!/bin/sh\necho install ok installed\n")
    clone.tool("apt-get", "#!/bin/sh\necho called >&2; exit 1\n")
    fake_recond = '; printf "#!/bin/sh\\n" >"${0%/*}/recond"; chmod +x "${0%/*}/recond"'
    for name in PYTHONS:
        clone.tool(name, FAKE_PYTHON.replace("echo 'ERROR: no route'", f":{fake_recond}"))
    shutil.copytree(ROOT / "profiles", clone.root / "profiles")
    (clone.root / "recond").mkdir()
    shutil.copy(ROOT / "LICENSE", clone.root)
    shutil.copy(ROOT / "README.md", clone.root)
    prefix, place = tmp_path / "opt", tmp_path / "sbin"
    links = []
    for _ in range(3):
        code, lines = clone.setup("install", PREFIX=str(prefix), BINDIR=str(place))
        assert code == 0, lines
        links.append((place / "recond").resolve())
        assert links[-1].is_file()
    assert len(set(links)) == 3
    assert {path.parent.parent for path in links[1:]} == set(prefix.iterdir())
    assert clone.setup("uninstall", PREFIX=str(prefix), BINDIR=str(place))[0] == 0
    assert not prefix.exists()
    assert not (place / "recond").is_symlink()


def test_a_failed_installation_leaves_the_version_that_was_there(
    clone: Clone, tmp_path: Path
) -> None:
    clone.tool("id", "#!/bin/sh\necho 0\n")
    clone.tool("dpkg-query", "#!/bin/sh\necho install ok installed\n")
    place = tmp_path / "sbin"
    place.mkdir()
    (place / "recond").write_text("the old one", encoding="utf-8")
    code, lines = clone.setup(
        "install", PREFIX=str(tmp_path / "opt"), BINDIR=str(place), FAKE_NO_NETWORK="1"
    )
    assert code == 9
    assert "paquets Python" in lines[-1]
    assert (place / "recond").read_text(encoding="utf-8") == "the old one"


def test_what_the_long_tests_lack_is_one_line(clone: Clone) -> None:
    clone.tool("id", "#!/bin/sh\necho 1000\n")
    assert clone.setup("lab") == (
        9,
        ["Erreur : le dossier de l’émulateur n’est pas à côté du projet (../shared/lab)."],
    )
    assert clone.setup("image_test", IMAGE="/nowhere.iso", lang="en_GB.UTF-8") == (
        9,
        ["Error: there is no image /nowhere.iso."],
    )
    python = clone.root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$RECOND_LAB" "$RECOND_IMAGE" "$LAB_QEMU" "$@"\n')
    python.chmod(0o755)
    image = clone.root / "build" / "image" / "recond.iso"
    image.parent.mkdir(parents=True)
    image.touch()
    assert clone.setup("image_test") == (0, [f" {image}  -m pytest tests/image/test_boots.py"])
    lab = clone.root.parent / "shared" / "lab"
    lab.mkdir(parents=True)
    (lab / "run").write_text("")
    (lab / "run").chmod(0o755)
    (clone.root / "root.sqfs").touch()
    said = clone.setup("lab", LAB_CACHE=str(clone.root))
    assert said == (0, ["1   -m pytest tests/lab"])
    said = clone.setup("lab", LAB_CACHE=str(clone.root / "empty"))
    assert said[0] == 9, "building the emulator's guest needs root"


def test_a_missing_package_is_named(clone: Clone, tmp_path: Path) -> None:
    clone.tool("id", "#!/bin/sh\necho 0\n")
    clone.tool("dpkg-query", '#!/bin/sh\n[ "$4" = dmidecode ] || echo install ok installed\n')
    clone.tool("apt-get", "#!/bin/sh\nexit 100\n")
    code, lines = clone.setup("install", PREFIX=str(tmp_path / "opt"), BINDIR=str(tmp_path / "b"))
    assert code == 9
    assert lines == [
        "Installation des outils : dmidecode",
        "Erreur : apt n’a pas pu installer : dmidecode. "
        "Faites « sudo apt update », puis recommencez.",
    ]
