"""The same job line by line, for a serial line, a terminal without a screen, a screen that broke.

Why: nothing here moves a cursor or needs a colour; every question is one line, and the decisions
are the same as the screen's because they are the flow's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from recond.census import Said
from recond.errors import RecondError, SafetyRefusal
from recond.flow.guided import QUESTIONS, End, chosen_plans, disk_of, end_of, outside_paths
from recond.flow.live.stick import StickState, StickStatus
from recond.flow.live.wifi import PASSPHRASE, join, networks
from recond.flow.parts import MINUTES, plan_parts, try_parts
from recond.flow.run.unfinished import Left
from recond.guided.computer import computer_lines
from recond.guided.confirm import reach_lines
from recond.guided.disks import Row, disk_lines, grade_line, summary
from recond.guided.open_ends import is_name
from recond.guided.progress import track_text
from recond.guided.questions import answer_word
from recond.guided.result import detail_lines, left_text, result_lines
from recond.guided.session import GuidedSession
from recond.guided.sitting import sitting_lines
from recond.guided.trials import tried_lines
from recond.guided.wifi import joined_message, network_row
from recond.guided.words import Line, fold, texts
from recond.host.terminal import ring
from recond.model import Message
from recond.show.ask import ask_each
from recond.show.parts import FollowedParts, tell_plan
from recond.show.sitting import ask_sitting

WIDTH = 78
SAY_EVERY_S = 10.0
LOOK_EVERY_S = 0.5
COPY_PATIENCE_S = 60.0


def talk_through(session: GuidedSession) -> None:
    """The whole job as a dialogue. Raises `SafetyRefusal` where a disk is not confirmed."""
    words = session.words
    words.data(words.t("guided.computer.reading"))
    session.read()
    if _takes_up(session):
        watch(session)
        return
    if session.prepared is None:
        return
    _print(session, computer_lines(words, session.prepared, WIDTH))
    _try_parts(session)
    _join_wifi(session)
    _sit(session)
    if sys.stdin.isatty():
        session.answer_asset(input(words.t("guided.plain.asset") + " ") or session.asset)
    for key in QUESTIONS:
        _ask(session, key)
    if sys.stdin.isatty():
        session.answer_note(input(words.t("guided.plain.note") + " ") or session.note)
    if told := grade_line(words, session.grade()):
        words.data(told)
    _choose(session)
    asked = session.ask()
    if asked.prepared is None or not asked.plans:
        raise SafetyRefusal((Message("guided.plain.nothing"),))
    _print(session, reach_lines(words, asked.plans, asked.areas, WIDTH))
    ask_each(words, asked.plans, asked.prepared.confirming_number)
    session.begin(asked)
    watch(session)


def _sit(session: GuidedSession) -> None:
    """Who sits here, where nobody was asked in this sitting; else what holds."""
    if session.asks_sitting and sys.stdin.isatty():
        failure = session.sit(ask_sitting(session.words))
        if failure is not None:
            session.words.talk(session.words.say(session.reason_of(failure)))
    else:
        _print(session, sitting_lines(session.words, session.sitting, WIDTH))


def _try_parts(session: GuidedSession) -> None:
    """The trials of the parts, for who wants them; Ctrl-C leaves out the one that runs."""
    words, host = session.words, session.host
    if not sys.stdin.isatty() or not _is_yes(input(words.t("guided.plain.trials") + " ")):
        return
    plans = plan_parts((), MINUTES)
    tell_plan(words, plans, host.clock.now())
    try:
        found = try_parts(plans, session.state, host, FollowedParts(words))
    except RecondError as error:
        words.talk(words.say(error.message))
        return
    for one in found.tests:
        _print(session, tried_lines(words, one, WIDTH))


def _join_wifi(session: GuidedSession) -> None:
    """On a live system with a radio: join a network, for who wants it."""
    words, host = session.words, session.host
    if not session.has_wifi or not sys.stdin.isatty():
        return
    if not _is_yes(input(words.t("guided.plain.wifi") + " ")):
        return
    words.data(words.t("guided.wifi.looking"))
    try:
        found = networks(host)
        for number, one in enumerate(found, 1):
            words.data(f"{number:3}. {network_row(words, one)}")
        if not found:
            words.data(words.t("guided.wifi.nothing"))
            return
        answer = input(words.t("guided.plain.which_wifi") + " ").strip()
        if not answer.isdecimal() or not 1 <= int(answer) <= len(found):
            return
        one = found[int(answer) - 1]
        asked = one.kind == PASSPHRASE
        password = input(words.t("guided.plain.wifi_password") + " ") if asked else ""
        words.data(words.t("guided.wifi.joining", name=one.name))
        address = join(one, password, host, session.live)
    except RecondError as error:
        words.talk(words.say(error.message))
        return
    words.data(words.say(joined_message(one, address)))


def _is_yes(answer: str) -> bool:
    return answer.strip().lower() in ("o", "oui", "y", "yes")


def _print(session: GuidedSession, lines: Iterable[Line]) -> None:
    for text in texts(lines):
        session.words.data(text.rstrip())


def _takes_up(session: GuidedSession) -> bool:
    """Offer what was begun earlier. Raises `SafetyRefusal` where a disk that would be written again
    is not confirmed.
    """
    if not session.left_open:
        return False
    words, run = session.words, session.left_open[-1]
    words.data(words.t("guided.plain.left", run=run.folder.run_id, disks=run.tokens))
    if len(session.left_open) > 1:
        words.data(words.t("guided.left.more", n=len(session.left_open) - 1))
    if not _is_yes(input(words.t("guided.plain.take_up") + " ")):
        return False
    if run.left is Left.STOPPED:
        words.data(words.t("guided.confirm.again", run_date=run.folder.day))
        ask_each(words, tuple(run.to_write.values()))
    session.take_up(run)
    return True


def _ask(session: GuidedSession, key: str) -> None:
    """One question; an empty line leaves it out."""
    words = session.words
    values = QUESTIONS[key]
    shown = "  ".join(
        f"{number} {answer_word(words, key, value)}" for number, value in enumerate(values, 1)
    )
    words.data(f"{words.t(f'guided.ask.{key}')}  {shown}")
    answer = input(words.t("guided.plain.answer", n=len(values)) + " ").strip()
    if answer.isdecimal() and 1 <= int(answer) <= len(values):
        session.answers[key] = values[int(answer) - 1]


def _choose(session: GuidedSession) -> None:
    """Which disks, by their numbers in the list."""
    prepared, words = session.prepared, session.words
    if prepared is None:
        return
    outside = outside_paths(prepared, prepared.plans)
    for number, plan in enumerate(prepared.plans, 1):
        words.data(f"{number}.")
        row = Row(plan.path in session.chosen, outside=plan.path in outside)
        _print(session, disk_lines(words, plan, disk_of(prepared, plan), row, WIDTH))
    words.data(summary(words, chosen_plans(prepared, session.chosen)))
    answer = input(words.t("guided.plain.which") + " ").replace(",", " ").split()
    if answer:
        session.chosen = frozenset(
            plan.path
            for number, plan in enumerate(prepared.plans, 1)
            if str(number) in answer and not plan.refusals
        )


def watch(session: GuidedSession) -> None:
    """Say how far it is until it ends, then the result. Ctrl-C asks for a stop."""
    work, told = session.work, ""
    if work is None:
        return
    said_s = work.now_s() - SAY_EVERY_S
    while True:
        try:
            ended = work.wait(LOOK_EVERY_S)
            session.hear()
            phases = " ".join(
                f"{track.meter.phase}{track.meter.step}{track.end}"
                for track in session.board.tracks.values()
            )
            if phases != told or work.now_s() - said_s >= SAY_EVERY_S:
                told, said_s = phases, work.now_s()
                _tell(session, said_s)
            if ended:
                break
        except KeyboardInterrupt:
            if not work.stoppable:
                raise  # only watched: leaving is all that can be done from here
            work.stop()
            session.words.data(session.words.t("cli.phase.stopping"))
    work.wait_over()
    if session.bell:
        ring(well=work.finished is not None and work.finished.exit_code == 0)
    show_end(session)


def _tell(session: GuidedSession, now_s: float) -> None:
    for track in session.board.tracks.values():
        session.words.data(track_text(session.words, track, now_s))


def show_end(session: GuidedSession) -> None:
    """The result, from the record; nothing where there is none."""
    work = session.work
    if work is None or work.finished is None:
        return
    end, stick = end_of(work.finished), _stick_at_rest(session)
    words, earlier = session.words, session.earlier
    _print(session, result_lines(words, end, work.said, WIDTH, stick, earlier, large=False))
    _print(session, detail_lines(session.words, end, WIDTH))
    if _ask_words(session, end):
        show_end(session)
        return
    session.words.data(session.words.t("guided.plain.code", text=end.code))


def _ask_words(session: GuidedSession, end: End) -> bool:
    """Ask what only a person can say of what is left; whether something was said. An empty line,
    and the end of the answers, say nothing.
    """
    words, said = session.words, dict[str, Said]()
    try:
        for one in (one for one in end.open_ends if one.may):
            _print(session, fold(left_text(words, one.left), WIDTH))
            shown = "  ".join(
                f"{number} {words.t(f'guided.said.{word}')}"
                for number, word in enumerate(one.may, 1)
            )
            words.data(shown)
            answer = input(words.t("guided.plain.answer", n=len(one.may)) + " ").strip()
            if answer.isdecimal() and 1 <= int(answer) <= len(one.may):
                said[one.left.key] = one.may[int(answer) - 1]
        name = input(words.t("guided.words.name") + " ").strip() if said else ""
    except EOFError:
        return False
    if not said:
        return False
    if not is_name(name):
        words.data(words.t("guided.words.no_name"))
        return False
    failure = session.speak(said, name)
    if failure is not None:
        words.data(words.say(session.reason_of(failure)))
    elif session.work is not None:
        session.work.wait_over()
    return failure is None


def _stick_at_rest(session: GuidedSession) -> StickStatus | None:
    """How it stands with the stick once the copying is over: a line is not drawn again."""
    clock = session.host.clock
    until_s = clock.monotonic_s() + COPY_PATIENCE_S
    while (stick := session.stick) is not None and stick.state is StickState.COPYING:
        if clock.monotonic_s() >= until_s:
            break
        clock.sleep(LOOK_EVERY_S)
    return stick
