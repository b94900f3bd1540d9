"""`recond config`: every key, where its value came from, every mistake; and its page in docs/."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from recond.errors import UsageError
from recond.flow import config
from recond.flow.config import Overrides, declared_docks, read_context
from recond.flow.configkeys import KEYS, TABLES
from recond.flow.configlook import Origin, look_at_config
from recond.flow.live.order import StickOrder, read_order
from recond.host.clock import SystemClock
from recond.locale import LANGS, has, text
from tests.cli.command import recond
from tests.house import ROOT

ROW = re.compile(r"\| `([a-z_]+\.[a-z_]+)` \| (.+) \| (?:`(\w+)`)? *\|")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder, and a system's folder that is not this computer's."""
    monkeypatch.setattr(config, "SYSTEM_FILE", tmp_path / "etc" / "recond.toml")
    (tmp_path / "etc").mkdir()
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def test_the_page_says_each_key_in_both_languages_as_the_program_does() -> None:
    page = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    rows = ROW.findall(page)
    english, french = rows[: len(KEYS)], rows[len(KEYS) :]
    for lang, found in (("en", english), ("fr", french)):
        plain = str.maketrans({"\u00a0": " ", "\u202f": " "})
        said = [
            (
                one.path,
                text("fr" if lang == "fr" else "en", f"cli.config.about.{one.path}").translate(
                    plain
                ),
                one.usual or "",
            )
            for one in KEYS
        ]
        assert found == said


def test_a_key_that_is_listed_has_its_meaning_and_reaches_its_reader(state: Path) -> None:
    """Each key of the list is read by the code that it is for, and no other is."""
    assert all(has(f"cli.config.about.{one.path}", lang) for one in KEYS for lang in LANGS)
    values = {one.path: f"value of {one.path}" for one in KEYS}
    values |= {"stick.language": "en", "stick.keyboard": "us", "stick.mode": "unattended"}
    values |= {"release.url": "https://example.org/recond.release.jws", "label.printer": "QL_820"}
    values |= {"stick.erase": "all+usb", "stick.end": "poweroff"}
    Image.new("RGB", (30, 10), "red").save(state / "logo.png")
    values |= {one.path: str(state / one.name) for one in KEYS if one.is_file}
    values["workshop.logo"] = str(state / "logo.png")
    lines = []
    for table in TABLES:
        lines.append(f"[{table}]")
        lines += [f"{one.name} = '{values[one.path]}'" for one in KEYS if one.table == table]
    written = "\n".join(lines)
    (state / "recond.toml").write_text(written)
    context = read_context(state, Overrides(), SystemClock())
    for who in ("workshop", "operator", "verifier"):
        part = getattr(context, who)
        for one in (key for key in KEYS if key.table == who and not key.is_file):
            assert getattr(part, one.name) == values[one.path]
    logo = context.workshop.logo_image
    assert logo is not None
    assert (logo.width, logo.height) == (30, 10)
    assert context.bench.name == values["bench.name"]
    assert declared_docks(state) == (values["bench.dock"],)
    assert config.label_printer(state) == "QL_820"
    assert config.release_settings(state) == {
        name: values[f"release.{name}"] for name in ("url", "signer", "ca_file")
    }
    found = config.timestamp_server(state)
    assert found == {name: values[f"timestamp.{name}"] for name in ("url", "ca_file")}
    order = read_order(written, "recond.toml", "")
    assert (order.language, order.keyboard, order.takes_usb) == ("en", "us", True)
    assert (order.unattended, order.end, order.lot) == (True, "poweroff", values["stick.lot"])
    assert (order.wifi_name, order.wifi_password) == (values["wifi.name"], values["wifi.password"])
    usual = StickOrder()
    for one in KEYS:
        if one.usual is not None:
            assert getattr(usual, one.name) == one.usual


def test_the_later_file_wins_key_by_key_and_each_value_names_its_line(state: Path) -> None:
    config.SYSTEM_FILE.write_text('[workshop]\nname = "A"\naddress = "rue"\n')
    (state / "recond.toml").write_text('# mine\n[workshop]\n\nname = "B"\n[wifi]\npassword="s3"\n')
    found = look_at_config(state)
    by_key = {one.key: one for one in found.settings}
    assert list(by_key) == [one.path for one in KEYS]
    name, address = by_key["workshop.name"], by_key["workshop.address"]
    assert (name.value, name.file, name.line) == ("B", str(state / "recond.toml"), 4)
    assert (address.value, address.file, address.line) == ("rue", str(config.SYSTEM_FILE), 3)
    assert read_context(state, Overrides(), SystemClock()).workshop.address == "rue"
    assert (by_key["operator.name"].origin, by_key["operator.name"].value) == (Origin.UNSET, None)
    assert (by_key["stick.end"].origin, by_key["stick.end"].value) == (Origin.DEFAULT, "wait")
    secret = by_key["wifi.password"]
    assert (secret.secret, secret.value, secret.line) == (True, None, 6)
    assert (found.mistakes, found.exit_code) == ((), 0)


MISTAKES = {
    "a key typed wrongly": ('[workshop]\nnmae = "x"\n', 2, "workshop.nmae", "key_near"),
    "a key from nowhere": ('[bench]\nqqqqqq = "x"\n', 2, "bench.qqqqqq", "key"),
    "a table typed wrongly": ('\n\n[wrkshop]\nname = "x"\n', 3, "wrkshop", "table_near"),
    "a table from nowhere": ('[zzz]\nname = "x"\n', 1, "zzz", "table"),
    "no table at all": ('qqq = "x"\n', 1, "qqq", "outside"),
    "a table that is none": ('workshop = "x"\n', 1, "workshop", "no_table"),
    "no text": ("[bench]\n\ndock = 3\n", 3, "bench.dock", "no_text"),
    "a word that is none of the choice": ('[stick]\nmode = "gided"\n', 2, "stick.mode", "value"),
    "a network's name too long": (
        f'[wifi]\nname = "{"é" * 32}"\n',
        2,
        "wifi.name",
        "value",
    ),
    "one key without the other": ("[timestamp]\nca_file = 'x'\n", 2, "timestamp.ca_file", "needs"),
    "a file that is not there": ("[workshop]\nlogo = '/no'\n", 2, "workshop.logo", "no_file"),
    "a logo that is no picture": (
        f"[workshop]\nlogo = '{__file__}'\n",
        2,
        "workshop.logo",
        "logo",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_with_its_line(case: str, state: Path) -> None:
    written, line, key, kind = MISTAKES[case]
    (state / "recond.toml").write_text(written, encoding="utf-8")
    found = look_at_config(state)
    one = found.mistakes[0]
    assert (one.line, one.key) == (line, key)
    assert one.message.code == f"cli.config.mistake.{kind}"
    assert found.exit_code == 2
    whole = kind not in (
        "value",
        "needs",
        "no_file",
        "logo",
    )  # these are of the stick's, or of two keys
    if whole:
        with pytest.raises(UsageError):
            read_context(state, Overrides(), SystemClock())
        with pytest.raises(UsageError):
            read_order(written, "recond.toml", "recond.mode=unattended recond.erase=all")


def test_all_mistakes_are_told_and_what_stands_beside_them_is_read(state: Path) -> None:
    (state / "recond.toml").write_text(
        '[workshop]\nname = "A"\nnom = "x"\naddress = \n[operator]\nname = "B"\n[x]\n'
    )
    found = look_at_config(state)
    assert [one.line for one in found.mistakes] == [3, 4, 7]
    assert {one.key: one.value for one in found.settings if one.value}["operator.name"] == "B"
    assert found.mistakes[1].message.code == "readiness.mistake.syntax"


@pytest.mark.parametrize("raw", [b"[workshop]\nname = '\xff'\n", b"\x00" * 99, b"[" * 5000])
def test_bytes_that_are_no_settings_are_a_mistake(raw: bytes, state: Path) -> None:
    (state / "recond.toml").write_bytes(raw)
    assert look_at_config(state).exit_code == 2
    (state / "recond.toml").unlink()
    (state / "recond.toml").symlink_to("/nowhere")
    (one,) = look_at_config(state).mistakes
    assert one.message.code == "cli.config.unreadable"


def test_the_command_says_it_to_people_and_programs(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    file = tmp_path / "state" / "recond.toml"
    file.write_text('[workshop]\nname = "Café"\n[wifi]\npassword = "topsecret"\n')
    shown = recond("config", folder=tmp_path)
    assert (shown.code, '"Café"' in shown.stdout) == (0, True)
    assert f"{file}, ligne 2" in shown.stdout
    asked = recond("config", "--json", folder=tmp_path)
    assert "topsecret" not in shown.stdout + shown.stderr + asked.stdout
    assert len(json.loads(asked.stdout)["settings"]) == len(KEYS)
    file.write_text('[workshop]\nnmae = "x"\n')
    checked = recond("config", "check", "--lang", "en", folder=tmp_path)
    assert (checked.code, "line 2: unknown key “workshop.nmae”" in checked.stdout) == (2, True)
    path = recond("config", "path", folder=tmp_path)
    assert (path.code, str(file) in path.stdout) == (0, True)
    shutil.rmtree(tmp_path / "state")
    assert recond("config", "check", folder=tmp_path).code == 0
    assert not (tmp_path / "state").exists(), "looking makes nothing"
