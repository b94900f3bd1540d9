"""The one byte form: what goes out comes back the same, and nothing else gets in."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import hashlib
import json
import typing
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recond import census, decoding, erasure, model
from recond.census import Census, Look
from recond.codec import (
    canonical_bytes,
    digest,
    from_json,
    is_same,
    read_canonical,
    read_exact,
    to_json,
)
from recond.documents import MOST_DEEP, read_json
from recond.erasure import (
    DiskIdentity,
    JournalEntry,
    Level,
    LevelWish,
    Status,
    Verdict,
    WipePlan,
    WipeRecord,
)
from recond.errors import FormatError
from recond.model import LATER, Assessment, Known, Machine, Message, Unknown, Why
from recond.plainform import is_spelt_once
from tests.readiness.machines import machine
from tests.strategies import JSON, MAX_INT, is_pairs, values

TYPES = sorted(
    {
        cls
        for room in (model, erasure, census)
        for cls in vars(room).values()
        if isinstance(cls, type) and dataclasses.is_dataclass(cls) and cls is not Known
    },
    key=lambda cls: cls.__name__,
)
GREAT = (Machine, Assessment, WipePlan, WipeRecord, JournalEntry)
"""What is written to a file or signed."""

MANY = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
FEW = settings(MANY, max_examples=15)


def decoded(value: object) -> Any:
    """A value as it comes back from its file."""
    return json.loads(canonical_bytes(value))


# --- There and back --------------------------------------------------------------------------


@pytest.mark.parametrize("cls", TYPES, ids=lambda cls: cls.__name__)
def test_every_type_comes_back_the_same(cls: Any) -> None:
    @FEW
    @given(values(cls))
    def check(value: object) -> None:
        assert from_json(cls, decoded(value)) == value
        assert canonical_bytes(from_json(cls, decoded(value))) == canonical_bytes(value)

    check()


def test_a_reading_is_a_value_with_its_source_or_the_reason_that_there_is_none() -> None:
    assert to_json(Known(4, "/proc/x")) == {"value": 4, "source": "/proc/x"}
    assert to_json(Unknown(Why.DENIED, "/sys/x")) == {"unknown": "denied", "detail": "/sys/x"}
    assert to_json(Known((), "x")) == {"value": [], "source": "x"}  # none found is not unread


def test_pairs_stand_as_an_object_and_come_back_in_name_order() -> None:
    message = Message("a.b", (("n", 2), ("file", "x")))
    assert to_json(message) == {"code": "a.b", "args": {"n": 2, "file": "x"}}
    assert from_json(Message, to_json(message)) == Message.of("a.b", n=2, file="x")


def test_a_field_with_a_default_may_be_absent_and_no_other() -> None:
    assert from_json(Unknown, {"unknown": "absent", "detail": ""}) == Unknown(Why.ABSENT)
    assert from_json(Message, {"code": "a.b"}) == Message("a.b")
    with pytest.raises(FormatError, match=r"codec\.keys"):
        from_json(Message, {"args": {}})


@dataclasses.dataclass(frozen=True)
class GrownLater:
    name: str
    place: str | None = dataclasses.field(default=None, metadata=LATER)


def test_a_younger_field_at_its_default_leaves_old_bytes_as_they_were() -> None:
    old = b'{"name":"a"}'
    assert canonical_bytes(from_json(GrownLater, json.loads(old))) == old
    assert to_json(GrownLater("a", "b")) == {"name": "a", "place": "b"}
    # the other spelling of the same value is not the canonical one, and a signature would tell
    assert canonical_bytes(from_json(GrownLater, {"name": "a", "place": None})) == old


# --- The bytes -------------------------------------------------------------------------------


def by_hand(value: Any) -> str:
    """RFC 8785 written a second time: names in the order of their UTF-16 code units (3.2.3)."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: str(name).encode("utf-16-be"))
        return "{" + ",".join(f"{by_hand(n)}:{by_hand(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(by_hand, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@MANY
@given(JSON)
def test_canonical_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value) == by_hand(value).encode()


@FEW
@given(values(WipePlan))
def test_a_plan_is_hashed_over_its_canonical_bytes(plan: WipePlan) -> None:
    assert canonical_bytes(plan) == by_hand(to_json(plan)).encode()
    assert digest(plan) == hashlib.sha256(by_hand(to_json(plan)).encode()).hexdigest()


@MANY
@given(
    st.recursive(
        st.sampled_from(
            (":40.5Z", ",12345678901234567", '":1.5,"', "[NaN]", "0" * 64, 7, -7, 2**53 - 1, None)
        )
        | st.text(alphabet=':,[]{}"\\-+.e0123456789NaIfinty', max_size=24),
        lambda inner: st.lists(inner) | st.dictionaries(st.text('"a:,.9', max_size=4), inner),
    )
)
def test_a_text_that_looks_like_a_number_is_a_text(value: Any) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@MANY
@given(st.floats(), st.sampled_from(("", "9", ":1", '"')))
def test_no_fraction_is_written_wherever_it_stands(number: float, name: str) -> None:
    for value in (number, [1, number], [number, 1], {name: number}, {"a": [{name: number}, name]}):
        with pytest.raises(TypeError):
            canonical_bytes(value)


def test_the_example_of_rfc_8785() -> None:
    """3.2.3, the sorting of names; the key beyond the basic plane sorts by its surrogates."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    made = canonical_bytes(dict.fromkeys(names, 0)).decode()
    assert list(json.loads(made)) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


def test_digests_that_may_never_change() -> None:
    """Journals and certificates that were handed out hang on these bytes."""
    assert canonical_bytes(Message.of("wipe.x", n=1, a="é\n")) == (
        b'{"args":{"a":"\xc3\xa9\\n","n":1},"code":"wipe.x"}'
    )
    assert digest(Message.of("wipe.x", n=1, a="é\n")) == (
        "9635e5f7fb5aa2066841bb1dbd6d9281c06ecfc5ca62d1a14c00caefce9de712"
    )


@FEW
@given(values(WipePlan))
def test_what_is_read_to_compare_is_what_is_read_strictly(plan: WipePlan) -> None:
    """The canonical bytes are read by the quick way, every other spelling of the same is told."""
    raw = canonical_bytes(plan)
    assert read_canonical(WipePlan, raw) == (from_json(WipePlan, read_json(raw)), True)
    assert read_canonical(WipePlan, raw) == (plan, True)
    assert read_exact(raw) == read_json(raw)
    for other in (raw + b" ", raw.replace(b":", b": ", 1), b"\xef\xbb\xbf" + raw):
        assert read_canonical(WipePlan, other) == (plan, False)
        with pytest.raises(ValueError):
            read_exact(other)


@MANY
@given(JSON)
def test_plain_json_is_read_from_its_one_form_alone(value: Any) -> None:
    raw = canonical_bytes(value)
    assert read_exact(raw) == value
    for other in (json.dumps(value).encode(), json.dumps(value, ensure_ascii=False).encode()):
        if other != raw:
            with pytest.raises(ValueError):
                read_exact(other)


OTHER_SPELLINGS = {
    "doubled": b'{"args":{},"args":{},"code":"a"}',
    "doubled, the second another": b'{"args":{"n":1,"n":2},"code":"a"}',
    "names out of order": b'{"code":"a","args":{}}',
    "an escape that need not be": b'{"args":{},"code":"\\u0061"}',
    "a slash escaped": b'{"args":{},"code":"\\/"}',
    "half of a pair": b'{"args":{},"code":"\\ud800"}',
    "minus nothing": b'{"args":{"n":-0},"code":"a"}',
    "a fraction": b'{"args":{"n":1.0},"code":"a"}',
    "an exponent": b'{"args":{"n":1e0},"code":"a"}',
    "no number": b'{"args":{"n":NaN},"code":"a"}',
    "beyond every double": b'{"args":{"n":1e999},"code":"a"}',
    "more than a double holds": b'{"args":{"n":9007199254740993},"code":"a"}',
    "more digits than a counter": b'{"args":{"n":' + b"9" * 50 + b'},"code":"a"}',
    "digits without end": b'{"args":{"n":' + b"9" * 5000 + b'},"code":"a"}',
    "as UTF-16 does not sort": '{"args":{"\ufb33":1,"\U0001f600":1},"code":"a"}'.encode(),
    "no UTF-8": b'{"args":{},"code":"\xff"}',
    "spaces": b'{"args":{}, "code":"a"}',
    "a space before a colon": b'{"args":{},"code" :"a b"}',
    "a space within brackets": b'{"args":{ },"code":"a"}',
    "a space at the end": b'{"args":{},"code":"a"} ',
    "a space at the beginning": b' {"args":{},"code":"a"}',
    "a line feed": b'{"args":{},\n"code":"a"}',
    "a return": b'{"args":{},"code":"a"\r}',
    "a tab": b'{"args":\t{},"code":"a"}',
    "a tab in a text": b'{"args":{},"code":"a\tb"}',
    "a delete that is escaped": b'{"args":{},"code":"\\u007f"}',
    "names within out of order": b'{"args":{"a":1,"c":1,"b":1},"code":"a"}',
    "doubled within": b'{"args":{"b":1,"b":1},"code":"a"}',
    "doubled where a text makes up for it": b'{"args":{"a":":","a":":"},"code":"a"}',
    "minus nothing in a list": b'{"args":{"n":[1,-0]},"code":"a"}',
    "minus nothing first in a list": b'{"args":{"n":[-0]},"code":"a"}',
    "a mark of the order of bytes": b'\xef\xbb\xbf{"args":{},"code":"a"}',
    "below what a double holds": b'{"args":{"n":-9007199254740993},"code":"a"}',
    "sixteen digits in a list": b'{"args":{"n":[9007199254740993]},"code":"a"}',
    "something behind it": b'{"args":{},"code":"a"}{}',
    "lists without end": b'{"args":{"n":' + b"[" * 100_000 + b'},"code":"a"}',
    "too deep": b'{"args":{"n":' + b"[" * 70 + b"]" * 70 + b'},"code":"a"}',
}


@pytest.mark.parametrize("name", OTHER_SPELLINGS)
def test_another_spelling_is_never_the_canonical_one(name: str) -> None:
    raw = OTHER_SPELLINGS[name]
    with pytest.raises(ValueError):
        read_exact(raw)
    try:
        strictly: Any = from_json(Message, read_json(raw))
        assert canonical_bytes(strictly) != raw
    except (ValueError, FormatError) as error:
        with pytest.raises(type(error)):
            read_canonical(Message, raw)
    else:
        assert read_canonical(Message, raw) == (strictly, False)


def is_exact(raw: bytes) -> bool:
    """The plain rule: read strictly, write again, compare."""
    try:
        return bool(canonical_bytes(read_json(raw)) == raw)
    except (ValueError, TypeError):
        return False


def is_read(raw: bytes) -> bool:
    try:
        read_exact(raw)
    except ValueError:
        return False
    return True


TEXTS = st.text('aé\ud7ff\ue000\U0001f600 :,{}[]-0"\\\n\x7f', max_size=3)
NUMBERS = st.sampled_from((0, 1, -1, 10**15 - 1, 10**15, 2**53 - 1, -(2**53) + 1, None, True))
PIECES = st.sampled_from(
    (
        *'{}[],:"\\ \n\t\r-09.ea\ud7ff\ue000\U0001f600\ufeff\x7f\x00',
        *('"a":', '"a":1,', ',"a":1', '":', '":"', "-0", ":-0", "[-0,", "1.0", "null", "NaN"),
        *("\\u0061", "\\u007f", "\\/", "\\ud800", "0" * 16, "9007199254740993", "[" * 62, "]" * 62),
    )
)


@MANY
@given(
    st.recursive(
        TEXTS | NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=9
    ),
    st.data(),
)
def test_what_is_never_written_again_is_spelt_as_it_would_be(
    value: Any, data: st.DataObject
) -> None:
    """Of any text near a canonical one the quick rule says what the plain rule says."""
    text = canonical_bytes(value).decode()
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(text)))
        end = at + data.draw(st.sampled_from((0, 0, 1, 4)))
        text = text[:at] + data.draw(PIECES) + text[end:]
    raw = text.encode()
    assert is_read(raw) == is_exact(raw)
    if is_exact(raw):
        assert read_exact(raw) == read_json(raw)


@pytest.mark.parametrize("digits", ["9007199254740993", "-9007199254740993", "1" * 39])
def test_a_number_alone_is_held_to_what_a_double_holds(digits: str) -> None:
    assert is_read(digits.encode()) is is_exact(digits.encode()) is False


SPELLERS = (
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    lambda value: json.dumps(value, ensure_ascii=False, separators=(", ", ":"), sort_keys=True),
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ": "), sort_keys=True),
    lambda value: json.dumps(value, separators=(",", ":"), sort_keys=True),
    lambda value: json.dumps(value, ensure_ascii=False, indent=0, sort_keys=True),
)


@MANY
@given(JSON, st.sampled_from(SPELLERS))
def test_no_other_writers_form_is_taken_for_it(value: Any, speller: Any) -> None:
    raw = speller(value).encode()
    assert is_read(raw) == is_exact(raw)


@pytest.mark.parametrize("inner", [b"", b'{"a b":7}', b'"[[["', b'"]]]"'])
def test_how_deep_a_text_may_be_is_one_number(inner: bytes) -> None:
    deep = MOST_DEEP - inner.startswith(b"{")
    for more, fits in ((0, True), (1, False)):
        raw = b"[" * (deep + more) + inner + b"]" * (deep + more)
        assert is_read(raw) == is_exact(raw) == fits


def test_a_record_as_it_is_written_need_not_be_written_again() -> None:
    values: tuple[Any, ...] = (
        machine(),
        {"time": "2026-11-30T10:00:00.123Z", "text": "a b: c, d"},
        [[{}], {}],
    )
    for value in values:
        raw = canonical_bytes(value)
        assert is_spelt_once(json.loads(raw), raw)


@dataclasses.dataclass(frozen=True)
class GrownTwice:
    name: str
    place: str | None = dataclasses.field(default=None, metadata=LATER)
    size: int = dataclasses.field(default=3, metadata=LATER)
    word: str = "w"


def test_what_is_left_out_in_the_middle_moves_nothing() -> None:
    for raw, value in (
        (b'{"name":"a","size":5,"word":"x"}', GrownTwice("a", None, 5, "x")),
        (b'{"name":"a","word":"x"}', GrownTwice("a", None, 3, "x")),
        (b'{"name":"a","place":"p","word":"w"}', GrownTwice("a", "p", 3, "w")),
    ):
        assert read_canonical(GrownTwice, raw) == (value, True)
        assert from_json(GrownTwice, json.loads(raw)) == value
    assert read_canonical(GrownTwice, b'{"name":"a","size":5}') == (GrownTwice("a", None, 5), False)


def test_a_younger_field_that_stands_at_its_default_is_another_spelling() -> None:
    assert read_canonical(GrownLater, b'{"name":"a"}') == (GrownLater("a"), True)
    assert read_canonical(GrownLater, b'{"name":"a","place":null}') == (GrownLater("a"), False)
    assert read_canonical(GrownLater, b'{"name":"a","place":"b"}') == (GrownLater("a", "b"), True)


# --- What is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        1.0,
        {"a": [0.1]},
        b"bytes",
        {1, 2},
        object(),
        Known(1.5, "x"),
        (None, 2.0),
        Message,
    ],
)
def test_what_is_not_of_the_model_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_bytes(value)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_that_a_double_cannot_hold_is_not_written(sign: int) -> None:
    assert canonical_bytes(sign * MAX_INT) == str(sign * MAX_INT).encode()
    with pytest.raises(ValueError, match="9007199254740992"):
        canonical_bytes({"size_bytes": sign * (MAX_INT + 1)})


def test_half_a_character_is_not_written() -> None:
    with pytest.raises(ValueError, match=r"(?i)utf-8|surrogate"):
        canonical_bytes("\ud800")


PLACE: dict[str, Any] = {
    "kind": "block",
    "serial": "S1",
    "wwn": None,
    "vendor": None,
    "model": None,
    "firmware": None,
    "size_bytes": 512,
    "logical_block_bytes": 512,
    "physical_block_bytes": 512,
    "bus": "sata",
    "medium": "hdd",
}


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"size_bytes": 512.0}, "codec.type", "DiskIdentity.size_bytes"),
        ({"size_bytes": True}, "codec.type", "DiskIdentity.size_bytes"),
        ({"size_bytes": "512"}, "codec.type", "DiskIdentity.size_bytes"),
        ({"size_bytes": None}, "codec.type", "DiskIdentity.size_bytes"),
        ({"serial": 7}, "codec.type", "DiskIdentity.serial"),
        ({"medium": "papyrus"}, "codec.word", "DiskIdentity.medium"),
        ({"medium": []}, "codec.word", "DiskIdentity.medium"),
        ({"colour": "red"}, "codec.keys", "DiskIdentity"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    change: dict[str, Any], code: str, where: str
) -> None:
    assert from_json(DiskIdentity, PLACE).size_bytes == 512
    with pytest.raises(FormatError) as caught:
        from_json(DiskIdentity, PLACE | change)
    assert caught.value.message.code == code
    assert dict(caught.value.message.args)["where"] == where
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("name", list(PLACE))
def test_every_field_without_a_default_is_needed(name: str) -> None:
    with pytest.raises(FormatError, match=r"codec\.keys"):
        from_json(DiskIdentity, {n: v for n, v in PLACE.items() if n != name})


@pytest.mark.parametrize("cls", GREAT, ids=lambda cls: cls.__name__)
def test_strange_json_is_refused_and_never_crashes(cls: Any) -> None:
    hints = typing.get_type_hints(cls)

    @MANY
    @given(JSON | st.fixed_dictionaries(dict.fromkeys(hints, JSON)))
    def check(value: Any) -> None:
        with contextlib.suppress(FormatError):
            found: object = from_json(cls, value)
            assert from_json(cls, decoded(found)) == found

    check()


@FEW
@given(values(WipePlan), st.data())
def test_a_plan_with_one_thing_changed_is_refused_or_another_plan(
    plan: WipePlan, data: st.DataObject
) -> None:
    changed = decoded(plan)
    name = data.draw(st.sampled_from(sorted(changed)))
    changed[name] = data.draw(
        JSON.filter(lambda value: value != changed[name] or type(value) is not type(changed[name]))
    )
    with contextlib.suppress(FormatError):
        assert digest(from_json(WipePlan, changed)) != digest(plan)


def test_a_word_of_every_enumeration_is_lower_case_and_its_own() -> None:
    for room in (model, erasure, census):
        for cls in vars(room).values():
            if isinstance(cls, type) and issubclass(cls, enum.Enum):
                assert all(word.value == word.value.lower() for word in cls), cls


def test_a_machine_without_a_census_keeps_its_older_bytes() -> None:
    """Records from before the census must verify byte for byte."""
    old = machine()
    assert "census" not in decoded(old)
    assert canonical_bytes(from_json(Machine, decoded(old))) == canonical_bytes(old)
    taken = Census("2026-11-28T10:00:00.000Z", (), (), (), tuple(Look), ())
    new = dataclasses.replace(old, census=Known(taken, "census"))
    assert from_json(Machine, decoded(new)) == new
    with_default = decoded(old) | {"census": {"unknown": "not-read", "detail": ""}}
    assert canonical_bytes(from_json(Machine, with_default)) != canonical_bytes(with_default)


# --- Whether it is what would be written -----------------------------------------------------


def all_written(value: Any) -> Any:
    """Plain JSON of a value with every field, those that are left out at their default too."""
    if dataclasses.is_dataclass(value) and not isinstance(value, Known | Unknown):
        hints = typing.get_type_hints(type(value))
        found = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return {
            name: {key: all_written(item) for key, item in inner}
            if typing.get_origin(hints[name]) is tuple and is_pairs(hints[name])
            else all_written(inner)
            for name, inner in found.items()
        }
    if isinstance(value, Known):
        return {"value": all_written(value.value), "source": value.source}
    if isinstance(value, tuple):
        return [all_written(item) for item in value]
    return to_json(value)


def strictly(cls: Any, raw: bytes) -> object:
    """What `read_canonical` must say, by the plain rule: read strictly, write again, compare."""
    try:
        value: object = from_json(cls, read_json(raw))
    except FormatError as error:
        return error.message
    return value, canonical_bytes(value) == raw


def told(cls: Any, raw: bytes) -> object:
    try:
        return read_canonical(cls, raw)
    except FormatError as error:
        return error.message


@pytest.mark.parametrize("cls", [*GREAT, GrownLater, Message], ids=lambda cls: cls.__name__)
def test_only_what_would_be_written_is_canonical(cls: Any) -> None:
    """The quick rule (bytes by their JSON, fields by the reader) says what the plain one says."""

    @FEW
    @given(values(cls), st.data())
    def check(value: Any, data: st.DataObject) -> None:
        whole, plain = canonical_bytes(all_written(value)), decoded(value)
        objects = [one for one in objects_in(plain) if one]
        if objects:
            one = data.draw(st.sampled_from(objects))
            del one[data.draw(st.sampled_from(sorted(one)))]
        for raw in (canonical_bytes(value), whole, canonical_bytes(plain)):
            assert told(cls, raw) == strictly(cls, raw)
        assert read_canonical(cls, whole) == (value, whole == canonical_bytes(value))

    check()


def objects_in(value: Any) -> list[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) else []
    return [*own, *(found for one in inner for found in objects_in(one))]


def test_a_field_left_out_that_is_no_younger_one_is_another_spelling() -> None:
    assert read_canonical(Message, b'{"code":"a"}') == (Message("a"), False)
    assert read_canonical(Message, b'{"args":{},"code":"a"}') == (Message("a"), True)
    reasons = (Message("a"),)
    result = erasure.Result(Status.ERASED, LevelWish.CLEAR, Level.CLEAR, Verdict.APPROVED, reasons)
    plain = decoded(result)
    del plain["reasons"][0]["args"]
    assert read_canonical(erasure.Result, canonical_bytes(result)) == (result, True)
    assert read_canonical(erasure.Result, canonical_bytes(plain)) == (result, False)


@FEW
@given(values(erasure.Erasure), values(erasure.Erasure))
def test_two_values_are_the_same_where_their_bytes_are(one: Any, other: Any) -> None:
    assert is_same(one, from_json(erasure.Erasure, decoded(one)))
    assert is_same(one, other) == (canonical_bytes(one) == canonical_bytes(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        ((1, 2), (1, True)),
        (Known(1, "x"), Known(True, "x")),
        (Message("a", (("n", 1),)), Message("a", (("n", True),))),
        ((Known((0,), "x"), None), (Known((False,), "x"), None)),
        ((), None),
        ((1,), (1, 1)),
        (Why.DENIED, Why.ABSENT),
    ],
)
def test_one_is_not_true(one: object, other: object) -> None:
    assert not is_same(one, other)
    assert not is_same(other, one)
    assert is_same(one, one)
    assert is_same((Message("a", (("b", 1), ("a", 2))),), (Message("a", (("a", 2), ("b", 1))),))


def test_what_somebody_made_up_is_not_kept() -> None:
    """An object's names are kept with how it is read; a stranger's would fill the memory."""
    kept = decoding._shape_of.cache_info().currsize
    for n in range(50):
        with pytest.raises(FormatError):
            from_json(Message, {"code": "a", f"x{n}": 1})
    assert decoding._shape_of.cache_info().currsize == kept
