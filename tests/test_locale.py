"""The catalogues: both languages say the same, say all of it, and each in its own typography."""

from __future__ import annotations

import ast
import functools
import json
import re
import string
from collections.abc import Iterator
from enum import Enum

import pytest

from recond import locale
from recond.erasure import Level, Status, Verdict
from recond.host.reason import KNOWN
from recond.locale import LANGS, NBSP, NNBSP, Lang, french_spaces, language, text
from recond.methods import all_methods
from recond.model import Form, HealthVerdict, Medium, Message, Outcome, Why
from tests.house import PACKAGE, Module, modules

Entry = str | list[str]
ROOMS = sorted(path.stem for path in (PACKAGE / "locale" / "fr").glob("*.json"))
_CODE = re.compile(rf"@?((?:{'|'.join(ROOMS)})(?:\.[A-Za-z0-9_-]+)+)")
_DYNAMIC = re.compile(rf"@?(?:{'|'.join(ROOMS)})\\\.")
_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_QUOTED = re.compile("«[^»]*»|“[^”]*”")


def catalogue(lang: Lang) -> dict[str, Entry]:
    """Every entry of a language, as its translators wrote it."""
    folder = PACKAGE / "locale" / lang
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.json")):
        entries |= json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    return entries


def _once(pairs: list[tuple[str, Entry]]) -> dict[str, Entry]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), sorted({n for n in names if names.count(n) > 1})
    return dict(pairs)


def forms(entry: Entry) -> list[str]:
    """Singular and plural, or the one form."""
    return entry if isinstance(entry, list) else [entry]


def placeholders(form: str) -> set[str]:
    """The names of the arguments that a sentence takes."""
    return {name for _, name, _, _ in string.Formatter().parse(form) if name}


FR, EN = catalogue("fr"), catalogue("en")


# --- The two languages -----------------------------------------------------------------------


def test_both_languages_have_the_same_rooms_and_codes() -> None:
    assert sorted(path.stem for path in (PACKAGE / "locale" / "en").glob("*.json")) == ROOMS
    assert FR.keys() ^ EN.keys() == set()
    for lang in LANGS:
        for room in ROOMS:
            path = PACKAGE / "locale" / lang / f"{room}.json"
            found = json.loads(path.read_text(encoding="utf-8"))
            assert not [code for code in found if not code.startswith(f"{room}.")], path


def test_both_languages_take_the_same_arguments() -> None:
    for code in sorted(FR.keys() & EN.keys()):
        fr, en = forms(FR[code]), forms(EN[code])
        assert len(fr) == len(en), code
        assert placeholders(fr[-1]) == placeholders(en[-1]), code
        for form in (*fr, *en):  # a singular may leave its number out
            assert placeholders(fr[-1]) - placeholders(form) <= {"n"}, code
            assert placeholders(form) <= placeholders(fr[-1]), code
            # by name, and not the names by which messages and errors take their code
            assert all(
                name.isidentifier() and name not in ("code", "self") for name in placeholders(form)
            ), code


@pytest.mark.parametrize("lang", LANGS)
def test_every_sentence_can_be_made(lang: Lang) -> None:
    for code, entry in catalogue(lang).items():
        for n in (0, 1, 2, 12_345):
            args: dict[str, str | int] = {
                name: n if name == "n" or name.endswith(("_bytes", "_s")) else "mot"
                for form in forms(entry)
                for name in placeholders(form)
            }
            made = text(lang, code, **args | {"n": n})
            assert made, code
            assert "{" not in made or "{{" in str(entry), code


def test_no_sentence_is_left_untranslated() -> None:
    for code in sorted(FR.keys() & EN.keys()):
        words = re.findall(r"[^\W\d_]{2,}", _PLACEHOLDER.sub("", forms(FR[code])[-1]))
        assert FR[code] != EN[code] or len(words) < 4 or code.startswith(STANDARDS), code


def test_the_systems_reasons_are_those_of_the_code() -> None:
    named = {code.rpartition(".")[2] for code in FR if code.startswith("host.errno.")}
    assert named == KNOWN


# --- Code and catalogue ----------------------------------------------------------------------


def _docstrings(tree: ast.Module) -> set[int]:
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


@functools.cache
def codes_in_source() -> tuple[frozenset[tuple[str, str]], tuple[tuple[str, re.Pattern[str]], ...]]:
    """(module, code) of each literal; (module, pattern) of each code that is put together."""
    literal: set[tuple[str, str]] = set()
    made: list[tuple[str, re.Pattern[str]]] = []
    for module in modules():
        skip = _docstrings(module.tree) | _forms(module)
        for node in module.nodes:
            if isinstance(node, ast.JoinedStr):
                skip |= {id(value) for value in node.values}
                pattern = "".join(
                    re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+"
                    for v in node.values
                )
                if _DYNAMIC.match(pattern):
                    made.append((module.name, re.compile(pattern.removeprefix("@"))))
        for node in module.nodes:
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in skip
            ):
                if found := _CODE.fullmatch(node.value):
                    literal.add((module.name, found[1]))
                elif node.value.endswith(".") and _CODE.fullmatch(node.value + "x"):
                    made.append((module.name, re.compile(re.escape(node.value) + ".+")))
    for path in sorted((PACKAGE / "data" / "donor").iterdir()):  # the donor's page
        page = path.read_text(encoding="utf-8")
        for found in re.finditer(rf"[\"`@]((?:{'|'.join(ROOMS)})\.[^\"`]*)[\"`]", page):
            if "${" in found[1]:
                parts = re.split(r"\$\{[^}]*\}", found[1])
                made.append((path.name, re.compile(".+".join(map(re.escape, parts)))))
            else:
                literal.add((path.name, found[1]))
    for path in sorted((PACKAGE / "board" / "pages").iterdir()):  # "a.code" or "a.code." ~ value
        page = path.read_text(encoding="utf-8")
        for found in re.finditer(rf'"@?((?:{"|".join(ROOMS)})\.[^"]*)"( ~ )?', page):
            if found[2]:
                made.append((path.name, re.compile(re.escape(found[1]) + ".+")))
            else:
                literal.add((path.name, found[1]))
    return frozenset(literal), tuple(made)


def _forms(module: Module) -> set[int]:
    """The names of answers to a program (`lot.status`): no sentences."""
    if module.name == "recond.show.forms":
        return {id(node) for node in module.nodes}
    return {
        id(node)
        for call in module.calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("answer", "give")
        and call.args
        for node in ast.walk(call.args[0])
    }


def test_every_code_of_the_source_is_in_the_catalogue() -> None:
    literal, made = codes_in_source()
    missing = [f"{module}: {code}" for module, code in sorted(literal) if code not in FR]
    missing += [
        f"{module}: nothing like {pattern.pattern}"
        for module, pattern in made
        if not any(pattern.fullmatch(code) for code in FR)
    ]
    assert not missing, "\n" + "\n".join(missing)


def test_every_code_of_the_catalogue_is_used() -> None:
    literal, made = codes_in_source()
    used = {code for _, code in literal}
    unused = [
        code
        for code in sorted(FR)
        if code not in used and not any(pattern.fullmatch(code) for _, pattern in made)
    ]
    assert not unused, "\n" + "\n".join(unused)


def _said(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls that take a literal code and its arguments by name, with nothing hidden in `**`."""
    sayers = {"text", "t", "_t", "of"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or any(k.arg is None for k in node.keywords):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name in sayers or name in ERRORS:
            for arg in node.args[:2]:
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str) and arg.value in FR:
                    yield node, arg.value


ERRORS = frozenset(
    {
        "UsageError",
        "FormatError",
        "NotReady",
        "RecordInvalid",
        "UploadFailed",
        "BenchLacks",
        "RecondError",
    }
)


def test_every_sentence_is_given_what_it_takes() -> None:
    wrong, seen = [], 0
    for module in modules():
        for call, code in _said(module.tree):
            seen += 1
            given = {str(keyword.arg) for keyword in call.keywords}
            takes: set[str] = set().union(*map(placeholders, forms(FR[code])))
            takes |= {"n"} if isinstance(FR[code], list) else set()
            if takes - given:
                wrong.append(f"{module.name}:{call.lineno}: {code} lacks {sorted(takes - given)}")
    assert not wrong, "\n" + "\n".join(wrong)
    assert seen > 100


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("cli.why", Why),
        ("cli.form", Form),
        ("cli.medium", Medium),
        ("cli.health", HealthVerdict),
        ("cli.outcome", Outcome),
        ("cli.level", Level),
        ("cli.status", Status),
        ("cli.verdict", Verdict),
    ],
)
def test_every_word_of_the_record_can_be_said(prefix: str, words: type[Enum]) -> None:
    assert not [word.value for word in words if f"{prefix}.{word.value}" not in FR]


def test_every_method_is_described() -> None:
    for room in ("about", "origin"):
        assert {f"wipe.{room}.{name}" for name in all_methods()} == {
            code for code in FR if code.startswith(f"wipe.{room}.")
        }


@pytest.mark.parametrize("why", Why)
def test_a_reason_for_not_knowing_has_one_word(why: Why) -> None:
    for entries in (FR, EN):
        assert entries[f"cli.why.{why}"] == entries[f"readiness.why.{why}"]


@pytest.mark.parametrize("outcome", Outcome)
def test_readiness_has_four_words(outcome: Outcome) -> None:
    """The same ones on the screen, in tables, on labels, pages and the board."""
    rooms = ("readiness.outcome", "readiness.tier_verdict", "readiness.verdict", "guided.ready")
    for entries in (FR, EN):
        assert len({forms(entries[f"{room}.{outcome}"])[0].upper() for room in rooms}) == 1
    assert FR[f"readiness.verdict.{outcome}"] in ("PRÊT", "À RÉGLER", "À VÉRIFIER", "NON")


# --- Typography and language -----------------------------------------------------------------


CODE_QUOTED = frozenset({"readiness.mistake.amount"})  # shows TOML, where the quotes belong


def faults_of_french(form: str) -> list[str]:
    """What a French printer would correct, after the no-break spaces were put in."""
    shown = _PLACEHOLDER.sub("X", french_spaces(form))
    found = [
        ("plain space before a double mark", r" [:;!?»%]"),
        ("plain space after «", r"« "),
        ("no space before a double mark", rf"[^\s{NBSP}{NNBSP}:][;!?:](?=\s|$)"),
        ("no space inside «»", rf"«[^{NBSP}{NNBSP}]|[^{NBSP}{NNBSP}]»"),
        ("straight or English quotes", '["“”]'),
        ("straight apostrophe", "'"),
        ("three dots", r"\.\.\."),
        ("two spaces", "  "),
        ("space at an end", r"^ | $"),
    ]
    return [name for name, pattern in found if re.search(pattern, shown)]


def faults_of_english(form: str) -> list[str]:
    """What an English printer would correct."""
    shown = _PLACEHOLDER.sub("X", form)
    found = [
        ("space before a mark", rf"[\s{NBSP}{NNBSP}][:;!?](?=\s|$)"),
        ("French quotes", "[«»]"),
        ("straight quotes", '"'),
        ("straight apostrophe", "'"),
        ("three dots", r"\.\.\."),
        ("two spaces", "  "),
        ("space at an end", r"^ | $"),
    ]
    return [name for name, pattern in found if re.search(pattern, shown)]


ENDS_WITH_SPACE = frozenset({"cli.frame.usage"})  # a prefix that the framework puts before a line


def test_typography() -> None:
    wrong = []
    for lang, faults_of in (("fr", faults_of_french), ("en", faults_of_english)):
        for code, entry in (FR if lang == "fr" else EN).items():
            allowed = (
                {"straight or English quotes", "straight quotes"}
                if code in CODE_QUOTED
                else {"space at an end"}
                if code in ENDS_WITH_SPACE
                else set()
            )
            wrong += [
                f"{lang} {code}: {fault}: {form}"
                for form in forms(entry)
                for fault in faults_of(form)
                if fault not in allowed
            ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "form",
    [
        'un "mot"',
        "l'effacement",
        "«mot»",
        "un “mot”",
        "Attention!",
        "Disque: prêt",
        "et ainsi...",
        "deux  espaces",
        "fin ",
        "voir ; ?.",
    ],
)
def test_a_fault_of_french_is_seen(form: str) -> None:
    assert faults_of_french(form)
    assert not faults_of_french("L’effacement « complet » : 100 %, prêt ? Oui ; fin…")


ENGLISH_WORDS = frozenset(
    (
        "the",
        "of",
        "and",
        "is",
        "are",
        "not",
        "with",
        "this",
        "that",
        "which",
        "from",
        "has",
        "was",
        "were",
        "been",
        "will",
        "would",
        "only",
        "when",
        "disk",
        "disks",
        "erased",
        "erase",
        "write",
        "written",
        "read",
        "back",
        "unknown",
        "missing",
        "wrong",
        "key",
    )
)
FRENCH_WORDS = frozenset(
    (
        "le",
        "la",
        "les",
        "des",
        "une",
        "pour",
        "avec",
        "disque",
        "disques",
        "effacé",
        "est",
        "pas",
        "dans",
        "sur",
        "et",
        "du",
        "au",
        "aux",
        "ce",
        "cette",
        "qui",
        "que",
        "ne",
        "fichier",
        "clé",
        "relecture",
        "aucun",
        "aucune",
        "erreur",
        "mémoire",
    )
)
STANDARDS = "certify.technique."
"""The names that ATA, NVMe, SCSI and MMC give their commands; they have no translation."""


def foreign_words(lang: Lang, form: str) -> set[str]:
    """Words of the other language, outside quotation marks, commands and options."""
    bare = _QUOTED.sub(" ", _PLACEHOLDER.sub(" ", form))
    bare = re.sub(r"recond \w+|--[\w-]+|\S+[./]\S+", " ", bare)
    bare = re.sub(r"\b[A-Z]+(_[A-Z]+)+\b", " ", bare)  # RECOND_KEY_PASSPHRASE
    words = set(re.findall(r"[^\W\d_]+", bare))
    if lang == "fr":
        return {word for word in words if word.lower() in ENGLISH_WORDS}
    return {
        word
        for word in words
        if word.lower() in FRENCH_WORDS or re.search("[àâçéèêëîïôùûœ]", word, re.IGNORECASE)
    }


def test_no_colon_of_one_language_stands_in_the_code() -> None:
    """A colon has a space before it in French only: the catalogue has it (`Screen.pair`)."""
    spaced = re.compile(r"[}\w] : [{\"']|[\"'] : ")
    found = [
        f"{module.name}: {line.strip()}"
        for module in modules()
        if module.room == "show"
        for line in module.text.splitlines()
        if spaced.search(line)
    ]
    assert found == []


def test_no_sentence_mixes_the_languages() -> None:
    wrong = [
        f"{lang} {code}: {sorted(found)}"
        for lang in LANGS
        for code, entry in (FR if lang == "fr" else EN).items()
        for form in forms(entry)
        if not code.startswith(STANDARDS) and (found := foreign_words(lang, form))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_a_foreign_word_is_seen() -> None:
    assert foreign_words("fr", "Le disk est libre.") == {"disk"}
    assert foreign_words("en", "The disque was effacé.") == {"disque", "effacé"}
    assert foreign_words("fr", "Tapez « read back » ou recond verify --key.") == set()


# --- The functions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "environ", "expected"),
    [
        (None, {}, "fr"),
        ("en", {"LANG": "fr_FR.UTF-8"}, "en"),
        ("fr", {"LANG": "en_GB"}, "fr"),
        (None, {"LANG": "fr_BE.UTF-8"}, "fr"),
        (None, {"LANG": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LANG": "C.UTF-8"}, "fr"),
        (None, {"LANG": "en_US", "LC_ALL": "fr_FR"}, "fr"),
        (None, {"LC_ALL": "", "LANG": "en"}, "en"),
        (None, {"LC_ALL": "POSIX", "LANG": "en_US"}, "fr"),
    ],
)
def test_language(argument: str | None, environ: dict[str, str], expected: Lang) -> None:
    assert language(argument, environ) == expected


def test_french_spaces() -> None:
    assert french_spaces("Prêt ? Oui : « a » ; 5 % !") == (
        f"Prêt{NNBSP}? Oui{NBSP}: «{NBSP}a{NBSP}»{NNBSP}; 5{NBSP}%{NNBSP}!"
    )
    assert french_spaces("sda:1 et a?b") == "sda:1 et a?b"


def test_numbers_sizes_times() -> None:
    assert locale.number("fr", 9999) == "9999"
    assert locale.number("fr", 1_234_567) == f"1{NNBSP}234{NNBSP}567"
    assert locale.number("en", 1_234_567) == "1,234,567"
    assert locale.size("fr", 256_060_514_304) == f"256{NBSP}Go"
    assert locale.size("fr", 67_112_448) == f"67,1{NBSP}Mo"
    assert locale.size("en", 1_500) == f"1.5{NBSP}kB"
    assert locale.size("fr", 511) == f"511{NBSP}octets"
    assert locale.size_binary("fr", 8 << 30) == f"8{NBSP}Go"
    assert locale.duration("fr", 59) == f"59{NBSP}s"
    assert locale.duration("fr", 200) == f"3{NBSP}min{NBSP}20{NBSP}s"
    assert locale.duration("en", 7_500) == f"2{NBSP}h{NBSP}05{NBSP}min"
    assert locale.date("fr", "2026-11-24T07:00:00Z") == "24/11/2026"
    assert locale.date("en", "2026-11-24T07:00:00Z") == "2026-11-24"


def test_a_moment_in_a_sentence_is_read_by_people() -> None:
    moment = "2026-11-29T06:43:59.505Z"
    said = text("fr", "certify.interrupted", time=moment, reason="x")
    assert said == f"Interrompu le 29/11/2026 à 06:43:59{NBSP}UTC{NBSP}: x."
    assert "2026-11-29 06:43:59" in text("en", "certify.interrupted", time=moment, reason="x")
    assert moment in text("fr", "lot.taken", lot=moment)  # a lot's name is its own


def test_an_error_of_the_system_is_said_by_its_word() -> None:
    said = text("fr", "wipe.reason.io_error", errno="EIO")
    assert said == "Erreur d’entrée-sortie (erreur de lecture ou d’écriture)."
    assert "E9999" in text("fr", "wipe.reason.io_error", errno="E9999")


def test_plural_follows_the_language() -> None:
    for n, fr, en in ((0, "passe", "passes"), (1, "passe", "pass"), (2, "passes", "passes")):
        assert text("fr", "cli.plan.steps", method="m", n=n) == f"m, {n} {fr}"
        assert text("en", "cli.plan.steps", method="m", n=n) == f"m, {n} {en}"


@pytest.mark.parametrize(
    ("code", "args", "said"),
    [
        ("cli.run.no_target", {}, "aucun disque visé"),
        ("lot.unknown", {"lot": "L", "known": "—"}, "lot inconnu"),
        ("recheck.nothing", {}, "donnez au moins"),
        ("certify.verify.file-missing", {"file": "A", "reason": "B"}, "«\u00a0A\u00a0»"),
        ("key.exists", {"file": "Racine.p12"}, "Racine.p12 "),
        ("cli.nowhere", {}, "cli.nowhere"),
    ],
)
def test_a_reason_begins_small_after_a_colon(
    code: str, args: dict[str, str | int], said: str
) -> None:
    assert locale.clause("fr", Message.of(code, **args)).startswith(said)


def test_a_detail_with_a_colon_makes_no_second_one() -> None:
    for lang in LANGS:
        told = text(lang, "readiness.observed.unknown_detail", why="w", detail="a : b")
        assert told.count(":") == 1


def test_an_unknown_code_shows_itself() -> None:
    assert text("fr", "cli.nowhere", b=2, a="x") == "cli.nowhere (a=x b=2)"
    assert text("en", "nowhere.at.all") == "nowhere.at.all"


def test_an_argument_can_be_a_word_to_translate() -> None:
    said = text(
        "fr",
        "readiness.mistake.type",
        file="f",
        line=1,
        key="k",
        found="@cli.free",
        wanted="@readiness.type.text",
    )
    assert "un texte" in said
    assert "libre" in said
    assert "@nowhere" in text("fr", "cli.error", reason="@nowhere")


TWINS = {
    "validé": r"approuv",
    "passe": r"\{n\} étapes?",
    "fiche": r"(?<!L’)enregistrement",
    "liste du donateur": r"manifeste",
    "hors liste": r"pas attendu",
    "effacement simple (clear)": r"clear \(effacé\)|niveau (« )?clear",
    "effacement renforcé (purge)": r"purge \(purgé\)|niveau (« )?purge",
    "point de contrôle": r"[Tt]émoin",
    "faire confiance": r"\b[Cc]roire un certificat|auxquelles il croit",
    "type": r"\bGenre\b",
    "ko": r"\bKo\b",
    "à vérifier": r"on ne peut pas encore le dire",
    "non indiqué par la machine": r"non rempli|n’a rien renseigné",
    "clôturé": r"\b[Cc]los\b|\b[Cc]lore\b|\bclôt\b",
    "à qui l’on fait confiance": r"\b[Ee]lle croit|page croit|clé à croire|croire une clé",
    "disques validés sur": r"validés?, \{\w+\} non",
    "singulier et pluriel": r"\w\((s|e|es)\)(?!\s*ni\b)",
    "illisible": r"incompréhensible",
    "poste": r"\bce banc\b",
}
"""The workshop's word for an idea, and what was once said beside it."""


@pytest.mark.parametrize("word", TWINS)
def test_one_word_for_one_idea(word: str) -> None:
    found = [
        f"{path.name} {code}: {form}"
        for path in sorted((PACKAGE / "locale" / "fr").glob("*.json"))
        for code, entry in json.loads(path.read_text(encoding="utf-8")).items()
        for form in forms(entry)
        if re.search(TWINS[word], form)
    ]
    assert not found, f"{word}:\n" + "\n".join(found)
