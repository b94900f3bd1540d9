"""What a live system is told to do; a mistake never erases anything unasked."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.errors import UsageError
from recond.flow.live.order import StickOrder, environment, read_order

BOTH = '[stick]\nmode = "unattended"\nerase = "all"\n'


def order(settings: str = "", line: str = "") -> StickOrder:
    return read_order(settings, "recond.toml", line)


def test_nothing_said_is_guided_and_french() -> None:
    found = order('[workshop]\nname = "Atelier"\n', "boot=live quiet")
    assert found == StickOrder()
    assert (found.language, found.keyboard, found.unattended) == ("fr", "fr", False)


@pytest.mark.parametrize(
    ("settings", "line", "unattended"),
    [
        (BOTH, "", True),
        ("", "recond.mode=unattended recond.erase=all", True),
        ("", "recond.mode=unattended recond.erase=all+usb", True),
        ('[stick]\nmode = "unattended"\n', "recond.erase=all", True),
        ("", "recond.mode=unattended", False),
        ("", "recond.erase=all", False),
        ("", "xrecond.mode=unattended recond.erase=all", False),
        (BOTH, "recond.mode=guided", False),
        ("", "recond.mode=unattended recond.erase=all recond.mode=guided", False),
    ],
)
def test_erasing_unasked_takes_both_words(settings: str, line: str, unattended: bool) -> None:
    assert order(settings, line).unattended is unattended


def test_the_kernel_line_wins_over_the_file() -> None:
    found = order(
        '[stick]\nlot = "A"\nlanguage = "fr"\n',
        'quiet recond.lot="2026 MAIRIE" recond.lang=en recond.keyboard=us',
    )
    assert (found.lot, found.language, found.keyboard) == ("2026 MAIRIE", "en", "us")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ("not toml", ""),
        ("stick = 1", ""),
        ("[stick]\nmode = 1", ""),
        ("[stick]\nmode = 'auto'", ""),
        ("[stick]\nerase = 'ALL'", ""),
        ("[stick]\nunknown = 'x'", ""),
        ("", "recond.erase=yes"),
        ("", "recond.eraze=all recond.mode=unattended recond.erase=all"),
        ("", "recond.lot="),
        ("[stick]\nlot = '''a\nb'''", ""),
        ("[wifi]\nssid = 'x'", ""),
        ("[stick]\nkeyboard = 'fr; reboot'", ""),
    ],
)
def test_a_mistake_is_named(settings: str, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        order(settings, line)
    assert caught.value.message.code.startswith("cli.config.")


def test_a_password_is_not_shown() -> None:
    found = order('[wifi]\nname = "Atelier"\npassword = "s3cret-pass"\n')
    assert found.wifi_password == "s3cret-pass"
    assert "s3cret" not in repr(found)


@given(lot=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=80))
def test_the_shell_reads_the_lot_as_it_was_written(lot: str) -> None:
    text = environment(StickOrder(lot=lot), "/srv/recond", 0)
    done = subprocess.run(
        ["sh", "-c", f'{text}\nprintf %s "$RECOND_LOT"'], check=True, capture_output=True
    )
    assert done.stdout.decode() == lot


def test_what_hangs_on_usb_is_erased_only_where_the_order_says_so() -> None:
    line = "recond.mode=unattended recond.erase="
    assert not order("", line + "all").takes_usb
    assert order("", line + "all+usb").takes_usb
    assert "RECOND_USB=yes\n" in environment(order("", line + "all+usb"), "/out", 0)
    assert "RECOND_USB=''\n" in environment(order("", line + "all"), "/out", 0)
    with pytest.raises(UsageError):
        order("", line + "usb")
