"""Trying it without a disk: demo."""

from __future__ import annotations

from pathlib import Path

from recond.commands.frame import LANG, AsJson, DemoOut, Events, command, leave, screen, this_host


@command("demo")
def demo_command(
    out: DemoOut = Path("demo-out"), json_: AsJson = False, events: Events = False
) -> None:
    """The whole main job on two scratch disk images, without root."""
    from recond.flow.demo import demo
    from recond.show.demo import TellDemo

    host = this_host()
    teller = TellDemo(screen(), host.clock.now, as_json=json_, events=events)
    leave(demo(host, out, LANG, teller))
