"""Trials that listen (keys, touches, pictures, sound, Bluetooth, sockets) on what devices say."""

from __future__ import annotations

import array
import errno
import os
import random
import wave
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from recond.host import Host
from recond.host.bluetooth import inquire
from recond.host.camera import Pictures, take_pictures
from recond.host.process import NOT_FOUND, Completed
from recond.host.senses import EVENT, InputEvent, InputStream, RealInput, parse_events
from recond.host.sound import RATE_HZ as PLAYED_HZ
from recond.host.sound import write_tone
from recond.inspect.trial import Trial
from recond.inspect.trial_bluetooth import try_bluetooth
from recond.inspect.trial_camera import try_camera
from recond.inspect.trial_keyboard import try_keyboard
from recond.inspect.trial_pointer import try_pointer
from recond.inspect.trial_sound import RATE_HZ, RECORD, hears_tone, try_sound_loop
from recond.inspect.trial_usb import try_usb
from recond.keyboards import key_rows, layout_keys
from recond.model import Outcome
from tests.inspect.test_trials import Bench, done, tried

STREAMS = Path(__file__).parent / "evdev"
KEYS = "402000002 3803078f800d001 feffffdfffefffff fffffffffffffffe"  # AT Translated Set 2 keyboard
MOUSE = {"key": "70000 0 0 0 0", "rel": "3"}
PAD = {"key": "400 30000 0 0 0 0", "abs": "3"}


def stream(name: str) -> bytes:
    """What a kernel said of a device that was made for it (`uinput`), as it came."""
    return bytes.fromhex((STREAMS / f"{name}.hex").read_text())


def pressed(*codes: int) -> bytes:
    """Keys, down and up, in the kernel's form."""
    return b"".join(
        EVENT.pack(0, 0, kind, code, value)
        for one in codes
        for kind, code, value in ((1, one, 1), (0, 0, 0), (1, one, 0), (0, 0, 0))
    )


@dataclass
class Input:
    """A device that says what is laid before it, some of it at each look."""

    says: list[bytes] = field(default_factory=list)
    axes: dict[int, tuple[int, int]] = field(default_factory=dict)
    gone: bool = False
    closed: int = 0

    def read(self) -> tuple[InputEvent, ...]:
        if self.gone:
            raise OSError(errno.ENODEV, "x")
        return parse_events(self.says.pop(0)) if self.says else ()

    def axis(self, code: int) -> tuple[int, int] | None:
        return self.axes.get(code)

    def close(self) -> None:
        self.closed += 1


@dataclass
class Ears:
    """The devices of a bench, by their node; what is not here is refused."""

    inputs: dict[str, Input] = field(default_factory=dict)
    pictures: Pictures | OSError = field(default_factory=lambda: OSError(errno.EACCES, "x"))
    heard: int | OSError = 0
    held: list[str] = field(default_factory=list)

    def open_input(self, node: str, *, hold: bool = False) -> InputStream:
        if node not in self.inputs:
            raise OSError(errno.EACCES, "x")
        self.held += [node] * hold
        return self.inputs[node]

    def take_pictures(self, node: str, within_s: float) -> Pictures:
        assert node.startswith("/dev/video")
        if isinstance(self.pictures, OSError):
            raise self.pictures
        return self.pictures

    def inquire(self, adapter: str, seconds: float) -> int:
        assert adapter == "hci0"
        if isinstance(self.heard, OSError):
            raise self.heard
        return self.heard


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "computer")


def look(
    bench: Bench, ears: Ears, begin: Callable[[Host], Trial]
) -> list[tuple[Outcome, str, dict[str, str | int]]]:
    """Every outcome: its word, and what it tells."""
    found = tried(bench, lambda host: begin(replace(host, senses=ears)))
    return [
        (one.outcome, one.said.code.removeprefix("inspect.part."), dict(one.said.args))
        for one in found
    ]


def device(bench: Bench, name: str, says: str, **bits: str) -> None:
    place = f"/sys/class/input/{name}/device"
    bench.put(f"{place}/name", says)
    for key, text in bits.items():
        bench.put(f"{place}/{'properties' if key == 'props' else f'capabilities/{key}'}", text)


# --- Keyboard --------------------------------------------------------------------------------


def test_a_keyboard_all_of_whose_keys_arrive(bench: Bench) -> None:
    device(bench, "event0", "AT keyboard", key=KEYS)
    device(bench, "event1", "Power Button", key="10000000000000 0")
    keys = Input([pressed(*list(layout_keys("us"))[:40]), pressed(*list(layout_keys("us"))[40:])])
    ears = Ears({"/dev/input/event0": keys})
    ((outcome, word, told),) = look(bench, ears, try_keyboard)
    assert (outcome, word, told["n"]) == (Outcome.PASS, "keyboard_all", len(layout_keys("us")))
    assert (ears.held, keys.closed) == (["/dev/input/event0"], 1), "held, and given back"


def test_keys_that_do_not_arrive_are_named_as_they_are_printed(bench: Bench) -> None:
    """A French keyboard: é is code 3. Which of both it is, only who pressed it knows."""
    bench.put("/etc/default/keyboard", 'XKBLAYOUT="fr"')
    device(bench, "event0", "AT keyboard", key=KEYS)
    keys = [code for code in layout_keys("fr") if code not in (3, 66)]
    ears = Ears({"/dev/input/event0": Input([pressed(*keys)])})
    ((outcome, word, told),) = look(bench, ears, try_keyboard)
    assert (outcome, word) == (Outcome.UNKNOWN, "keyboard_some")
    assert told["keys"] == "F8 é"
    assert bench.at_s > 20, "it was waited for"


@pytest.mark.parametrize(("layout", "keys"), [("fr", 76), ("us", 75), ("gb", 76), ("xx", 75)])
def test_a_keyboard_has_each_key_once_and_tells_two_apart(layout: str, keys: int) -> None:
    found = [key for row in key_rows(layout) for key in row]
    assert len({code for code, _ in found}) == len({name for _, name in found}) == keys
    assert not [name for _, name in found if not name or " " in name]
    assert layout_keys(layout)[16] == ("a" if layout == "fr" else "q")  # KEY_Q: its place


def test_escape_twice_ends_it_once_it_is_let_go(bench: Bench) -> None:
    device(bench, "event0", "AT keyboard", key=KEYS)
    said = stream("keyboard")  # A, Q, Escape, Escape
    ears = Ears({"/dev/input/event0": Input([said[: -2 * EVENT.size], said[-2 * EVENT.size :]])})
    ((outcome, word, told),) = look(bench, ears, try_keyboard)
    assert (outcome, word, told["n"]) == (Outcome.UNKNOWN, "keyboard_some", 3)
    assert bench.at_s < 15


@pytest.mark.parametrize(
    ("names", "inputs", "word"),
    [
        ((), {}, "keyboard_absent"),
        (("event0",), {}, "input_refused"),
        (("event0",), {"/dev/input/event0": Input()}, "keyboard_silent"),
        (("event0",), {"/dev/input/event0": Input(gone=True)}, "keyboard_silent"),
    ],
)
def test_no_word_of_a_keyboard_is_no_pass(
    names: tuple[str, ...], inputs: dict[str, Input], word: str, bench: Bench
) -> None:
    for name in names:
        device(bench, name, "AT keyboard", key=KEYS)
    ((outcome, said, _),) = look(bench, Ears(inputs), try_keyboard)
    assert (outcome, said) == (Outcome.UNKNOWN, word)


def test_a_device_file_is_read_as_the_kernel_writes_it(tmp_path: Path) -> None:
    """By a pipe, which can be opened and read like one; what it is, the lab tried."""
    pipe = tmp_path / "event0"
    os.mkfifo(pipe)
    found = RealInput(str(pipe), hold=False)
    writer = os.open(pipe, os.O_WRONLY)
    os.write(writer, stream("keyboard"))
    codes = [one.code for one in found.read() if one.kind == 1 and one.value == 1]
    assert codes == [30, 16, 1, 1]
    assert found.axis(0) is None
    os.close(writer)
    with pytest.raises(OSError, match="Inappropriate ioctl"):
        RealInput(str(pipe), hold=True)  # no such call: nothing is left open
    found.close()
    assert len(parse_events(stream("keyboard")[:-1])) == len(parse_events(stream("keyboard"))) - 1


# --- Touchpad --------------------------------------------------------------------------------


def test_a_touchpad_is_followed_over_its_whole_width(bench: Bench) -> None:
    device(bench, "event4", "ELAN touchpad", props="5", **PAD)
    device(bench, "event5", "ELAN touch screen", props="2", **PAD)
    pad = Input([b"", stream("touchpad")], {0: (0, 1200), 1: (0, 800)})
    ((outcome, word, told),) = look(bench, Ears({"/dev/input/event4": pad}), try_pointer)
    assert (outcome, word) == (Outcome.PASS, "pad_passed")
    assert told == {"n": 2, "across": 86, "down": 85}
    narrow = Input([stream("touchpad")], {0: (0, 1200), 1: (0, 2000)})
    ((outcome, word, told),) = look(bench, Ears({"/dev/input/event4": narrow}), try_pointer)
    assert (outcome, word, told["down"]) == (Outcome.UNKNOWN, "pad_some", 34)


def test_a_mouse_moves_in_four_directions_and_clicks(bench: Bench) -> None:
    device(bench, "event6", "Mouse", props="0", **MOUSE)
    moves = [(2, 0, 5), (2, 0, -5), (2, 1, 5), (2, 1, -5), (1, 0x110, 1), (1, 0x110, 0)]
    raw = [EVENT.pack(0, 0, *one) for one in moves]
    for count, expected in ((6, "stick_passed"), (3, "stick_some")):
        mouse = Input([b"".join(raw[:count])])
        ((_, word, told),) = look(bench, Ears({"/dev/input/event6": mouse}), try_pointer)
        assert word == expected
    assert told == {"n": 0, "directions": 3}
    ((_, word, _),) = look(bench, Ears({"/dev/input/event6": Input()}), try_pointer)
    assert word == "pointer_silent"
    ((_, word, _),) = look(bench, Ears(), try_pointer)
    assert word == "input_refused"


# --- Camera ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pictures", "outcome", "word"),
    [
        (Pictures(640, 480, 8, True), Outcome.PASS, "camera_changes"),
        (Pictures(640, 480, 8, False), Outcome.UNKNOWN, "camera_same"),
        (Pictures(640, 480, 1, False), Outcome.UNKNOWN, "camera_same"),
        (Pictures(640, 480, 0, False), Outcome.FAIL, "camera_no_picture"),
        (OSError(errno.EBUSY, "x"), Outcome.UNKNOWN, "camera_busy"),
        (OSError(errno.EACCES, "x"), Outcome.UNKNOWN, "input_refused"),
        (OSError(errno.EPIPE, "x"), Outcome.UNKNOWN, "device_refused"),
        (OSError(errno.ENOTTY, "x"), Outcome.UNKNOWN, "camera_absent"),
    ],
)
def test_a_camera(pictures: Pictures | OSError, outcome: Outcome, word: str, bench: Bench) -> None:
    bench.put("/sys/class/video4linux/video0/name", "Integrated Camera")
    ((found, said, _),) = look(bench, Ears(pictures=pictures), try_camera)
    assert (found, said) == (outcome, word)


def test_what_is_no_camera_is_refused_by_the_system(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(bytes(4096))
    with pytest.raises(OSError, match="Inappropriate ioctl") as refused:
        take_pictures(str(tmp_path / "video0"), 1.0)
    assert refused.value.errno == errno.ENOTTY


def test_a_camera_that_this_system_has_no_driver_for_is_not_called_absent(bench: Bench) -> None:
    """A stick's system without it: the computer has a camera all the same."""
    usb_interface(bench, "1-6", "0e 01 00")
    assert look(bench, Ears(), try_camera) == [(Outcome.UNKNOWN, "no_driver", {})]
    assert look(bench, Ears(), try_bluetooth) == [(Outcome.UNKNOWN, "bluetooth_absent", {})]
    usb_interface(bench, "1-7", "e0 01 01")
    assert look(bench, Ears(), try_bluetooth) == [(Outcome.UNKNOWN, "no_driver", {})]


def usb_interface(bench: Bench, name: str, kind: str) -> None:
    place = f"/sys/bus/usb/devices/{name}:1.0"
    for part, value in zip(("Class", "SubClass", "Protocol"), kind.split(), strict=True):
        bench.put(f"{place}/bInterface{part}", value)


# --- Sound -----------------------------------------------------------------------------------


def heard_tone(folder: Path) -> bytes:
    """The tone that is played, as a microphone of this rate hears it."""
    write_tone(folder / "tone.wav")
    with wave.open(str(folder / "tone.wav"), "rb") as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    return samples[:: 2 * PLAYED_HZ // RATE_HZ].tobytes()


def noise(loud: int) -> bytes:
    chance = random.Random(7)
    return array.array("h", (chance.randint(-loud, loud) for _ in range(RATE_HZ))).tobytes()


def test_only_the_tone_is_the_tone(tmp_path: Path) -> None:
    tone = heard_tone(tmp_path)
    assert hears_tone(noise(300) + tone)
    faint = array.array("h", (one // 200 for one in array.array("h", tone)))
    assert hears_tone(faint.tobytes()), "a quiet loudspeaker"
    assert not hears_tone(noise(9000))
    assert not hears_tone(bytes(2 * RATE_HZ))
    assert not hears_tone(noise(3))
    other = array.array("h", (v for one in array.array("h", tone)[::2] for v in (one,)))
    assert not hears_tone(other.tobytes()), "an octave higher"
    assert not hears_tone(b"")


@pytest.mark.parametrize(
    ("recorded", "played", "outcome", "word"),
    [
        (done(0, b"tone"), 0, Outcome.PASS, "sound_heard"),
        (done(0, bytes(64000)), 0, Outcome.UNKNOWN, "sound_not_heard"),
        (done(1, b""), 0, Outcome.UNKNOWN, "sound_not_recorded"),
        (done(NOT_FOUND, b""), 0, Outcome.UNKNOWN, "no_tool"),
        (done(0, b"tone"), 1, Outcome.UNKNOWN, "sound_not_played"),
    ],
)
def test_the_microphone_hears_the_loudspeaker(
    recorded: Completed,
    played: int,
    outcome: Outcome,
    word: str,
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench.put("/proc/asound/cards", " 0 [PCH            ]: HDA-Intel - HDA Intel PCH")
    heard = heard_tone(bench.root) if recorded.stdout == b"tone" else recorded.stdout
    bench.ended = replace(recorded, stdout=heard)
    monkeypatch.setattr("recond.inspect.trial_sound.play_tone", lambda _: not played)
    ((found, said, _),) = look(bench, Ears(), try_sound_loop)
    assert (found, said) == (outcome, word)
    assert RECORD in bench.ran
    assert bench.stopped == 1


def test_a_card_that_gives_no_samples_is_not_waited_for_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put("/proc/asound/cards", " 0 [PCH            ]: HDA-Intel - HDA Intel PCH")
    monkeypatch.setattr("recond.inspect.trial_sound.play_tone", lambda _: True)

    def never(one: Bench) -> None:
        assert one.at_s < 300, "it goes on for ever"

    bench.each_second = never
    found = look(bench, Ears(), try_sound_loop)
    assert found == [(Outcome.UNKNOWN, "device_refused", {"why": "ETIMEDOUT"})]
    assert bench.stopped == 1


def test_without_a_sound_card_nothing_is_played(bench: Bench) -> None:
    bench.put("/proc/asound/cards", "--- no soundcards ---")
    assert look(bench, Ears(), try_sound_loop) == [(Outcome.UNKNOWN, "sound_absent", {})]
    assert bench.ran == []


# --- Bluetooth -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "outcome", "word"),
    [
        (2, Outcome.PASS, "bluetooth_hears"),
        (0, Outcome.UNKNOWN, "bluetooth_silent"),
        (OSError(errno.ERFKILL, "x"), Outcome.UNKNOWN, "bluetooth_off"),
        (OSError(errno.EPERM, "x"), Outcome.UNKNOWN, "input_refused"),
        (OSError(errno.ETIMEDOUT, "x"), Outcome.FAIL, "bluetooth_dead"),
        (OSError(errno.EIO, "x"), Outcome.UNKNOWN, "device_refused"),
    ],
)
def test_bluetooth(heard: int | OSError, outcome: Outcome, word: str, bench: Bench) -> None:
    bench.put("/sys/class/bluetooth/hci0/type", "x")
    bench.put("/sys/class/bluetooth/hci0:256/type", "a connection, no adapter")
    ((found, said, _),) = look(bench, Ears(heard=heard), try_bluetooth)
    assert (found, said) == (outcome, word)


def test_a_python_without_bluetooths_header_asks_the_kernel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AF_BLUETOOTH", "BTPROTO_HCI"):
        monkeypatch.delattr(f"socket.{name}", raising=False)
    with pytest.raises(OSError, match=r"^\[Errno"):  # no such adapter, or no Bluetooth at all
        inquire("hci999", 1.0)


def test_bluetooth_that_is_off_or_not_there(bench: Bench) -> None:
    assert look(bench, Ears(), try_bluetooth) == [(Outcome.UNKNOWN, "bluetooth_absent", {})]
    bench.put("/sys/class/rfkill/rfkill0/type", "bluetooth")
    bench.put("/sys/class/rfkill/rfkill0/soft", 1)
    assert look(bench, Ears(), try_bluetooth) == [(Outcome.UNKNOWN, "bluetooth_off", {})]


# --- USB -------------------------------------------------------------------------------------


def port(bench: Bench, bus: int, number: int, kind: str, peer: str = "") -> str:
    """A port of a root hub in sysfs; its path."""
    hub = f"/sys/devices/usb{bus}/{bus}-0:1.0"
    place = f"{hub}/usb{bus}-port{number}"
    bench.put(f"{place}/connect_type", kind)
    link(bench, f"/sys/bus/usb/devices/{bus}-0:1.0", hub)
    if peer:
        link(bench, f"{place}/peer", peer)
    return place


def link(bench: Bench, path: str, to: str) -> None:
    file = bench.root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_symlink():
        file.symlink_to(bench.root / to.lstrip("/"))


def plug(bench: Bench, name: str, into: str) -> None:
    bench.put(f"/sys/devices/{name}/idVendor", "0951")
    link(bench, f"/sys/devices/{name}/port", into)
    link(bench, f"/sys/bus/usb/devices/{name}", f"/sys/devices/{name}")


def test_sockets_of_usb_are_counted_by_their_ports(bench: Bench) -> None:
    """Two sockets, one of USB 3 (two ports), and a camera's port inside."""
    first = port(bench, 1, 1, "hotplug")
    fast = port(bench, 2, 1, "hotplug", first)
    second = port(bench, 1, 2, "hotplug")
    inside = port(bench, 1, 3, "hardwired")
    plug(bench, "1-3", inside)
    assert look(bench, Ears(), try_usb) == [(Outcome.UNKNOWN, "usb_some", {"n": 0, "total": 2})]

    def each(one: Bench) -> None:
        if one.at_s > 30:
            plug(one, "2-1", fast)
        if one.at_s > 40:
            plug(one, "1-2", second)

    bench.each_second = each
    assert look(bench, Ears(), try_usb) == [(Outcome.PASS, "usb_all", {"n": 2})]
    assert bench.at_s < 60, "it ends with the last socket"


def test_sockets_that_no_firmware_names_are_counted_as_they_come(bench: Bench) -> None:
    inner, outer = port(bench, 1, 1, "unknown"), port(bench, 1, 2, "unknown")
    plug(bench, "1-1", inner)
    assert look(bench, Ears(), try_usb) == [(Outcome.UNKNOWN, "usb_none", {})]
    began = bench.at_s
    bench.each_second = lambda one: plug(one, "1-2", outer) if one.at_s > began + 5 else None
    assert look(bench, Ears(), try_usb) == [(Outcome.PASS, "usb_seen", {"n": 1})]
