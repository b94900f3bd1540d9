"""What can be done with the computer: check, plan, methods, doctor, profile."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

from recond.commands.frame import (
    All,
    Answer,
    AsJson,
    Exclude,
    From,
    Hidden,
    Image,
    Level,
    Method,
    Profiles,
    Psid,
    Targets,
    Unreported,
    Usb,
    Verify,
    app,
    argument,
    command,
    leave,
    make_group,
    option,
    screen,
    state_path,
    state_to_read,
    t,
    this_host,
)

PROFILE = make_group("cli.help.profile")
app.add_typer(PROFILE, name="profile")


@command("check")
def check_command(
    profile: Profiles = None,
    from_: From = None,
    json_: AsJson = False,
    marks: Annotated[Path | None, option("marks", "--cpu-marks", metavar="CSV")] = None,
    answer: Answer = None,
) -> None:
    """Readiness."""
    from recond.flow.machine.check import check, check_exit
    from recond.show.machine import show_assessments

    found = check(this_host(), tuple(profile or ["windows-10"]), from_, marks, tuple(answer or ()))
    screen().give(
        "check",
        found,
        show_assessments,
        as_json=json_,
        fields=lambda found: {"assessments": found},
    )
    leave(check_exit(found))


@command("plan")
def plan_command(
    targets: Targets = None,
    level: Level = "clear",
    method: Method = None,
    verify: Verify = "full",
    image: Image = False,
    all_: All = False,
    from_: From = None,
    hidden: Hidden = None,
    psid: Psid = False,
    try_unreported: Unreported = False,
    usb: Usb = False,
    exclude: Exclude = None,
    json_: AsJson = False,
) -> None:
    """What would be erased; touches nothing."""
    from recond.flow.machine.check import parse_wish, plan_only
    from recond.show.machine import show_planned

    wish = parse_wish(level, method, verify, hidden, psid, try_unreported)
    found = plan_only(
        this_host(),
        tuple(targets or ()),
        all_,
        wish,
        image,
        from_,
        usb=usb,
        exclude=tuple(exclude or ()),
        state=state_path(),
    )
    now = this_host().clock.now()
    screen().give("plan", found, partial(show_planned, now=now), as_json=json_)
    leave(4 if targets and any(plan.refusals for plan in found.plans) else 0)


@command("methods")
def methods_command(json_: AsJson = False) -> None:
    """The methods and what they promise."""
    from recond.methods import all_methods
    from recond.show.result import show_methods

    methods = tuple(all_methods().values())
    screen().give(
        "methods", methods, show_methods, as_json=json_, fields=lambda found: {"methods": found}
    )


@command("doctor")
def doctor_command(json_: AsJson = False) -> None:
    """What is missing on this bench."""
    from recond.flow.machine.doctor import examine
    from recond.show.result import show_bench

    found = examine(this_host(), state_to_read())
    screen().give(
        "doctor", found, show_bench, as_json=json_, fields=lambda found: {"findings": found}
    )
    leave(0 if all(one.present or not one.needed for one in found) else 9)


@command("list", PROFILE, about="cli.help.profile.list")
def profile_list_command(json_: AsJson = False) -> None:
    """The profiles that are there."""
    from recond.flow.profiles import list_profiles
    from recond.show.machine import show_names

    names = tuple(str(name) for name in list_profiles())
    screen().give(
        "profile.list", names, show_names, as_json=json_, fields=lambda names: {"profiles": names}
    )


@command("new", PROFILE, about="cli.help.profile.new")
def profile_new_command(
    file: Annotated[Path, argument("profile_file", "FILE")],
    base: Annotated[str | None, option("base", "--from", metavar="NAME")] = None,
    json_: AsJson = False,
) -> None:
    """A profile of one's own."""
    from recond.flow.profiles import write_new_profile

    write_new_profile(file, base, this_host().clock.now()[:10])
    screen().talk(t("cli.profile.written", file=str(file)))
    if json_:
        screen().answer("profile.new", {"file": str(file), "base": base})


@command("check", PROFILE, about="cli.help.profile.check")
def profile_check_command(
    file: Annotated[str, argument("profile_file", "FILE")],
    json_: AsJson = False,
) -> None:
    """Every mistake of a profile."""
    from recond.flow.profiles import check_profile_file
    from recond.show.machine import show_mistakes

    mistakes = check_profile_file(file)
    screen().give(
        "profile.check",
        mistakes,
        partial(show_mistakes, file=file),
        as_json=json_,
        fields=lambda mistakes: {"file": file, "mistakes": mistakes},
    )
    leave(2 if mistakes else 0)
